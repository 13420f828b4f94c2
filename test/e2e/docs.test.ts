/**
 * The documentations as sites with the search that any site would have: from a sub-path, under a strict policy, in a real
 * Chromium. What the pages say is test/demo's.
 */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { demoSite } from '../support/demoSite.ts'
import { answered, dialog, field, hrefs, openByKeys, options, type } from '../support/modal.ts'
import { SLOW } from '../support/widget.ts'

const SCREENSHOTS = resolve(import.meta.dirname, '__screenshots__')
const VUE = 'docs/vue/guide/introduction.html'
const REACT = 'docs/react/learn/index.html'

const site = demoSite()

describe('the documentations', () => {
  test('a question in other words leads to the section, from Vue’s docs and from React’s', async () => {
    const { page, console: log, foreign } = await site.open(VUE)
    await openByKeys(page)
    await type(page, 'scrolling a huge list is slow')
    await answered(page)
    await expect.poll(() => options(page).first().textContent(), SLOW).toContain('Virtualize Large Lists')
    expect((await hrefs(page)).filter((href) => !href.startsWith(`${site.url}docs/vue/`))).toEqual([])
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/docs\/vue\/guide\/best-practices\/performance\.html#virtualize-large-lists/)
    await expect.poll(() => isInView(page, '#virtualize-large-lists')).toBe(true)

    await page.getByRole('navigation', { name: 'Documentation' }).getByRole('link', { name: 'React' }).click()
    await page.waitForURL(site.url + REACT)
    await openByKeys(page)
    await type(page, 'remember a value without drawing again')
    await answered(page)
    await expect.poll(async () => (await hrefs(page)).length, SLOW).toBeGreaterThan(0)
    expect((await hrefs(page)).filter((href) => !href.startsWith(`${site.url}docs/react/`))).toEqual([])
    // Only what React's pages have is offered to narrow them by.
    const chips = await page.locator('selvage-modal .filters .chip').allTextContents()
    expect(chips.map((chip) => chip.replace(/ \d+$/, '')).toSorted()).toEqual(['Learn', 'Reference'])
    expect(log).toEqual([])
    expect(foreign).toEqual([])
  })

  test('the button opens the search; the list of pages opens on a phone, and leads on', async () => {
    const { page } = await site.open(VUE, { viewport: { width: 390, height: 844 } })
    await page.getByRole('button', { name: 'Search' }).click()
    await field(page).waitFor()
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'hidden' })
    const pages = page.getByRole('navigation', { name: 'Pages of the Vue docs' })
    expect(await pages.isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Menu' }).click()
    await pages.getByRole('link', { name: 'Computed Properties' }).click()
    await page.waitForURL(`${site.url}docs/vue/guide/essentials/computed.html`)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  })

  test('files of an example are tabs, by pointer and by keys; what is hidden in one is found', async () => {
    const { page } = await site.open('docs/react/learn/scaling-up-with-reducer-and-context.html')
    const tabs = page.getByRole('tablist').first().getByRole('tab')
    await tabs.nth(1).click()
    expect(await tabs.nth(1).getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('ArrowRight')
    expect(await tabs.nth(2).getAttribute('aria-selected')).toBe('true')
    const panels = page.locator('.code-tabs').first().getByRole('tabpanel')
    expect(await panels.count()).toBe(1)
    // As the browser's own search and links to a text do.
    await page.locator('.code-tabs').first().locator('.code-file').first().dispatchEvent('beforematch')
    expect(await tabs.first().getAttribute('aria-selected')).toBe('true')
  })

  test('"On this page" says where one is', async () => {
    const { page } = await site.open('docs/vue/guide/best-practices/performance.html', {
      viewport: { width: 1440, height: 900 },
    })
    const entry = page.getByRole('navigation', { name: 'On this page' }).getByRole('link', { name: 'Virtualize' })
    await entry.click()
    await expect.poll(() => entry.getAttribute('aria-current')).toBe('location')
  })

  test.each(['light', 'dark'] as const)('axe finds nothing, with and without the dialog (%s)', async (colorScheme) => {
    const { page } = await site.open(VUE, { colorScheme, reducedMotion: 'reduce' })
    for (const path of [VUE, 'docs/vue/api/reactivity-core.html', 'docs/react/learn/conditional-rendering.html']) {
      await page.goto(site.url + path)
      expect(await violations(page)).toEqual([])
    }
    await openByKeys(page)
    await type(page, 'show one thing or another')
    await answered(page)
    expect(await violations(page)).toEqual([])
  })
})

/** SCREENSHOTS=1: to be looked at, and committed where they have changed. */
describe.runIf(process.env['SCREENSHOTS'])('screenshots', () => {
  mkdirSync(SCREENSHOTS, { recursive: true })
  const sizes = [
    ['desktop', { width: 1440, height: 900 }],
    ['phone', { width: 390, height: 844 }],
  ] as const
  const schemes = ['light', 'dark'] as const
  test.each(sizes.flatMap(([size, viewport]) => schemes.map((scheme) => [size, scheme, viewport] as const)))(
    'the documentations: %s, %s',
    async (size, colorScheme, viewport) => {
      const { page } = await site.open(VUE, { colorScheme, viewport, reducedMotion: 'reduce' })
      const shoot = (state: string) =>
        page.screenshot({ path: `${SCREENSHOTS}/${size}-${colorScheme}-docs-${state}.png` })
      await shoot('guide')
      await page.goto(`${site.url}docs/react/learn/managing-state.html`)
      await page.locator('.code-tabs').first().scrollIntoViewIfNeeded()
      await shoot('code')
      await openByKeys(page)
      await type(page, 'show one thing or another')
      await answered(page)
      await shoot('search')
    },
  )
})

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze()
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

function isInView(page: Page, selector: string): Promise<boolean> {
  return page.locator(selector).evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect()
    return top >= 0 && bottom <= innerHeight
  })
}
