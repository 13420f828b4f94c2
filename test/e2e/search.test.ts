/**
 * How the search page answers: by words at once and by meaning in their place, from all of the index or a part of it, and
 * better than words where the page says so.
 */
import type { Page, Route } from 'playwright'
import { describe, expect, test } from 'vitest'
import { EXAMPLES } from '../../demo/examples.ts'
import { ANSWER, ask, askByWords, QUESTION, shownBy, waitFor } from '../support/demoPage.ts'
import { demoSite } from '../support/demoSite.ts'
import type { WatchedPage } from '../support/page.ts'

const ON_WASM = '?encoder=wasm&scorer=wasm'

const site = demoSite()

const open = async (query = ON_WASM) => (await site.open(query)).page

/** The model's weights are under way until they are let go. */
async function openWithModelHeld(query = ON_WASM): Promise<WatchedPage & { letGo: () => void }> {
  const watched = await site.blank()
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const hold = async (route: Route) => {
    await held
    await route.continue()
  }
  await watched.page.route('**/onnx/weights.bin', hold)
  await watched.page.goto(site.url + query)
  return { ...watched, letGo }
}

const urls = (page: Page) =>
  page.getByTestId('hit').evaluateAll((hits) => hits.map((hit) => (hit as HTMLElement).dataset['url'] ?? ''))

test('what is typed before the script is there is answered, and Enter sends it to nobody', async () => {
  const { page } = await site.blank()
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route(/\/assets\/index-[\w-]+\.js$/, async (route) => {
    await held
    await route.continue()
  })
  const asked: string[] = []
  page.on('request', (request) => asked.push(decodeURIComponent(request.url()).replaceAll('+', ' ')))
  await page.goto(site.url + ON_WASM, { waitUntil: 'commit' })
  await page.getByTestId('query').fill(QUESTION)
  await page.getByTestId('query').press('Enter')
  letGo()
  await shownBy(page, QUESTION, 'hybrid')
  expect(asked.length).toBeGreaterThan(5)
  expect(asked.filter((url) => url.includes(QUESTION))).toEqual([])
})

describe('words at once, meaning in place', () => {
  test('words answer while the model is on its way, and the page says so; meaning takes their place', async () => {
    const { page, letGo, console: log } = await openWithModelHeld()
    expect(await askByWords(page, QUESTION)).not.toContain(ANSWER)
    await expect
      .poll(() => page.getByTestId('how').textContent())
      .toMatch(/^By words; meaning is loading, [\d.]+ of [\d.]+ MB\.$/)
    // The next question, too.
    expect((await askByWords(page, 'onErrorCaptured'))[0]).toMatch(/onErrorCaptured/)
    await askByWords(page, QUESTION)
    letGo()
    await shownBy(page, QUESTION, 'hybrid')
    expect(await page.getByTestId('hit-title').first().textContent()).toBe(ANSWER)
    expect(await page.getByTestId('how').textContent()).toBe('By meaning and by words.')
    expect(log).toEqual([])
  })

  test('what has the focus stays in its place and keeps it; the true order comes when it is left', async () => {
    const { page, letGo } = await openWithModelHeld()
    const before = await askByWords(page, QUESTION)
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowDown')
    await page.waitForTimeout(600) // it glides into view
    const focused = () =>
      page.evaluate(() => {
        const title = document.activeElement
        return { title: title?.textContent, top: Math.round(title?.getBoundingClientRect().top ?? 0) }
      })
    const held = await focused()
    expect(held.title).toBe(before[2])
    letGo()
    await shownBy(page, QUESTION, 'hybrid')
    const after = await focused()
    expect(after.title).toBe(held.title)
    expect(Math.abs(after.top - held.top)).toBeLessThanOrEqual(1)
    expect((await page.getByTestId('hit-title').allTextContents())[2]).toBe(before[2])
    await page.keyboard.press('Escape') // back to the field
    await expect.poll(() => page.getByTestId('hit-title').first().textContent()).toBe(ANSWER)
    await expect.poll(() => page.getByTestId('hit').count()).toBe(10)
  })

  test('once the model is there, words do not flicker before it', async () => {
    const page = await open()
    await waitFor(page, 'ready')
    await page.evaluate(() => {
      const seen: { state?: string; mode?: string; at: number }[] = []
      Object.assign(window, { seen })
      new MutationObserver(() => {
        const { state = '' } = document.documentElement.dataset
        const { mode = '' } = document.querySelector<HTMLElement>('[data-testid=hits]')?.dataset ?? {}
        const last = seen.at(-1)
        if (last?.state !== state || last.mode !== mode) seen.push({ state, mode, at: performance.now() })
      }).observe(document, { subtree: true, childList: true, attributes: true })
    })
    await ask(page, QUESTION)
    const seen: { state: string; mode: string; at: number }[] = await page.evaluate(() => Reflect.get(window, 'seen'))
    const asked = seen.find(({ state }) => state === 'searching')?.at ?? Number.NaN
    // A machine that is at other work may be too slow for meaning: then words are better than nothing.
    const words = seen.find(({ mode }) => mode === 'keyword')?.at ?? Number.POSITIVE_INFINITY
    expect(words - asked).toBeGreaterThan(300)
    expect(seen.at(-1)).toMatchObject({ state: 'done', mode: 'hybrid' })
  })
})

test('what the examples promise: by words alone not among the first five, by meaning first', async () => {
  const page = await open()
  await waitFor(page, 'ready')
  expect(await page.getByTestId('example').allTextContents()).toEqual(EXAMPLES.map(({ question }) => question))
  for (const { question, section } of EXAMPLES) {
    await ask(page, question)
    expect((await urls(page))[0], question).toBe(`${site.url}docs/${section}`)
    const note = page.getByTestId('hit').first().getByTestId('by-words')
    await note.waitFor()
    const rank = /^By words alone it is (?:(\d+)\w\w|not among the first 100)$/.exec((await note.textContent()) ?? '')
    expect(rank, question).not.toBeNull()
    expect(Number(rank?.[1] ?? 101), question).toBeGreaterThan(5)
  }
})

describe('the switch between sources', () => {
  test('each has its own pages only; by arrow keys; in the address', async () => {
    const page = await open()
    await ask(page, QUESTION)
    const places = async () => new Set((await urls(page)).map((url) => /docs\/\w+/.exec(url)?.[0]))
    expect(await page.getByTestId('in-all').textContent()).toMatch(/^All\d{3} \d{3} pages$/)
    await page.getByTestId('in-all').locator('input').focus()
    for (const source of ['vue', 'react']) {
      await page.keyboard.press('ArrowRight')
      await expect.poll(places).toEqual(new Set([`docs/${source}`]))
      expect(new URL(page.url()).searchParams.get('in')).toBe(source)
    }
    await page.reload()
    await waitFor(page, 'done')
    expect(await page.getByRole('radio', { name: /React/ }).isChecked()).toBe(true)
    expect(await places()).toEqual(new Set(['docs/react']))
  })

  test('where there are no own files yet, some are asked for', async () => {
    const page = await open(`${ON_WASM}&in=own&q=anything`)
    await waitFor(page, 'done')
    expect(await page.getByTestId('empty').textContent()).toMatch(/No files of yours are here yet/)
    expect(await page.getByTestId('empty').getByRole('button', { name: 'Choose files' }).isVisible()).toBe(true)
  })

  test('where one has nothing, all of them are a press away', async () => {
    const page = await open(`${ON_WASM}&in=react`)
    await waitFor(page, 'ready')
    await ask(page, 'コンポーネントの状態を保持する')
    await page.getByTestId('empty').getByRole('button', { name: 'Search all of it' }).click()
    await expect.poll(() => page.getByTestId('in-all').locator('input').isChecked()).toBe(true)
    expect(new URL(page.url()).searchParams.get('in')).toBeNull()
  })
})

test('it can be installed: a manifest below any path, with icons of the sizes that it tells', async () => {
  const page = await open()
  for (const address of ['', 'playground.html', 'docs/vue/guide/introduction.html']) {
    await page.goto(site.url + address)
    expect(await page.evaluate(() => document.querySelector<HTMLLinkElement>('link[rel=manifest]')?.href)).toBe(
      `${site.url}manifest.webmanifest`,
    )
  }
  await page.goto(site.url)
  const session = await page.context().newCDPSession(page)
  const { url, errors } = await session.send('Page.getAppManifest')
  expect({ url, errors }).toEqual({ url: `${site.url}manifest.webmanifest`, errors: [] })
  const wrong = await page.evaluate(async () => {
    const { href } = document.querySelector<HTMLLinkElement>('link[rel=manifest]') ?? { href: '' }
    const { icons } = (await (await fetch(href)).json()) as { icons: { src: string; sizes: string }[] }
    const told = await Promise.all(
      icons.map(async ({ src, sizes }) => {
        const { width, height } = await createImageBitmap(await (await fetch(new URL(src, href))).blob())
        return `${width}x${height}` === sizes ? undefined : src
      }),
    )
    return told.filter((src) => src !== undefined)
  })
  expect(wrong).toEqual([])
})
