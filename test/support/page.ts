/** A Chromium page that is watched: what it logs, and what it asks of any other origin. Both should stay empty. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright'
import { CHROMIUM_FLAGS, chromiumPath } from './chromium.ts'

export interface WatchedPage {
  readonly page: Page
  /** Console messages and uncaught errors. */
  readonly console: string[]
  /** Addresses outside the page's own origin. */
  readonly foreign: string[]
  close(): Promise<void>
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_FLAGS })
}

export async function watchedPage(
  browser: Browser,
  origin: string,
  options?: BrowserContextOptions,
): Promise<WatchedPage> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const log: string[] = []
  const foreign: string[] = []
  page.on('console', (message) => log.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => log.push(`uncaught: ${error.message}`))
  // On the context, so that requests of workers are seen as well.
  context.on('request', (request) => {
    if (!request.url().startsWith(new URL(origin).origin)) foreign.push(request.url())
  })
  return { page, console: log, foreign, close: () => context.close() }
}
