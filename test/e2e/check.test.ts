/**
 * The check's page in a real Chromium: the whole set on wasm gives the figures that the command line wrote down when the demo was
 * built; WebGPU ranks as wasm does; what is cancelled stops; what is missing is named.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { BrowserContextOptions, Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { DEMO, demoSite } from '../support/demoSite.ts'

const SCREENSHOTS = resolve(import.meta.dirname, '__screenshots__')
/** Some 500 searches, each with the model; on a machine that does other things besides. */
const WHOLE_MS = 540_000
const WAYS = ['keyword', 'semantic', 'hybrid'] as const
const FIGURES = ['ndcg@10', 'mrr@10', 'recall@10 of exact'] as const

const site = demoSite()

const open = (query = '', options?: BrowserContextOptions) => site.open(`check.html${query}`, options)

async function run(page: Page): Promise<void> {
  await page.getByTestId('run').click()
  await page.locator('#run[data-state=done]').waitFor({ timeout: WHOLE_MS })
}

/** Way → figure → what is shown of it, without what is said for screen readers. */
async function shownFigures(page: Page, backend: string): Promise<Record<string, Record<string, string>>> {
  const cells = await page
    .getByTestId(`report-${backend}`)
    .locator('.figures [data-figure]')
    .evaluateAll((all) =>
      all.map((cell) => [
        cell.closest('tr')?.dataset['way'] ?? '',
        cell.getAttribute('data-figure') ?? '',
        cell.firstElementChild?.textContent ?? '',
      ]),
    )
  const table: Record<string, Record<string, string>> = {}
  for (const [way = '', figure = '', shown = ''] of cells) table[way] = { ...table[way], [figure]: shown }
  return table
}

interface Run {
  readonly way: string
  readonly encoder?: string
  readonly queries: number
  readonly figures: Readonly<Record<string, number>>
}

/** What `selvage eval` said when the demo was built, in the page's own form. */
function commandLine(): Record<string, Record<string, string>> {
  const { runs }: { runs: readonly Run[] } = JSON.parse(readFileSync(`${DEMO}/check/cli.json`, 'utf8'))
  return Object.fromEntries(
    WAYS.map((way) => {
      const run = runs.find((one) => one.way === way && one.encoder !== 'node')
      const told = FIGURES.map((figure) => [figure, run?.figures[figure]?.toFixed(4) ?? '–'])
      return [way, Object.fromEntries(told)]
    }),
  )
}

describe('the check', () => {
  test('all questions on wasm: the figures are those of the command line', { timeout: WHOLE_MS }, async () => {
    const { page, console: log, foreign } = await open()
    await run(page)
    const shown = await shownFigures(page, 'wasm')
    expect(shown).toEqual(commandLine())
    // Words approximate nothing; the rest has found something, and not everything.
    expect(Object.keys(shown)).toEqual([...WAYS])
    for (const way of WAYS) {
      expect(Number(shown[way]?.['ndcg@10'])).toBeGreaterThan(0.5)
      expect(Number(shown[way]?.['ndcg@10'])).toBeLessThan(1)
    }
    expect(shown['keyword']?.['recall@10 of exact']).toBe('–')
    expect(Number(shown['semantic']?.['recall@10 of exact'])).toBeGreaterThan(0.9)
    expect(await page.getByTestId('verdict').textContent()).toBe(
      'All 8 figures are those of the command line, to four digits.',
    )
    expect(await page.getByTestId('report-wasm').locator('.equal').count()).toBe(8)
    await expectTimes(page)
    await expectMisses(page, Number(shown['hybrid']?.['mrr@10']))
    await expectSaved(page, shown)
    expect(log).toEqual([])
    expect(foreign).toEqual([])
  })

  test('WebGPU ranks as wasm does, question by question', { timeout: WHOLE_MS }, async () => {
    const { page, console: log } = await open('?scorer=webgpu&limit=3')
    await run(page)
    expect(await page.getByTestId('report-webgpu').locator('.backend-what').textContent()).toMatch(/scores on WebGPU/)
    expect(await shownFigures(page, 'webgpu')).toEqual(await shownFigures(page, 'wasm'))
    expect(await page.getByTestId('same-rankings').textContent()).toBe(
      'All 9 rankings are those of WASM, section by section.',
    )
    // Three questions are not what the command line has measured: nothing is held against it.
    expect(await page.getByTestId('verdict').count()).toBe(0)
    expect(await page.locator('.backend .equal').count()).toBe(0)
    expect(log).toEqual([])
  })

  test('cancelled, it stops and says so; what was measured stays, and it can be run again', async () => {
    const { page } = await open()
    await page.getByTestId('run').click()
    await page.getByTestId('cancel').click()
    await page.locator('#run[data-state=cancelled]').waitFor()
    expect(await page.getByTestId('said').textContent()).toBe('Cancelled.')
    await page.getByTestId('run').click()
    // By words alone it takes a moment; then the model is asked.
    await page.locator('[data-way=keyword] .figure').first().waitFor({ timeout: 90_000 })
    await page.getByTestId('cancel').click()
    await page.locator('#run[data-state=cancelled]').waitFor()
    expect(await page.getByTestId('said').textContent()).toBe('Cancelled. What was measured stays.')
    expect(await page.getByTestId('run').evaluate((button) => button === document.activeElement)).toBe(true)
    const before = await page.locator('#results').textContent()
    await page.waitForTimeout(2_000)
    expect(await page.locator('#results').textContent()).toBe(before)
  })

  test('an index that is missing is named, and a retry mends it', async () => {
    const { page } = await open('?limit=2')
    let isMissing = true
    await page.route('**/index/check/manifest.json', (route) =>
      isMissing ? route.fulfill({ status: 404 }) : route.continue(),
    )
    await page.getByTestId('run').click()
    const error = page.getByTestId('error')
    await error.waitFor({ timeout: 90_000 })
    expect(await error.getAttribute('data-code')).toBe('index-missing')
    expect(await page.getByTestId('said').textContent()).toBe('The check stopped.')
    isMissing = false
    await page.getByTestId('retry').click()
    await page.locator('#run[data-state=done]').waitFor({ timeout: 90_000 })
  })

  test.each(['light', 'dark'] as const)('axe finds nothing: before and after, %s', async (colorScheme) => {
    const { page } = await open('?limit=3', { colorScheme, reducedMotion: 'reduce' })
    await page.getByTestId('run').and(page.locator(':enabled')).waitFor()
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
    await run(page)
    for (const miss of await page.locator('.miss summary').all()) await miss.click()
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  })
})

/** A question takes time, most of it the model's; of ten, eight lie around the median. */
async function expectTimes(page: Page): Promise<void> {
  const median = (stage: string, way: string) =>
    page.locator(`[data-stage=${stage}] [data-way=${way}] .median`).evaluate((cell) => Number(cell.textContent))
  const [encode, total] = [await median('encode', 'semantic'), await median('total', 'semantic')]
  expect(encode).toBeGreaterThan(1)
  expect(total).toBeGreaterThan(encode)
  expect(await median('total', 'keyword')).toBeLessThan(total)
}

/** As many as a mean reciprocal rank allows; each opens to what was found and what was wanted. */
async function expectMisses(page: Page, mrr: number): Promise<void> {
  const misses = page.locator('.miss')
  const count = await misses.count()
  expect(await page.locator('.segments :checked + span').textContent()).toBe(`Both ${count}`)
  expect(count).toBeLessThanOrEqual(Math.round((1 - mrr) * 100))
  for (const way of ['Words', 'Meaning']) {
    const label = page.locator('.segments label', { hasText: way })
    await label.click()
    await expect.poll(() => misses.count()).toBe(Number((await label.locator('b').textContent()) ?? 'none'))
  }
  const first = misses.first()
  await first.locator('summary').click()
  const wanted = await first.locator('ul .section-link').evaluateAll(hrefs)
  const found = await first.locator('ol .section-link').evaluateAll(hrefs)
  expect(wanted.length).toBeGreaterThan(0)
  expect(found.length).toBe(3)
  expect(found.filter((address) => wanted.includes(address))).toEqual([])
  expect(await first.locator('.miss-ranks').textContent()).toMatch(/Meaning: not among ten/)
}

function hrefs(links: readonly Element[]): string[] {
  return links.map((link) => link.getAttribute('href') ?? '')
}

async function expectSaved(page: Page, shown: Record<string, Record<string, string>>): Promise<void> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('save').click()])
  expect(download.suggestedFilename()).toMatch(/^selvage-check-\d{4}-\d\d-\d\d\.json$/)
  const file = JSON.parse(await readFile(await download.path(), 'utf8'))
  expect(file.machine.userAgent).toMatch(/Chrom/)
  expect(file.selvage).toMatch(/^\d+\.\d+\.\d+/)
  const [wasm] = file.backends
  expect(wasm.encoder.backend).toBe('wasm')
  for (const way of wasm.ways) {
    expect(Object.keys(way.answers).length).toBe(100)
    expect(way.figures['ndcg@10'].toFixed(4)).toBe(shown[way.way]?.['ndcg@10'])
  }
}

/** SCREENSHOTS=1: to be looked at, and committed where they have changed. */
describe.runIf(process.env['SCREENSHOTS'])('screenshots', () => {
  mkdirSync(SCREENSHOTS, { recursive: true })
  const sizes = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const
  test('check: before, running, done', { timeout: WHOLE_MS }, async () => {
    const { page } = await open('?scorer=webgpu&limit=30')
    const shoot = async (state: string) => {
      for (const [name, viewport] of Object.entries(sizes))
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.setViewportSize(viewport)
          await page.emulateMedia({ colorScheme })
          await page.evaluate(() => scrollTo(0, 0)) // the header stays where it is
          await page.screenshot({ path: `${SCREENSHOTS}/${name}-${colorScheme}-check-${state}.png`, fullPage: true })
        }
    }
    await page.getByTestId('run').and(page.locator(':enabled')).waitFor()
    await shoot('before')
    await page.getByTestId('run').click()
    await page.locator('[data-way=keyword] .figure').first().waitFor({ timeout: 90_000 })
    await shoot('running')
    await page.locator('#run[data-state=done]').waitFor({ timeout: WHOLE_MS })
    await page.locator('.miss summary').first().click()
    await shoot('done')
  })
})
