/**
 * Three real sites with the search added as their owners would: `selvage build --with-runtime` over the folder that is to be
 * served, and one script and one tag in each page. Plain HTML, VitePress, and pages that Sphinx made: see the fixtures'
 * SOURCE.md. They stand in `dist/sites` and are kept from run to run: what has not changed is not built again.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const SITES = join(ROOT, 'dist/sites')
const FIXTURES = join(ROOT, 'test/fixtures')

export type SiteName = 'plain' | 'vitepress' | 'ray'

/** The path that each is served below; its pages name the widget by it. */
export const BASE = '/some/docs/'
/** All that a page needs. */
export const TAG = `<script type="module" src="${BASE}search/widget.js"></script><selvage-trigger></selvage-trigger>`

/** The folder of a site, ready to be served. */
export function builtSite(name: SiteName): string {
  const folder = name === 'vitepress' ? vitePressPages() : copiedPages(name)
  const main = join(ROOT, 'dist/node/main.js')
  const where = ['--base-url', BASE, ...(name === 'vitepress' ? ['--anchors', 'vitepress'] : [])]
  const command = [main, 'build', folder, '-o', join(folder, 'search'), '--with-runtime', ...where]
  execFileSync(process.execPath, command, { stdio: 'pipe' })
  return folder
}

/** The fixture's pages with the tag, beside an index of an earlier run. */
function copiedPages(name: 'plain' | 'ray'): string {
  const folder = join(SITES, name)
  mkdirSync(folder, { recursive: true })
  for (const old of readdirSync(folder)) if (old !== 'search') rmSync(join(folder, old), { recursive: true })
  cpSync(join(FIXTURES, 'sites', name), folder, { recursive: true })
  for (const file of htmlFiles(folder)) {
    const html = readFileSync(file, 'utf8')
    // The site's own bar where there is one, else the top of the page.
    const place = html.includes('</header>') ? '</header>' : /<body[^>]*>/
    writeFileSync(
      file,
      html.replace(place, (tag) => (tag === '</header>' ? `${TAG}${tag}` : `${tag}${TAG}`)),
    )
  }
  return folder
}

const VITEPRESS_CONFIG = `
import { defineConfig } from 'vitepress'
export default defineConfig({
  title: 'VitePress',
  base: '${BASE}',
  srcExclude: ['SOURCE.md'],
  ignoreDeadLinks: true, // to pages that were left out
  head: [['script', { type: 'module', src: '${BASE}search/widget.js' }]],
  vue: { template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith('selvage-') } } },
})
`
/** Where the theme has a place for it: in its bar. */
const VITEPRESS_THEME = `
import { h } from 'vue'
import DefaultTheme from 'vitepress/theme'
export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'nav-bar-content-before': () => h('selvage-trigger') }),
}
`

function vitePressPages(): string {
  const source = join(FIXTURES, 'vitepress')
  const site = join(SITES, 'vitepress')
  const dist = join(site, '.vitepress/dist')
  const pages = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'))
  const hash = createHash('sha256').update(VITEPRESS_CONFIG).update(VITEPRESS_THEME)
  for (const file of pages.sort()) hash.update(file).update(readFileSync(join(source, file)))
  const made = join(site, 'made.txt')
  const key = hash.digest('hex')
  if (existsSync(made) && readFileSync(made, 'utf8') === key) return dist
  rmSync(site, { recursive: true, force: true })
  for (const file of pages) cpSync(join(source, file), join(site, file))
  mkdirSync(join(site, '.vitepress/theme'), { recursive: true })
  writeFileSync(join(site, '.vitepress/config.js'), VITEPRESS_CONFIG)
  writeFileSync(join(site, '.vitepress/theme/index.js'), VITEPRESS_THEME)
  writeFileSync(join(site, 'package.json'), JSON.stringify({ name: 'docs', private: true, type: 'module' }))
  const vitepress = join(ROOT, 'node_modules/vitepress/bin/vitepress.js')
  execFileSync(process.execPath, [vitepress, 'build'], { cwd: site, stdio: 'pipe' })
  writeFileSync(made, key)
  return dist
}

function htmlFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html'))
    .map((file) => join(folder, file))
}
