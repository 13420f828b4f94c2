/** Teaching from a page, over workers without threads: what is asked of which, and what becomes of bad input, aborts and deaths. */
import * as Comlink from 'comlink'
import { afterEach, expect, test } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import type { LessonSummary, TaughtPair, TeachOptions, TeachProgress } from '../../src/lessonTypes.ts'
import type { LearnRequest, LessonsApi } from '../../src/worker/lessonProtocol.ts'
import { type EncoderApi, type EngineApi, outcome } from '../../src/worker/protocol.ts'
import { Service } from '../../src/worker/service.ts'
import * as teaching from '../../src/worker/teaching.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'
import { FakeWorker } from '../support/fakeWorker.ts'

const figures = { mrr10: 0.25, ndcg10: 0.5, first: 1, found10: 2 }
const both = { before: figures, after: { ...figures, mrr10: 0.75 } }
const SUMMARY: LessonSummary = { taught: 6, keptApart: 2, mode: 'hybrid', ...both, meaning: both, isBetter: true }
const RECORD = Uint8Array.of(1, 2, 3)
const PAIRS: TaughtPair[] = Array.from({ length: 9 }, (_, i) => ({ query: `question ${i}`, url: `/page${i}` }))

interface Asked {
  readonly encoded: string[]
  readonly learned: LearnRequest[]
  readonly adopted: Uint8Array[]
  stops: number
}

const open: { close(): void }[] = []
afterEach(() => {
  for (const service of open.splice(0)) service.close()
})

function make(lessons: Partial<LessonsApi> = {}, encoder: Partial<Pick<EncoderApi, 'encodeQuery'>> = {}) {
  const asked: Asked = { encoded: [], learned: [], adopted: [], stops: 0 }
  const workers: FakeWorker[] = []
  const api: LessonsApi = {
    check: (pairs) =>
      outcome(() => pairs.map(({ url }) => (url === '/nowhere' ? 'There is no such page.' : undefined))),
    learn: (request, onProgress) =>
      outcome(() => {
        asked.learned.push(request)
        onProgress({ stage: 'training', done: 1, total: 1 })
        return { summary: SUMMARY, record: RECORD, trainMs: 12 }
      }),
    stop: () =>
      outcome(() => {
        asked.stops++
      }),
    adopt: (record) =>
      outcome(() => {
        asked.adopted.push(record)
      }),
    adopted: () => outcome(() => undefined),
    forget: () => outcome(() => {}),
    ...lessons,
  }
  const engineApi: Pick<EngineApi, 'lessons'> = { lessons: (port) => outcome(() => Comlink.expose(api, port)) }
  const encoderApi: Pick<EncoderApi, 'encodeQuery'> = {
    encodeQuery: (text) =>
      outcome(async () => {
        asked.encoded.push(text)
        return {
          encoded: await fakeEncoder().encodeQuery(text),
          knownShare: text.includes('文') ? 0.2 : 1,
          elapsedMs: 1,
        }
      }),
    ...encoder,
  }
  const spawn = (worker: object) => () => {
    const spawned = new FakeWorker(worker)
    workers.push(spawned)
    return spawned
  }
  const services: teaching.TeachServices = {
    engine: new Service<EngineApi, unknown>('engine', spawn(engineApi), async () => undefined),
    encoder: new Service('encoder', spawn(encoderApi), () => new Promise((resolve) => resolve(ENCODER))),
    transfer: Comlink.transfer,
  }
  open.push(services.engine, services.encoder)
  const teach = (pairs: readonly TaughtPair[], options: TeachOptions = {}) =>
    teaching.teach(services, async () => {}, pairs, options)
  return { services, teach, asked, workers }
}

const ENCODER = {
  model: fakeEncoder().model,
  backend: 'wasm',
  device: 'one thread',
  refused: [],
  storage: { kind: 'none' },
  loadMs: 1,
} as const

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    ({ code, message }) => ({ code, message }),
  )

test('queries are encoded once each, the engine learns from them, and the record comes back to be adopted', async () => {
  const { teach, asked } = make()
  const told: TeachProgress[] = []
  const twice = [...PAIRS, { query: ' question 0 ', url: '/other' }, PAIRS[1]!]
  const lesson = await teach(twice, { keptApart: 0.3, seed: 7, onProgress: (progress) => told.push(progress) })
  expect(lesson).toMatchObject({ ...SUMMARY, skipped: [], trainMs: 12 })
  expect(asked.encoded).toEqual(PAIRS.map(({ query }) => query))
  const [request] = asked.learned
  expect(request).toMatchObject({ keptApart: 0.3, seed: 7 })
  expect(request!.queries.map(({ text, urls }) => [text, ...urls])).toEqual(
    PAIRS.map(({ query, url }, i) => (i === 0 ? [query, url, '/other'] : [query, url])),
  )
  expect(request!.queries[3]!.matrix).toEqual((await fakeEncoder().encodeQuery('question 3')).matrix)
  // What is told on its way crosses what is answered.
  const stages = [...PAIRS.map(() => 'encoding'), 'training']
  await expect.poll(() => told.map(({ stage }) => stage)).toEqual(stages)
  expect(asked.adopted).toEqual([])
  await lesson.adopt()
  expect(asked.adopted).toEqual([RECORD])
  await lesson.discard()
  expect(await failure(lesson.adopt())).toMatchObject({
    code: 'closed',
    message: expect.stringContaining('Teach again'),
  })
  expect(asked.adopted).toHaveLength(1)
})

test('pairs that nothing can be learned from are left out, each with its reason', async () => {
  const { teach } = make()
  const bad = [
    { query: 'lost', url: '/nowhere' },
    { query: '  ', url: '/page1' },
    { query: '中文', url: '/page1' },
  ]
  const { skipped } = await teach([...bad, ...PAIRS])
  expect(skipped.map(({ query, reason }) => [query, reason])).toEqual([
    ['lost', 'There is no such page.'],
    ['  ', 'The query is empty.'],
    ['中文', 'The model does not know its script; it is searched by words alone.'],
  ])
})

test('too few say so, and why others do not count; nothing is learned', async () => {
  const { teach, asked } = make()
  expect(await failure(teach([]))).toMatchObject({
    code: 'invalid-argument',
    message: /^teach: 0 different queries/ as never,
  })
  const same = PAIRS.map(({ url }) => ({ query: 'one and the same', url }))
  const few = await failure(teach([...same, { query: 'lost', url: '/nowhere' }]))
  expect(few?.message).toBe(
    'teach: 1 different queries to learn from; at least 8 are wanted. Skipped: 1; the first, "lost" (/nowhere): There is no such page.',
  )
  expect(asked.learned).toEqual([])
})

test('options and pairs of the wrong kind are refused before anything is loaded', async () => {
  const { teach, workers } = make()
  const wrong: [unknown, unknown, RegExp][] = [
    [PAIRS, { keptapart: 0.1 }, /unknown option "keptapart"; known are signal, onProgress, keptApart, seed/],
    [PAIRS, { keptApart: 0 }, /keptApart is 0; it must be a share above 0 and at most 0\.5/],
    [PAIRS, { keptApart: 0.6 }, /keptApart is 0\.6/],
    [PAIRS, { seed: 0.5 }, /seed is 0\.5; it must be a whole number/],
    [[{ query: 'a' }], {}, /pair 1 is \{"query":"a"\}; wanted a query and the url/],
    [[PAIRS[0], null], {}, /pair 2 is null/],
    ['a', {}, /a list of pairs is wanted/],
  ]
  for (const [pairs, options, message] of wrong) {
    const got = await failure(teach(pairs as TaughtPair[], options as TeachOptions))
    expect(got?.code).toBe('invalid-argument')
    expect(got?.message).toMatch(message)
  }
  expect(workers).toEqual([])
})

test('aborted while it learns, the engine is told to stop; aborted while it encodes, no more is encoded', async () => {
  const stop = new AbortController()
  const learning = make({
    learn: () => {
      stop.abort()
      return new Promise(() => {})
    },
  })
  expect(await failure(learning.teach(PAIRS, { signal: stop.signal }))).toMatchObject({ code: 'aborted' })
  await expect.poll(() => learning.asked.stops).toBe(1)

  const early = new AbortController()
  const encoding = make()
  const onProgress = ({ done }: TeachProgress) => {
    if (done === 2) early.abort()
  }
  expect(await failure(encoding.teach(PAIRS, { signal: early.signal, onProgress }))).toMatchObject({ code: 'aborted' })
  expect(encoding.asked.encoded.length).toBeLessThan(4)
  expect(encoding.asked.learned).toEqual([])

  const before = make()
  expect(await failure(before.teach(PAIRS, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'aborted' })
  expect(before.workers).toEqual([])
})

test('an engine that dies while it learns rejects, and the next call has another one', async () => {
  const { teach, workers, services } = make({ learn: () => new Promise(() => workers.at(0)!.die('out of memory')) })
  const died = await failure(teach(PAIRS))
  expect(died).toEqual({ code: 'worker-died', message: 'The engine worker stopped: out of memory' })
  expect(await teaching.lesson(services)).toBeUndefined()
})

test('what the engine throws keeps its code', async () => {
  const full = new SelvageError('storage-full', 'There is no more room.')
  const { teach } = make({
    adopt: () =>
      outcome(() => {
        throw full
      }),
  })
  const lesson = await teach(PAIRS)
  expect(await failure(lesson.adopt())).toEqual({ code: 'storage-full', message: 'There is no more room.' })
})
