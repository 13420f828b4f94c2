/** Chromium with a profile on disk and a page that has one script, for benches of what only a browser has. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright'
import { build } from 'vite'
import { chromiumPath } from '../support/chromium.ts'

export interface BenchBrowser {
  /** What it is, and what it runs on. */
  readonly description: string
  /** A page of the browser with the script at `/page.js`. */
  open(): Promise<Page>
  /** The browser ends and is started anew with the same profile: nothing of it is in memory. */
  restart(): Promise<void>
  close(): Promise<void>
}

/**
 * @param entry of the script, a path
 * @param answer other addresses than the page and its script; false where there is nothing
 */
export async function openBench(
  entry: string,
  answer: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<BenchBrowser> {
  const script = await bundle(entry)
  const server = createServer((request, response) => {
    if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(script)
    else if (request.url === '/')
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>Bench</title>')
    else if (!answer(request, response)) response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  // On disk: without a profile Chromium keeps databases in memory.
  const profile = mkdtempSync(join(tmpdir(), 'selvage-bench-'))
  let browser = await launch(profile)
  const version = browser.browser()?.version() ?? 'of a persistent profile'
  return {
    description: `${cpus()[0]?.model}, ${cpus().length} cores, Chromium ${version}`,
    async open() {
      const page = await browser.newPage()
      await page.goto(`http://localhost:${address.port}/`)
      return page
    },
    async restart() {
      await browser.close()
      browser = await launch(profile)
    },
    async close() {
      await browser.close()
      server.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

function launch(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, { executablePath: chromiumPath(), args: ['--no-sandbox'] })
}

async function bundle(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      target: 'es2022',
      lib: { entry, formats: ['es'] },
    },
  })
  const [result] = Array.isArray(built) ? built : [built]
  if (result === undefined || !('output' in result)) throw new Error('The page was not bundled.')
  return result.output[0].code
}

export function median(all: readonly number[]): number {
  return quantile(all, 0.5)
}

export function quantile(all: readonly number[], share: number): number {
  const sorted = [...all].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
