/**
 * What the maintainer of a VitePress site gets from one plugin line: real pages, VitePress' own command, the package as
 * npm packs it. A build on plain static hosting searches, and so does the dev server, also for what was just written.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { launch, type WatchedPage, watchedPage } from '../support/page.ts'
import { type StaticSite, serveFolder } from '../support/staticServer.ts'
import { ask, firstHit, SLOW } from '../support/widget.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const VITEPRESS = join(ROOT, 'node_modules/vitepress/bin/vitepress.js')
const SCREENSHOTS = resolve(import.meta.dirname, '__screenshots__')
const QUESTION = 'cache headers for files whose names have a hash'

let site: string
let browser: Browser
let watched: WatchedPage | undefined

/** Within the repository, so that VitePress and the package's dependencies are found as if they were installed there. */
beforeAll(async () => {
  site = mkdtempSync(join(ROOT, 'dist/vitepress-'))
  cpSync(join(ROOT, 'test/fixtures/vitepress'), site, { recursive: true })
  writeFileSync(join(site, 'package.json'), JSON.stringify({ name: 'docs', private: true, type: 'module' }))
  const installed = join(site, 'node_modules/selvage')
  mkdirSync(installed, { recursive: true })
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', installed]
  const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8' }))
  execFileSync('tar', ['-xzf', packed.filename, '--strip-components=1'], { cwd: installed })
  browser = await launch()
})
afterEach(async () => {
  await watched?.close()
  watched = undefined
})
afterAll(async () => {
  await browser?.close()
  rmSync(site, { recursive: true, force: true })
})

async function open(url: string, options?: Parameters<typeof watchedPage>[2]): Promise<WatchedPage> {
  watched = await watchedPage(browser, url, options)
  await watched.page.goto(url)
  return watched
}

test('the config type-checks with the Vite that VitePress brings', () => {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const flags = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'esnext']
  execFileSync(process.execPath, [tsc, ...flags, '--moduleResolution', 'bundler', '.vitepress/config.ts'], {
    cwd: site,
    encoding: 'utf8',
  })
})

describe('a build', () => {
  let hosted: StaticSite
  let dist: string
  beforeAll(async () => {
    execFileSync(process.execPath, [VITEPRESS, 'build'], { cwd: site, encoding: 'utf8', stdio: 'pipe' })
    dist = join(site, '.vitepress/dist')
    // Of a page that allows nothing but its own files.
    writeFileSync(
      join(dist, 'strict.html'),
      '<!doctype html><meta charset="utf-8"><script type="module" src="search/widget.js"></script><selvage-search>',
    )
    hosted = await serveFolder(dist, '/docs/')
  })
  afterAll(() => hosted?.close())

  test('has index, library and model once, in files under 25 MiB', () => {
    const files = readdirSync(join(dist, 'search'), { recursive: true, encoding: 'utf8' })
    expect(files).toEqual(
      expect.arrayContaining([
        'manifest.json',
        'widget.js',
        'selvage.js',
        'engine.js',
        'encoder.js',
        'model/selvage.json',
      ]),
    )
    expect(files.filter((file) => /\.(map|md|ts)$/.test(file))).toEqual([])
    const all = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    expect(all.filter((file) => file.endsWith('weights.bin'))).toEqual(['search/model/onnx/weights.bin'])
    expect(all.filter((file) => statSync(join(dist, file)).size > 25 * 2 ** 20)).toEqual([])
  })

  test('finds the page that answers, and its link leads to the heading', async () => {
    // VitePress writes scripts into its pages, which the server's policy forbids.
    const { page, foreign } = await open(hosted.url, { bypassCSP: true })
    await ask(page, QUESTION, 'HTTP Cache Headers')
    await firstHit(page).click()
    await page.waitForURL(`${hosted.url}guide/deploy.html#http-cache-headers`)
    expect(await page.locator('#http-cache-headers').textContent()).toMatch('HTTP Cache Headers')
    expect(foreign).toEqual([])
  })

  test('knows a page by its rewritten address', async () => {
    const { page } = await open(hosted.url, { bypassCSP: true })
    await ask(page, 'how do I use VitePress with a CMS', 'Integration Guides')
    await firstHit(page).click()
    await page.waitForURL(`${hosted.url}guide/connecting-a-cms.html#integration-guides`)
    expect(await page.locator('#integration-guides').count()).toBe(1)
  })

  test('its widget works on a page of the strictest policy, and says what is missing', async () => {
    const { page: first, console: log, close } = await open(`${hosted.url}strict.html`)
    await ask(first, QUESTION, 'HTTP Cache Headers')
    expect(log).toEqual([])
    await close()
    // Other visitors: what the first one's browser keeps would be searched.
    const { page: second, close: leave } = await open(`${hosted.url}strict.html`)
    await second.route('**/search/manifest.json', (route) => route.fulfill({ status: 404 }))
    await second.getByRole('combobox').focus()
    const { poll } = expect
    const noticeOf = (page: Page) => page.locator('selvage-search .notice')
    await poll(() => noticeOf(second).textContent(), SLOW).toMatch(/There is no index at /)
    await leave()
    const { page } = await open(`${hosted.url}strict.html`)
    await page.route('**/search/manifest.json', (route) => route.abort())
    await page.getByRole('combobox').focus()
    const again = page.getByRole('button', { name: 'Try again' })
    await again.waitFor(SLOW)
    await page.unroute('**/search/manifest.json')
    await again.click()
    await ask(page, QUESTION, 'HTTP Cache Headers')
    expect(await noticeOf(page).isHidden()).toBe(true)
  })

  const views = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } }
  describe.runIf(process.env['SCREENSHOTS'])('screenshots', () => {
    test.each(Object.keys(views).flatMap((name) => ['light', 'dark'].map((scheme) => [name, scheme])))(
      '%s %s',
      async (name, scheme) => {
        mkdirSync(SCREENSHOTS, { recursive: true })
        const { page } = await open(hosted.url, {
          bypassCSP: true,
          viewport: views[name as keyof typeof views],
          colorScheme: scheme as 'light' | 'dark',
        })
        const shoot = (state: string) =>
          page.screenshot({ path: `${SCREENSHOTS}/widget-${name}-${scheme}-${state}.png` })
        await page.getByRole('combobox').focus()
        await page.waitForTimeout(150)
        await shoot('loading')
        await ask(page, QUESTION, 'HTTP Cache Headers')
        await shoot('results')
      },
    )
  })
})

describe('the dev server', () => {
  let server: ChildProcess
  let url: string
  beforeAll(async () => {
    server = spawn(process.execPath, [VITEPRESS, 'dev'], { cwd: site, env: { ...process.env, NO_COLOR: '1' } })
    url = await new Promise<string>((found, failed) => {
      let output = ''
      const read = (chunk: Buffer) => {
        output += chunk.toString()
        const address = /http:\/\/localhost:\d+\/docs\//.exec(output)
        if (address) found(address[0])
      }
      server.stdout?.on('data', read)
      server.stderr?.on('data', read)
      server.on('exit', () => failed(new Error(`The dev server ended: ${output}`)))
    })
  })
  afterAll(async () => {
    server?.kill()
    if (server?.exitCode === null) await once(server, 'exit') // it may still write to its cache
  })

  test('searches, and finds what was written while it runs', async () => {
    const { page } = await open(url)
    await ask(page, QUESTION, 'HTTP Cache Headers')
    appendFileSync(
      join(site, 'guide/deploy.md'),
      '\n## Feeding the Zebras\n\nThe keeper brings hay to them every morning.\n',
    )
    await expect
      .poll(async () => {
        const { status, headers } = await page.request.get(`${url}search/manifest.json`).then((answer) => ({
          status: answer.status(),
          headers: answer.headers(),
        }))
        expect([status, headers['content-type']]).toEqual([200, 'application/json'])
        await page.reload()
        await page.getByRole('combobox').fill('who gives the zebras something to eat')
        return firstHit(page).locator('.title').textContent({ timeout: 20_000 })
      }, SLOW)
      .toBe('Feeding the Zebras')
  })

  test('sends parts of files, and the site what is not of the index', async () => {
    const { page } = await open(url)
    const part = await page.request.get(`${url}search/model/onnx/weights.bin`, { headers: { range: 'bytes=100-199' } })
    expect(part.status()).toBe(206)
    expect((await part.body()).length).toBe(100)
    const none = await page.request.get(`${url}search/none.js`)
    expect(none.headers()['content-type']).not.toMatch('javascript')
  })
})
