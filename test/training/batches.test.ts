/** Which examples a step sees, how texts are packed, and what a query chooses among. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Layout, loadLayouts } from '../../src/encoder/layouts.ts'
import { Batch } from '../../src/training/batches.ts'
import { pack, vectorsAt } from '../../src/training/chunks.ts'
import { Order } from '../../src/training/order.ts'
import type { Example } from '../../src/training/types.ts'
import { tinyFiles } from './support.ts'

const apart = (count: number) => Array.from({ length: count }, (_, i) => ({ positive: `${i}`, negatives: ['no'] }))

describe('order', () => {
  const some = fc.record({
    examples: fc.integer({ min: 1, max: 200 }),
    batchSize: fc.integer({ min: 1, max: 20 }),
    accumulate: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(1000),
  })

  test('each example once an epoch, in batches of nearly one size', () => {
    fc.assert(
      fc.property(some, ({ examples, ...options }) => {
        const order = new Order(apart(examples), { ...options, epochs: 2 })
        for (const epoch of [0, 1]) {
          const steps = Array.from({ length: order.steps / 2 }, (_, i) =>
            order.batchesOf((epoch * order.steps) / 2 + i),
          )
          const seen = steps.flat(2).sort((a, b) => a - b)
          expect(seen).toEqual(Array.from({ length: examples }, (_, i) => i))
          for (const batches of steps) {
            const sizes = batches.map(({ length }) => length)
            expect(batches.length).toBeLessThanOrEqual(options.accumulate)
            expect(Math.max(...sizes)).toBeLessThanOrEqual(options.batchSize)
            expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
          }
        }
      }),
    )
  })

  test('seed and epoch decide it, and nothing else', () => {
    const options = { batchSize: 50, accumulate: 1, epochs: 2, seed: 4 }
    const [a, b] = [new Order(apart(50), options), new Order(apart(50), options)]
    expect(b.batchesOf(1)).toEqual(a.batchesOf(1)) // asked for first there
    expect(a.batchesOf(0)).not.toEqual(a.batchesOf(1))
    expect(a.batchesOf(0)).not.toEqual(new Order(apart(50), { ...options, seed: 5 }).batchesOf(0))
    expect(a.batchesOf(0).flat()).not.toEqual([...a.batchesOf(0).flat()].sort((x, y) => x - y))
  })
})

describe('order of examples that choose among the same texts', () => {
  test('they stand together, wherever they were', () => {
    const texts = Array.from({ length: 40 }, (_, i) => [`with ${i}`, `without ${i}`] as const)
    const examples = [
      ...texts.map(([one, other]) => ({ positive: one, negatives: [other] })),
      ...texts.map(([one, other]) => ({ positive: other, negatives: [one] })),
    ]
    const order = new Order(examples, { batchSize: 8, accumulate: 1, epochs: 1, seed: 3 })
    expect(order.steps).toBe(10)
    const seen = Array.from({ length: 10 }, (_, step) => order.batchesOf(step)[0]!)
    for (const batch of seen) expect(new Set(batch.map((i) => i % 40)).size).toBe(4)
    expect(seen.flat().sort((a, b) => a - b)).toEqual([...examples.keys()])
    expect(seen[0]!.map((i) => i % 40)).not.toEqual([0, 0, 1, 1, 2, 2, 3, 3])
  })

  test('those without negatives do not: a batch of one text has nothing to tell apart', () => {
    const examples = Array.from({ length: 60 }, (_, i) => ({ positive: i % 2 === 0 ? 'same' : `${i}`, negatives: [] }))
    const batches = new Order(examples, { batchSize: 10, accumulate: 1, epochs: 1, seed: 3 })
    for (let step = 0; step < 6; step++) expect(batches.batchesOf(step)[0]!.some((i) => i % 2 === 1)).toBe(true)
  })
})

describe('chunks', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 })
  const layoutOf = (length: number, i: number): Layout => ({
    ids: new Int32Array(length).fill(i + 1),
    attention: new Int32Array(length).fill(1),
    rows: Int32Array.from({ length }, (_, row) => row),
    kept: { tokenIds: new Int32Array(0), starts: new Int32Array(0), ends: new Int32Array(0) },
  })

  test('each text stands whole in its place, attended to where it has tokens', () => {
    fc.assert(
      fc.property(lengths, (sizes) => {
        const { chunks, places } = pack(sizes.map(layoutOf), 300)
        const taken = new Set(places.map(({ chunk, row }) => `${chunk} ${row}`))
        expect(taken.size).toBe(sizes.length)
        for (const [i, length] of sizes.entries()) {
          const { chunk, row } = places[i]!
          const { tokens, ids, bias } = chunks[chunk]!
          expect(tokens).toBeGreaterThanOrEqual(length)
          expect([...ids.subarray(row * tokens, (row + 1) * tokens)].filter((id) => id === i + 1).length).toBe(length)
          const attended = [...bias.subarray(row * tokens, (row + 1) * tokens)].filter((value) => value === 0)
          expect(attended.length).toBe(length)
        }
      }),
    )
  })

  test('few shapes, and little padding', () => {
    const sizes = Array.from({ length: 500 }, (_, i) => 10 + ((i * 37) % 240))
    const { chunks } = pack(sizes.map(layoutOf), 512)
    expect(new Set(chunks.map(({ texts, tokens }) => `${texts} ${tokens}`)).size).toBeLessThanOrEqual(9)
    const places = chunks.reduce((sum, { texts, tokens }) => sum + texts * tokens, 0)
    expect(places / sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1.25)
  })

  test('vectors of a text are those of its row', () => {
    const packed = pack([layoutOf(3, 0), layoutOf(9, 1)], 512)
    const encoded = packed.chunks.map((chunk) => ({
      chunk,
      inputs: [],
      vectors: {
        shape: [chunk.texts * chunk.tokens, 2],
        data: Float32Array.from({ length: 2 * chunk.ids.length }, (_, i) => chunk.ids[i >> 1]!),
      },
    }))
    expect([...vectorsAt(encoded, packed.places[0]!)].slice(0, 7)).toEqual([1, 1, 1, 1, 1, 1, 0])
    expect([...vectorsAt(encoded, packed.places[1]!)].slice(16, 19)).toEqual([2, 2, 0])
  })
})

describe('what a query chooses among', () => {
  const examples: readonly Example[] = [
    { query: 'a', positive: 'one', negatives: ['shared'] },
    { query: 'b', positive: 'two', negatives: ['shared'] },
    { query: 'a', positive: 'three', negatives: ['one more'] }, // the same question with another answer
    { query: 'c', positive: 'one', negatives: ['else'] }, // the same answer to another question
  ]

  test('contrastive: all texts of the batch, but no other answer to the same question', async () => {
    const batch = new Batch(examples, await loadLayouts(tinyFiles()), 'contrastive', 512)
    const { among, wanted } = batch.choice
    const rows = (tensor: typeof among) =>
      examples.map((_, b) => [...tensor.data.subarray(b * tensor.shape[1]!, (b + 1) * tensor.shape[1]!)].join(''))
    // Columns: one, shared, two, three, one more, else; then what fills up to 8.
    expect(rows(among)).toEqual(['11101100', '11111100', '01111100', '11111100'])
    expect(rows(wanted)).toEqual(['10000000', '00100000', '00010000', '10000000'])
  })

  test('distillation: its own texts, by the teacher', async () => {
    const taught = examples.slice(0, 2).map((example, i) => ({ ...example, scores: [Math.log(3 + i), 0] }))
    const { among, wanted, wantedLog } = new Batch(taught, await loadLayouts(tinyFiles()), 'distillation', 512).choice
    expect([...among.data.subarray(0, 4), ...among.data.subarray(8, 12)]).toEqual([1, 1, 0, 0, 0, 1, 1, 0])
    expect(wanted.data[0]).toBeCloseTo(0.75, 6)
    expect(wanted.data[8 + 2]).toBeCloseTo(0.8, 6)
    expect(wantedLog.data[8 + 1]).toBeCloseTo(Math.log(0.2), 6)
  })
})
