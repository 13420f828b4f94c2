/**
 * Every state of the search as it is seen: what does axe find in it, light and dark, and (with SCREENSHOTS set) how does it look,
 * on a desktop and on a phone? Pictures are for looking at, by people: nothing is compared.
 */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM_FLAGS, chromiumPath } from '../../support/chromium.ts'
import { answered, dialog, field, notice, openByKeys, options, type } from '../../support/modal.ts'
import { type WatchedPage, watchedPage } from '../../support/page.ts'
import { type SiteServer, STRICT_CSP, serveSite } from '../../support/siteServer.ts'
import { builtSite } from '../../support/sites.ts'
import { SLOW } from '../../support/widget.ts'

const FOLDER = resolve(import.meta.dirname, '../__screenshots__/widget')
const QUESTION = 'keep the state of a component when switching'
const RECENTS = ['slots with a fallback', 'provide a value to all components', 'teleport modal']

let browser: Browser
let server: SiteServer
beforeAll(async () => {
  server = await serveSite(builtSite('plain'))
  browser = await chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_FLAGS })
  mkdirSync(FOLDER, { recursive: true })
})
afterAll(async () => {
  await browser?.close()
  server?.close()
})

const VIEWS = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const
type View = keyof typeof VIEWS
const CASES = (process.env['SCREENSHOTS'] ? (['desktop', 'phone'] as const) : (['desktop'] as const)).flatMap((view) =>
  (['light', 'dark'] as const).map((scheme) => ({ view, scheme })),
)

describe.each(CASES)('$view, $scheme', ({ view, scheme }: { view: View; scheme: 'light' | 'dark' }) => {
  let watched: WatchedPage
  let page: Page

  async function visit(path = 'components/slots.html'): Promise<void> {
    await watched?.close()
    watched = await watchedPage(browser, server.url, { viewport: VIEWS[view], colorScheme: scheme })
    page = watched.page
    await page.addInitScript((queries) => {
      const index = document.baseURI.replace(/(\/docs\/).*/, '$1search/')
      localStorage.setItem(`selvage-recents ${index}`, JSON.stringify(queries))
    }, RECENTS)
    await page.goto(server.url + path)
  }

  /** What axe finds in the dialog; and a picture. */
  async function look(state: string): Promise<void> {
    await page.waitForTimeout(250) // transitions
    if (process.env['SCREENSHOTS'])
      await page.screenshot({ path: `${FOLDER}/${state}-${view}-${scheme}.jpg`, type: 'jpeg', quality: 55 })
    const { violations } = await new AxeBuilder({ page }).include('selvage-modal').setLegacyMode().analyze()
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
    expect.soft(found, state).toEqual([])
  }

  afterAll(async () => {
    await watched?.close()
    for (const name of ['missing', 'slow'] as const) delete server.conditions[name]
    server.conditions.csp = STRICT_CSP
  })

  test('from the first key to the last detail', async () => {
    await visit()
    await page.waitForFunction(
      () => document.querySelector('selvage-trigger')?.shadowRoot?.querySelector('kbd') != null,
    )
    if (process.env['SCREENSHOTS'])
      await page.screenshot({ path: `${FOLDER}/closed-${view}-${scheme}.jpg`, type: 'jpeg', quality: 55 })
    await openByKeys(page)
    await page.waitForTimeout(300)
    await look('recents')

    // Words, while the model is slow to come.
    server.conditions.slow = { files: /\/search\/model\//, ms: 4000 }
    await visit()
    await openByKeys(page)
    await field(page).fill(QUESTION)
    await options(page).first().waitFor()
    await look('words')
    delete server.conditions.slow
    await answered(page)
    await look('results')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await look('active')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    await dialog(page).getByRole('button', { name: 'Why this result?' }).click()
    await page.locator('selvage-modal table').waitFor()
    await look('heat-map')
    await page.keyboard.press('Escape')
    await dialog(page).getByRole('button', { name: 'More like this' }).click()
    await expect
      .poll(() => page.locator('selvage-modal .status').first().textContent(), SLOW)
      .toMatch(/Similar.*pages? in/)
    await look('similar')
    await page.keyboard.press('Escape')
    await type(page, 'component')
    await answered(page)
    await page.locator('selvage-modal .chip', { hasText: 'Components' }).click()
    await answered(page)
    await look('filtered')
    await page.locator('selvage-modal .chip', { hasText: 'Components' }).click()
    await page.keyboard.press('Escape')
    await field(page).fill('المكوّنات')
    await expect.poll(() => notice(page).isVisible(), SLOW).toBe(true)
    await look('unknown-script')
  })

  test('searching, and nothing found', async () => {
    server.conditions.slow = { files: /\/search\/.*(?:pack|model)/, ms: 2500 }
    await visit()
    await openByKeys(page)
    await field(page).fill(QUESTION)
    await page.waitForTimeout(400)
    await look('searching')
    delete server.conditions.slow
    server.conditions.missing = /\/search\/model\//
    await visit()
    await openByKeys(page)
    await field(page).fill('zzyzx')
    await expect.poll(() => page.locator('selvage-modal .status').first().textContent(), SLOW).toMatch(/No results/)
    await look('nothing')
  })

  test('what is missing, and another direction', async () => {
    server.conditions.missing = /\/search\/model\//
    await visit()
    await openByKeys(page)
    await field(page).fill(QUESTION)
    await expect.poll(() => notice(page).isVisible(), SLOW).toBe(true)
    await look('no-model')
    server.conditions.missing = /manifest\.json/
    await visit()
    await openByKeys(page)
    await field(page).fill(QUESTION)
    await expect.poll(() => notice(page).isVisible(), SLOW).toBe(true)
    await look('no-index')
    delete server.conditions.missing
    await visit('ar/index.html')
    await openByKeys(page)
    await field(page).fill('المكوّن الأب')
    await expect.poll(() => notice(page).isVisible(), SLOW).toBe(true)
    await look('rtl')
  })
})
