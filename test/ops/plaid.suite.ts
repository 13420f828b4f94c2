/**
 * One test body for two-stage search, run over every backend. Search is integers, so nothing is near: ids, order, scores,
 * positions and similarities are the oracle's, or the backend is wrong. `assignCentroids` is floating point, and is held
 * to the bound that its sums explain.
 */
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LoadedPlaid, Ops, PlaidHits, PlaidIndex, PlaidSearchOptions, QueryBatch } from '../../src/ops/ops.ts'
import { ReferencePlaid } from '../../src/ops/plaidReference.ts'
import { bitsetOf } from '../../src/plaid/search.ts'
import { batchOf, randomQueries, randomVectors, seeded } from './data.ts'
import { anyLoadedSearch, type IndexShape, randomIndex } from './plaidData.ts'

export interface PlaidSuiteOptions {
  /** Fewer random searches, where each takes a second. */
  readonly slow?: boolean
  /** Limits are lowered: what needs a large binding is left out. */
  readonly inPieces?: boolean
}

export function plaidSuite(
  name: string,
  createOps: () => Promise<Ops>,
  { slow = false, inPieces = false }: PlaidSuiteOptions = {},
): void {
  describe(name, () => {
    let ops: Ops
    beforeAll(async () => {
      ops = await createOps()
    })
    afterAll(() => ops.close())

    const searched = async (index: PlaidIndex, queries: QueryBatch, options: PlaidSearchOptions) => {
      const loaded = await ops.loadPlaid(index)
      try {
        return (await ops.searchPlaid(queries, loaded, options)).hits
      } finally {
        loaded.release()
      }
    }
    const agrees = async (index: PlaidIndex, queries: QueryBatch, options: PlaidSearchOptions) => {
      const got = await searched(index, queries, options)
      const reference = new ReferencePlaid(index)
      const want = Array.from({ length: queries.offsets.length - 1 }, (_, b) => reference.search(queries, b, options))
      // Asked for nothing, some score and some do not.
      const compared = (hits: PlaidHits) => ({ ...told(hits), ...(options.k === 0 && { scored: 0 }) })
      expect(got.map(compared)).toEqual(want.map(compared))
    }

    test('an example worked by hand', async () => {
      // c8 = (127, 0), (0, 127); w8 = -10, 10 at shift 0, 1 bit; two dimensions need a byte of 8: six zeros more.
      const zeros = [0, 0, 0, 0, 0, 0]
      const index: PlaidIndex = {
        codec: {
          dim: 8,
          bits: 1,
          shift: 0,
          centroids: Int8Array.from([127, 0, ...zeros, 0, 127, ...zeros]),
          weights: Int8Array.from([0, 10]),
        },
        // Passage 0: (137, 10, 0…); passage 1 is empty; passage 2: (0, 127), then (10, 137).
        parts: [
          {
            codes: Uint16Array.from([0, 1, 1]),
            residuals: Uint8Array.from([0b11000000, 0, 0b11000000]),
            offsets: Uint32Array.from([0, 1, 1, 3]),
          },
        ],
      }
      const queries = batchOf([[[0, 1, ...zeros]]], 8)
      const [hits] = await searched(index, queries, { k: 5, candidates: 5, matches: true })
      // ‖(137, 10)‖² = 18,869: inv = round(2^22 / 137.36) = 30,534. q8 = (0, 127).
      //   passage 0: t = 1,270, v = floor(1,270 · 30,534 / 65,536) = 591
      //   passage 2: t = 16,129, inv = round(2^22 / 127) = 33,026, v = floor(8,127.98) = 8,127; t = 17,399, v = 8,106
      expect(told(hits!)).toEqual({
        ids: [2, 0],
        scores: [8127, 591],
        positions: [0, 0],
        similarities: [8127, 591],
        scale: 1 / (64 * 127),
        scored: 2,
      })
    })

    const base: IndexShape = { dim: 32, bits: 2, centroids: 9, parts: [[3, 0, 5, 1, 12, 7, 0]] }
    const sizes: [string, IndexShape, number[]][] = [
      ['no passages', { ...base, parts: [[]] }, [3]],
      ['no parts', { ...base, parts: [] }, [3]],
      ['only empty passages', { ...base, parts: [[0, 0, 0]] }, [3]],
      ['one passage', { ...base, parts: [[9]] }, [3]],
      ['one token', { ...base, parts: [[1]] }, [1]],
      ['one centroid', { ...base, centroids: 1 }, [5]],
      ['a query of no tokens', base, [0]],
      ['queries of many lengths', base, [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65]],
      ['a query of 256 tokens', base, [256]],
      ['several parts', { ...base, parts: [[3, 4], [], [5, 0], [1, 1, 1]] }, [8]],
      ['codes of four bytes', { ...base, wideCodes: true }, [8]],
      ['centroids around tiles', { ...base, centroids: 65 }, [8]],
      ['passages around tiles of tokens', { ...base, parts: [[3, 4, 5, 63, 64, 65, 127, 128, 129]] }, [9]],
      ['a long passage', { ...base, parts: [[2, 700, 2]] }, [33]],
      ['the largest dim', { ...base, dim: 256, bits: 4 }, [33]],
      ['extreme values', { ...base, dim: 256, bits: 8, extreme: true, shift: 3 }, [64]],
      ['the longest query', { ...base, dim: 256, bits: 1, extreme: true, shift: 3, parts: [[3, 0, 5]] }, [1024]],
      ['many passages', { ...base, parts: [Array.from({ length: 700 }, (_, i) => i % 4)] }, [4]],
      ...([0, 1, 2, 4, 8] as const).flatMap((bits): [string, IndexShape, number[]][] =>
        [8, 40, 48, 72, 96, 128].map((dim) => [`${bits} bits, dim ${dim}`, { ...base, dim, bits }, [10]]),
      ),
      ['8 bits, an odd dim', { ...base, dim: 33, bits: 8 }, [10]],
      ['no residuals, an odd dim', { ...base, dim: 33, bits: 0 }, [10]],
      ['no residuals, one token', { ...base, bits: 0, parts: [[1]] }, [1]],
      ['no residuals, several parts', { ...base, bits: 0, parts: [[3, 4], [], [5, 0], [1, 1, 1]] }, [8]],
      ['no residuals, codes of four bytes', { ...base, bits: 0, wideCodes: true, centroids: 65 }, [8]],
      ['no residuals, extreme values', { ...base, dim: 256, bits: 0, extreme: true }, [64]],
    ]
    const large: typeof sizes = [
      ['the longest passage', { ...base, dim: 8, parts: [[5, 65_535, 3]] }, [3]],
      ['more centroids than two bytes count', { ...base, dim: 8, centroids: 70_000, wideCodes: true }, [5]],
      ['that many, and no residuals', { ...base, dim: 8, bits: 0, centroids: 70_000, wideCodes: true }, [5]],
    ]
    test.each([...sizes, ...(inPieces ? [] : large)])('%s', async (_, shape, rows) => {
      const index = randomIndex(shape)
      const queries = randomQueries(seeded(7), rows, shape.dim)
      await agrees(index, queries, { k: 4, candidates: 5, matches: true })
      await agrees(index, queries, { k: 1000, candidates: Infinity })
    })

    test('equal passages: the lower id first; equal tokens: the first', async () => {
      const one = randomIndex({ ...base, parts: [[6]] })
      const copies = { codec: one.codec, parts: Array.from({ length: 40 }, () => one.parts[0]!) }
      const queries = randomQueries(seeded(3), [5], 32)
      const [hits] = await searched(copies, queries, { k: 7, candidates: 9 })
      expect([...hits!.ids]).toEqual([0, 1, 2, 3, 4, 5, 6])
      const twice = { ...one.parts[0]!, offsets: Uint32Array.of(0, 6) }
      const repeated = {
        codec: one.codec,
        parts: [
          {
            codes: Uint16Array.from([...twice.codes, ...twice.codes]),
            residuals: Uint8Array.from([...twice.residuals, ...twice.residuals]),
            offsets: Uint32Array.of(0, 12),
          },
        ],
      }
      const [found] = await searched(repeated, queries, { k: 1, candidates: 1, matches: true })
      expect(Math.max(...found!.positions!)).toBeLessThan(6)
    })

    test('without residuals hits are those of residuals that say nothing', async () => {
      const silent = randomIndex({ ...base, bits: 1, shift: 0 })
      const { codec, parts } = { ...silent, codec: { ...silent.codec, weights: new Int8Array(2) } }
      const bare: PlaidIndex = {
        codec: { ...codec, bits: 0, weights: new Int8Array(1) },
        parts: parts.map((part) => ({ ...part, residuals: new Uint8Array() })),
      }
      const queries = randomQueries(seeded(9), [12, 5], base.dim)
      const options = { k: 4, candidates: 6, matches: true }
      const [want, got] = [await searched({ codec, parts }, queries, options), await searched(bare, queries, options)]
      expect(got.map(told)).toEqual(want.map(told))
    })

    test('lists longer than what is selected at once, full of ties', async () => {
      const index = randomIndex({
        dim: 8,
        bits: 2,
        centroids: 3,
        parts: [Array.from({ length: 4500 }, (_, i) => i % 3)],
      })
      const queries = randomQueries(seeded(2), [2], 8)
      for (const k of [10, 2500]) await agrees(index, queries, { k, candidates: k + 100 })
    })

    test('budgets: none, less than k, all', async () => {
      const index = randomIndex({ ...base, parts: [Array.from({ length: 90 }, (_, i) => (i * 7) % 13)] })
      const queries = randomQueries(seeded(5), [8, 3], 32)
      for (const [k, candidates] of [
        [0, 0],
        [0, 10],
        [5, 0],
        [20, 3],
        [3, 20],
        [10, Infinity],
        [1000, 0],
      ] as const) {
        await agrees(index, queries, { k, candidates, matches: true })
      }
    })

    test('a filter leaves k hits where k exist', async () => {
      const lengths = Array.from({ length: 100 }, (_, i) => i % 5)
      const index = randomIndex({ ...base, parts: [lengths.slice(0, 37), lengths.slice(37)] })
      const queries = randomQueries(seeded(5), [8], 32)
      for (const ids of [[], [3], [0, 5, 99], [1, 2, 3, 31, 32, 33, 63, 64, 65, 96, 97, 98]]) {
        const options = { k: 4, candidates: 4, filter: bitsetOf(ids, 100) }
        await agrees(index, queries, options)
        const [hits] = await searched(index, queries, options)
        expect(hits!.ids.length).toBe(Math.min(4, ids.filter((id) => lengths[id]! > 0).length))
      }
    })

    test('any search gives what the reference gives', { timeout: 300_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(anyLoadedSearch, async ({ index, queries, ...options }) => {
          await agrees(index, queries, { ...options, matches: true })
        }),
        { numRuns: slow ? 15 : 120, seed: 11 },
      )
    })

    describe('assignCentroids', () => {
      test.each([
        [0, 1, 4],
        [1, 1, 1],
        [7, 3, 5],
        [8, 4, 16],
        [65, 63, 33],
        [130, 65, 64],
        [33, 257, 128],
      ])('%i tokens, %i centroids, dim %i', async (tokens, centroids, dim) => {
        const random = seeded(tokens + centroids)
        const [x, c] = [randomVectors(random, tokens * dim), randomVectors(random, centroids * dim)]
        const got = await ops.assignCentroids(x, c, dim)
        expect(got.length).toBe(tokens)
        for (let t = 0; t < tokens; t++) {
          const dots = Array.from({ length: centroids }, (_, i) => dot(x, t, c, i, dim))
          // Two sums of dim products of values below 1 differ from the exact ones by at most dim² roundings each.
          expect(dots[got[t]!]).toBeGreaterThanOrEqual(Math.max(...dots) - 2 * dim * dim * 2 ** -24)
        }
      })

      test('equal centroids: the first', async () => {
        const row = randomVectors(seeded(1), 16)
        const got = await ops.assignCentroids(row, Float32Array.from([...row.map((x) => -x), ...row, ...row]), 16)
        expect([...got]).toEqual([1])
      })

      test('no centroids, rows that do not fit, an abort', async () => {
        const row = new Float32Array(4)
        await expect(ops.assignCentroids(row, new Float32Array(), 4)).rejects.toMatchObject({
          code: 'invalid-argument',
        })
        await expect(ops.assignCentroids(row, row, 3)).rejects.toMatchObject({ code: 'invalid-argument' })
        const signal = AbortSignal.abort()
        await expect(ops.assignCentroids(row, row, 4, { signal })).rejects.toMatchObject({ code: 'aborted' })
      })
    })

    describe('bad input', () => {
      const good = randomIndex(base)
      const bare = randomIndex({ ...base, bits: 0 })
      const [part] = good.parts
      const withPart = (change: object): PlaidIndex => ({ ...good, parts: [{ ...part!, ...change }] })
      const withCodec = (change: object): PlaidIndex => ({ ...good, codec: { ...good.codec, ...change } })
      test.each<[string, PlaidIndex, RegExp]>([
        [
          'a code past the centroids',
          withPart({ codes: part!.codes.map(() => 9) }),
          /code of token 0 of part 0: got 9/,
        ],
        ['too few residual bytes', withPart({ residuals: part!.residuals.slice(1) }), /residuals of part 0: got 223/],
        ['offsets that fall', withPart({ offsets: Uint32Array.of(0, 28, 3, 28) }), /offsets\[2\] of part 0: got 3/],
        ['offsets that end early', withPart({ offsets: Uint32Array.of(0, 3) }), /last offset of part 0: got 3/],
        ['offsets that start late', withPart({ offsets: Uint32Array.of(1, 28) }), /offsets\[0\] of part 0: got 1/],
        ['a value of -128', withCodec({ centroids: new Int8Array(9 * 32).fill(-128) }), /got -128/],
        ['too many dimensions', withCodec({ dim: 264 }), /dim of the index: got 264/],
        ['a strange number of bits', withCodec({ bits: 3 }), /bits of the index: got 3/],
        ['too few weights', withCodec({ weights: new Int8Array(3) }), /weights: got 3 values/],
        ['a dim that the bits do not fill', withCodec({ dim: 33 }), /dim times bits/],
        ['a shift past three', withCodec({ shift: 4 }), /shift: got 4/],
        ['residuals of no bits', { ...good, codec: bare.codec }, /residuals of part 0: got 224 bytes, wanted 0/],
        ['a shift without residuals', { ...bare, codec: { ...bare.codec, shift: 1 } }, /shift: got 1, wanted 0 where/],
        [
          'a weight without residuals',
          { ...bare, codec: { ...bare.codec, weights: Int8Array.of(3) } },
          /weights: got 3, wanted 0 where/,
        ],
      ])('%s is refused', async (_, index, message) => {
        await expect(ops.loadPlaid(index)).rejects.toMatchObject({ code: 'invalid-argument', message })
      })

      test('queries, budgets and filters that do not fit', async () => {
        const loaded = await ops.loadPlaid(good)
        const search = (rows: number, options: Partial<PlaidSearchOptions>, dim = 32) =>
          ops.searchPlaid(randomQueries(seeded(1), [rows], dim), loaded, { k: 1, candidates: 1, ...options })
        const refused = (message: RegExp) => ({ code: 'invalid-argument', message: expect.stringMatching(message) })
        await expect(search(1, {}, 16)).rejects.toMatchObject(refused(/dim of the queries: got 16/))
        await expect(search(1025, {})).rejects.toMatchObject(refused(/tokens of query 0: got 1025/))
        const many = await ops.loadPlaid(randomIndex({ ...base, dim: 8, parts: [new Array<number>(17_000).fill(1)] }))
        const all = { k: 17_000, candidates: 0, matches: true }
        await expect(ops.searchPlaid(randomQueries(seeded(1), [1024], 8), many, all)).rejects.toMatchObject(
          refused(/matches: got 17000 hits of 1024 tokens/),
        )
        many.release()
        await expect(search(1, { k: -1 })).rejects.toMatchObject(refused(/k: got -1/))
        await expect(search(1, { candidates: 0.5 })).rejects.toMatchObject(refused(/candidates: got 0.5/))
        await expect(search(1, { filter: new Uint32Array(2) })).rejects.toMatchObject(refused(/filter: got 2 words/))
        const nan = { ...randomQueries(seeded(1), [1], 32), vectors: new Float32Array(32).fill(Number.NaN) }
        await expect(ops.searchPlaid(nan, loaded, { k: 1, candidates: 1 })).rejects.toMatchObject(refused(/finite/))
        loaded.release()
      })

      test('what was released, comes from elsewhere, or was aborted', async () => {
        const queries = randomQueries(seeded(1), [1], 32)
        const options = { k: 1, candidates: 1 }
        const loaded = await ops.loadPlaid(good)
        const signal = AbortSignal.abort()
        await expect(ops.searchPlaid(queries, loaded, { ...options, signal })).rejects.toMatchObject({
          code: 'aborted',
        })
        loaded.release()
        await expect(ops.searchPlaid(queries, loaded, options)).rejects.toMatchObject({ code: 'closed' })
        const stranger: LoadedPlaid = { ...loaded }
        await expect(ops.searchPlaid(queries, stranger, options)).rejects.toMatchObject({ code: 'invalid-argument' })
        const others = await createOps()
        others.close()
        await expect(others.loadPlaid(good)).rejects.toMatchObject({ code: 'closed' })
      })
    })
  })
}

/** A hit list as plain arrays, which compare in one go and print well. */
function told({ ids, scores, positions, similarities, scale, scored }: PlaidHits) {
  return {
    ids: [...ids],
    scores: [...scores],
    positions: positions && [...positions],
    similarities: similarities && [...similarities],
    scale,
    scored,
  }
}

function dot(x: Float32Array, t: number, c: Float32Array, i: number, dim: number): number {
  let sum = 0
  for (let e = 0; e < dim; e++) sum += x[t * dim + e]! * c[i * dim + e]!
  return sum
}
