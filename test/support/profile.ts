/**
 * A browser with a profile on the disk, that can be closed and started again: what a page keeps outlasts it, as with a person's
 * own browser. (Contexts that Playwright makes by itself keep everything in memory.)
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright'
import { CHROMIUM_FLAGS, chromiumPath } from './chromium.ts'

export interface Profile {
  /** Starts the browser, which must not run, and opens a page of it. */
  start(): Promise<{ readonly context: BrowserContext; readonly page: Page; readonly errors: string[] }>
  /** Ends the browser. */
  stop(): Promise<void>
  remove(): Promise<void>
}

export async function newProfile(): Promise<Profile> {
  const folder = await mkdtemp(join(tmpdir(), 'selvage-profile-'))
  let running: BrowserContext | undefined
  const stop = async () => {
    await running?.close()
    running = undefined
  }
  return {
    async start() {
      const context = await chromium.launchPersistentContext(folder, {
        executablePath: chromiumPath(),
        args: CHROMIUM_FLAGS,
      })
      running = context
      const page = context.pages()[0] ?? (await context.newPage())
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(error.message))
      return { context, page, errors }
    },
    stop,
    async remove() {
      await stop()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
