/** `selvage/vite` on the repository's own Vite, and what it makes of a site's config; VitePress itself is in test/e2e. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build, createLogger, type InlineConfig, type Rolldown } from 'vite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type SelvagePluginOptions, selvage } from '../../src/node/vite.ts'
import { siteOf, type ViteConfig } from '../../src/node/viteSite.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'selvage-vite-'))
  vi.stubEnv('SELVAGE_CACHE_DIR', join(root, 'cache'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(root, { recursive: true, force: true })
})

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), content)
}

function configOf(more: Partial<ViteConfig> = {}): ViteConfig {
  return {
    ...{ root, base: '/docs/', command: 'build', build: { outDir: 'dist' } },
    cacheDir: join(root, 'node_modules/.vite'),
    publicDir: join(root, 'public'),
    logger: createLogger('silent'),
    ...more,
  }
}

const pathsOf = async (config: ViteConfig, options: SelvagePluginOptions = {}) => {
  const { files, missing } = await siteOf(config, options).documents()
  return { paths: files.map(({ path }) => path), missing }
}

describe('a site', () => {
  test('is its root, less what Vite writes and copies and what is excluded', async () => {
    for (const path of ['a.md', 'b/c.md', 'b2/c.md', 'dist/a.html', 'public/old.html', 'node_modules/x/README.md'])
      write(path, '# A\n')
    expect((await pathsOf(configOf())).paths).toEqual(['a.md', 'b/c.md', 'b2/c.md'])
    expect((await pathsOf(configOf(), { exclude: ['./b/', 'a.md'] })).paths).toEqual(['b2/c.md'])
    expect((await pathsOf(configOf(), { content: 'b' })).paths).toEqual(['c.md'])
    await expect(pathsOf(configOf(), { exclude: ['a.md', 'b', 'b2'] })).rejects.toThrow(/no documents in .*, without/)
  })

  test('has its base in its urls, and another address where one is said', () => {
    expect(siteOf(configOf(), {}).parse).toEqual({ anchors: 'github', urls: 'html', baseUrl: '/docs/' })
    expect(siteOf(configOf({ base: './' }), {}).parse.baseUrl).toBe('')
    expect(siteOf(configOf(), { baseUrl: 'https://x.org/', urls: 'clean', anchors: 'vitepress' }).parse).toEqual({
      ...{ anchors: 'vitepress', urls: 'clean', baseUrl: 'https://x.org/' },
    })
  })

  test('of VitePress: its pages under their rewritten names; pages without a file are told', async () => {
    const srcDir = join(root, 'src')
    for (const path of ['a.md', 'pkg/b.md', 'not-a-page.md']) write(`src/${path}`, '# A\n')
    const pages = ['a.md', 'pkg/b.md', 'items/one.md']
    const vitepress = { srcDir, cleanUrls: true, pages, rewrites: { map: { 'pkg/b.md': 'b.md' } } }
    const config = configOf({ vitepress })
    expect(await pathsOf(config)).toEqual({ paths: ['a.md', 'b.md'], missing: ['items/one.md'] })
    expect(await pathsOf(config, { exclude: ['pkg', 'items'] })).toEqual({ paths: ['a.md'], missing: [] })
    expect(siteOf(config, {}).parse).toEqual({ anchors: 'vitepress', urls: 'clean', baseUrl: '/docs/' })
  })

  test('changes with its documents, not with other files', () => {
    const { isDocument } = siteOf(configOf(), { content: 'docs', exclude: ['drafts'] })
    const changes = ['docs/a.md', 'docs/new/b.html', 'docs/a.png', 'docs/drafts/c.md', 'a.md']
    expect(changes.filter((path) => isDocument(join(root, path)))).toEqual(['docs/a.md', 'docs/new/b.html'])
  })
})

describe('a build', () => {
  const warnings: string[] = []
  async function run(
    options: SelvagePluginOptions,
    more: InlineConfig['build'] = {},
  ): Promise<Rolldown.RolldownOutput> {
    warnings.length = 0
    const customLogger = createLogger('warn')
    customLogger.warn = (message) => warnings.push(message)
    const result = await build({
      ...{ root, configFile: false, customLogger, plugins: [selvage(options)] },
      build: { write: false, ...more },
    })
    if (!('output' in result)) throw new Error('The build gave no output.')
    return result
  }
  beforeEach(() => {
    write('index.html', '<script type="module" src="/main.js"></script>')
    write('main.js', 'document.title = "A"')
    write('docs/cats.md', '# Cats\n\nA cat sleeps most of the day.\n')
    write('docs/broken.md', new Uint8Array([0, 1, 2, 255]))
  })
  const own = ({ output }: Rolldown.RolldownOutput) =>
    output.map(({ fileName }) => fileName).filter((name) => /^(search|find)\//.test(name))

  test('emits the index and names what is left out; the server half of a site has none', async () => {
    const names = own(await run({ content: 'docs', runtime: false }))
    expect(names).toContain('search/manifest.json')
    // The model is there for a page that brings the library in its own bundle.
    expect(names).toContain('search/model/selvage.json')
    expect(names.filter((name) => !/^search\/(model\/.+|manifest\.json|[\w-]+\.pack)$/.test(name))).toEqual([])
    expect(warnings.join()).toMatch(/broken\.md/)
    expect(own(await run({ content: 'docs', runtime: false }, { ssr: 'main.js' }))).toEqual([])
    expect(own(await run({ content: 'docs', runtime: false, output: '/find/it/' }))).toContain('find/it/manifest.json')
  })

  test('two indexes of a site, one below the other', async () => {
    for (const output of ['search/ja', 'search', 'search/ja'])
      expect(own(await run({ content: 'docs', runtime: false, output }))).toContain(`${output}/manifest.json`)
  })

  test('a model that is missing once is looked for again', async () => {
    const { resolveId } = selvage({ model: join(root, 'model'), runtime: false })
    await expect(resolveId('/search/widget.js')).rejects.toThrow(/model/)
    cpSync(join(import.meta.dirname, '../fixtures/golden/bert-expansion'), join(root, 'model'), { recursive: true })
    expect(await resolveId('/search/widget.js')).toBeUndefined()
  })

  test('is ended by a site without documents; options that are none are refused at once', async () => {
    await expect(run({ content: 'nowhere', runtime: false })).rejects.toThrow(/There is no folder/)
    expect(() => selvage({ contnet: 'docs' } as SelvagePluginOptions)).toThrow(/unknown option "contnet"/)
    for (const output of ['', '../out', 'a b'])
      expect(() => selvage({ output })).toThrow(/wanted a path below the site's base/)
  })
})
