/**
 * People who use the search: with an input method, in other languages, on a phone, with a selection in hand, who come back to
 * what they searched before, or look for more of what they found.
 */
import { type Browser, type BrowserContextOptions, devices, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  answered,
  dialog,
  field,
  hrefs,
  openByKeys,
  options,
  pageTitles,
  statusLine,
  type,
} from '../../support/modal.ts'
import { launch, type WatchedPage, watchedPage } from '../../support/page.ts'
import { type SiteServer, serveSite } from '../../support/siteServer.ts'
import { BASE, builtSite } from '../../support/sites.ts'
import { SLOW } from '../../support/widget.ts'

let browser: Browser
let server: SiteServer
let watched: WatchedPage | undefined
beforeAll(async () => {
  server = await serveSite(builtSite('plain'))
  browser = await launch()
})
afterEach(async () => {
  await watched?.close()
  watched = undefined
  for (const name of ['missing', 'pages', 'slow'] as const) delete server.conditions[name]
})
afterAll(async () => {
  await browser?.close()
  server?.close()
})

async function visit(path = 'components/slots.html', options: BrowserContextOptions = {}): Promise<Page> {
  watched = await watchedPage(browser, server.url, options)
  await watched.page.goto(server.url + path)
  return watched.page
}

/** A page of the site with these attributes on the trigger. */
function pageWith(attributes: string, html = ''): string {
  return `<!doctype html><html ${html}><head><title>Page</title><meta name="viewport" content="width=device-width">
    <script type="module" src="${BASE}search/widget.js"></script></head>
    <body><a href="#here">A link</a> <selvage-trigger ${attributes}></selvage-trigger></body></html>`
}

test('an input method: nothing is searched, chosen or opened before its text is there', async () => {
  const page = await visit()
  await openByKeys(page)
  const client = await page.context().newCDPSession(page)
  const press = async (key: string) => {
    // 229: the key is the input method's.
    await client.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key, code: key, windowsVirtualKeyCode: 229 })
    await client.send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key, windowsVirtualKeyCode: 229 })
  }
  const before = page.url()
  for (const text of ['す', 'すろ', 'すろっと']) {
    await client.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length })
    await page.waitForTimeout(150)
    expect(await options(page).count()).toBe(0)
  }
  for (const key of ['ArrowDown', 'Enter', 'Escape']) await press(key)
  expect(await field(page).inputValue()).toBe('すろっと')
  expect(await dialog(page).count()).toBe(1)
  expect(page.url()).toBe(before)
  await client.send('Input.insertText', { text: 'スロット' })
  expect(await field(page).inputValue()).toBe('スロット')
  await expect.poll(() => pageTitles(page), SLOW).toEqual(['コンポーネント'])
  // What is composed while hits are there opens none of them.
  await client.send('Input.imeSetComposition', { text: 'と', selectionStart: 1, selectionEnd: 1 })
  await press('Enter')
  expect(page.url()).toBe(before)
  expect(await field(page).inputValue()).toBe('スロットと')
  await client.send('Input.insertText', { text: '' })
})

test.each([
  { lang: 'de', direction: 'ltr', placeholder: 'Suchen oder Frage stellen' },
  { lang: 'fr-CA', direction: 'ltr', placeholder: /echerch/ },
  { lang: 'ja', direction: 'ltr', placeholder: /検索/ },
  { lang: 'ar', direction: 'rtl', placeholder: /ابحث|بحث/ },
])('in $lang', async ({ lang, direction, placeholder }) => {
  server.conditions.pages = { 'here.html': pageWith('', `lang="${lang}"`) }
  const page = await visit('here.html')
  await openByKeys(page)
  expect(await field(page).getAttribute('placeholder')).toMatch(placeholder)
  expect(await field(page).evaluate((element) => getComputedStyle(element).direction)).toBe(direction)
  await type(page, 'slots')
  await options(page).first().waitFor()
  const overflow = await dialog(page).evaluate((element) => element.scrollWidth - element.clientWidth)
  expect(overflow).toBeLessThanOrEqual(0)
})

test('a phone: the button opens, the back button closes and leaves the page where it was', async () => {
  const page = await visit('components/slots.html', devices['iPhone 13'])
  const here = page.url()
  await page.goto(`${server.url}built-ins/teleport.html`)
  await page.locator('selvage-trigger').getByRole('button').tap()
  await field(page).waitFor()
  await page.goBack()
  await expect.poll(() => dialog(page).count()).toBe(0)
  expect(page.url()).toBe(`${server.url}built-ins/teleport.html`)
  // Closed by its own button it leaves nothing behind in the history.
  await page.locator('selvage-trigger').getByRole('button').tap()
  await dialog(page).getByRole('button', { name: 'Close' }).tap()
  await expect.poll(() => dialog(page).count()).toBe(0)
  await page.goBack()
  await page.waitForURL(here)
})

test('a phone: a language that comes while the dialog is open leaves it open', async () => {
  server.conditions.slow = { files: /languages\.js$/, ms: 500 }
  const page = await visit('ar/index.html', { viewport: { width: 390, height: 844 } })
  await openByKeys(page)
  await field(page).fill('slots')
  await expect.poll(() => field(page).getAttribute('placeholder')).toMatch(/ابحث/)
  await page.waitForTimeout(300) // what goes back in the history does so later
  expect(await dialog(page).count()).toBe(1)
  expect(await field(page).inputValue()).toBe('slots')
  expect(await field(page).evaluate((element) => element.matches(':focus'))).toBe(true)
})

test('the focus goes back to where it was', async () => {
  const page = await visit()
  const link = page.getByRole('link', { name: 'The guide' })
  await link.focus()
  await openByKeys(page)
  await page.keyboard.press('Escape')
  expect(await link.evaluate((element) => element === document.activeElement)).toBe(true)
})

test('filters: only pages that have the value, with counts, by keys', async () => {
  const page = await visit()
  await openByKeys(page)
  await type(page, 'component')
  await answered(page)
  const chip = page.locator('selvage-modal .chip', { hasText: 'Reusability' })
  expect(Number(await chip.locator('.count').textContent())).toBeGreaterThan(0)
  for (let at = 0; at < 12 && !(await chip.evaluate((one) => one.matches(':focus'))); at++)
    await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  await expect.poll(() => chip.getAttribute('aria-pressed')).toBe('true')
  await answered(page)
  await expect.poll(async () => (await hrefs(page)).filter((href) => !href.includes('/reusability/')), SLOW).toEqual([])
  expect(await options(page).count()).toBeGreaterThan(0)
  expect(await chip.evaluate((one) => one.matches(':focus'))).toBe(true)
})

test('more like this, and a search with a selection: without the model', async () => {
  server.conditions.missing = /\/search\/model\//
  const page = await visit()
  await openByKeys(page)
  await type(page, 'teleport')
  await answered(page)
  await dialog(page).getByRole('button', { name: 'More like this' }).click()
  await expect.poll(() => statusLine(page).textContent(), SLOW).toMatch(/Similar to “.*” · \d+ pages? in/)
  expect(await options(page).count()).toBeGreaterThan(0)
  await page.keyboard.press('Escape')
  await expect.poll(() => options(page).count()).toBe(0)
  await page.keyboard.press('Escape')
  await expect.poll(() => dialog(page).count()).toBe(0)

  await page.locator('main p', { hasText: 'slot content' }).first().selectText()
  await openByKeys(page)
  await dialog(page).getByRole('button', { name: 'Search with this selection' }).click()
  await expect.poll(() => statusLine(page).textContent(), SLOW).toMatch(/Similar to .* · \d+ pages? in/)
  expect((await pageTitles(page)).length).toBeGreaterThan(1)
})

test('a few selected words are the question', async () => {
  const page = await visit()
  await page.locator('#render-scope').selectText()
  await openByKeys(page)
  expect(await field(page).inputValue()).toBe('Render Scope')
  await expect.poll(() => pageTitles(page), SLOW).toContain('Slots')
})

test('recent searches: offered, asked again, removed; none where they are off', async () => {
  const page = await visit()
  await openByKeys(page)
  await type(page, 'teleport')
  await options(page).first().waitFor()
  await answered(page)
  await page.keyboard.press('Enter')
  await page.waitForURL(/teleport\.html/)
  await openByKeys(page)
  const recent = dialog(page).getByRole('button', { name: 'teleport', exact: true })
  await recent.waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  expect(await field(page).inputValue()).toBe('teleport')
  await expect.poll(() => pageTitles(page), SLOW).toContain('Teleport')
  await page.keyboard.press('Escape')
  await dialog(page).getByRole('button', { name: 'Remove “teleport”' }).click()
  expect(await recent.count()).toBe(0)
  expect(await page.evaluate(() => Object.values(localStorage).join())).not.toMatch(/teleport/)

  server.conditions.pages = { 'off.html': pageWith('recents="off"') }
  await page.goto(`${server.url}off.html`)
  await openByKeys(page)
  await type(page, 'slots')
  await options(page).first().waitFor()
  await answered(page)
  await page.keyboard.press('Enter')
  await page.waitForURL(/slots\.html/)
  expect(await page.evaluate(() => Object.values(localStorage).join())).not.toMatch(/slots/)
})
