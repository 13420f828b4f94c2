/**
 * The playground in a real Chromium, over the lab's indexes: the three searches differ as its examples say, what is turned is seen in
 * numbers, the heat map agrees with the hit, an address brings back what was shown, and words answer whatever becomes of the model.
 */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { BrowserContextOptions, Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { EXAMPLES, UNSAID } from '../../demo/playground/examples.ts'
import { COLUMNS, type ColumnId } from '../../demo/playground/searches.ts'
import { demoSite } from '../support/demoSite.ts'

const SCREENSHOTS = resolve(import.meta.dirname, '__screenshots__')
const WIDE = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }
const QUESTION = 'show a dialog on top of everything else'

const site = demoSite()

const open = (query = '', options: BrowserContextOptions = { viewport: WIDE }) =>
  site.open(`playground.html${query}`, options)

const asking = (question: string, more = '') => `?${more.slice(1)}#q=${encodeURIComponent(question)}`

/** All three columns have answered what is asked now. */
async function answered(page: Page): Promise<void> {
  await page.waitForFunction(
    (ids) =>
      document.documentElement.dataset['state'] === 'done' &&
      ids.every((id) => document.getElementById(`column-${id}`)?.dataset['state'] === 'done'),
    [...COLUMNS],
    { timeout: 90_000 },
  )
}

/** What is done makes the page ask again: waits until that is answered. */
async function again(page: Page, act: () => Promise<unknown>): Promise<void> {
  await page.evaluate(() => {
    document.documentElement.dataset['state'] = 'before'
  })
  await act()
  await answered(page)
}

const column = (page: Page, id: ColumnId) => page.getByTestId(`column-${id}`)

async function urlsIn(page: Page, id: ColumnId): Promise<string[]> {
  const finds = await column(page, id).getByTestId('find').all()
  return Promise.all(finds.map(async (find) => (await find.getAttribute('data-url')) ?? ''))
}

const count = (page: Page, id: ColumnId, what: string) =>
  column(page, id).locator(`[data-count=${what}] dd`).textContent()

/** Sets the slider as a person with a keyboard does. */
async function slide(page: Page, key: 'Home' | 'End'): Promise<void> {
  await again(page, () => page.getByTestId('candidates').press(key))
}

const choose = (page: Page, id: string) => again(page, () => page.getByTestId(id).check({ force: true }))

describe('the playground', () => {
  test('the examples: each column has the section that answers where they say', async () => {
    const { page, console: log, foreign } = await open()
    expect(await page.getByTestId('example').count()).toBe(EXAMPLES.length)
    for (const { query, answer, first } of EXAMPLES) {
      await again(page, () => page.getByTestId('query').fill(query))
      const found = await Promise.all(COLUMNS.map(async (id) => ({ id, urls: await urlsIn(page, id) })))
      const best = found.flatMap(({ id, urls }) => (urls[0]?.endsWith(answer) ? [id] : []))
      expect({ query, first: best }).toEqual({ query, first })
      const byWords = found.find(({ id }) => id === 'keyword')?.urls.some((url) => url.endsWith(answer))
      if (UNSAID.includes(query)) expect({ query, byWords }).toEqual({ query, byWords: false })
    }
    expect(log).toEqual([])
    expect(foreign).toEqual([])
  })

  test('a section is tied to itself: its ranks elsewhere are said, and pointing at one marks the others', async () => {
    const { page } = await open(asking(QUESTION))
    await answered(page)
    const first = column(page, 'hybrid').getByTestId('find').first()
    expect(await first.locator('.find-ranks').textContent()).toBe('not among Words’ tenMeaning 1')
    const moved = column(page, 'hybrid').getByTestId('find').filter({ hasText: / → \d/ }).first()
    const rank = await moved.getAttribute('data-rank')
    expect(await moved.locator('.find-ranks').textContent()).toContain(` → ${rank}`)
    await first.hover()
    const url = (await first.getAttribute('data-url')) ?? ''
    const tied = await page
      .locator('.find.is-tied')
      .evaluateAll((finds) => finds.map((find) => (find as HTMLElement).dataset['url']))
    expect(tied).toEqual([url, url])
    expect(await page.locator('.threads .is-tied').count()).toBe(1)
    const href = await first.getByRole('link').getAttribute('href')
    expect(href).toContain('/some/where/docs/vue/guide/built-ins/teleport.html#basic-usage')
  })

  test('candidates, bits and pooling: bytes, counts and hits follow', async () => {
    const { page } = await open(asking(QUESTION))
    await answered(page)
    const bytes = page.getByTestId('bytes')
    expect(await count(page, 'semantic', 'candidates')).toBe('128')
    await slide(page, 'Home')
    expect(await count(page, 'semantic', 'candidates')).toBe('16')
    expect(await count(page, 'semantic', 'scanned')).toBe('398')
    await slide(page, 'End')
    expect(await count(page, 'semantic', 'candidates')).toBe('398')

    const centroids = await count(page, 'semantic', 'centroids')
    const sizes = [await bytes.textContent()]
    await choose(page, 'bits-8')
    sizes.push(await bytes.textContent())
    expect(await count(page, 'semantic', 'centroids')).toBe(centroids)
    await choose(page, 'pool-3')
    sizes.push(await bytes.textContent())
    expect(await count(page, 'semantic', 'centroids')).not.toBe(centroids)
    expect(sizes).toEqual(['1.1 MB', '3.1 MB', '1.2 MB'])
    expect(await page.getByTestId('size-detail').textContent()).toMatch(/^14,559 vectors of \d/)
    // Words are the same whatever becomes of the vectors, and need none.
    expect(await column(page, 'keyword').locator('[data-step=encode]').count()).toBe(0)
    expect(await column(page, 'semantic').locator('[data-step=encode]').count()).toBe(1)
  })

  test('the finest index is asked only when wanted, and what agrees is counted', async () => {
    const requests: string[] = []
    const { page } = await open(asking(QUESTION, '&bits=8&candidates=all'))
    await answered(page)
    const finest = { hybrid: await urlsIn(page, 'hybrid'), semantic: await urlsIn(page, 'semantic') }
    await choose(page, 'bits-1')
    await choose(page, 'pool-3')
    await slide(page, 'Home')
    await again(page, () => page.getByTestId('candidates').press('ArrowRight'))
    page.on('request', (request) => requests.push(request.url()))
    await page.getByTestId('compare').check()
    const agreement = page.getByTestId('agreement')
    await expect.poll(() => agreement.textContent(), { timeout: 90_000 }).toMatch(/Of its ten best/)
    const shared = async (id: 'hybrid' | 'semantic') => {
      const urls = await urlsIn(page, id)
      return finest[id].filter((url) => urls.includes(url)).length
    }
    expect(await agreement.textContent()).toContain(`Both ${await shared('hybrid')} of 10`)
    expect(await agreement.textContent()).toContain(`Meaning ${await shared('semantic')} of 10`)
    expect(new URL(page.url()).searchParams.get('compare')).toBe('finest')
    await page.getByTestId('compare').uncheck()
    expect(await agreement.textContent()).toMatch(/How much do these settings lose/)
  })

  test('the heat map: a cell for each pair, the best of each row, and their sum is the score', async () => {
    const { page, console: log } = await open(asking(QUESTION))
    await answered(page)
    const opener = column(page, 'semantic').getByTestId('open-map').first()
    await opener.click()
    const heat = page.getByTestId('heat')
    await heat.locator('.heat-band').first().waitFor()
    const rows = heat.locator('.heat-band').first().locator('tbody tr')
    const names = await rows.locator('th').allTextContents()
    expect(names).toEqual([
      ...['show', 'a', 'dial', '-og', 'on', 'top', 'of', 'everything', 'else', '[CLS]', '[Q]', '[SEP]', '[MASK] × 20'],
    ])
    const columns = await heat
      .locator('thead th')
      .evaluateAll((heads) => heads.reduce((sum, head) => sum + (head as HTMLTableCellElement).colSpan, 0))
    const cells = heat.locator('tbody td')
    expect(columns).toBeGreaterThan(40)
    expect(await cells.count()).toBe(names.length * columns)
    expect(await heat.locator('.is-best').count()).toBe(names.length)

    const told = (await page.locator('.map-what').textContent()) ?? ''
    const [sum, score] = [...told.matchAll(/(\d+\.\d\d)/g)].map((match) => Number(match[1]))
    expect(sum).toBeCloseTo(score ?? 0, 1)
    // The words below say the same as the map, and as the hit: what was shaded there is the best of its row here.
    const best = await page.getByTestId('best').locator('tbody tr').allTextContents()
    expect(best.some((row) => /^toptop0\.\d\d$/.test(row))).toBe(true)
    const shaded = await column(page, 'semantic').getByTestId('find').first().locator('mark').allTextContents()
    expect(shaded).toContain('top')

    await page.getByTestId('masks').click()
    expect(await rows.count()).toBe(names.length - 1 + 20)
    await page.getByTestId('masks').click()
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowDown')
    const readout = page.getByTestId('readout')
    expect(await readout.textContent()).toMatch(/^“a” with a heading or marker: 0\.\d\d/)
    await page.keyboard.press('Enter')
    expect(await readout.textContent()).toMatch(/the best of its row$/)
    await page.keyboard.press('Escape')
    expect(await opener.evaluate((element) => element === document.activeElement)).toBe(true)
    expect(log).toEqual([])
  })

  test('an address brings back question and settings', async () => {
    const { page } = await open(asking(QUESTION, '&bits=4&pool=2&candidates=32&scorer=wasm&color=red'))
    await answered(page)
    expect(await page.getByTestId('bits-4').isChecked()).toBe(true)
    expect(await page.getByTestId('pool-2').isChecked()).toBe(true)
    expect(await page.getByTestId('scorer').inputValue()).toBe('wasm')
    expect(await count(page, 'semantic', 'candidates')).toBe('32')
    const before = await urlsIn(page, 'semantic')
    await choose(page, 'bits-1')
    await again(page, () => page.getByTestId('query').fill('onErrorCaptured'))
    const { searchParams, hash } = new URL(page.url())
    expect(hash).toBe('#q=onErrorCaptured')
    expect(Object.fromEntries(searchParams)).toEqual({
      ...{ bits: '1', pool: '2', candidates: '32', scorer: 'wasm', color: 'red' },
    })
    const shown = await urlsIn(page, 'hybrid')
    await page.reload()
    await answered(page)
    expect(await urlsIn(page, 'hybrid')).toEqual(shown)
    expect(shown).not.toEqual(before)
  })

  test('words answer before the model is there, and when it cannot be had; a retry mends that', async () => {
    const { page } = await site.blank({ viewport: WIDE })
    let release = () => {}
    const held = new Promise<void>((done) => {
      release = done
    })
    let isBroken = true
    await page.route('**/onnx/weights.bin', async (route) => {
      await held
      return isBroken ? route.abort() : route.continue()
    })
    await page.goto(`${site.url}playground.html${asking(QUESTION)}`)
    await expect.poll(() => urlsIn(page, 'keyword').then((urls) => urls.length), { timeout: 30_000 }).toBe(10)
    await expect
      .poll(() => column(page, 'semantic').textContent(), { timeout: 30_000 })
      .toMatch(/The model is on its way/)
    release()
    const error = page.getByTestId('error')
    await error.waitFor({ timeout: 60_000 })
    expect((await urlsIn(page, 'keyword')).length).toBe(10)
    expect(await column(page, 'semantic').textContent()).toMatch(/No answer: see above/)
    isBroken = false
    await page.getByTestId('retry').click()
    await answered(page)
    expect((await urlsIn(page, 'semantic')).length).toBe(10)
    expect(await error.count()).toBe(0)
  })

  test('no index: a sentence, and a retry when it is there', async () => {
    const { page } = await site.blank({ viewport: WIDE })
    let isGone = true
    await page.route('**/lab.json', (route) => (isGone ? route.fulfill({ status: 404 }) : route.continue()))
    await page.goto(`${site.url}playground.html`)
    const error = page.getByTestId('error')
    await error.waitFor()
    expect(await error.getAttribute('data-code')).toBe('index-missing')
    expect(await error.textContent()).toMatch(/npm run demo/)
    isGone = false
    await page.getByTestId('retry').click()
    await page.getByTestId('example').first().waitFor()
  })

  test('a script that the model does not know, words that nothing has, and no question', async () => {
    const { page } = await open()
    await again(page, () => page.getByTestId('query').fill('コンポーネントの状態を保持する'))
    expect(await column(page, 'keyword').textContent()).toMatch(/No section has any of these words/)
    expect(await column(page, 'hybrid').textContent()).toMatch(/words alone were searched/)
    expect(await column(page, 'semantic').textContent()).toMatch(/what it finds near is chance/)
    await page.getByRole('button', { name: 'Clear the question' }).click()
    await page.getByTestId('example').first().waitFor()
    expect(new URL(page.url()).search).toBe('')
  })

  test('on a phone the searches are tabs, by keyboard too', async () => {
    const { page } = await open(asking(QUESTION), { viewport: PHONE, hasTouch: true })
    await page.getByRole('tab', { name: 'Both', selected: true }).waitFor()
    await answered(page)
    expect(await page.getByRole('tabpanel').count()).toBe(1)
    await page.getByRole('tab', { name: 'Both' }).press('ArrowRight')
    expect(await page.getByRole('tab', { name: 'Meaning' }).getAttribute('aria-selected')).toBe('true')
    expect(await page.getByRole('tabpanel', { name: 'Meaning' }).getByTestId('find').count()).toBe(10)
    await page.keyboard.press('ArrowRight')
    expect(await page.getByRole('tabpanel', { name: 'Words' }).isVisible()).toBe(true)
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(overflow).toBeLessThanOrEqual(0)
  })

  test.each(['light', 'dark'] as const)(
    'axe finds nothing: at first, with results, with the heat map (%s)',
    async (colorScheme) => {
      const found: string[] = []
      for (const viewport of [WIDE, PHONE]) {
        const { page, close } = await open('', { viewport, colorScheme, reducedMotion: 'reduce' })
        const check = async (when: string) => {
          const { violations } = await new AxeBuilder({ page }).analyze()
          found.push(...violations.map(({ id, nodes }) => `${when}: ${id} ${nodes[0]?.html.slice(0, 120)}`))
          if (!process.env['SCREENSHOTS']) return
          mkdirSync(SCREENSHOTS, { recursive: true })
          const name = `${viewport === WIDE ? 'desktop' : 'phone'}-${colorScheme}-playground-${when}`
          await page.screenshot({ path: resolve(SCREENSHOTS, `${name}.png`) })
        }
        await page.getByTestId('example').first().waitFor()
        await check('start')
        await again(page, () => page.getByTestId('query').fill(QUESTION))
        await check('results')
        await column(page, 'hybrid').getByTestId('open-map').first().click()
        await page.locator('.heat-band .is-best').first().hover()
        await check('map')
        await close()
      }
      expect(found).toEqual([])
    },
  )
})
