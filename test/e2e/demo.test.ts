/** The whole way, in a real Chromium: the built demo on plain static hosting, a question typed, the right section first. */
import AxeBuilder from '@axe-core/playwright'
import type { Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { ANSWER, ask, askByWords, makeOffline, QUESTION, waitFor } from '../support/demoPage.ts'
import { demoSite } from '../support/demoSite.ts'

/** In front of the engine worker's script: the device within reach, and an adapter that does not look like software. */
const HOLD_DEVICE = `
  const { requestDevice } = GPUAdapter.prototype
  GPUAdapter.prototype.requestDevice = async function (...args) {
    return (globalThis.heldDevice = await requestDevice.apply(this, args))
  }
  for (const name of ['vendor', 'architecture', 'device', 'description'])
    Object.defineProperty(GPUAdapterInfo.prototype, name, { get: () => 'test' })
  Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });
`

const site = demoSite()

const status = (page: Page) => page.getByTestId('status')

/** Two files of the visitor's, by the dialog. */
async function addOwn(page: Page): Promise<void> {
  await page
    .getByTestId('here')
    .locator('input[type=file]:not([webkitdirectory])')
    .setInputFiles([
      { name: 'tabs-of-the-office.md', mimeType: 'text/markdown', buffer: Buffer.from(OWN_NOTE) },
      { name: 'release-checklist.txt', mimeType: 'text/plain', buffer: Buffer.from(OWN_LIST) },
      { name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from([1, 2, 3]) },
    ])
  await expect.poll(() => page.getByTestId('own').locator('.own-file').count(), { timeout: 90_000 }).toBe(2)
  await page.getByTestId('own-work').waitFor({ state: 'hidden', timeout: 90_000 })
}

/** That one of them answers. */
const OWN_QUESTION = 'how to keep inputs when switching tabs'

const OWN_NOTE = `# How our forms keep what was typed

When someone switches tabs in the settings, the inputs must stay as they were. We wrap the panes in KeepAlive and give each a
name; the draft is written to the session every two seconds as well.
`
const OWN_LIST = 'Before a release: run the tests, read the change log aloud, then tag.\n'

describe('the demo', () => {
  test('a typed question finds its section; the encoder in a worker, the search in WGSL; quiet console, no foreign request', async () => {
    const { page, console: log, foreign } = await site.open('?encoder=wasm&scorer=webgpu')
    await page.getByTestId('query').pressSequentially(QUESTION, { delay: 20 })
    await waitFor(page, 'done')
    await expect.poll(() => page.getByTestId('hit-title').first().textContent(), { timeout: 60_000 }).toBe(ANSWER)
    const link = page.getByTestId('hit').first().getByRole('link').first()
    // To the documentation's page beside this one, and to the sentence.
    const [section, sentence] = (await link.getAttribute('href'))?.split(':~:') ?? []
    expect(section).toBe(`${site.url}docs/vue/guide/best-practices/performance.html#virtualize-large-lists`)
    expect(sentence).toMatch(/^text=\w/)
    expect(await status(page).getAttribute('data-encoder')).toBe('wasm')
    expect(await status(page).getAttribute('data-scorer')).toBe('webgpu')
    expect(await page.getByTestId('timings').textContent()).toMatch(/Encode.*ms.*Score/s)
    expect(log).toEqual([])
    expect(foreign).toEqual([])
  })

  test('by itself it takes what works here and says why not WebGPU', async () => {
    const { page, console: log } = await site.open('?in=react&q=two%20siblings%20need%20the%20same%20data')
    await waitFor(page, 'done')
    expect(await page.getByTestId('hit-title').first().textContent()).toBe('Sharing data between components')
    expect(await status(page).getAttribute('data-encoder')).toBe('wasm')
    expect(await status(page).getAttribute('data-scorer')).toBe('wasm')
    expect(await status(page).textContent()).toMatch(/software/i)
    expect(log).toEqual([])
  })

  test('strange queries give sane answers', async () => {
    const { page, console: log } = await site.open('?encoder=wasm&scorer=wasm')
    await waitFor(page, 'ready')
    for (const query of ['?!.,;:', '😀 🎉', 'word '.repeat(2_000).trim()])
      expect((await ask(page, query)).length).toBe(10)
    // What the model cannot read: by words alone, and the page says so.
    for (const query of ['コンポーネントの状態を保持する', 'x'.repeat(10_000)]) {
      expect(await ask(page, query)).toEqual([])
      const told = page.getByRole('heading', { name: 'Nothing to show' }).locator('..')
      expect(await told.textContent()).toMatch(/know its script/)
    }
    await page.getByTestId('query').fill('')
    await expect.poll(() => page.getByTestId('hit').count()).toBe(0)
    expect(log).toEqual([])
  })

  test('a GPU lost in the middle of a query: the next backend answers it, and says so', async () => {
    const { page } = await site.blank()
    // The worker's device is out of reach from here, and its adapter is refused for being software: its script is served
    // with lines in front that keep hold of the one and dress up the other.
    await page.route('**/assets/engine-*.js', async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, body: HOLD_DEVICE + (await response.text()) })
    })
    await page.goto(`${site.url}?encoder=wasm`)
    await waitFor(page, 'ready')
    expect(await status(page).getAttribute('data-scorer')).toBe('webgpu')
    const engine = page.workers().find((worker) => worker.url().includes('engine'))
    await page.getByTestId('query').fill(QUESTION)
    await waitFor(page, 'searching')
    await engine?.evaluate('heldDevice.destroy()')
    await waitFor(page, 'done')
    expect(await page.getByTestId('hit-title').first().textContent()).toBe(ANSWER)
    expect(await status(page).getAttribute('data-scorer')).toBe('wasm')
    expect(await status(page).textContent()).toMatch(/The GPU was lost/)
  })

  test('a model file that arrives cut short is named, words are searched meanwhile, and a retry mends it', async () => {
    const { page } = await site.blank()
    let broken = true
    let asked = 0
    await page.route('**/onnx/weights.bin', async (route) => {
      asked++
      if (!broken) return route.continue()
      const response = await route.fetch()
      return route.fulfill({ response, body: (await response.body()).subarray(0, 1_000_000) })
    })
    await page.goto(`${site.url}?encoder=wasm&scorer=wasm`)
    await waitFor(page, 'error')
    expect(await page.getByTestId('error').textContent()).toMatch(/weights\.bin/)
    expect(await askByWords(page, 'onErrorCaptured')).toContain('onErrorCaptured()')
    expect(await page.getByTestId('how').textContent()).toBe('By words alone.')
    // What is kept is told all the same, and nothing loads the model unasked: a retry would join that, and fail with it.
    await expect.poll(() => page.getByTestId('kept').getAttribute('hidden'), { timeout: 60_000 }).toBe(null)
    expect(asked).toBe(1)
    broken = false
    await page.getByRole('button', { name: /again|retry/i }).click()
    await waitFor(page, 'done')
    expect(await page.getByTestId('error').count()).toBe(0)
    expect((await ask(page, QUESTION))[0]).toBe(ANSWER)
  })

  test.each(['light', 'dark'] as const)(
    'axe finds nothing: before a query, with results, with own files (%s)',
    async (colorScheme) => {
      // Without motion: in the middle of a fade nothing has the contrast that it will have.
      const { page } = await site.open('?encoder=wasm&scorer=wasm', { colorScheme, reducedMotion: 'reduce' })
      const violations = async () => {
        const { violations: found } = await new AxeBuilder({ page }).analyze()
        return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
      }
      await waitFor(page, 'ready')
      expect(await violations()).toEqual([])
      await ask(page, OWN_QUESTION)
      expect(await violations()).toEqual([])
      await makeOffline(page)
      await addOwn(page)
      await page.getByRole('button', { name: 'Delete all' }).click()
      // The answer in view is given anew, with them.
      await expect.poll(() => page.locator('.own-mark').count(), { timeout: 60_000 }).toBeGreaterThan(0)
      await waitFor(page, 'done')
      expect(await violations()).toEqual([])
    },
  )

  test('a missing index is said to be missing', async () => {
    const { page } = await site.blank()
    await page.route('**/index/docs/manifest.json', (route) => route.fulfill({ status: 404 }))
    await page.goto(site.url)
    await waitFor(page, 'error')
    expect(await page.locator('body').textContent()).toMatch(/There is no index at/)
  })
})
