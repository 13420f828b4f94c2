/**
 * One script, one tag and the folder that `selvage build --with-runtime` writes: is that a whole search on plain HTML, on a
 * VitePress site and on pages that Sphinx made? Each is used by keyboard alone, on a host that allows the site's own files
 * and WebAssembly and nothing else.
 */
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  answered,
  dialog,
  field,
  hrefs,
  openByKeys,
  options,
  pageTitles,
  record,
  statusLine,
  type,
} from '../../support/modal.ts'
import { launch, type WatchedPage, watchedPage } from '../../support/page.ts'
import { type SiteServer, serveSite } from '../../support/siteServer.ts'
import { builtSite, type SiteName } from '../../support/sites.ts'

interface Case {
  readonly site: SiteName
  /** Where the reader is. */
  readonly start: string
  readonly question: string
  /** The page that answers, and the section. */
  readonly answer: string
  readonly title: string
}

const CASES: readonly Case[] = [
  {
    site: 'plain',
    start: 'components/slots.html',
    question: 'keep the state of a component when switching',
    answer: 'built-ins/keep-alive.html',
    title: 'KeepAlive',
  },
  {
    site: 'vitepress',
    start: 'guide/what-is-vitepress.html',
    question: 'cache headers for files whose names have a hash',
    answer: 'guide/deploy.html',
    title: 'Deploy Your VitePress Site',
  },
  {
    site: 'ray',
    start: 'ray-core/patterns/index.html',
    question: 'my program uses more memory than the machine has',
    answer: 'ray-core/scheduling/ray-oom-prevention.html',
    title: 'Out-Of-Memory Prevention',
  },
]

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser?.close())

describe.each(CASES)('$site', ({ site, start, question, answer, title }) => {
  let server: SiteServer
  let watched: WatchedPage | undefined
  beforeAll(async () => {
    server = await serveSite(builtSite(site))
  })
  afterEach(async () => {
    await watched?.close()
    watched = undefined
  })
  afterAll(() => server?.close())

  async function visit(): Promise<Page> {
    // VitePress writes scripts into its pages, which the policy forbids: there the page is its server's HTML alone.
    watched = await watchedPage(browser, server.url)
    await watched.page.goto(server.url + start)
    return watched.page
  }

  test('words at once, then meaning; arrows and Enter lead to the sentence', async () => {
    const page = await visit()
    await openByKeys(page)
    const seen = await record(page)
    await type(page, question)
    await answered(page)
    const states = await seen()
    const first = states.find((state) => state.hrefs.length > 0)
    expect(first?.status).not.toMatch(/pages? in/) // by words, while the model is on its way
    expect(states.at(-1)?.status).toMatch(/pages? in/)
    expect((await pageTitles(page)).slice(0, 2)).toContain(title)

    const wanted = (await hrefs(page)).findIndex((href) => href.includes(answer) && /#.*:~:text=/.test(href))
    expect(wanted).toBeGreaterThanOrEqual(0)
    const href = (await hrefs(page))[wanted] ?? ''
    for (let at = 0; at < wanted; at++) await page.keyboard.press('ArrowDown')
    const active = page.locator('selvage-modal [role=option][aria-selected=true]')
    expect(await active.getAttribute('href')).toBe(href)
    expect(await field(page).getAttribute('aria-activedescendant')).toBe(await active.getAttribute('id'))
    await page.keyboard.press('Enter')
    await page.waitForURL(({ pathname }) => pathname.endsWith(answer))
    // What the link quotes is in the window, as the browser or our helper brought it there.
    const quoted = decodeURIComponent(/text=(?:[^,&]*-,)?([^,&]*)/.exec(href)?.[1] ?? '')
    await expect.poll(() => isInWindow(page, quoted)).toBe(true)
    expect(watched?.foreign).toEqual([])
  })

  test('opened, asked and closed by keys alone, with the focus given back', async () => {
    const page = await visit()
    await openByKeys(page)
    await page.keyboard.press('Escape')
    expect(await dialog(page).count()).toBe(0)
    await page.keyboard.press('/')
    await type(page, question)
    await answered(page)
    const first = await field(page).getAttribute('aria-activedescendant')
    await page.keyboard.press('ArrowUp') // from the first to the last
    const last = await field(page).getAttribute('aria-activedescendant')
    expect(last).toBe(await options(page).last().getAttribute('id'))
    await page.keyboard.press('ArrowDown')
    expect(await field(page).getAttribute('aria-activedescendant')).toBe(first)
    expect(await field(page).evaluate((element) => element.matches(':focus'))).toBe(true)
    // Esc takes the question away, then the dialog.
    await page.keyboard.press('Escape')
    expect(await field(page).inputValue()).toBe('')
    expect(await options(page).count()).toBe(0)
    await page.keyboard.press('Escape')
    expect(await dialog(page).count()).toBe(0)
    expect(await statusLine(page).isVisible()).toBe(false)
  })
})

/** Whether the words stand in the part of the page that is seen. */
function isInWindow(page: Page, words: string): Promise<boolean> {
  return page.evaluate((wanted) => {
    const bare = (text: string) => text.replace(/\s+/g, ' ').toLowerCase()
    return [...document.querySelectorAll('p, li, h1, h2, h3, h4, td, pre, dd, dt')].some((element) => {
      if (!bare(element.textContent ?? '').includes(bare(wanted))) return false
      const { top, bottom } = element.getBoundingClientRect()
      return bottom > 0 && top < innerHeight
    })
  }, words)
}
