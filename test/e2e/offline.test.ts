/**
 * The demo without a network: made available offline, its server gone, loaded anew, and once more in a browser that was started
 * anew; the search page, the documentation's pages and what they search. Who keeps what: pages and scripts in Cache Storage,
 * index, model and runtime in IndexedDB, nothing in both.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ANSWER, ask, makeOffline, QUESTION, waitFor } from '../support/demoPage.ts'
import { newProfile, type Profile } from '../support/profile.ts'
import { type StaticSite, serveFolder } from '../support/staticServer.ts'

const DEMO = resolve(import.meta.dirname, '../../dist/demo')
const INTRODUCTION = 'docs/vue/guide/introduction.html'
const ON_WASM = '?encoder=wasm&scorer=wasm'

let site: StaticSite
let profile: Profile
beforeEach(async () => {
  site = await serveFolder(DEMO)
  profile = await newProfile()
})
afterEach(async () => {
  await profile?.remove()
  site?.close()
})

async function expectAnswers(page: Page): Promise<void> {
  await waitFor(page, 'ready')
  expect((await ask(page, QUESTION))[0]).toBe(ANSWER)
  // Meaning again, in other words than the documentation has; then a name, which words find.
  expect((await ask(page, 'two siblings need the same data'))[0]).toBe('Sharing data between components')
  expect((await ask(page, 'onErrorCaptured'))[0]).toMatch(/onErrorCaptured/)
  const { passage } = await page.evaluate(() => ({ passage: document.querySelector('.passage')?.textContent ?? '' }))
  expect(passage.length).toBeGreaterThan(20)
}

/** Every entry of Cache Storage: its address below the page, and its bytes. */
function cached(page: Page): Promise<{ path: string; bytes: number }[]> {
  return page.evaluate(async () => {
    const entries = await Promise.all(
      (await caches.keys()).map(async (name) => {
        const cache = await caches.open(name)
        return Promise.all(
          (await cache.keys()).map(async (request) => ({
            path: request.url.slice(new URL('.', document.baseURI).href.length),
            bytes: (await (await cache.match(request))!.arrayBuffer()).byteLength,
          })),
        )
      }),
    )
    return entries.flat()
  })
}

describe('offline', () => {
  test('after a full reload, and in a browser that was started anew, without any server', async () => {
    const first = await profile.start()
    await first.page.goto(site.url + ON_WASM)
    await waitFor(first.page, 'ready')
    await makeOffline(first.page)

    site.close()
    await first.context.setOffline(true)
    await first.page.reload()
    await expectAnswers(first.page)
    expect(await first.page.getByTestId('kept').textContent()).toMatch(/cannot be reached just now/)
    expect(first.errors).toEqual([])
    await profile.stop()

    const second = await profile.start()
    await second.context.setOffline(true)
    await second.page.goto(site.url + ON_WASM)
    await expectAnswers(second.page)
    await second.page.getByTestId('offline').waitFor()
    expect(second.errors).toEqual([])
  })

  test('a page of the documentation, with its search; from the search to it; a page that is new says so', async () => {
    const { page, context, errors } = await profile.start()
    await page.goto(site.url + ON_WASM)
    await waitFor(page, 'ready')
    await makeOffline(page)
    site.close()
    await context.setOffline(true)

    await page.goto(`${site.url}docs/vue/guide/introduction.html`)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toMatch(/Introduction/)
    // As it looks with a network: its style is here, too.
    expect(await page.locator('.head').evaluate((head) => getComputedStyle(head).color)).toBe('rgb(255, 255, 255)')
    await page.keyboard.press('ControlOrMeta+K')
    await page.keyboard.type(QUESTION)
    await page
      .getByRole('option', { name: new RegExp(ANSWER) })
      .first()
      .waitFor({ timeout: 60_000 })

    await page.goto(site.url + ON_WASM)
    await ask(page, QUESTION)
    await page.getByTestId('hit-title').first().click()
    await page.waitForURL(/performance\.html/)
    expect(await page.locator('#virtualize-large-lists').textContent()).toMatch(ANSWER)

    await page.goto(`${site.url}docs/vue/guide/of-a-later-version.html`)
    expect(await page.textContent('h1')).toBe('This page is not in this browser')
    await page.getByRole('link').click()
    await waitFor(page, 'ready')
    expect(errors).toEqual([])
  })

  test('the documentation is kept when somebody asks for it: before, its pages need the network', async () => {
    const { page } = await profile.start()
    await page.goto(site.url + ON_WASM)
    await waitFor(page, 'ready')
    const kept = page.getByTestId('kept')
    await expect.poll(() => kept.textContent(), { timeout: 30_000 }).toMatch(/All pages0 of \d{3}/)
    await expect.poll(() => page.getByTestId('keep').textContent()).toMatch(/Make available offline \([\d.]+ MB\)/)
    expect((await cached(page)).filter(({ path }) => path.startsWith('docs/'))).toEqual([])
    await makeOffline(page)
    const meter = page.getByTestId('meter')
    for (const kind of ['Vectors', 'Texts', 'Words', 'Model and runtime', 'Pages'])
      expect(await meter.textContent()).toMatch(new RegExp(`${kind}[\\d.]+ (?:MB|kB)`))
  })

  test('nothing is kept twice: the cache has the pages alone, with scripts that were never loaded', async () => {
    const { page } = await profile.start()
    await page.goto(site.url + ON_WASM)
    await waitFor(page, 'ready')
    await makeOffline(page)
    const entries = await cached(page)
    const wanted = readdirSync(join(DEMO, 'assets')).filter((name) => !name.endsWith('.bin'))
    const docs = readdirSync(join(DEMO, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.html'),
    )
    expect(entries.map(({ path }) => path).toSorted()).toEqual(
      [
        ...['', 'playground.html', 'check.html', 'manifest.webmanifest'],
        ...readdirSync(join(DEMO, 'icons')).map((name) => `icons/${name}`),
        ...wanted.map((name) => `assets/${name}`),
        ...docs.map((name) => `docs/${name.replaceAll('\\', '/')}`),
      ].toSorted(),
    )
    expect(wanted.some((name) => name.startsWith('writer-'))).toBe(true)
    expect(page.workers().map((worker) => worker.url())).not.toContainEqual(expect.stringMatching(/writer/))
    expect(Math.max(...entries.map(({ bytes }) => bytes))).toBeLessThan(1e6)
    // With it, all that this origin keeps is what was downloaded, once.
    const usage = await page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0)
    expect(usage).toBeLessThan(1.35 * (24.5e6 + 6.63e6 + 15e6 + entries.reduce((sum, { bytes }) => sum + bytes, 0)))
  })

  test('a second visit takes index, model and runtime from the database', async () => {
    const { page, context } = await profile.start()
    await page.goto(site.url + ON_WASM)
    await waitFor(page, 'ready')
    await makeOffline(page)
    const asked: string[] = []
    context.on('request', (request) => asked.push(request.url().slice(site.url.length)))
    await page.reload()
    await expectAnswers(page)
    expect(asked).not.toContainEqual(expect.stringMatching(/\.pack|weights|\.onnx|tokenizer|\.bin/))
    expect(asked).toContainEqual('index/docs/manifest.json')
  })

  test('a download that is stopped says so and goes on later', async () => {
    const { page } = await profile.start()
    await page.goto(site.url + ON_WASM)
    await waitFor(page, 'ready')
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await page.route('**/*.pack', async (route) => {
      await held
      await route.continue().catch(() => {}) // it may be stopped by now
    })
    const button = page.getByTestId('keep')
    await button.click()
    await expect.poll(() => button.textContent()).toBe('Cancel')
    await button.click()
    await expect.poll(() => button.textContent(), { timeout: 30_000 }).toMatch(/Make available offline/)
    expect(await page.getByTestId('offline').isVisible()).toBe(false)
    release()
    await makeOffline(page)
  })
})

describe('a new version', () => {
  let copy: string
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'selvage-demo-'))
    cpSync(DEMO, copy, { recursive: true })
  })
  afterEach(() => rmSync(copy, { recursive: true, force: true }))

  /** As a build does after a change: another name for the script, in the page and in the list; and other words in the docs. */
  function change(): void {
    const sw = readFileSync(join(copy, 'sw.js'), 'utf8')
    const script = /assets\/index-[\w-]+\.js/.exec(sw)?.[0]
    if (script === undefined) throw new Error('sw.js names no script.')
    const renamed = script.replace('.js', 'X.js')
    const version = /"version":"(\w+)"/.exec(sw)?.[1] ?? ''
    renameSync(join(copy, script), join(copy, renamed))
    const html = readFileSync(join(copy, 'index.html'), 'utf8')
    writeFileSync(join(copy, 'index.html'), html.replaceAll(script, renamed).replace('<title>', '<title>New: '))
    const docs = readFileSync(join(copy, INTRODUCTION), 'utf8')
    writeFileSync(join(copy, INTRODUCTION), docs.replace('<title>', '<title>New: '))
    const listed = new RegExp(`("${INTRODUCTION}",")\\w+`)
    if (!listed.test(sw)) throw new Error(`sw.js does not list ${INTRODUCTION}.`)
    writeFileSync(
      join(copy, 'sw.js'),
      sw.replaceAll(script, renamed).replaceAll(version, 'another').replace(listed, '$1another'),
    )
  }

  test('is shown at once where there is a network, and kept whole before the old one goes', async () => {
    const second = await serveFolder(copy)
    try {
      const { page, context } = await profile.start()
      await page.goto(second.url + ON_WASM)
      await waitFor(page, 'ready')
      await makeOffline(page)
      const before = await page.evaluate(() => caches.keys())

      change()
      await page.reload()
      await waitFor(page, 'ready')
      expect(await page.title()).toMatch(/^New: /)
      // Both are whole, and a third has the documentation; the old one goes when no page is left that may need it.
      await expect.poll(() => page.evaluate(() => caches.keys()), { timeout: 30_000 }).toHaveLength(3)
      const next = await context.newPage()
      await page.close()
      const keys = async () => {
        await next.goto('about:blank')
        await next.waitForTimeout(1500) // without a page of it, the browser changes to the new one
        await next.goto(second.url + ON_WASM)
        return next.evaluate(() => caches.keys())
      }
      await expect.poll(keys, { timeout: 60_000 }).toHaveLength(2)
      expect(await next.evaluate(() => caches.keys())).not.toEqual(before)

      second.close()
      await context.setOffline(true)
      await next.reload()
      await expectAnswers(next)
      expect(await next.evaluate(() => [...document.scripts].map(({ src }) => src))).toContainEqual(
        expect.stringMatching(/index-[\w-]+X\.js$/),
      )
      // The documentation was kept, so it was kept anew.
      await next.goto(second.url + INTRODUCTION)
      expect(await next.title()).toMatch(/^New: /)
    } finally {
      second.close()
    }
  })
})
