/**
 * How long does a newcomer wait on the demo's Search page? The built demo from plain static hosting, a real Chromium with a profile
 * of its own each round: from the navigation to the first answer by words and to the first by meaning, cold, and on a second visit
 * with everything in the browser's database. After `npm run demo -- --build-only`:
 *   npm run bench:demo -- [--rounds 5] [--encoder wasm] [--scorer wasm] [--index-pages 60]
 * With --index-pages real pages of the documentations are dropped on the page, and watched for whether it blocks (demoPages.ts).
 */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright'
import { makeOffline, waitFor } from '../support/demoPage.ts'
import { newProfile } from '../support/profile.ts'
import { serveFolder } from '../support/staticServer.ts'
import { indexPages } from './demoPages.ts'
import { median } from './page.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    encoder: { type: 'string', default: 'wasm' },
    scorer: { type: 'string', default: 'wasm' },
    'index-pages': { type: 'string', default: '0' },
    question: { type: 'string', default: 'how to keep inputs when switching tabs' },
  },
})
const root = fileURLToPath(new URL('../..', import.meta.url))
const rounds = Number(values.rounds)
const pages = Number(values['index-pages'])

/** Milliseconds from the start of the navigation. */
interface FirstAnswers {
  /** The field takes a question. */
  readonly field: number
  /** An answer by words, and one by meaning, are in the page. */
  readonly words: number
  readonly meaning: number
}

const site = await serveFolder(join(root, 'dist/demo'))
const address = `${site.url}?encoder=${values.encoder}&scorer=${values.scorer}`
try {
  const cold: FirstAnswers[] = []
  const warm: FirstAnswers[] = []
  let version = ''
  for (let round = 0; round < rounds; round++) {
    const profile = await newProfile()
    try {
      const first = await profile.start()
      await settled(first.page)
      version = first.context.browser()?.version() ?? version
      cold.push(await visit(first.page, address, values.question))
      await makeOffline(first.page)
      await profile.stop()
      const second = await profile.start()
      await settled(second.page)
      warm.push(await visit(second.page, address, values.question))
    } finally {
      await profile.remove()
    }
  }
  if (rounds > 0) {
    const where = `encoder ${values.encoder}, scorer ${values.scorer}`
    say(`${cpus()[0]?.model}, ${cpus().length} cores, Chromium ${version || 'unknown'}, ${where}`)
    say(
      `"${values.question}", typed as soon as there is a field; from the start of the navigation, ms of ${rounds} rounds:`,
    )
    console.table({ ...rowsOf('cold', cold), ...rowsOf('second visit', warm) })
  }
  if (pages > 0) for (const line of await indexPages(address, join(root, 'demo/content'), pages)) say(line)
} finally {
  site.close()
}

/** A browser that has just been started is busy with its own windows for a while: visitors have theirs open. */
async function settled(page: Page): Promise<void> {
  await page.waitForTimeout(4000)
}

/** Types the question as soon as the page takes one. */
async function visit(page: Page, url: string, question: string): Promise<FirstAnswers> {
  await page.addInitScript(watchAnswers)
  await page.goto(url, { waitUntil: 'commit' })
  // The page's script has run where it says its state; what is typed before that it does not hear.
  await page.waitForFunction(() => document.documentElement.dataset['state'] !== undefined)
  const field = await page.evaluate(() => performance.now())
  await page.getByTestId('query').fill(question)
  await waitFor(page, 'done')
  const seen = await page.evaluate(() => ({ ...document.documentElement.dataset }))
  const words = Number(seen['benchKeyword'] ?? Number.NaN)
  const meaning = Number(seen['benchHybrid'] ?? Number.NaN)
  // Where meaning was as fast as words, that answer was the first of both.
  return { field, words: Number.isNaN(words) ? meaning : words, meaning }
}

/** In the page: writes down when the list of hits was first of a mode. Told apart by what the page shows, not by what it says. */
function watchAnswers(): void {
  const look = () => {
    const list = document.querySelector<HTMLElement>('[data-testid=hits]')
    const mode = list?.dataset['mode']
    if (mode === undefined || list?.firstElementChild == null) return
    const key = mode === 'keyword' ? 'benchKeyword' : 'benchHybrid'
    document.documentElement.dataset[key] ??= performance.now().toFixed(1)
  }
  const watcher = new MutationObserver(look)
  watcher.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-mode'] })
}

function rowsOf(name: string, all: readonly FirstAnswers[]): Record<string, Record<string, number>> {
  const row = (times: readonly number[]) => ({
    median: Math.round(median(times)),
    least: Math.round(Math.min(...times)),
    most: Math.round(Math.max(...times)),
  })
  return {
    [`${name}: field`]: row(all.map(({ field }) => field)),
    [`${name}: first answer by words`]: row(all.map(({ words }) => words)),
    [`${name}: first answer by meaning`]: row(all.map(({ meaning }) => meaning)),
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
