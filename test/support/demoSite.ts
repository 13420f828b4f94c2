/**
 * The built demo below a sub-path, as the tests of one file share it: served and opened in one browser while they run, each
 * page in a profile that is gone with its test.
 */
import { resolve } from 'node:path'
import type { Browser, BrowserContextOptions } from 'playwright'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { launch, type WatchedPage, watchedPage } from './page.ts'
import { type StaticSite, serveFolder } from './staticServer.ts'

export const DEMO = resolve(import.meta.dirname, '../../dist/demo')

export interface DemoSite {
  /** Of the demo's folder. */
  readonly url: string
  /** A page with nothing in it yet. */
  blank(options?: BrowserContextOptions): Promise<WatchedPage>
  /** @param path below the demo's folder */
  open(path?: string, options?: BrowserContextOptions): Promise<WatchedPage>
}

/** To be called where a file's tests are declared. */
export function demoSite(): DemoSite {
  let site: StaticSite
  let browser: Browser
  let opened: WatchedPage[] = []
  beforeAll(async () => {
    site = await serveFolder(DEMO)
    browser = await launch()
  })
  afterEach(async () => {
    for (const watched of opened) await watched.close()
    opened = []
  })
  afterAll(async () => {
    await browser?.close()
    site?.close()
  })

  async function blank(options?: BrowserContextOptions): Promise<WatchedPage> {
    const watched = await watchedPage(browser, site.url, options)
    opened.push(watched)
    return watched
  }
  return {
    get url() {
      return site.url
    },
    blank,
    async open(path = '', options) {
      const watched = await blank(options)
      await watched.page.goto(site.url + path)
      return watched
    },
  }
}
