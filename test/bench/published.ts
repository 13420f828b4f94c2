/** The built library, the default model and an index, served to a bench's page, and a way to call what its script exports. */
import { createReadStream, statSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright'
import { type BenchBrowser, openBench } from './page.ts'

/** Of folders, with a trailing slash. */
export interface Addresses {
  readonly library: string
  readonly index: string
  readonly model: string
}

export interface Published extends BenchBrowser {
  /** In a page of its own: the exported function of this name, with the addresses and these arguments. */
  run<Result>(name: string, ...args: readonly unknown[]): Promise<Result>
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.json': 'application/json' }

/** @param entry of the page's script, a path from the root of the repository; the library is in dist/browser */
export async function openPublished(entry: string, indexFolder: string): Promise<Published> {
  const folders: Readonly<Record<string, string>> = {
    '/lib/': join(ROOT, 'dist/browser'),
    '/model/': join(ROOT, 'public/models/selvage-mini'),
    '/index/': resolve(indexFolder),
  }
  const browser = await openBench(join(ROOT, entry), ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost')
    const prefix = Object.keys(folders).find((start) => pathname.startsWith(start))
    const file = prefix && join(folders[prefix] ?? '', pathname.slice(prefix.length))
    if (!file || !statSync(file, { throwIfNoEntry: false })?.isFile()) return false
    response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream')
    createReadStream(file).pipe(response)
    return true
  })
  return {
    ...browser,
    async run<Result>(name: string, ...args: readonly unknown[]): Promise<Result> {
      const page = await browser.open()
      try {
        return await page.evaluate(async ({ script, name, given }) => (await import(script))[name](...given), {
          script: '/page.js', // an argument, so that no bundler looks for it
          name,
          given: [addressesFor(page), ...args],
        })
      } finally {
        await page.close()
      }
    },
  }
}

function addressesFor(page: Page): Addresses {
  const at = (path: string) => new URL(path, page.url()).href
  return { library: at('/lib/'), index: at('/index/'), model: at('/model/') }
}
