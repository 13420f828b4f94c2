/**
 * What `selvage build --with-runtime` promises: the folder that it writes and two tags are a whole search. The command as
 * it is built, a page without anything else, and plain static hosting below a sub-path, as strict as a host can be.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch, watchedPage } from '../support/page.ts'
import { type StaticSite, serveFolder } from '../support/staticServer.ts'
import { ask, firstHit } from '../support/widget.ts'

const ROOT = resolve(import.meta.dirname, '../..')

let site: string
let browser: Browser
let hosted: StaticSite
beforeAll(async () => {
  site = mkdtempSync(join(tmpdir(), 'selvage-plain-'))
  writeFileSync(
    join(site, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>Search</title>' +
      '<script type="module" src="./search/widget.js"></script><selvage-search></selvage-search>',
  )
  const pages = join(ROOT, 'demo/content/vue/guide/built-ins')
  const where = ['--base-url', 'https://vuejs.org/guide/built-ins/', '--anchors', 'vitepress']
  const build = ['build', pages, '-o', join(site, 'search'), '--with-runtime', ...where]
  execFileSync(process.execPath, [join(ROOT, 'dist/node/main.js'), ...build], { stdio: 'pipe' })
  hosted = await serveFolder(site, '/~someone/docs/')
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  hosted?.close()
  rmSync(site, { recursive: true, force: true })
})

test('a question finds its section, and nothing is asked of any other site', async () => {
  const { page, console: log, foreign, close } = await watchedPage(browser, hosted.url)
  await page.goto(hosted.url)
  await ask(page, 'keep a component alive when switching tabs', 'Basic Usage')
  expect(await firstHit(page).getAttribute('href')).toMatch('https://vuejs.org/guide/built-ins/keep-alive.html')
  expect(log).toEqual([])
  expect(foreign).toEqual([])
  await close()
})
