/** A reranker over workers without threads: what it asks of which, and what becomes of aborts, deaths and bad input. */
import { afterEach, expect, test } from 'vitest'
import { encodePassages } from '../../src/engine/rerankPassages.ts'
import { scoreBatch } from '../../src/engine/rerankScores.ts'
import { SelvageError } from '../../src/errors.ts'
import { createOps } from '../../src/ops/create.ts'
import { explainHit } from '../../src/search/hit.ts'
import type { Progress } from '../../src/types.ts'
import type { RerankerOptions } from '../../src/worker/options.ts'
import { type EncoderApi, type EngineApi, outcome } from '../../src/worker/protocol.ts'
import { Reranker } from '../../src/worker/reranker.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'
import { FakeWorker } from '../support/fakeWorker.ts'

const MODEL = 'https://example.org/model/'
const encoder = fakeEncoder()
const STATUS = {
  model: encoder.model,
  device: 'one thread',
  refused: [],
  loadMs: 1,
  storage: { kind: 'none' },
} as const

type Encoding = Pick<EncoderApi, 'load' | 'encodeQuery' | 'encodePassages' | 'explain' | 'queryTokens' | 'layOut'>
type Scoring = Pick<EngineApi, 'openScorer' | 'maxSim'>

function encoding(calls: string[] = []): Encoding {
  return {
    load: ({ storage }, onProgress) =>
      outcome(() => {
        calls.push(`load ${storage}`)
        onProgress({ stage: 'model', loaded: 1, total: 1, unit: 'bytes' })
        return { ...STATUS, backend: 'wasm' }
      }),
    encodeQuery: (text) =>
      outcome(async () => {
        calls.push(text)
        return { encoded: await encoder.encodeQuery(text), knownShare: 1, elapsedMs: 1 }
      }),
    encodePassages: (passages) =>
      outcome(() => {
        calls.push(`${passages.length} passages`)
        return encodePassages(encoder, passages)
      }),
    explain: ({ query, queryStarts, queryEnds, hits }) =>
      outcome(() => {
        const layoutDocument = (text: string) => encoder.layoutDocument(text)
        return hits.map((hit) =>
          explainHit(hit, { query, words: [], byMeaning: { queryStarts, queryEnds, layoutDocument } }),
        )
      }),
    queryTokens: (text, encoded) => outcome(() => encoder.queryTokens(text, encoded)),
    layOut: (passages) => outcome(() => passages.map(({ text }) => ({ ...encoder.layoutDocument(text), offset: 0 }))),
  }
}

function scoring(calls: string[] = []): Scoring {
  return {
    openScorer: (backend) =>
      outcome(() => {
        calls.push(`scorer ${backend}`)
        return { backend: 'reference', device: 'plain', refused: [] }
      }),
    maxSim: (request) =>
      outcome(async () => {
        calls.push(`maxSim ${request.passages.offsets.length - 1}`)
        return scoreBatch(await createOps({ backend: 'reference' }), request)
      }),
  }
}

const opened: Reranker[] = []
afterEach(() => {
  for (const reranker of opened.splice(0)) reranker.close()
})

function make(encoders: Encoding[], engines: Scoring[] = [scoring()], options: Partial<RerankerOptions> = {}) {
  const workers: FakeWorker[] = []
  const next = (apis: object[]) => () => {
    const worker = new FakeWorker(apis.length > 1 ? apis.shift()! : apis[0]!)
    workers.push(worker)
    return worker
  }
  const reranker = new Reranker({ model: MODEL, ...options }, { encoder: next(encoders), engine: next(engines) })
  opened.push(reranker)
  return { reranker, workers }
}

const PASSAGES = ['The cat sleeps.', 'A bridge over a river.', { id: 'c', text: 'Rivers and roads.', title: 'Roads' }]

test('passages are encoded a few at a time, scored together, and explained', async () => {
  const calls: string[] = []
  const progress: Progress[] = []
  const { reranker } = make([encoding(calls)], [scoring(calls)], { storage: 'none', scorer: 'wasm' })
  const many = [...PASSAGES, ...Array.from({ length: 6 }, (_, i) => `filler ${i}`)]
  const onProgress = (event: Progress) => progress.push(event)
  const {
    hits,
    encoder: model,
    scorer,
    elapsedMs,
  } = await reranker.rerank('river roads', many, { k: 2, explain: true, onProgress })
  expect(hits.map(({ index, id }) => [index, id])).toEqual([
    [2, 'c'],
    [1, undefined],
  ])
  const { matches } = hits[1]!.explanation!
  expect(matches.map(({ start, end }) => 'A bridge over a river.'.slice(start, end))).toContain('river')
  expect(model?.backend).toBe('wasm')
  expect(scorer).toEqual({ backend: 'reference', refused: [] })
  expect(elapsedMs.total).toBeGreaterThan(0)
  expect(calls.toSorted()).toEqual(
    ['load none', 'scorer wasm', 'river roads', '4 passages', '4 passages', '1 passages', 'maxSim 9'].toSorted(),
  )
  expect(progress.at(-1)).toEqual({ stage: 'encode', loaded: 10, total: 10, unit: 'items' })
})

test('what is loaded is told, with progress', async () => {
  const progress: Progress[] = []
  const { reranker } = make([encoding()], undefined, { onProgress: (event) => progress.push(event) })
  const status = await reranker.status()
  expect(status.encoder.model.name).toBe('fake')
  expect(status.scorer).toEqual({ backend: 'reference', device: 'plain', refused: [] })
  expect(progress).toHaveLength(1)
})

test('a matrix, and a heat map whose best cosines are the score', async () => {
  const { reranker } = make([encoding()])
  const { scores, queries, passages } = await reranker.scores(['cat', 'a river'], ['The cat sleeps.', 'A river.'])
  expect([queries, passages]).toEqual([2, 2])
  expect(scores[0]).toBeGreaterThan(scores[1]!)
  const map = await reranker.heatMap('a river', 'A river.')
  expect(map.queryTokens.reduce((sum, { best }) => sum + best, 0)).toBeCloseTo(scores[3]!, 4)
  expect(map.passageTokens).toEqual([
    { start: 0, end: 1 },
    { start: 2, end: 7 },
  ])
})

test('nothing to rank starts no worker', async () => {
  const { reranker, workers } = make([encoding()])
  expect((await reranker.rerank('cat', [])).hits).toEqual([])
  expect((await reranker.rerank(' ', PASSAGES)).encoder).toBeUndefined()
  expect((await reranker.scores([], PASSAGES)).scores).toHaveLength(0)
  expect(workers).toHaveLength(0)
})

test('an abort is heard at once, and nothing more is encoded', async () => {
  const calls: string[] = []
  const stop = new AbortController()
  const slow: Encoding = {
    ...encoding(calls),
    encodePassages: () => {
      calls.push('passages')
      setTimeout(() => stop.abort(), 10)
      return new Promise(() => {}) // the worker is busy for ever
    },
  }
  const { reranker } = make([slow])
  const many = Array.from({ length: 20 }, (_, i) => `passage ${i}`)
  const ranking = reranker.rerank('cat', many, { signal: stop.signal })
  await expect(ranking).rejects.toMatchObject({ code: 'aborted', message: 'The reranking was aborted by its caller.' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(calls.filter((call) => call === 'passages')).toHaveLength(1)
})

test('a question that comes meanwhile is answered between portions', async () => {
  const calls: string[] = []
  const { reranker } = make([encoding(calls)])
  let other: Promise<unknown> | undefined
  const many = Array.from({ length: 40 }, (_, i) => `passage ${i}`)
  await reranker.rerank('first', many, {
    onProgress: () => {
      other ??= reranker.scores(['second'], ['cat'])
    },
  })
  await other
  expect(calls.indexOf('second')).toBeLessThan(calls.lastIndexOf('4 passages'))
})

test('a worker that dies rejects the call; the next one starts another', async () => {
  const dying: Encoding = { ...encoding(), encodePassages: () => new Promise(() => {}) }
  const { reranker, workers } = make([dying, encoding()])
  await reranker.status()
  const pending = reranker.rerank('cat', PASSAGES)
  await new Promise((resolve) => setTimeout(resolve, 30))
  workers[0]!.die('out of memory')
  await expect(pending).rejects.toMatchObject({ code: 'worker-died' })
  expect((await reranker.rerank('cat', PASSAGES)).hits[0]!.index).toBe(0)
})

test('kernels that cannot be had are told by status, and by a call', async () => {
  const refused = () =>
    outcome((): never => {
      throw new SelvageError('backend-unavailable', 'No GPU.')
    })
  const { reranker } = make([encoding()], [{ ...scoring(), openScorer: refused }])
  await expect(reranker.status()).rejects.toMatchObject({ code: 'backend-unavailable' })
  await expect(reranker.rerank('cat', PASSAGES)).rejects.toMatchObject({ code: 'backend-unavailable' })
})

test('after close it says so; options and texts are checked', async () => {
  const { reranker } = make([encoding()])
  const wrong: RerankerOptions = JSON.parse('{"model": "m", "backend": "wasm"}')
  expect(() => make([encoding()], undefined, wrong)).toThrow('open: unknown option "backend"')
  const odd: RerankerOptions = JSON.parse('{"model": "https://x.org/", "storage": "disk"}')
  expect(() => make([encoding()], undefined, odd)).toThrow('open: storage is "disk", wanted browser or none.')
  await expect(reranker.rerank('cat', PASSAGES, { k: 0 })).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(reranker.heatMap('cat', JSON.parse('7'))).rejects.toThrow('heatMap: the passage is a number')
  reranker.close()
  await expect(reranker.rerank('cat', PASSAGES)).rejects.toMatchObject({ code: 'closed' })
})
