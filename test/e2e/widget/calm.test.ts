/**
 * Does the page stay calm while the search works? The main thread is never held up while somebody types and the model is loaded,
 * nothing moves when better ranks take the place of those by words, words are found in few waves of requests and at once.
 */
import type { Browser, Page, Request } from 'playwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { answered, field, openByKeys, options, record, type } from '../../support/modal.ts'
import { launch, type WatchedPage, watchedPage } from '../../support/page.ts'
import { type SiteServer, serveSite } from '../../support/siteServer.ts'
import { builtSite } from '../../support/sites.ts'

const QUESTION = 'keep the state of a component when switching'

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
  delete server.conditions.slow
})
afterAll(async () => {
  await browser?.close()
  server?.close()
})

interface Shift {
  readonly startMs: number
  readonly value: number
}

/** A first visit to a page that notes what it sees of itself. */
async function visit(): Promise<Page> {
  await watched?.close()
  watched = await watchedPage(browser, server.url, { viewport: { width: 1280, height: 800 } })
  const { page } = watched
  await page.addInitScript(() => {
    const shifts: Shift[] = []
    Object.assign(window, { selvageShifts: shifts })
    new PerformanceObserver((list) => {
      // Those after a key count too: typing is all that is done here.
      for (const entry of list.getEntries())
        shifts.push({ startMs: entry.startTime, value: 'value' in entry ? Number(entry.value) : 0 })
    }).observe({ type: 'layout-shift', buffered: true })
  })
  await page.goto(`${server.url}components/slots.html`)
  return page
}

function shifts(page: Page): Promise<Shift[]> {
  return page.evaluate(() => (window as unknown as { selvageShifts: Shift[] }).selvageShifts) // set above
}

/** What tracing tells of a task; `tdur` is how long the processor was at it, in microseconds. */
interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

test('no task of more than 50 ms on the main thread, from opening to the last answer', async () => {
  const page = await visit()
  await page.waitForLoadState('load')
  // Not the observer's `longtask`, which counts what other programs of the machine take meanwhile.
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] })
  await openByKeys(page)
  await type(page, QUESTION)
  await answered(page)
  await type(page, 'slots that are filled by the parent')
  await answered(page)
  const { traceEvents }: { traceEvents: TraceEvent[] } = JSON.parse((await browser.stopTracing()).toString())
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`
  const isMain = ({ name, args }: TraceEvent) => name === 'thread_name' && args?.name === 'CrRendererMain'
  const main = new Set(traceEvents.filter(isMain).map(threadOf))
  const tasks = traceEvents.filter((event) => event.name.endsWith('RunTask') && main.has(threadOf(event)))
  const tookMs = tasks.map(({ tdur = 0 }) => tdur / 1000).sort((a, b) => b - a)
  expect(tookMs.length).toBeGreaterThan(100)
  console.log(`Longest tasks: ${tookMs.slice(0, 4).map((ms) => ms.toFixed(0))} ms.`)
  expect(tookMs[0]).toBeLessThan(50)
})

test('nothing moves from the first hits to the last ranks', async () => {
  // So that words are shown for a while.
  server.conditions.slow = { files: /\/search\/model\//, ms: 1000 }
  const page = await visit()
  await openByKeys(page)
  const seen = await record(page)
  await field(page).fill('why is what I typed lost when I come back to the other tab')
  await answered(page)
  const states = (await seen()).filter(({ hrefs }) => hrefs.length > 0)
  const typed = states[0]
  expect(typed?.status).not.toMatch(/pages? in/)
  // The ranks did change, else there is nothing to see.
  expect(typed?.hrefs).not.toEqual(states.at(-1)?.hrefs)
  const since = (await shifts(page)).filter(({ startMs }) => startMs >= (typed?.atMs ?? 0))
  expect(since).toEqual([])
})

/** A request as the page sees it: made, which is before there is a connection for it, and answered. */
interface Asked {
  readonly path: string
  readonly startMs: number
  readonly endMs: number
}

/** The longest chain of requests of which each was made after the one before was answered. */
function waves(log: readonly Asked[]): string[][] {
  const found: string[][] = []
  let rest = [...log].sort((a, b) => a.startMs - b.startMs)
  while (rest.length > 0) {
    const endMs = Math.min(...rest.map((request) => request.endMs))
    const wave = rest.filter(({ startMs }) => startMs < endMs)
    found.push(wave.map(({ path }) => path))
    rest = rest.filter((request) => !wave.includes(request))
  }
  return found
}

test('words are found after at most three waves of requests', async () => {
  // So slow that what does not wait for an answer is sent before there is one.
  server.conditions.slow = { files: /\/search\//, ms: 400 }
  const page = await visit()
  const log: Asked[] = []
  const startMs = new Map<Request, number>()
  page.context().on('request', (request) => startMs.set(request, performance.now()))
  page.context().on('requestfinished', (request) => {
    const path = request.url().slice(server.url.length)
    log.push({ path, startMs: startMs.get(request) ?? 0, endMs: performance.now() })
  })
  await openByKeys(page)
  await field(page).fill('slots') // each letter would be a search with texts of its own
  await options(page).first().waitFor({ timeout: 20_000 })
  // Of the index, once scripts are there; what meaning needs is no part of an answer by words.
  const needed = /^search\/(?:manifest|pages-|lexical-|texts-)/
  const found = waves(log.filter(({ path }) => needed.test(path)))
  expect(found.length, JSON.stringify(found)).toBe(3)
})

test('once opened, hits by words follow a key at once', async () => {
  const page = await visit()
  await openByKeys(page)
  await type(page, 'component')
  await answered(page) // and nothing is on its way any more
  const root = page.locator('selvage-modal')
  const times = await root.evaluate(async (modal) => {
    const shadow = modal.shadowRoot
    const input = shadow?.querySelector('input')
    if (!shadow || !input) throw new Error('There is no field.')
    const took: number[] = []
    for (const query of ['slots', 'provide', 'watch', 'template refs', 'plugins', 'teleport', 'events', 'lists']) {
      const fromMs = performance.now()
      const shown = new Promise<number>((resolve) => {
        const observer = new MutationObserver(() => {
          if (shadow.querySelector('[role=option] mark') === null) return
          observer.disconnect()
          resolve(performance.now() - fromMs)
        })
        observer.observe(shadow, { childList: true, subtree: true })
      })
      shadow.querySelector('[role=listbox]')?.replaceChildren() // what comes is the answer to this query
      input.value = query
      input.dispatchEvent(new InputEvent('input', { bubbles: true }))
      took.push(await shown)
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    return took
  })
  const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Infinity
  console.log(`Keystroke to hits by words: median ${median.toFixed(0)} ms of ${times.length}.`)
  expect(median).toBeLessThan(500) // 50 on a machine that does nothing else
})
