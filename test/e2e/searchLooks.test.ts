/**
 * Pictures of the search page in every state, to be looked at: SCREENSHOTS=1 makes them. What can be said of a state in words
 * the other tests say.
 */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Browser, Page, Route } from 'playwright'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { ask, askByWords, makeOffline, QUESTION, waitFor } from '../support/demoPage.ts'
import { drag } from '../support/drop.ts'
import { launch, watchedPage } from '../support/page.ts'
import { type StaticSite, serveFolder } from '../support/staticServer.ts'

const DEMO = resolve(import.meta.dirname, '../../dist/demo')
const SCREENSHOTS = resolve(import.meta.dirname, '__screenshots__')
const ON_WASM = '?encoder=wasm&scorer=wasm'
const NOTE =
  '# Long lists\n\nOur table of orders is slow with ten thousand rows, so we draw only those that can be seen.\n'

const VIEWS = [
  ['desktop', { width: 1280, height: 900 }],
  ['phone', { width: 390, height: 844 }],
] as const
const SCHEMES = ['light', 'dark'] as const

describe.runIf(process.env['SCREENSHOTS'])('the search page', () => {
  let site: StaticSite
  let browser: Browser
  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true })
    site = await serveFolder(DEMO)
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    site?.close()
  })

  test.each(VIEWS.flatMap(([name, viewport]) => SCHEMES.map((colorScheme) => ({ name, viewport, colorScheme }))))(
    '$name $colorScheme',
    async ({ name, viewport, colorScheme }) => {
      const watched = await watchedPage(browser, site.url, { viewport, colorScheme })
      const { page } = watched
      const shoot = async (state: string) => {
        await page.waitForTimeout(700) // transitions end
        await page.screenshot({ path: `${SCREENSHOTS}/${name}-${colorScheme}-${state}.png` })
      }
      const release = await holdWeights(page)
      await page.goto(site.url + ON_WASM)
      await page.getByTestId('in-vue').locator('.source-count').waitFor()
      await shoot('loading')
      await askByWords(page, QUESTION)
      await shoot('words')
      release()
      await waitFor(page, 'done')
      await page.getByTestId('by-words').first().waitFor()
      await shoot('results')
      await page.getByTestId('query').fill('')
      await shoot('start')
      await ask(page, 'コンポーネントの状態')
      await shoot('empty')
      await ask(page, QUESTION)
      await addNote(page)
      await page.locator('.own-mark').first().waitFor({ timeout: 60_000 })
      await shoot('own')
      const dragged = await drag(page, [resolve(import.meta.dirname, '../../demo/content/SOURCE.md')])
      await shoot('drop')
      await dragged.leave()
      await makeOffline(page)
      await page.getByTestId('kept').evaluate((element) => element.scrollIntoView({ block: 'center' }))
      await shoot('offline')
      await watched.close()

      const broken = await watchedPage(browser, site.url, { viewport, colorScheme })
      await broken.page.route('**/onnx/weights.bin', (route) => route.fulfill({ status: 404 }))
      await broken.page.goto(`${site.url}${ON_WASM}&q=${encodeURIComponent(QUESTION)}`)
      await waitFor(broken.page, 'error')
      await broken.page.waitForTimeout(700)
      await broken.page.screenshot({ path: `${SCREENSHOTS}/${name}-${colorScheme}-error.png` })
      await broken.close()
    },
  )
})

async function holdWeights(page: Page): Promise<() => void> {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route('**/onnx/weights.bin', async (route: Route) => {
    await held
    await route.continue()
  })
  return release
}

async function addNote(page: Page): Promise<void> {
  await page
    .getByTestId('here')
    .locator('input[type=file]:not([webkitdirectory])')
    .setInputFiles([{ name: 'orders.md', mimeType: 'text/markdown', buffer: Buffer.from(NOTE) }])
}
