/**
 * Lessons over an open index and a model that is a rule: a query's vectors lean all the same way, towards the wrong one of two
 * pages that are nearly alike. What is taught, what is told, what is kept, and what becomes of it when model or store change.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/engine/build.ts'
import { sweep } from '../../src/engine/collection.ts'
import type { TeachProgress } from '../../src/lessonTypes.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { LESSON_KEY } from '../../src/store/store.ts'
import type { TokenMatrix } from '../../src/types.ts'
import type { Learned, LearnRequest } from '../../src/worker/lessonProtocol.ts'
import { readLesson } from '../../src/worker/lessonRecord.ts'
import { lessonsOf } from '../../src/worker/lessons.ts'
import { OpenIndex } from '../../src/worker/openIndex.ts'
import { type EngineOpened, unwrap } from '../../src/worker/protocol.ts'
import { assign, record } from '../engine/live/support.ts'
import { FAKE_DIM, fakeEncoder } from '../support/fakeEncoder.ts'
import { type FileServer, serveFiles } from '../support/fileServer.ts'

const WORDS = [
  ...['apple', 'pear', 'plum', 'cherry', 'fig', 'grape', 'lemon', 'lime', 'mango', 'melon', 'olive', 'peach'],
  ...['quince', 'kiwi', 'date', 'berry', 'guava', 'papaya', 'lychee', 'banana', 'orange', 'medlar', 'sloe', 'rowan'],
]
/** How far a page's twin lies in the direction that all queries lean to, and how far they do: nearer to the twin. */
const TWIN = 1
const LEAN = 0.46
const ROWS = 12

const rule = fakeEncoder()

async function leaning(word: string, by: number): Promise<Float32Array> {
  const { data } = (await rule.encodeQuery(word)).matrix
  const row = data.slice(0, FAKE_DIM)
  row[0] = 0
  const length = Math.hypot(...row)
  const leant = row.map((value, e) => (e === 0 ? by : value / length))
  const whole = Math.hypot(...leant)
  return leant.map((value) => value / whole)
}

/** A page's word ends in "twin" where it is one; a query's is written backwards, so that words alone find nothing. */
const encoder = {
  ...rule,
  encodeDocuments: async (texts: readonly string[]) => {
    const encoded = await rule.encodeDocuments(texts)
    const leant = encoded.map(async (one, i) => {
      const words = [...texts[i]!.matchAll(/[\p{L}\p{N}]+/gu)].map(([word]) => word.toLowerCase())
      const rows = words.map((word) => leaning(word.replace(/twin$/, ''), word.endsWith('twin') ? TWIN : 0))
      const data = Float32Array.from((await Promise.all(rows)).flatMap((row) => [...row]))
      return { ...one, matrix: { ...one.matrix, data } }
    })
    return Promise.all(leant)
  },
}

const asked = (word: string) => `zz${[...word].reverse().join('')}`

/** Several rows, as a real query has, all alike. */
async function encode(word: string): Promise<TokenMatrix> {
  const row = await leaning(word, LEAN)
  return {
    data: Float32Array.from({ length: ROWS * FAKE_DIM }, (_, i) => row[i % FAKE_DIM]!),
    rows: ROWS,
    dim: FAKE_DIM,
  }
}

async function buildSite(hash?: string): Promise<Map<string, Uint8Array>> {
  const store = memoryStore()
  const sources = WORDS.flatMap((word) => [word, `${word}twin`]).map((word) => ({
    path: word,
    record: record(word, word),
  }))
  const model = { ...encoder.model, ...(hash && { hash }) }
  await buildIndex({ sources, encoder: { ...encoder, model }, store, assign, plaid: { bits: 8 } })
  const files = new Map<string, Uint8Array>()
  for (const key of await store.list()) files.set(key, (await store.get(key))!)
  return files
}

const site = await buildSite()
const otherSite = await buildSite('e'.repeat(64))

let learned: Learned
const told: TeachProgress[] = []
beforeAll(async () => {
  server = await serveFiles(new Map(site))
  close = []
  const { lessons, index } = await open()
  learned = unwrap(await lessons.learn(await requestOf(WORDS), (progress) => told.push(progress)))
  index.close()
  server.close()
}, 60_000)

let server: FileServer
let close: (() => void)[]
let names = 0
beforeEach(async () => {
  close = []
  server = await serveFiles(new Map(site))
})
afterEach(() => {
  for (const end of close) end()
  server.close()
})

async function open(storage: 'browser' | 'none' = 'browser', url = server.url, name = `lessons ${names++}`) {
  const changes: EngineOpened[] = []
  const onChange = (now: EngineOpened) => void changes.push(now)
  const index = await OpenIndex.open({ name, indexUrl: url, backend: 'wasm', storage, onProgress: () => {}, onChange })
  close.push(() => index.close())
  await index.load(true)
  return { index, lessons: lessonsOf(index), changes, name }
}

/** As the engine's worker searches. */
async function first(index: OpenIndex, word: string): Promise<string | undefined> {
  const matrix = await index.taught(await encode(word))
  const { hits } = await index.search({ text: asked(word), matrix, k: 1 })
  return hits[0]?.passage.section.url
}

async function requestOf(words: readonly string[], keptApart = 0.25): Promise<LearnRequest> {
  const queries = words.map(async (word) => ({ text: asked(word), urls: [`/${word}`], matrix: await encode(word) }))
  return { queries: await Promise.all(queries), keptApart, seed: 1 }
}

describe('a lesson', () => {
  test('is learned from some queries, and holds for those that were kept apart', () => {
    const { summary, record: bytes, trainMs } = learned
    expect(summary).toMatchObject({ taught: 18, keptApart: 6, mode: 'hybrid', isBetter: true })
    expect(summary.before).toMatchObject({ first: 0, found10: 6 })
    expect(summary.before.mrr10).toBeCloseTo(0.5, 5) // all are second, after their twins
    expect(summary.before.ndcg10).toBeCloseTo(1 / Math.log2(3), 5)
    expect(summary.after).toEqual({ mrr10: 1, ndcg10: 1, first: 6, found10: 6 })
    expect(summary.meaning).toEqual({ before: summary.before, after: summary.after })
    expect(trainMs).toBeGreaterThan(0)
    expect(readLesson(bytes)).toMatchObject({ at: 0, model: { name: 'fake' }, summary, head: { dim: FAKE_DIM } })
    expect(new Set(told.map(({ stage }) => stage))).toEqual(new Set(['training', 'judging']))
    for (const stage of ['training', 'judging'] as const) {
      const steps = told.filter((one) => one.stage === stage)
      expect(steps.every(({ done, total }, i) => done <= total && done >= (steps[i - 1]?.done ?? 0))).toBe(true)
      expect(steps.at(-1)!.done).toBe(steps.at(-1)!.total)
    }
  })

  test('is the same for the same pairs and seed, to the byte', async () => {
    const { lessons } = await open()
    const a = await requestOf(WORDS.slice(0, 12))
    const b = { ...a, seed: 2 }
    const learn = async (request: LearnRequest) => unwrap(await lessons.learn(request, () => {})).record
    expect(await learn(a)).toEqual(await learn(a))
    expect(await learn(b)).not.toEqual(await learn(a))
  })

  test('can be stopped, and nothing was adopted', async () => {
    const { lessons, index } = await open()
    const learning = lessons.learn(await requestOf(WORDS), () => void lessons.stop())
    expect(await learning).toMatchObject({ ok: false, error: { code: 'aborted' } })
    expect(unwrap(await lessonsOf(index).adopted())).toBeUndefined()
  })
})

describe('an address', () => {
  test('means a section or a page that the index has; else it is said why not', async () => {
    const { lessons } = await open()
    const urls = ['/apple', 'https://site.example/apple.html', '/apple#what', '/nowhere', ' ']
    const reasons = unwrap(await lessons.check(urls.map((url) => ({ query: asked('apple'), url }))))
    expect(reasons).toEqual([
      undefined,
      undefined,
      'The page has no section #what.',
      'The index has no page with this address.',
      'It has no address.',
    ])
  })
})

describe('adopting', () => {
  test('changes searches and cosines from then on, is kept and survives tidying; forgotten, all is as before', async () => {
    const { lessons, index, changes } = await open()
    expect(await first(index, 'rowan')).toBe('/rowantwin')
    const { record: bytes, summary } = learned
    expect(await first(index, 'rowan')).toBe('/rowantwin')
    const before = Date.now()
    unwrap(await lessons.adopt(bytes))
    expect(changes).toHaveLength(1)
    expect(await first(index, 'rowan')).toBe('/rowan')
    const adopted = unwrap(await lessons.adopted())!
    expect(adopted).toEqual({ ...summary, at: adopted.at, isUsed: true })
    expect(adopted.at).toBeGreaterThanOrEqual(before)
    // Not a pack of the index: whoever tidies those leaves it.
    await sweep(index.store!)
    expect(await index.store!.list()).toContain(LESSON_KEY)
    await index.refresh()
    expect(await first(index, 'rowan')).toBe('/rowan')
    unwrap(await lessons.forget())
    expect(changes).toHaveLength(2)
    expect(await first(index, 'rowan')).toBe('/rowantwin')
    expect(unwrap(await lessons.adopted())).toBeUndefined()
    expect(await index.store!.list()).not.toContain(LESSON_KEY)
  })

  test('without a store it lasts as long as the index is open', async () => {
    const { lessons, index } = await open('none')
    const { record: bytes } = learned
    unwrap(await lessons.adopt(bytes))
    expect(await first(index, 'fig')).toBe('/fig')
    expect(unwrap(await lessons.adopted())).toMatchObject({ isUsed: true })
    expect(unwrap(await (await open('none')).lessons.adopted())).toBeUndefined()
    unwrap(await lessons.forget())
    expect(await first(index, 'fig')).toBe('/figtwin')
  })

  test("another tab's is read again when it tells of it", async () => {
    const { lessons, index, name } = await open()
    const other = await open('browser', server.url, name)
    const { record: bytes } = learned
    expect(await first(other.index, 'kiwi')).toBe('/kiwitwin')
    await other.index.store!.put(LESSON_KEY, bytes) // in memory here; one database there
    unwrap(await lessons.adopt(bytes))
    await expect.poll(() => other.changes.length).toBe(1)
    expect(await first(other.index, 'kiwi')).toBe('/kiwi')
    await other.index.store!.delete(LESSON_KEY)
    unwrap(await lessons.forget())
    await expect.poll(() => other.changes.length).toBe(2)
    expect(await first(index, 'kiwi')).toBe('/kiwitwin')
    expect(await first(other.index, 'kiwi')).toBe('/kiwitwin')
  })

  test("of another model's it is not used, and said", async () => {
    const newer = await serveFiles(new Map(otherSite))
    close.push(() => newer.close())
    const { index, lessons: there } = await open('browser', newer.url)
    unwrap(await there.adopt(learned.record))
    expect(await first(index, 'plum')).toBe('/plumtwin')
    const adopted = unwrap(await there.adopted())
    expect(adopted?.isUsed).toBe(false)
    expect(adopted?.reason).toMatch(
      /learned with the model "fake" \(f{12}\), and the index has "fake" \(e{12}\)\. Teach again/,
    )
  })

  test('what is stored and is no lesson changes no search, and is told to who asks', async () => {
    const { lessons, index } = await open()
    const { record: bytes } = learned
    for (const wrong of [new Uint8Array(), bytes.subarray(0, bytes.length - 3), new TextEncoder().encode('{}\n')]) {
      await index.store!.put(LESSON_KEY, wrong)
      await index.refresh()
      expect(await first(index, 'lime')).toBe('/limetwin')
      expect(await lessons.adopted()).toMatchObject({ ok: false, error: { code: 'index-invalid' } })
      expect(await lessons.adopt(wrong)).toMatchObject({ ok: false, error: { code: 'index-invalid' } })
    }
    unwrap(await lessons.forget())
    expect(unwrap(await lessons.adopted())).toBeUndefined()
  })
})
