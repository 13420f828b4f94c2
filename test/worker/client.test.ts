import { afterEach, describe, expect, test } from 'vitest'
import { scoreBatch } from '../../src/engine/rerankScores.ts'
import { SelvageError } from '../../src/errors.ts'
import { createOps } from '../../src/ops/create.ts'
import type { Hit, Progress, UnexplainedHit } from '../../src/types.ts'
import { Selvage } from '../../src/worker/client.ts'
import type { OpenOptions } from '../../src/worker/options.ts'
import { type EncoderApi, type EngineAnswer, type EngineApi, outcome } from '../../src/worker/protocol.ts'
import { FakeWorker } from '../support/fakeWorker.ts'
import { STORED } from '../support/storedState.ts'

const URLS = { index: 'https://example.org/index/', model: 'https://example.org/model/' }
const MODEL = { name: 'toy', hash: 'a'.repeat(64), dim: 2 }

const LOADED = { model: MODEL, device: 'one thread', refused: [], loadMs: 1, storage: { kind: 'browser' } } as const

const COMMON = {
  headings: ['Guide', 'Start'],
  url: '/guide#start',
  page: { title: 'Guide', url: '/guide' },
  score: 1.5,
  ranking: { semantic: { rank: 1, score: 1.5, contribution: 1.5 } },
}
const TEXT = { text: 'Some text.', blocks: [{ kind: 'paragraph', start: 0, end: 10 } as const] }

const HIT: UnexplainedHit = {
  ...COMMON,
  ...TEXT,
  passageId: 4,
  matches: { positions: Uint32Array.of(0), similarities: Float32Array.of(1) },
  more: [],
}

const SHOWN: Hit = {
  ...COMMON,
  ref: '4',
  queryWords: [],
  title: 'Start',
  passage: { ...TEXT, excerpt: { start: 0, end: 4 }, matches: [{ start: 0, end: 4, strength: 1 }] },
  more: [],
}

/** A token of the headings, and one of the text. */
const LAYOUT = { starts: Int32Array.of(0, 14), ends: Int32Array.of(5, 18), offset: 14 }

function encoderApi(calls: string[] = [], gate: Promise<void> = Promise.resolve()): EncoderApi {
  return {
    load: (_, onProgress) =>
      outcome(() => {
        onProgress({ stage: 'model', loaded: 1, total: 2, unit: 'bytes' })
        return { ...LOADED, backend: 'wasm' }
      }),
    encodeQuery: (text) =>
      outcome(async () => {
        calls.push(text)
        await gate
        const matrix = { data: Float32Array.of(1, 0), rows: 1, dim: 2 }
        const tokens = { tokenIds: Int32Array.of(7), starts: Int32Array.of(0), ends: Int32Array.of(4) }
        return { encoded: { matrix, ...tokens }, knownShare: 1, elapsedMs: 5 }
      }),
    encodePassages: (passages) =>
      outcome(() => {
        calls.push(`${passages.length} passages`)
        const one = passages.flatMap(({ text }) => (text === 'good' ? [1, 0] : [0, 1]))
        const rows = new Uint32Array(passages.length).fill(1)
        return { vectors: Float32Array.from(one), rows, cut: new Uint8Array(passages.length), dim: 2 }
      }),
    explain: ({ hits }) => outcome(() => hits.map(() => SHOWN)),
    loadTexts: () => outcome(() => void calls.push('loadTexts')),
    layOut: (passages) => outcome(() => passages.map(() => LAYOUT)),
    queryTokens: () => outcome(() => [{ text: 'some', isMask: false }]),
    connect: (port) => outcome(() => port.close()),
    download: () => outcome(() => ({ bytes: 7, isComplete: true })),
    stopDownload: () => outcome(() => {}),
    kept: () => outcome(() => ({ bytes: 7, isComplete: true })),
  }
}

const FOUND: Omit<EngineAnswer<never>, 'hits' | 'mode'> = {
  words: [],
  elapsedMs: { keyword: 1, score: 1, texts: 1 },
  work: { withWords: 3, bytesRead: 9 },
}

function engineApi(hash = MODEL.hash): EngineApi {
  const counts = { pages: 1, sections: 1, passages: 1, tokens: 1, bytes: 10 }
  const known = {
    model: { name: 'toy', hash },
    ...counts,
    hasKeywords: true,
    filters: ['version'],
    sorts: [],
    stored: STORED,
  }
  const scorer = { backend: 'wasm', refused: [], precision: 'full' } as const
  const kept = { vectors: 1, texts: 1, keywords: 1, pages: 1, waiting: 0, total: 4 }
  return {
    open: () => outcome(() => known),
    load: () => outcome(() => ({ ...known, ...scorer, device: 'SIMD', memoryBytes: 10, loadMs: 1 })),
    openScorer: (backend) =>
      outcome(() => ({ backend: backend === 'auto' ? 'wasm' : backend, device: 'SIMD', refused: [] })),
    maxSim: (request) => outcome(async () => scoreBatch(await createOps({ backend: 'reference' }), request)),
    search: ({ k }) => outcome(() => ({ ...FOUND, mode: 'hybrid', hits: [HIT].slice(0, k), scorer })),
    prepare: () => outcome(() => {}),
    searchKeywords: ({ k }) => outcome(() => ({ ...FOUND, mode: 'keyword', hits: [SHOWN].slice(0, k) })),
    locate: (url, text) => outcome(() => [{ ref: '4', url, text, headings: ['Guide', 'Start'] }]),
    similar: ({ query: { k } }) => outcome(() => ({ ...FOUND, mode: 'semantic', hits: [HIT].slice(0, k), scorer })),
    similarRoughly: () => outcome(() => ({ ...FOUND, mode: 'semantic', hits: [{ ...SHOWN, title: 'rough' }], scorer })),
    cosines: () => outcome(() => ({ similarities: Float32Array.of(0.25, 0.75), tokens: 2 })),
    filters: () => outcome(() => ({ version: { '2': 1 } })),
    refresh: () => outcome(() => known),
    download: () => outcome(() => known),
    stopDownload: () => outcome(() => {}),
    storage: () =>
      outcome(() => ({ name: 'toy', kind: 'browser', passages: 1, tokens: 1, isComplete: false, bytes: kept })),
    shareStore: (port) => outcome(() => port.close()),
    forget: () => outcome(() => {}),
    lessons: () => outcome(() => {}),
  }
}

const opened: Selvage[] = []
function make(encoders: EncoderApi[], engines: EngineApi[] = [engineApi()], options: Partial<OpenOptions> = {}) {
  const workers: FakeWorker[] = []
  const next = (apis: object[]) => () => {
    const worker = new FakeWorker(apis.length > 1 ? apis.shift()! : apis[0]!)
    workers.push(worker)
    return worker
  }
  const selvage = new Selvage(
    { ...URLS, ...options },
    { encoder: next(encoders), engine: next(engines), writer: next([{}]) },
  )
  opened.push(selvage)
  return { selvage, workers }
}
afterEach(() => {
  for (const selvage of opened.splice(0)) selvage.close()
})

test('a search comes back with hits, explanation, backends and times', async () => {
  const progress: Progress[] = []
  const { selvage } = make([encoderApi()], undefined, { onProgress: (event) => progress.push(event) })
  const result = await selvage.search('some question', { k: 5 })
  expect(result).toMatchObject({ mode: 'hybrid', hits: [SHOWN] })
  expect(result.encoder?.backend).toBe('wasm')
  expect(result.scorer?.backend).toBe('wasm')
  expect(result.elapsedMs.encode).toBe(5)
  expect(result.work).toEqual({ withWords: 3, bytesRead: 9 })
  expect(progress).toEqual([{ stage: 'model', loaded: 1, total: 2, unit: 'bytes' }])
})

test('words are searched while model and vectors are still on their way', async () => {
  const waiting: EncoderApi = { ...encoderApi(), load: () => new Promise(() => {}) }
  const { selvage, workers } = make([waiting], [{ ...engineApi(), load: () => new Promise(() => {}) }])
  selvage.status().catch(() => {}) // begins to load, and never ends
  const result = await selvage.search('some words', { mode: 'keyword' })
  expect(result).toMatchObject({ mode: 'keyword', hits: [SHOWN] })
  expect([result.encoder, result.scorer]).toEqual([undefined, undefined])
  expect(await selvage.filters()).toEqual({ version: { '2': 1 } })
  expect(await selvage.opened()).toMatchObject({ filters: ['version'], hasKeywords: true, stored: STORED })
  expect(workers).toHaveLength(2)
})

test('words alone start no encoder', async () => {
  const { selvage, workers } = make([encoderApi()])
  await selvage.search('some words', { mode: 'keyword' })
  expect(workers).toHaveLength(1)
})

test('texts are ranked by the model and the kernels of the index, which is not loaded', async () => {
  const calls: string[] = []
  const engine: EngineApi = { ...engineApi('b'.repeat(64)), load: () => Promise.reject(new Error('loaded')) }
  const { selvage, workers } = make([encoderApi(calls)], [engine])
  const { hits, encoder, scorer } = await selvage.rerank('query', ['bad', 'good'], { k: 1 })
  expect(hits).toEqual([{ index: 1, score: 1 }])
  expect(encoder?.model).toEqual(MODEL)
  expect(scorer).toEqual({ backend: 'reference', refused: [] })
  const { scores, queries, passages } = await selvage.scores(['a', 'b'], ['bad', 'good', ''])
  expect([...scores]).toEqual([0, 1, Number.NEGATIVE_INFINITY, 0, 1, Number.NEGATIVE_INFINITY])
  expect([queries, passages]).toEqual([2, 3])
  expect(calls).toEqual(['query', '2 passages', 'a', 'b', '2 passages'])
  expect(workers).toHaveLength(2)
})

test('an empty query has no hits', async () => {
  const { selvage } = make([encoderApi()])
  expect((await selvage.search('  ')).hits).toEqual([])
})

test('an index of another model is refused', async () => {
  const { selvage } = make([encoderApi()], [engineApi('b'.repeat(64))])
  await expect(selvage.search('x')).rejects.toMatchObject({ code: 'model-mismatch' })
})

test('a superseded query is dropped before it is encoded', async () => {
  const calls: string[] = []
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const { selvage } = make([encoderApi(calls, gate)])
  const first = selvage.search('first')
  await expect.poll(() => calls).toEqual(['first'])
  const second = new AbortController()
  const superseded = selvage.search('second', { signal: second.signal })
  const third = selvage.search('third')
  second.abort()
  await expect(superseded).rejects.toMatchObject({ code: 'aborted' })
  open()
  expect((await first).hits).toHaveLength(1)
  expect((await third).hits).toHaveLength(1)
  expect(calls).toEqual(['first', 'third'])
})

test('a worker that dies rejects the pending search; the next search starts a new one', async () => {
  const never: EncoderApi = { ...encoderApi(), encodeQuery: () => new Promise(() => {}) }
  const { selvage, workers } = make([never, encoderApi()])
  await selvage.status()
  const pending = selvage.search('x')
  await new Promise((resolve) => setTimeout(resolve, 20))
  workers[0]!.die('out of memory')
  await expect(pending).rejects.toMatchObject({ code: 'worker-died' })
  expect((await selvage.search('x')).hits).toHaveLength(1)
  expect(workers).toHaveLength(3)
})

test('a lost GPU: the call is made again on a fresh worker, once', async () => {
  const lost: EngineApi = {
    ...engineApi(),
    search: () =>
      outcome(() => {
        throw new SelvageError('device-lost', 'gone')
      }),
  }
  const { selvage, workers } = make([encoderApi()], [lost, engineApi()])
  expect((await selvage.search('x')).hits).toHaveLength(1)
  expect(workers.map(({ terminated }) => terminated).filter(Boolean)).toHaveLength(1)
  const always = make([encoderApi()], [lost])
  await expect(always.selvage.search('x')).rejects.toMatchObject({ code: 'device-lost' })
})

test('the encoder loses its GPU: searches that wait are answered too, and say where they were encoded', async () => {
  let lose = () => {}
  const gone = new Promise<void>((resolve) => {
    lose = resolve
  })
  const onGpu: EncoderApi = {
    ...encoderApi(),
    load: () => outcome(() => ({ ...LOADED, backend: 'webgpu' })),
    encodeQuery: () =>
      outcome(async () => {
        await gone
        throw new SelvageError('device-lost', 'gone')
      }),
    explain: () => new Promise(() => {}),
  }
  const { selvage } = make([onGpu, encoderApi()])
  const searches = [selvage.search('first'), selvage.search('second')]
  await new Promise((resolve) => setTimeout(resolve, 20))
  lose()
  for (const result of await Promise.all(searches)) {
    expect(result.hits).toHaveLength(1)
    expect(result.encoder?.backend).toBe('wasm')
  }
})

test('a failed load is not remembered', async () => {
  const broken: EncoderApi = {
    ...encoderApi(),
    load: () =>
      outcome(() => {
        throw new TypeError('no network')
      }),
  }
  const { selvage } = make([broken, encoderApi()])
  await expect(selvage.search('x')).rejects.toThrow('no network')
  expect((await selvage.search('x')).hits).toHaveLength(1)
})

test('close rejects what is pending and what comes after', async () => {
  const never: EncoderApi = { ...encoderApi(), encodeQuery: () => new Promise(() => {}) }
  const { selvage } = make([never])
  await selvage.status()
  const pending = selvage.search('x')
  selvage.close()
  await expect(pending).rejects.toMatchObject({ code: 'closed' })
  await expect(selvage.search('y')).rejects.toMatchObject({ code: 'closed' })
})

test.each([
  [{ k: 0 }, 'k is 0'],
  [{ candidates: 0 }, 'candidates is 0; it must be a whole number from 1 on, or Infinity'],
  [{ k: 1.5 }, 'k is 1.5'],
  [{ limit: 3 }, 'unknown option "limit"'],
])('search refuses %o', async (options: object, message) => {
  const { selvage } = make([encoderApi()])
  await expect(selvage.search('x', options)).rejects.toThrow(message)
})

test('open refuses unknown options and addresses that are none', () => {
  const spawn = {
    encoder: () => new FakeWorker({}),
    engine: () => new FakeWorker({}),
    writer: () => new FakeWorker({}),
  }
  const unknown = { ...URLS, modell: 'x' }
  expect(() => new Selvage(unknown, spawn)).toThrow('open: unknown option "modell"')
})

describe('a query in a script that the model does not know', () => {
  const foreign: EncoderApi = {
    ...encoderApi(),
    encodeQuery: async (text) => {
      const result = await encoderApi().encodeQuery(text)
      return result.ok ? { ok: true, value: { ...result.value, knownShare: 0.49 } } : result
    },
  }

  test('is answered by words alone, and that is said', async () => {
    const { selvage } = make([foreign])
    const result = await selvage.search('состояние')
    expect(result).toMatchObject({ mode: 'keyword', isUnderstood: false, hits: [SHOWN] })
    expect(result.scorer).toBeUndefined()
  })

  test('by meaning too, where that was asked for', async () => {
    const { selvage } = make([foreign])
    expect(await selvage.search('состояние', { mode: 'semantic' })).toMatchObject({
      isUnderstood: false,
      mode: 'hybrid',
    })
  })

  test('nothing is said where the model was not asked, and that it is where it is', async () => {
    const { selvage } = make([foreign])
    expect((await selvage.search('состояние', { mode: 'keyword' })).isUnderstood).toBeUndefined()
    const { selvage: other } = make([encoderApi()])
    expect((await other.search('state')).isUnderstood).toBe(true)
  })
})

describe('similar', () => {
  const noModel = (calls: string[]): EncoderApi => ({
    ...encoderApi(calls),
    load: () => outcome(() => Promise.reject(new SelvageError('model-missing', 'no model'))),
  })

  test('needs no model: its tokenizer alone is loaded', async () => {
    const calls: string[] = []
    const { selvage, workers } = make([noModel(calls)])
    const result = await selvage.similar({ hit: SHOWN }, { k: 3 })
    expect(result).toMatchObject({ query: 'Start', mode: 'semantic', hits: [SHOWN] })
    expect(calls).toEqual(['loadTexts'])
    expect(workers).toHaveLength(2)
    expect(result).not.toHaveProperty('isUnderstood')
    const range = { start: 0, end: 4 }
    expect((await selvage.similar({ hit: SHOWN, range })).query).toBe('Some')
    expect((await selvage.similar({ url: '/guide', text: 'Some text.' })).query).toBe('Some text.')
    expect(calls).toEqual(['loadTexts'])
  })

  test('has a loaded model explain its hits', async () => {
    const calls: string[] = []
    const { selvage } = make([encoderApi(calls)])
    await selvage.status()
    expect((await selvage.similar({ hit: SHOWN })).hits).toEqual([SHOWN])
    expect(calls).toEqual([])
  })

  test('makes do where the tokenizer cannot be had', async () => {
    const none = {
      ...encoderApi(),
      loadTexts: () => outcome(() => Promise.reject(new SelvageError('model-missing', ''))),
    }
    const { selvage } = make([none])
    expect((await selvage.similar({ hit: SHOWN })).hits[0]!.title).toBe('rough')
  })

  test('passes on what the engine says, and aborts', async () => {
    const missing = {
      ...engineApi(),
      locate: () => outcome(() => Promise.reject(new SelvageError('section-missing', ''))),
    }
    const { selvage } = make([encoderApi()], [missing])
    await expect(selvage.similar({ url: '/x', text: 'y' })).rejects.toMatchObject({ code: 'section-missing' })
    const signal = AbortSignal.abort()
    await expect(selvage.similar({ hit: SHOWN }, { signal })).rejects.toMatchObject({ code: 'aborted' })
    await expect(selvage.similar({ hit: SHOWN }, { k: 0 })).rejects.toMatchObject({ code: 'invalid-argument' })
    const misspelt = { k: 3, kk: 3 }
    await expect(selvage.similar({ hit: SHOWN }, misspelt)).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

describe('a heat map', () => {
  test('has tokens in words, the best of each row, and no characters for the headings', async () => {
    const { selvage } = make([encoderApi()])
    expect(await selvage.heatMap('some', SHOWN)).toEqual({
      queryTokens: [{ text: 'some', isMask: false, best: 0.75 }],
      passageTokens: [
        { start: -1, end: -1 },
        { start: 0, end: 4 },
      ],
      similarities: Float32Array.of(0.25, 0.75),
    })
  })

  test('of other tokens than the index has is refused', async () => {
    const other = { ...engineApi(), cosines: () => outcome(() => ({ similarities: new Float32Array(3), tokens: 3 })) }
    const { selvage } = make([encoderApi()], [other])
    await expect(selvage.heatMap('some', SHOWN)).rejects.toMatchObject({ code: 'model-mismatch' })
  })
})
