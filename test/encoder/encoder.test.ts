/** The encoder as its callers use it, on small real models in Node: batches, odd texts, abort, closing. */
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { planBatches } from '../../src/encoder/batches.ts'
import type { Encoder } from '../../src/encoder/encoder.ts'
import { loadEncoder } from '../../src/encoder/load.ts'
import { folderFiles } from '../../src/node/modelFiles.ts'
import { nodeRuntime } from '../../src/node/session.ts'
import type { EncodedText, EncoderBackend } from '../../src/types.ts'

const open = (name: string, backend: EncoderBackend): Promise<Encoder> =>
  loadEncoder({
    files: folderFiles(fileURLToPath(new URL(`../fixtures/golden/${name}`, import.meta.url))),
    inference: { ...nodeRuntime({ threads: 1 }), backends: [backend] },
  })

const encoders = await Promise.all(
  ['bert-expansion', 'bert-no-expansion', 'modernbert'].map((name) => open(name, 'node')),
)
const [bert, , modernbert] = encoders as [Encoder, Encoder, Encoder]
afterAll(() => Promise.all(encoders.map((encoder) => encoder.close())))

const WORDS = 'search by meaning in the browser; useRef() keeps a value, 42 times'.split(' ')
const textOf = (words: number, seed: number): string =>
  Array.from({ length: words }, (_, i) => WORDS[(i * 7 + seed) % WORDS.length]).join(' ')
const largestDifference = (a: EncodedText, b: EncodedText): number =>
  Math.max(0, ...a.matrix.data.map((value, i) => Math.abs(value - (b.matrix.data[i] ?? Number.NaN))))

describe('batches', () => {
  const texts = Array.from({ length: 70 }, (_, i) => textOf([1, 40, 3, 200, 12][i % 5] ?? 0, i))
  /** The encodings of some texts: alone, and with all others in two orders. */
  async function* compared(encoder: Encoder) {
    const together = await encoder.encodeDocuments(texts)
    const reversed = (await encoder.encodeDocuments(texts.toReversed())).toReversed()
    for (const i of [0, 1, 2, 3, 4, 33, 69]) {
      const [alone] = await encoder.encodeDocuments([texts[i] ?? ''])
      for (const other of [together[i], reversed[i]]) {
        if (alone === undefined || other === undefined) throw new Error('a text without a result')
        yield { alone, other, which: `${encoder.model.name}, text ${i}` }
      }
    }
  }

  test('what a text is encoded with does not matter, to the bit', async () => {
    for (const encoder of [bert, modernbert])
      for await (const { alone, other, which } of compared(encoder)) expect(other, which).toEqual(alone)
  })

  test('nor where texts are batched, in a graph that bears padding and in one that does not', async () => {
    // As on WebGPU, but for the runtime.
    for (const name of ['bert-expansion', 'modernbert']) {
      const encoder = await open(name, 'webgpu')
      for await (const { alone, other, which } of compared(encoder)) {
        expect(other.tokenIds).toEqual(alone.tokenIds)
        expect(other.matrix.rows).toBe(alone.matrix.rows)
        // f32 sums in another order: 1e-6 is ten times the rounding of a unit vector's numbers.
        expect(largestDifference(alone, other), which).toBeLessThan(1e-6)
      }
      await encoder.close()
    }
  })

  test('rows are unit vectors', async () => {
    const { data, rows, dim } = (await bert.encodeQuery('a query')).matrix
    expect(dim).toBe(bert.model.dim)
    for (let row = 0; row < rows; row++)
      expect(Math.hypot(...data.subarray(row * dim, (row + 1) * dim))).toBeCloseTo(1, 6)
  })

  test('progress counts up to all texts; none is fine', async () => {
    const done: number[] = []
    await bert.encodeDocuments(
      Array.from({ length: 300 }, (_, i) => textOf(3, i)),
      { onDone: (count) => done.push(count) },
    )
    expect(done.at(-1)).toBe(300)
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect(await bert.encodeDocuments([])).toEqual([])
  })

  test('an abort is heard between batches', async () => {
    const controller = new AbortController()
    const texts = Array.from({ length: 600 }, (_, i) => textOf(60, i))
    let last = 0
    const encoding = bert.encodeDocuments(texts, {
      signal: controller.signal,
      onDone: (count) => {
        last = count
        if (count > 100) controller.abort()
      },
    })
    await expect(encoding).rejects.toMatchObject({ code: 'aborted' })
    expect(last).toBeLessThan(300)
    await expect(bert.encodeQuery('x', { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' })
  })

  test.each<[number[], boolean, number[][]]>([
    [[], true, []],
    [[5], true, [[0]]],
    [
      [2, 9, 9, 3],
      true,
      [
        [1, 2],
        [3, 0],
      ],
    ], // 3 · 9 > 20
    [[2, 9, 9, 3], false, [[1, 2], [3], [0]]],
    [[50, 1], true, [[0], [1]]], // over the budget: alone
    [[1, 1, 1, 1, 1], true, [[0, 1, 2, 3], [4]]],
  ])('lengths %j, padding %s', (lengths, allowPadding, wanted) => {
    expect(planBatches(lengths, { tokens: 20, texts: 4 }, allowPadding)).toEqual(wanted)
  })
})

describe('odd texts', () => {
  const odd: [string, string][] = [
    ['empty', ''],
    ['spaces', ' \n\t '],
    ['10,000 characters', textOf(2000, 0).slice(0, 10_000)],
    ['10,000 characters without a space', 'x'.repeat(10_000)],
    ['punctuation', '?!.,;:()[]{}'],
    ['emoji', '😀👩‍👩‍👧🏳️‍🌈'],
    ['Chinese', '如何安装'],
    ['Arabic', 'كيف أثبت'],
    ['half a surrogate pair', 'a\ud83d b'],
    ['control characters', '\u0000\u0007\u200b'],
  ]
  test.each(odd)('%s', async (_, text) => {
    for (const encoder of encoders) {
      const query = await encoder.encodeQuery(text)
      const [document] = await encoder.encodeDocuments([text])
      for (const encoded of [query, document]) {
        if (encoded === undefined) throw new Error('a text without a result')
        const { matrix, tokenIds, starts, ends } = encoded
        expect(matrix.rows).toBeGreaterThan(1) // [CLS] and the marker at least
        expect(matrix.rows).toBeLessThanOrEqual(Math.max(encoder.model.queryLength, encoder.model.documentLength))
        expect(matrix.data.every(Number.isFinite)).toBe(true)
        expect([matrix.data.length, tokenIds.length, starts.length, ends.length]).toEqual([
          matrix.rows * matrix.dim,
          ...Array(3).fill(matrix.rows),
        ])
        expect(ends.every((end, i) => (end === -1 ? starts[i] === -1 : end <= text.length))).toBe(true)
      }
      expect(encoder.countTokens(text)).toBeGreaterThanOrEqual(0)
    }
  })

  test('what is not a string is refused', async () => {
    const wrong: unknown = 5
    await expect(bert.encodeQuery(wrong as string)).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

test('a layout has the ids and ranges of the encoding', async () => {
  const text = 'Read the manual, then use useRef().'
  const [encoded] = await bert.encodeDocuments([text])
  const { matrix, ...rest } = encoded ?? (await bert.encodeQuery(text))
  expect(bert.layoutDocument(text)).toEqual(rest)
  expect(matrix.rows).toBe(rest.tokenIds.length)
})

test('a text of exactly the tokens that fit is not cut, one more is', () => {
  const fits = 'a '.repeat(bert.documentTokens)
  expect(bert.countTokens(fits)).toBe(bert.documentTokens)
  expect(bert.layoutDocument(fits).tokenIds.length).toBe(bert.model.documentLength)
  expect(bert.layoutDocument(`${fits}a`).tokenIds.length).toBe(bert.model.documentLength)
})

test('after close every call says so', async () => {
  const encoder = await open('bert-expansion', 'node')
  await encoder.close()
  await encoder.close()
  await expect(encoder.encodeQuery('x')).rejects.toMatchObject({ code: 'closed' })
})
