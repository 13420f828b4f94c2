/**
 * The count of requests on the demo page is the truth: as many as the server of the site has answered, the same files, from the
 * page and from each of its workers; nothing is asked for because of a question or of files that are dropped.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CHROMIUM_FLAGS, chromiumPath } from '../support/chromium.ts'
import { ask, waitFor } from '../support/demoPage.ts'
import { drop } from '../support/drop.ts'
import { type SiteServer, serveSite } from '../support/siteServer.ts'

const DEMO = resolve(import.meta.dirname, '../../dist/demo')
const LONG = { timeout: 90_000 }

let site: SiteServer
let browser: Browser
let folder: string
beforeAll(async () => {
  site = await serveSite(DEMO)
  browser = await chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_FLAGS })
  folder = mkdtempSync(join(tmpdir(), 'selvage-requests-'))
})
afterAll(async () => {
  await browser?.close()
  site?.close()
  rmSync(folder, { recursive: true, force: true })
})

const listed = (page: Page) =>
  page.locator('.requests li bdi').evaluateAll((all) => all.map((one) => one.textContent ?? ''))
const sorted = (paths: readonly string[]) => paths.map((path) => path || './').toSorted()

test('it is what the server has answered, workers and all; a question and a file add nothing but code', async () => {
  // What the service worker keeps for itself is not counted, and the page says so.
  const context = await browser.newContext({ serviceWorkers: 'block' })
  const page = await context.newPage()
  const foreign: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(site.url)) foreign.push(request.url())
  })
  await page.goto(`${site.url}?encoder=wasm&scorer=wasm`)
  await waitFor(page, 'ready')
  await page.locator('.requests summary').click()
  // The server knows of a file before the page has it whole, and some are loaded after meaning can be searched.
  const count = page.getByTestId('request-count')
  const same = () =>
    expect
      .poll(async () => {
        const paths = (await listed(page)).map((path) => path.replace(/\?.*/, ''))
        const counted = await count.textContent()
        return { counted, listed: sorted(paths), answered: sorted(site.log.map(({ path }) => path)) }
      }, LONG)
      .toSatisfy(
        (now: { counted: string | null; listed: string[]; answered: string[] }) =>
          now.counted === String(now.answered.length) && isDeepStrictEqual(now.listed, now.answered),
      )
  await same()
  expect(await listed(page)).toContainEqual(expect.stringMatching(/weights|\.onnx/)) // of a worker
  expect(await page.getByTestId('request-sum').textContent()).toMatch(/^All to this site: [\d.]+ MB over the network/)
  expect(await page.getByTestId('request-promise').textContent()).toMatch(/^0 with your files or questions/)

  await ask(page, 'a very particular question')
  const before = site.log.length
  writeFileSync(join(folder, 'bees.md'), '# Bees\n\nA swarm is caught in a straw basket.\n')
  await drop(page, [join(folder, 'bees.md')])
  await expect.poll(() => page.locator('.own-file[data-state=added]').count(), LONG).toBe(1)
  await same()
  // The writer's code and what it needs, once; of the question and the file there is no word.
  for (const { path } of site.log.slice(before)) expect(path).toMatch(/^(assets|index|models)\/[\w./-]+$/)
  expect(foreign.filter((url) => !url.startsWith('blob:'))).toEqual([])
  await context.close()
})

test('a page that was opened at an address with a question says that this one was told to its site', async () => {
  const page = await browser.newPage()
  await page.goto(`${site.url}?encoder=wasm&scorer=wasm&q=bees`)
  await waitFor(page, 'done')
  await expect
    .poll(() => page.getByTestId('request-promise').textContent())
    .toMatch(/the question that stood in the address/)
  await page.close()
})
