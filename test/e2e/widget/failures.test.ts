/**
 * What does a visitor see when something is missing or forbidden? A sentence that says what happened and what still works; and
 * words are searched wherever that was promised.
 */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { CHROMIUM_FLAGS, chromiumPath } from '../../support/chromium.ts'
import { answered, field, notice, openByKeys, options, pageTitles, statusLine, type } from '../../support/modal.ts'
import { type WatchedPage, watchedPage } from '../../support/page.ts'
import { type SiteServer, STRICT_CSP, serveSite } from '../../support/siteServer.ts'
import { BASE, builtSite } from '../../support/sites.ts'
import { SLOW } from '../../support/widget.ts'

const WORDS = 'teleport modal'

let browser: Browser
let server: SiteServer
let watched: WatchedPage | undefined
beforeAll(async () => {
  server = await serveSite(builtSite('plain'))
  const args = [...CHROMIUM_FLAGS, '--host-resolver-rules=MAP docs.test 127.0.0.1']
  browser = await chromium.launch({ executablePath: chromiumPath(), args })
})
afterEach(async () => {
  await watched?.close()
  watched = undefined
  for (const name of ['missing', 'before', 'slow', 'pages'] as const) delete server.conditions[name]
  server.conditions.csp = STRICT_CSP
})
afterAll(async () => {
  await browser?.close()
  server?.close()
})

async function visit(options: BrowserContextOptions = {}, url = server.url): Promise<Page> {
  watched = await watchedPage(browser, url, options)
  await watched.page.goto(url)
  return watched.page
}

async function says(page: Page, sentence: RegExp): Promise<void> {
  await expect.poll(() => notice(page).locator('p').first().textContent(), SLOW).toMatch(sentence)
  expect(await notice(page).isVisible()).toBe(true)
}

/** Words are found, in the page that is about them. */
async function findsWords(page: Page): Promise<void> {
  await type(page, WORDS)
  await options(page).first().waitFor({ timeout: 20_000 })
  await expect.poll(() => pageTitles(page)).toContain('Teleport')
}

test('no index: nothing can be found, and it says so', async () => {
  server.conditions.missing = /manifest\.json$/
  const page = await visit()
  await openByKeys(page)
  await type(page, WORDS)
  await says(page, /index is missing, so nothing can be found/)
  expect(await options(page).count()).toBe(0)
  expect(await statusLine(page).textContent()).not.toMatch(/No results/)
})

test('no model: words', async () => {
  server.conditions.missing = /\/search\/model\//
  const page = await visit()
  await openByKeys(page)
  await findsWords(page)
  await says(page, /model could not be loaded; search by words still works/)
  await answered(page)
})

test('WebAssembly forbidden by the policy: words', async () => {
  server.conditions.csp = STRICT_CSP.replace(" 'wasm-unsafe-eval'", '')
  const page = await visit()
  await openByKeys(page)
  await findsWords(page)
  await says(page, /security policy blocks WebAssembly; search by words still works/)
  await answered(page)
})

test('no IndexedDB: all is found, nothing is kept', async () => {
  const code = 'Object.defineProperty(globalThis, "indexedDB", { value: undefined })'
  server.conditions.before = { files: /\/search\/[\w-]+\.js$/, code }
  const page = await visit()
  await openByKeys(page)
  await findsWords(page)
  await answered(page)
  await says(page, /keeps no data/)
})

test('plain http on a network: all is found, and it says what is not', async () => {
  const page = await visit({}, `http://docs.test:${server.port}${BASE}`)
  expect(await page.evaluate(() => isSecureContext)).toBe(false)
  await openByKeys(page)
  await findsWords(page)
  await answered(page)
  await says(page, /Without https/)
})

test('offline after all was loaded: it goes on', async () => {
  const page = await visit()
  await openByKeys(page)
  await type(page, 'slots that are filled by the parent')
  await answered(page)
  await page.context().setOffline(true)
  await findsWords(page)
  await answered(page)
  await says(page, /You are offline/)
  await page.context().setOffline(false)
  await expect.poll(() => notice(page).isVisible()).toBe(false)
})

test('a script that the model does not know: words, and it says so', async () => {
  const page = await visit()
  await openByKeys(page)
  await type(page, 'المكوّنات')
  await says(page, /does not know this script/)
  await expect.poll(async () => (await pageTitles(page))[0]).toBe('المكوّنات')
})

test('a visitor who saves data: the model is asked for by whoever turns to the search', async () => {
  server.conditions.pages = {
    'eager.html': `<!doctype html><title>Eager</title><script type="module" src="search/widget.js"></script>
      <selvage-trigger preload="eager"></selvage-trigger>`,
  }
  const models = () => server.log.filter(({ path }) => /^search\/model\//.test(path)).length
  watched = await watchedPage(browser, server.url)
  const { page } = watched
  await page.addInitScript(() =>
    Object.defineProperty(navigator, 'connection', { value: { saveData: true }, configurable: true }),
  )
  server.log.length = 0
  await page.goto(`${server.url}eager.html`)
  await page.waitForFunction(() => customElements.get('selvage-trigger') !== undefined)
  await page.waitForTimeout(1000)
  expect(models()).toBe(0)
  await openByKeys(page)
  await expect.poll(models, SLOW).toBeGreaterThan(0)
  await watched.close()

  // Without the hint the same page loads it by itself.
  watched = await watchedPage(browser, server.url)
  server.log.length = 0
  await watched.page.goto(`${server.url}eager.html`)
  await expect.poll(models, SLOW).toBeGreaterThan(0)
  expect(await field(watched.page).count()).toBe(0)
})
