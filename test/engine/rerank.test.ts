/** Ranking of texts with an encoder without a model, against the plain reference over all matrices at once. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Encoder } from '../../src/encoder/encoder.ts'
import { type RerankMeans, rerank, scoreMatrix } from '../../src/engine/rerank.ts'
import { heatMapOf } from '../../src/engine/rerankHeatMap.ts'
import { encodePassages } from '../../src/engine/rerankPassages.ts'
import { scoreBatch } from '../../src/engine/rerankScores.ts'
import { createOps } from '../../src/ops/create.ts'
import type { PassageBatch } from '../../src/ops/ops.ts'
import { maxSim } from '../../src/ops/reference.ts'
import type { PassageInput } from '../../src/rankTypes.ts'
import { explainHit } from '../../src/search/hit.ts'
import { contextualText } from '../../src/text/context.ts'
import type { EncodedText, OpsBackend, Progress } from '../../src/types.ts'
import { FAKE_DIM, fakeEncoder } from '../support/fakeEncoder.ts'

const PASSAGES = [
  'A bridge carries a road over a river.',
  'The cat sleeps most of the day.',
  'Rivers freeze in winter, and the road is slippery.',
]

interface Meant {
  readonly encoder?: Encoder
  readonly portion?: number
  readonly backend?: OpsBackend
  /** Told of each text that is encoded. */
  readonly onEncode?: (texts: readonly string[]) => void
}

function meansOf({ encoder = fakeEncoder(), portion = 2, backend = 'wasm', onEncode }: Meant = {}) {
  return async (): Promise<RerankMeans> => {
    const ops = await createOps({ backend })
    return {
      portion,
      encodeQuery: (text) => encoder.encodeQuery(text),
      encodePassages: (passages, onDone) => {
        onEncode?.(passages.map(({ text }) => text))
        return encodePassages(encoder, passages, { onDone })
      },
      score: (request) => scoreBatch(ops, request),
      explain: async (query, { starts, ends }, hits) => {
        const layoutDocument = (text: string) => encoder.layoutDocument(text)
        const byMeaning = { queryStarts: starts, queryEnds: ends, layoutDocument }
        return hits.map((hit) => explainHit(hit, { query, words: [], byMeaning }))
      },
    }
  }
}

/** All matrices one behind the other: what the reference is given. */
function batchOf(encoded: readonly EncodedText[]): PassageBatch & { vectors: Float32Array } {
  const offsets = new Uint32Array(encoded.length + 1)
  encoded.forEach(({ matrix }, i) => {
    offsets[i + 1] = offsets[i]! + matrix.rows
  })
  return { vectors: Float32Array.from(encoded.flatMap(({ matrix }) => [...matrix.data])), offsets, dim: FAKE_DIM }
}

async function referenceScores(queries: readonly string[], passages: readonly PassageInput[]): Promise<Float32Array> {
  const encoder = fakeEncoder()
  const inputs = passages.map((one) =>
    typeof one === 'string' ? one : contextualText(one.title ? [one.title] : [], one.text).text,
  )
  const encoded = await encoder.encodeDocuments(inputs)
  const asked = await Promise.all(queries.map((query) => encoder.encodeQuery(query)))
  return maxSim(batchOf(asked), batchOf(encoded), false).scores
}

describe('rerank', () => {
  test('the passage that says it is first, with its number, id and score', async () => {
    const passages = PASSAGES.map((text, i) => ({ id: `p${i}`, text }))
    const { query, hits, elapsedMs, scorer } = await rerank('a road over a river', passages, {}, meansOf())
    expect(query).toBe('a road over a river')
    expect(hits.map(({ index, id }) => [index, id])).toEqual([
      [0, 'p0'],
      [2, 'p2'],
      [1, 'p1'],
    ])
    expect(hits[0]!.score).toBeCloseTo(5, 5) // each of the five words is there
    expect(hits[0]).not.toHaveProperty('explanation')
    expect(hits[0]).not.toHaveProperty('isCut')
    expect(scorer).toEqual({ backend: 'wasm', refused: [] })
    const { wait, encode, score, explain, total } = elapsedMs
    expect(total).toBeGreaterThanOrEqual(wait + encode + score + explain - 0.1)
  })

  test('k cuts the list, no k gives all', async () => {
    const few = await rerank('road', PASSAGES, { k: 2 }, meansOf())
    expect(few.hits.map(({ index }) => index)).toEqual([0, 2])
    expect((await rerank('road', PASSAGES, { k: 99 }, meansOf())).hits).toHaveLength(3)
  })

  test('what matched: ranges in the passage, the title being none of it, and in the query', async () => {
    const passages = [{ title: 'Rivers', text: 'First.\n\nA bridge carries a road over it. Cats do not.' }]
    const { hits } = await rerank('bridge banana rivers', passages, { explain: true }, meansOf())
    const { excerpt, matches, queryWords } = hits[0]!.explanation!
    const words = matches.map(({ start, end }) => passages[0]!.text.slice(start, end))
    expect(words).toContain('bridge')
    expect(matches.find(({ start }) => passages[0]!.text.startsWith('bridge', start))?.strength).toBeCloseTo(1, 5)
    expect(passages[0]!.text.slice(excerpt.start, excerpt.end)).toContain('A bridge carries a road over it.')
    expect(queryWords.map(({ isWeak }) => isWeak)).toEqual([false, true, false])
    expect(queryWords.map(({ start, end }) => 'bridge banana rivers'.slice(start, end))).toEqual([
      'bridge',
      'banana',
      'rivers',
    ])
  })

  test('each explanation is of its own passage, whatever was encoded and held beside it', async () => {
    const words = Array.from({ length: 30 }, (_, i) => `word${i}`)
    const passages = words.map((word, i) => `${'filler '.repeat(i % 7)}${word} end`)
    const { hits } = await rerank(words.join(' '), passages, { explain: true }, meansOf({ portion: 4 }))
    expect(hits).toHaveLength(30)
    for (const { index, explanation } of hits) {
      const best = explanation!.matches.filter(({ strength }) => strength > 0.99)
      expect(best.map(({ start, end }) => passages[index]!.slice(start, end))).toContain(`word${index}`)
    }
  })

  test('equal texts are encoded once and stand in their order', async () => {
    const encoded: string[] = []
    const passages = [PASSAGES[1]!, PASSAGES[0]!, PASSAGES[1]!, { text: PASSAGES[0]!, id: 'again' }]
    const means = meansOf({ onEncode: (texts) => encoded.push(...texts) })
    const { hits } = await rerank('road', passages, {}, means)
    expect(hits.map(({ index }) => index)).toEqual([1, 3, 0, 2])
    expect(hits[0]!.score).toBe(hits[1]!.score)
    expect(encoded).toEqual([PASSAGES[0], PASSAGES[1]])
  })

  test('a text with a title is another text than without', async () => {
    const encoded: string[] = []
    const means = meansOf({ onEncode: (texts) => encoded.push(...texts) })
    const { hits } = await rerank(
      'roads',
      ['Cats.', { title: 'Roads', text: 'Cats.' }, { title: ' ', text: 'Cats.' }],
      {},
      means,
    )
    expect(hits.map(({ index }) => index)).toEqual([1, 0, 2])
    expect(encoded).toHaveLength(2)
  })

  test('nothing to rank: the model is not asked for', async () => {
    const never = () => Promise.reject(new Error('asked'))
    expect((await rerank('road', [], {}, never)).hits).toEqual([])
    expect((await rerank('   ', PASSAGES, {}, never)).hits).toEqual([])
    expect((await rerank('road', ['', ' \n ', { text: '' }], {}, never)).hits).toEqual([])
  })

  test('texts without text are left out; a title is text', async () => {
    const { hits } = await rerank(
      'road',
      ['', PASSAGES[1]!, '\t', PASSAGES[0]!, { title: 'Road', text: '' }],
      {},
      meansOf(),
    )
    expect(hits.map(({ index }) => index).sort()).toEqual([1, 3, 4])
    expect(hits.every(({ score }) => Number.isFinite(score))).toBe(true)
  })

  test('what the model has read the beginning of says so', async () => {
    const long = `${'word '.repeat(40)}road`
    const just = 'word '.repeat(40)
    const { hits } = await rerank('road', [long, just, PASSAGES[0]!], {}, meansOf())
    expect(hits[0]!.index).toBe(2) // the road of the long one was not read
    expect(hits.filter(({ isCut }) => isCut).map(({ index }) => index)).toEqual([0])
    const huge = `${'word '.repeat(1_000_000)}`
    const start = performance.now()
    const cut = await encodePassages({ ...fakeEncoder(), encodeDocuments: async () => [] }, [
      { headings: [], text: huge },
    ])
    expect([...cut.cut]).toEqual([1])
    expect(performance.now() - start).toBeLessThan(500) // counted to where it is certain, and no further
  })

  test('progress counts texts that differ, and rises to the end', async () => {
    const seen: Progress[] = []
    await rerank('road', [...PASSAGES, ...PASSAGES, ''], { onProgress: (event) => seen.push(event) }, meansOf())
    expect(seen.map(({ loaded }) => loaded)).toEqual([...seen.map(({ loaded }) => loaded)].sort((a, b) => a - b))
    expect(seen.at(-1)).toEqual({ stage: 'encode', loaded: 4, total: 4, unit: 'items' })
    expect(seen[0]).toEqual({ stage: 'encode', loaded: 1, total: 4, unit: 'items' })
  })

  test('an abort is heard between portions', async () => {
    const stop = new AbortController()
    const portions: number[] = []
    const many = Array.from({ length: 20 }, (_, i) => `passage ${i}`)
    const means = meansOf({
      onEncode(texts) {
        portions.push(texts.length)
        if (portions.length === 3) stop.abort()
      },
    })
    await expect(rerank('passage', many, { signal: stop.signal }, means)).rejects.toMatchObject({ code: 'aborted' })
    expect(portions).toHaveLength(3)
    await expect(rerank('x', many, { signal: stop.signal }, means)).rejects.toMatchObject({ code: 'aborted' })
    expect(portions).toHaveLength(3)
  })

  test.each([
    ['a passage that is a number', [1], /passages\[0\] is a number; wanted a text, or \{ text, title, id \}/],
    ['a passage that is null', ['a', null], /passages\[1\] is null/],
    ['an object without text', [{ id: 'x' }], /passages\[0\] is an object without a text/],
    ['a title that is no text', [{ text: 'a', title: 3 }], /passages\[0\]\.title is a number/],
    ['no list', 'a text', /the passages are a string; wanted an array/],
  ])('%s is refused by name', async (_, passages, message) => {
    const given: PassageInput[] = JSON.parse(JSON.stringify(passages)) // as who writes JavaScript may have them
    const failing = expect(rerank('q', given, {}, meansOf())).rejects
    await failing.toMatchObject({ code: 'invalid-argument', message: expect.stringMatching(message) })
  })

  test('options are checked', async () => {
    for (const options of [{ k: 0 }, { k: 1.5 }, { k: Number.NaN }, { topk: 3 }])
      await expect(rerank('q', PASSAGES, options, meansOf())).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

describe('score matrix', () => {
  test('is the reference over all matrices at once, whatever the portions, on each backend', async () => {
    const word = fc.constantFrom('road', 'river', 'cat', 'day', 'over', 'winter', 'sleep', 'x1', 'x2')
    const words = (least: number) => fc.array(word, { minLength: least, maxLength: 12 }).map((list) => list.join(' '))
    const passage = fc.oneof(words(1), fc.record({ title: words(1), text: words(0) }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(words(0), { maxLength: 4 }),
        fc.array(passage, { maxLength: 9 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom<OpsBackend>('wasm', 'reference'),
        async (queries, passages, portion, backend) => {
          const found = await scoreMatrix(queries, passages, {}, meansOf({ portion, backend }))
          const wanted = await referenceScores(queries, passages)
          expect([found.queries, found.passages, found.scores.length]).toEqual([
            queries.length,
            passages.length,
            queries.length * passages.length,
          ])
          found.scores.forEach((score, i) => {
            expect(score).toBeCloseTo(wanted[i]!, 4)
          })
        },
      ),
      { numRuns: 60 },
    )
  })

  test('rows are queries; blank passages are -Infinity, blank queries 0', async () => {
    const { scores, cut } = await scoreMatrix(['road', ' ', 'cat'], [PASSAGES[0]!, '', PASSAGES[1]!], {}, meansOf())
    const row = (q: number) => [...scores.subarray(3 * q, 3 * q + 3)]
    expect(row(0)[0]).toBeGreaterThan(row(0)[2]!)
    expect(row(2)[2]).toBeGreaterThan(row(2)[0]!)
    expect(row(1)).toEqual([0, Number.NEGATIVE_INFINITY, 0])
    expect(row(0)[1]).toBe(Number.NEGATIVE_INFINITY)
    expect(cut).toEqual([])
    const blank = await scoreMatrix([' '], [PASSAGES[0]!, ''], {}, () => Promise.reject(new Error('asked')))
    expect([...blank.scores]).toEqual([0, Number.NEGATIVE_INFINITY])
  })

  test('equal queries are encoded once, cut passages are told by number', async () => {
    let asked = 0
    const encoder = fakeEncoder()
    const encodeQuery = (text: string) => {
      asked++
      return encoder.encodeQuery(text)
    }
    const long = 'word '.repeat(50)
    const { scores, cut } = await scoreMatrix(
      ['a', 'a', 'b'],
      [long, 'a', `${long} b`],
      {},
      meansOf({ encoder: { ...encoder, encodeQuery } }),
    )
    expect(asked).toBe(2)
    expect([...scores.subarray(0, 3)]).toEqual([...scores.subarray(3, 6)])
    expect(cut).toEqual([0, 2])
  })

  test('thousands of passages are scored in parts, none held for long', { timeout: 60_000 }, async () => {
    // 6,000 texts of 40 tokens are 3.8 M values: over what is held at a time.
    const passages = Array.from({ length: 6000 }, (_, i) => `number ${i} ${'filler '.repeat(38)}`)
    const batches: number[] = []
    const means = async () => {
      const ready = await meansOf({ portion: 64 })()
      return {
        ...ready,
        score: (request: Parameters<RerankMeans['score']>[0]) => {
          batches.push(request.passages.offsets.length - 1)
          return ready.score(request)
        },
      }
    }
    const { hits } = await rerank('5123', passages, { k: 1 }, means)
    expect(hits[0]!.index).toBe(5123)
    expect(batches.length).toBeGreaterThan(1)
    expect(batches.reduce((sum, count) => sum + count, 0)).toBe(6000)
  })

  test('queries are checked by number', async () => {
    const queries: string[] = JSON.parse('["a", 3]')
    await expect(scoreMatrix(queries, ['x'], {}, meansOf())).rejects.toThrow('scores: queries[1] is a number')
  })
})

test('a heat map has the cosines that a score is the sum of, and places in the text alone', async () => {
  const encoder = fakeEncoder()
  const query = await encoder.encodeQuery('a road')
  const { text: input, offset } = contextualText(['Roads'], PASSAGES[0]!)
  const [read] = await encoder.encodeDocuments([input])
  const map = heatMapOf(encoder.queryTokens('a road', query), query.matrix, read!.matrix, { ...read!, offset })
  const [score] = await referenceScores(['a road'], [{ title: 'Roads', text: PASSAGES[0]! }])
  expect(map.queryTokens.reduce((sum, { best }) => sum + best, 0)).toBeCloseTo(score!, 4)
  expect(map.queryTokens.map(({ text }) => text)).toEqual(['a', 'road'])
  expect(map.passageTokens[0]).toEqual({ start: -1, end: -1 })
  const texts = map.passageTokens.slice(1).map(({ start, end }) => PASSAGES[0]!.slice(start, end))
  expect(texts).toEqual(['A', 'bridge', 'carries', 'a', 'road', 'over', 'a', 'river'])
  const tokens = map.passageTokens.length
  expect(map.similarities).toHaveLength(2 * tokens)
  expect(map.similarities[tokens + 5]).toBeCloseTo(1, 5) // road and road
})
