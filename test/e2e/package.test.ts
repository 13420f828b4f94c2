/**
 * What a user gets: the package as npm packs it, installed into an empty Vite app and copied beside a static page. Both
 * search; both hold each build of the inference runtime once, compressed.
 */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Browser } from 'playwright'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch, watchedPage } from '../support/page.ts'
import { type StaticSite, serveFolder } from '../support/staticServer.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const APPS = join(ROOT, 'test/fixtures/apps')
const ANSWER = 'Dynamic Components · wasm · wasm'

let work: string
let installed: string
let browser: Browser
let site: StaticSite | undefined
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'selvage-package-'))
  const run = (command: string, args: string[], cwd: string) => execFileSync(command, args, { cwd, encoding: 'utf8' })
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work], ROOT))
  const app = join(work, 'vite')
  cpSync(join(APPS, 'vite'), app, { recursive: true })
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }))
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', join(work, packed.filename)], app)
  installed = join(app, 'node_modules/selvage')
  browser = await launch()
}, 300_000)
afterAll(async () => {
  await browser?.close()
  site?.close()
  rmSync(work, { recursive: true, force: true })
})

/** Serves the folder, opens it, and gives what the page wrote. */
async function visit(folder: string): Promise<string | null> {
  site?.close()
  site = await serveFolder(folder)
  const watched = await watchedPage(browser, site.url)
  try {
    await watched.page.goto(site.url)
    await expect.poll(() => watched.page.locator('#out').textContent(), { timeout: 90_000 }).not.toBe('')
    expect(watched.console).toEqual([])
    expect(watched.foreign).toEqual([])
    return await watched.page.locator('#out').textContent()
  } finally {
    await watched.close()
  }
}

function addData(folder: string): void {
  cpSync(join(ROOT, 'demo/.index/lab/2-1'), join(folder, 'index'), { recursive: true })
  cpSync(join(installed, 'public/models/selvage-mini'), join(folder, 'model'), { recursive: true })
}

/** Files of the inference runtime in a build: raw wasm, or gzipped by us. */
function runtimes(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(wasm|bin)$/.test(file) && !file.endsWith('weights.bin'))
    .sort()
}

test('the installed package: one onnxruntime-web, the one that transformers.js wants; every file under 25 MB', () => {
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const transformers = JSON.parse(
    readFileSync(join(ROOT, 'node_modules/@huggingface/transformers/package.json'), 'utf8'),
  )
  expect(own.dependencies['onnxruntime-web']).toBe(transformers.dependencies['onnxruntime-web'])
  expect(own.dependencies['onnxruntime-node']).toBe(transformers.dependencies['onnxruntime-node'])
  const copies = readdirSync(join(work, 'vite/node_modules'), { recursive: true, encoding: 'utf8' })
  expect(copies.filter((file) => file.endsWith('onnxruntime-web/package.json'))).toEqual([
    'onnxruntime-web/package.json',
  ])
  const { version } = JSON.parse(readFileSync(join(work, 'vite/node_modules/onnxruntime-web/package.json'), 'utf8'))
  expect(version).toBe(transformers.dependencies['onnxruntime-web'])
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter(
    (file) => !file.startsWith('node_modules'),
  )
  expect(files.filter((file) => statSync(join(installed, file)).size > 25_000_000)).toEqual([])
})

test('an empty Vite app: type-checks, builds with each runtime once, searches', async () => {
  const app = join(work, 'vite')
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler']
  execFileSync(process.execPath, [tsc, ...flags, '--types', '', 'main.ts'], { cwd: app })
  await build({
    root: app,
    base: './',
    configFile: false,
    logLevel: 'warn',
    worker: { format: 'es' },
    build: { target: 'es2022' },
  })
  const dist = join(app, 'dist')
  expect(runtimes(dist)).toEqual([
    expect.stringMatching(/onnxruntime-wasm-.*\.bin$/),
    expect.stringMatching(/onnxruntime-webgpu-.*\.bin$/),
  ])
  addData(dist)
  expect(await visit(dist)).toBe(ANSWER)
})

test('a Vite app with the widget: what is fetched late stays a file, for policies that forbid code in data: addresses', async () => {
  const app = join(work, 'widget')
  mkdirSync(app)
  symlinkSync(join(work, 'vite/node_modules'), join(app, 'node_modules'))
  writeFileSync(
    join(app, 'index.html'),
    '<script type="module" src="./main.js"></script><selvage-search></selvage-search>',
  )
  writeFileSync(join(app, 'main.js'), "import 'selvage/widget'\n")
  await build({ root: app, base: './', configFile: false, logLevel: 'warn', build: { target: 'es2022' } })
  const files = readdirSync(join(app, 'dist/assets'))
  for (const late of ['highlight', 'heatmap', 'languages', 'rerank', 'vectors', 'webgpu', 'wasm'])
    expect(files.filter((file) => file.startsWith(`${late}-`))).toHaveLength(1)
  for (const file of files.filter((name) => name.endsWith('.js')))
    expect(readFileSync(join(app, 'dist/assets', file), 'utf8')).not.toMatch(/data:(?:text|application)\/javascript/)
})

test('a static page without any bundler searches', async () => {
  const folder = join(work, 'static')
  cpSync(join(APPS, 'static'), folder, { recursive: true })
  cpSync(join(installed, 'dist/browser'), join(folder, 'selvage'), { recursive: true })
  const originals = ['ort-wasm-simd-threaded.wasm', 'ort-wasm-simd-threaded.asyncify.wasm']
  const shipped = runtimes(folder)
  expect(shipped).toHaveLength(originals.length)
  for (const [i, file] of shipped.entries()) {
    const original = readFileSync(join(ROOT, 'node_modules/onnxruntime-web/dist', originals[i]!))
    expect(gunzipSync(readFileSync(join(folder, file))).equals(original)).toBe(true)
  }
  addData(folder)
  expect(await visit(folder)).toBe(ANSWER)
})

test('the command that a build makes can be run as a file: npx in a clone links to it', () => {
  expect(execFileSync(join(ROOT, 'dist/node/main.js'), ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+/)
})

test('the command line and selvage/node work from the installed package', () => {
  const app = join(work, 'vite')
  const docs = join(work, 'docs')
  mkdirSync(docs)
  writeFileSync(join(docs, 'cat.md'), '# Cats\n\nA cat sleeps most of the day.\n')
  writeFileSync(join(docs, 'bridge.md'), '# Bridges\n\nA bridge carries a road over a river.\n')
  const selvage = (...args: string[]) =>
    execFileSync(join(app, 'node_modules/.bin/selvage'), args, {
      cwd: work,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  expect(selvage('build', docs, '-o', 'index')).toMatch(/^Built index: 2 pages, 2 sections, 2 passages/)
  expect(selvage('build', docs, '-o', 'index')).toMatch(/^index is up to date/)
  const { hits } = JSON.parse(selvage('search', 'index', 'animals that rest', '--json'))
  expect(hits[0].title).toBe('Cats')
  const script = `
    import { openFolder } from 'selvage/node'
    const index = await openFolder(${JSON.stringify(join(work, 'index'))})
    console.log((await index.search('crossing water', { k: 1 })).hits[0].url)
    await index.close()`
  writeFileSync(join(app, 'search.mjs'), script)
  expect(execFileSync(process.execPath, ['search.mjs'], { cwd: app, encoding: 'utf8' }).trim()).toBe('/bridge.html')
})
