/** Several indexes as one: cut filters, counted ids, one ranking. */
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createOps } from '../../src/ops/create.ts'
import { toHalves } from '../../src/ops/half.ts'
import type { StageTimes } from '../../src/ops/ops.ts'
import { writeRows } from '../../src/plaid/rows.ts'
import { bitsetOf, type IndexReader, openPlaid, openRows, type Ranking } from '../../src/plaid/search.ts'
import { joinReaders, sliceBits } from '../../src/plaid/several.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { OpsBackend } from '../../src/types.ts'
import { seeded } from '../ops/data.ts'
import { built, unitMatrix } from './segments.ts'

const ops = await createOps({ backend: 'wasm' })
afterAll(() => ops.close())
const assign = ops.assignCentroids.bind(ops)

test('a slice of bits is what a loop over bits gives', () =>
  fc.assert(
    fc.property(fc.uint32Array({ maxLength: 8 }), fc.nat({ max: 260 }), fc.nat({ max: 200 }), (words, from, count) => {
      const want = new Uint32Array(Math.ceil(count / 32))
      for (let i = 0; i < count; i++) {
        const bit = ((words[(from + i) >> 5] ?? 0) >> ((from + i) & 31)) & 1
        want[i >> 5]! |= bit << (i & 31)
      }
      expect(sliceBits(words, from, count)).toEqual(want)
    }),
    { numRuns: 2000 },
  ))

/** Passages of four clearly different directions, so that equal ones tie. */
const passageOf = (seed: number) => unitMatrix(4 + (seed % 3), 16, 1 + (seed % 4))

async function fresh(seeds: readonly number[]): Promise<IndexReader> {
  const store = memoryStore()
  const header = await writeRows(
    store,
    16,
    seeds.map((seed) => toHalves(passageOf(seed).data)),
  )
  return openRows([{ source: store, header }], 16, ops)
}

test('fresh segments joined are one fresh segment, ties and filters included', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat({ max: 11 }), { maxLength: 40 }), { maxLength: 4 }),
      fc.integer({ min: 0, max: 50 }),
      fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      fc.integer({ min: 1, max: 1000 }),
      async (segments, k, share, seed) => {
        const all = segments.flat()
        const one = await fresh(all)
        const joined = joinReaders(await Promise.all(segments.map(fresh)), 16)
        expect([joined.passages, joined.tokens]).toEqual([one.passages, one.tokens])
        const random = seeded(seed)
        const filter =
          share === null
            ? undefined
            : bitsetOf(
                [...all.keys()].filter(() => random() < share),
                all.length,
              )
        const options = { k, matches: true, ...(filter && { filter }) }
        const query = unitMatrix(5, 16, seed)
        expect((await joined.search(query, options)).passages).toEqual((await one.search(query, options)).passages)
        joined.close()
        one.close()
      },
    ),
    { numRuns: 60 },
  ))

test('compressed and fresh segments in one ranking: each finds its own', async () => {
  const passages = Array.from({ length: 50 }, (_, p) => unitMatrix(12, 16, p + 1))
  const { store, header } = await built(passages.slice(0, 33), { dim: 16, bits: 8, assign })
  const rows = await writeRows(
    store,
    16,
    passages.slice(33).map(({ data }) => toHalves(data)),
  )
  const readers = [await openPlaid(store, header, ops), await openRows([{ source: store, header: rows }], 16, ops)]
  const joined = joinReaders(readers, 16)
  expect(joined.bytes).toBe(readers[0]!.bytes + readers[1]!.bytes)
  for (const [id, passage] of passages.entries()) {
    const { passages: found, backend, elapsedMs } = await joined.search(passage, { k: 2 })
    expect(found[0]!.id).toBe(id)
    expect(found[0]!.score).toBeGreaterThan(0.97 * passage.rows)
    expect(backend).toBe('wasm')
    expect(elapsedMs.total).toBeGreaterThan(0)
  }
  joined.close()
  await expect(readers[0]!.search(passages[0]!, { k: 1 })).rejects.toMatchObject({ code: 'closed' })
})

test('approximate if any part is', async () => {
  const { store, header } = await built([unitMatrix(9, 16, 1)], { dim: 16, assign })
  const [full, codes] = [
    await openPlaid(store, header, ops),
    await openPlaid(store, header, ops, { residuals: 'none' }),
  ]
  expect(joinReaders([full, full], 16).precision).toBe('full')
  expect(joinReaders([full, codes], 16).precision).toBe('approximate')
  full.close()
  codes.close()
})

describe('readers that tell what they are asked', () => {
  const told = (passages: number, elapsedMs: StageTimes, backend: OpsBackend = 'webgpu') => {
    const asked: Parameters<IndexReader['search']>[1][] = []
    const reader: IndexReader = {
      dim: 4,
      passages,
      tokens: passages,
      bytes: 7,
      precision: 'full',
      async search(_, options): Promise<Ranking> {
        asked.push(options)
        return {
          passages: [],
          elapsedMs,
          backend,
          counts: { centroids: 5, scanned: passages, scored: 2, allowed: passages },
        }
      },
      close() {},
    }
    return { reader, asked }
  }
  const query = unitMatrix(1, 4, 1)

  test('times are summed where all tell them; the backend is the slowest', async () => {
    const parts = [
      told(3, { centroids: 1, scan: 2, total: 5 }),
      told(3, { scan: 4, total: 6 }, 'wasm'),
      told(3, { centroids: 1, scan: 8, total: 20 }),
    ]
    const joined = joinReaders(
      parts.map(({ reader }) => reader),
      4,
    )
    const signal = new AbortController().signal
    const found = await joined.search(query, { k: 2, candidates: 9, matches: true, signal })
    const counts = { centroids: 15, scanned: 9, scored: 6, allowed: 9 }
    expect(found).toEqual({ passages: [], elapsedMs: { scan: 14, total: 31 }, backend: 'wasm', counts })
    for (const { asked } of parts) expect(asked).toEqual([{ k: 2, candidates: 9, matches: true, signal }])
  })

  test('those in which nothing may be found are not asked, but for the last where all are such', async () => {
    const parts = [told(3, { total: 1 }), told(40, { total: 1 }), told(2, { total: 1 })]
    const joined = joinReaders(
      parts.map(({ reader }) => reader),
      4,
    )
    await joined.search(query, { k: 1, filter: bitsetOf([5, 42], 45) })
    expect(parts.map(({ asked }) => asked)).toEqual([[], [{ k: 1, filter: bitsetOf([2, 39], 40) }], []])
    await joined.search(query, { k: 1, filter: bitsetOf([], 45) })
    expect(parts.map(({ asked }) => asked.length)).toEqual([0, 1, 1])
  })
})

describe('edges', () => {
  test('no readers: nothing is found', async () => {
    const none = joinReaders([], 16)
    expect(none).toMatchObject({ dim: 16, passages: 0, tokens: 0, bytes: 0, precision: 'full' })
    const ranking = await none.search(unitMatrix(3, 16, 1), { k: 5 })
    const counts = { centroids: 0, scanned: 0, scored: 0, allowed: 0 }
    expect(ranking).toEqual({ passages: [], elapsedMs: { total: 0 }, backend: 'reference', counts })
    await none.search(unitMatrix(3, 16, 1), { k: 5, filter: new Uint32Array() })
    none.close()
  })

  test('readers, queries and filters that do not fit', async () => {
    const reader = await fresh([1, 2, 3])
    expect(() => joinReaders([reader], 8)).toThrow(/Index 0 has 16 dimensions, wanted 8/)
    const joined = joinReaders([reader], 16)
    await expect(joined.search(unitMatrix(1, 8, 1), { k: 1 })).rejects.toThrow(/dim of the queries: got 8/)
    const query = unitMatrix(1, 16, 1)
    await expect(joined.search(query, { k: 1, filter: new Uint32Array(2) })).rejects.toThrow(
      /filter: got 2 words, wanted 1/,
    )
    await expect(joined.search(query, { k: -1, filter: bitsetOf([], 3) })).rejects.toThrow(/k: got -1/)
    reader.close()
  })
})
