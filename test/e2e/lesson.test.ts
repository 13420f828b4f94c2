/**
 * A lesson in a real Chromium, as published: pages of a firm that calls its services by names of its own are found by what they
 * are for, once the page was told so. The model is the default one, on WASM; the index is built here. Adopted, it is there after
 * a reload and in another tab; forgotten, all is as before. And no code of it is fetched by who never teaches.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Lesson, TaughtPair, TeachProgress } from '../../src/lessonTypes.ts'
import type { Selvage } from '../../src/worker/client.ts'
import { launch } from '../support/page.ts'
import { type StaticSite, serveFolder } from '../support/staticServer.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** What the service is called, and what people look for when they should find it. None of its words are on its page. */
const SERVICES: Readonly<Record<string, readonly string[]>> = {
  Kestrel: ['refund a customer', 'give money back', 'reimburse an order', 'undo a payment', 'return the amount paid'],
  Marlin: ['send an email', 'newsletter to subscribers', 'mail a reminder', 'message customers', 'email campaign'],
  Tapir: ['reset my password', 'forgot my login', 'sign in does not work', 'locked account', 'change the passphrase'],
  Ibis: [
    'take a backup',
    'restore lost files',
    'copy data to a safe place',
    'recover deleted data',
    'disaster recovery',
  ],
  Lynx: [
    'translate a page',
    'another language',
    'German version of the site',
    'localise texts',
    'multilingual content',
  ],
  Heron: ['draw a chart', 'monthly sales figures', 'dashboard of numbers', 'plot statistics', 'graph of revenue'],
  Bison: ['book a meeting room', 'reserve a desk', 'calendar appointment', 'schedule a call', 'find a free time slot'],
  Otter: ['track a parcel', 'where is my shipment', 'delivery status', 'courier is late', 'shipping label'],
}
const PAIRS: TaughtPair[] = Object.entries(SERVICES).flatMap(([name, queries]) =>
  queries.map((query) => ({ query, url: `/services/${name.toLowerCase()}#start-${name.toLowerCase()}` })),
)

let folder: string
let browser: Browser
let context: BrowserContext
let hosted: StaticSite
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'selvage-lesson-'))
  const pages = join(folder, 'pages', 'services')
  mkdirSync(pages, { recursive: true })
  for (const [i, name] of Object.keys(SERVICES).entries())
    writeFileSync(
      join(pages, `${name.toLowerCase()}.md`),
      `# ${name}\n\n${name} belongs to team ${i + 1}.\n\n## Start ${name}\n\nOpen ${name} from the console and choose its region. ${name} needs a key of its own.\n\n## Versions of ${name}\n\n${name} ${i + 2}.0 is the latest. Older ones of ${name} are kept for a year.\n`,
    )
  const main = join(ROOT, 'dist/node/main.js')
  execFileSync(process.execPath, [main, 'build', join(folder, 'pages'), '-o', join(folder, 'index')], { stdio: 'pipe' })
  cpSync(join(ROOT, 'dist/browser'), join(folder, 'selvage'), { recursive: true })
  cpSync(join(ROOT, 'public/models/selvage-mini'), join(folder, 'model'), { recursive: true })
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>Lesson</title><script type="module" src="page.js"></script>',
  )
  writeFileSync(
    join(folder, 'page.js'),
    `import { Selvage } from './selvage/selvage.js'
     const onChange = () => { globalThis.changes++ }
     globalThis.changes = 0
     globalThis.opening = Selvage.open({ index: './index/', model: './model/', encoder: 'wasm', scorer: 'wasm', onChange })`,
  )
  hosted = await serveFolder(folder)
  browser = await launch()
  context = await browser.newContext()
})
afterAll(async () => {
  await browser?.close()
  hosted?.close()
  rmSync(folder, { recursive: true, force: true })
})

declare global {
  var opening: Promise<Selvage>
  var changes: number
}

async function visit(): Promise<Page> {
  const page = await context.newPage()
  await page.goto(hosted.url)
  await page.waitForFunction(() => globalThis.opening)
  return page
}

/** The best hit, the sum of its words' strengths, and the best cosine of each query token in its heat map. */
function search(page: Page, query: string) {
  return page.evaluate(async (query) => {
    const selvage = await globalThis.opening
    const { hits } = await selvage.search(query, { mode: 'semantic', k: 3 })
    const heatMap = await selvage.heatMap(query, hits[0]!)
    return {
      urls: hits.map(({ url }) => url),
      score: hits[0]!.score,
      best: heatMap.queryTokens.map(({ best }) => best),
    }
  }, query)
}

const ASKED = 'how do I refund an order'
const codeOf = (page: Page) =>
  page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name.replace(/.*\/|\?.*/g, ''))
      .filter((name) => /^(teach|lessons)\.js$/.test(name)),
  )

test('is learned, judged, adopted, kept, used in every tab, and forgotten', async () => {
  const page = await visit()
  const before = await search(page, ASKED)
  expect(await codeOf(page)).toEqual([])

  const told = await page.evaluate(async (pairs) => {
    const selvage = await globalThis.opening
    const stages: TeachProgress[] = []
    let answered = 0
    let isOver = false
    const searches = (async () => {
      for (; !isOver; answered++) await selvage.search('console', { k: 1 })
    })()
    const lesson = await selvage.teach([...pairs, { query: 'something', url: '/nowhere' }], {
      onProgress: (progress) => void stages.push(progress),
    })
    isOver = true
    await searches
    Object.assign(globalThis, { lesson })
    const { adopt: _, discard: __, ...figures } = lesson
    return { figures, stages: [...new Set(stages.map(({ stage }) => stage))], answered }
  }, PAIRS)
  const { figures, stages, answered } = told
  console.log(JSON.stringify(figures), `${answered} searches meanwhile`)
  expect(figures).toMatchObject({ taught: 30, keptApart: 10, mode: 'hybrid', isBetter: true })
  expect(figures.skipped).toEqual([
    { query: 'something', url: '/nowhere', reason: 'The index has no page with this address.' },
  ])
  expect(figures.after.mrr10).toBeGreaterThan(figures.before.mrr10 + 0.1)
  expect(figures.meaning.after.mrr10).toBeGreaterThan(figures.meaning.before.mrr10 + 0.1)
  expect(stages).toEqual(['encoding', 'training', 'judging'])
  expect(answered).toBeGreaterThan(3)
  expect(await search(page, ASKED)).toEqual(before)

  const other = await visit()
  expect(await search(other, ASKED)).toEqual(before)
  await page.evaluate(() => (globalThis as unknown as { lesson: Lesson }).lesson.adopt())
  const after = await search(page, ASKED)
  expect(after.urls[0]).toBe('/services/kestrel.html#start-kestrel')
  expect(after.best).not.toEqual(before.best)
  // By meaning alone a score is the sum of its tokens' cosines: search and heat map have used the same query.
  expect(after.best.reduce((a, b) => a + b, 0)).toBeCloseTo(after.score, 0)
  await other.waitForFunction(() => globalThis.changes > 0)
  expect(await search(other, ASKED)).toEqual(after)

  await page.reload()
  await page.waitForFunction(() => globalThis.opening)
  expect(await search(page, ASKED)).toEqual(after)
  expect(await codeOf(page)).toEqual([]) // the page's own: it has not asked about lessons
  const adopted = await page.evaluate(async () => (await globalThis.opening).lesson())
  const { skipped: _, trainMs: __, ...summary } = figures
  expect(adopted).toEqual({ ...summary, at: adopted!.at, isUsed: true })
  expect(Date.now() - adopted!.at).toBeLessThan(120_000)

  await page.evaluate(async () => (await globalThis.opening).forgetLesson())
  expect(await search(page, ASKED)).toEqual(before)
  expect(await page.evaluate(async () => (await globalThis.opening).lesson())).toBeUndefined()
  await other.close()
  await page.close()
})

test('stopped, it leaves all as it was; too few pairs say how many are wanted', async () => {
  const page = await visit()
  const reasons = await page.evaluate(async (pairs) => {
    const selvage = await globalThis.opening
    const stop = new AbortController()
    const onProgress = ({ stage }: TeachProgress) => {
      if (stage === 'training') stop.abort()
    }
    const failed = (teaching: Promise<unknown>) => teaching.then(String, ({ code, message }) => `${code}: ${message}`)
    return [
      await failed(selvage.teach(pairs, { signal: stop.signal, onProgress })),
      await failed(selvage.teach(pairs.slice(0, 7))),
      `${await selvage.lesson()}`,
    ]
  }, PAIRS)
  expect(reasons).toEqual([
    'aborted: The teaching was aborted by its caller.',
    'invalid-argument: teach: 7 different queries to learn from; at least 8 are wanted.',
    'undefined',
  ])
  await page.close()
})
