/**
 * What every implementation of Ops has to do, as one test body: maxSim.test.ts and maxSim.browser.test.ts run it on all.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toHalves } from '../../src/ops/half.ts'
import { NO_POSITION, type Ops, type PassageBatch, type QueryBatch } from '../../src/ops/ops.ts'
import { maxSim } from '../../src/ops/reference.ts'
import { batchOf, exactDot, offsetsOf, randomPassages, randomQueries, SIZES, seeded, Tolerance } from './data.ts'

export interface SuiteOptions {
  /** Leave out what needs 10^5 workgroups: a software GPU takes a millisecond for each, even an empty one. */
  readonly slowWorkgroups?: boolean
}

export function maxSimSuite(name: string, create: () => Promise<Ops>, { slowWorkgroups }: SuiteOptions = {}): void {
  describe(name, () => {
    let ops: Ops
    beforeAll(async () => {
      ops = await create()
    })
    afterAll(() => ops?.close())

    /** Loads, asks with positions, releases. */
    const ask = async (queries: QueryBatch, passages: PassageBatch) => {
      const loaded = await ops.load(passages)
      try {
        const { scores, positions, backend } = await ops.maxSim(queries, loaded, { positions: true })
        expect(backend).toBe(ops.backend)
        if (positions === undefined) throw new Error('positions were asked for and are missing')
        return { scores, positions }
      } finally {
        loaded.release()
      }
    }

    /** Every score within tolerance of the oracle, every position one of the best tokens. */
    const expectAsReference = async (queries: QueryBatch, passages: PassageBatch): Promise<void> => {
      const got = await ask(queries, passages)
      const want = maxSim(queries, passages, true)
      expect(findScoreError(queries, passages, got.scores, want.scores)).toBeUndefined()
      expect(findPositionError(queries, passages, got.positions, want.positions!)).toBeUndefined()
    }

    test('worked by hand: two queries, four passages, two dimensions', async () => {
      const queries = batchOf(
        [
          [
            [1, 0],
            [0, 2],
          ],
          [[-1, 1]],
        ],
        2,
      )
      const passages = batchOf(
        [
          [
            [3, 1],
            [1, 5],
            [2, 4],
          ],
          [],
          [[-2, -3]],
          [
            [0, 0],
            [7, 0.5],
          ],
        ],
        2,
      )
      const { scores, positions } = await ask(queries, passages)
      // Passage 0: max(3, 1, 2) + 2·max(1, 5, 4) = 13 · max(-2, 4, 2) = 4
      // Passage 2: -2 + 2·(-3) = -8 · 2 - 3 = -1
      // Passage 3: max(0, 7) + 2·max(0, 0.5) = 8 · max(0, -6.5) = 0
      expect([...scores]).toEqual([13, -Infinity, -8, 8, 4, -Infinity, -1, 0])
      const none = NO_POSITION
      expect([...positions]).toEqual([0, 1, none, none, 0, 0, 1, 1, 1, none, 0, 0])
    })

    test('ties go to the earlier token, within a tile and across tiles', async () => {
      const pairs = [
        [0, 1],
        [1, 3],
        [3, 4],
        [2, 63],
        [62, 64],
        [5, 69],
        [69, 134],
        [4, 199],
      ] as const
      const items = pairs.map(([earlier, later]) =>
        Array.from({ length: 200 }, (_, t) => (t === earlier || t === later ? [0.5, 0.25, 3] : [t / 256, -1, 0.125])),
      )
      const { positions } = await ask(batchOf([[[0, 0, 1]]], 3), batchOf(items, 3))
      expect([...positions]).toEqual(pairs.map(([earlier]) => earlier))
    })

    test('a passage of one token, repeated, matches at its first token', async () => {
      const queries = randomQueries(seeded(3), [40], 48)
      const row = Array.from(randomQueries(seeded(4), [1], 48).vectors)
      const { positions, scores } = await ask(queries, batchOf([Array(150).fill(row), [row]], 48))
      expect([...positions]).toEqual(Array(80).fill(0))
      expect(scores[0]).toBe(scores[1])
    })

    test('scores may be negative throughout', async () => {
      const passages = batchOf([[[-1], [-3]], [[-2]]], 1)
      expect([...(await ask(batchOf([[[1], [2]]], 1), passages)).scores]).toEqual([-3, -6])
    })

    test('an empty query scores 0, except with empty passages, and has no positions', async () => {
      const { scores, positions } = await ask(batchOf([[], [[1]], []], 1), batchOf([[[4]], []], 1))
      expect([...scores]).toEqual([0, -Infinity, 4, -Infinity, 0, -Infinity])
      expect([...positions]).toEqual([0, NO_POSITION])
    })

    test('no queries, no passages, only empty passages', async () => {
      const none = { vectors: new Float32Array(), offsets: new Uint32Array(1), dim: 3 }
      const query = batchOf([[[1, 2, 3]]], 3)
      expect(await ask(query, none)).toEqual({ scores: new Float32Array(), positions: new Uint32Array() })
      expect(await ask(none, query)).toEqual({ scores: new Float32Array(), positions: new Uint32Array() })
      const empties = { ...none, offsets: new Uint32Array(4) }
      expect([...(await ask(query, empties)).scores]).toEqual([-Infinity, -Infinity, -Infinity])
      expect([...(await ask(query, empties)).positions]).toEqual([NO_POSITION, NO_POSITION, NO_POSITION])
    })

    describe.each(['f32', 'f16'] as const)('%s', (storage) => {
      test.each(SIZES.dims)('all edge lengths of queries and passages, dim %i', async (dim) => {
        const random = seeded(1000 + dim)
        await expectAsReference(
          randomQueries(random, SIZES.queryTokens, dim),
          randomPassages(random, SIZES.passageTokens, dim, storage === 'f16'),
        )
      })

      test('a query of 256 tokens, a passage of 1,000', async () => {
        const random = seeded(7)
        const queries = randomQueries(random, [256, 3], 20)
        await expectAsReference(queries, randomPassages(random, [1000, 0, 2], 20, storage === 'f16'))
      })
    })

    test('f16: zeros of both signs, the smallest and the largest values', async () => {
      const values = [0, -0, 2 ** -24, -(2 ** -24), 2 ** -14 - 2 ** -24, 2 ** -14, 1 + 2 ** -10, 65504, -65504]
      const vectors = toHalves(Float32Array.from(values))
      const passages = { vectors, offsets: offsetsOf(values.map(() => 1)), dim: 1 }
      const { scores } = await ask(batchOf([[[1]], [[-1024]]], 1), passages)
      const want = [...values, ...values.map((value) => -1024 * value)]
      // WGSL may take subnormal halves for zero (unpack2x16float); nothing else may. -0 equals 0 here.
      const flushed = (i: number): boolean =>
        ops.backend === 'webgpu' && Math.abs(values[i % values.length]!) < 2 ** -14 && scores[i] === 0
      expect(want.findIndex((value, i) => value !== scores[i] && !flushed(i))).toBe(-1)
    })

    test.skipIf(slowWorkgroups)('more passages than workgroups in one dimension', async () => {
      const lengths = Array.from({ length: 65_600 }, (_, p) => (p % 5 === 4 ? 0 : 1))
      const passages = randomPassages(seeded(9), lengths, 1)
      const { scores, positions } = await ask(batchOf([[[2]]], 1), passages)
      const want = maxSim(batchOf([[[2]]], 1), passages, true)
      expect(scores.findIndex((score, p) => score !== want.scores[p])).toBe(-1)
      expect(positions.findIndex((position, p) => position !== want.positions![p])).toBe(-1)
    })

    test('any batch agrees with the reference', async () => {
      const lengths = (max: number) => fc.array(fc.integer({ min: 0, max }), { maxLength: 6 })
      const property = fc.asyncProperty(
        lengths(70),
        lengths(140),
        fc.integer({ min: 1, max: 130 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        async (queryLengths, passageLengths, dim, half, seed) => {
          const random = seeded(seed)
          await expectAsReference(
            randomQueries(random, queryLengths, dim),
            randomPassages(random, passageLengths, dim, half),
          )
        },
      )
      await fc.assert(property, { seed: 20_251, numRuns: 25 })
    })

    test('calls at the same time, on the same and on other passages, do not mix', async () => {
      const random = seeded(11)
      const batches = [randomPassages(random, [5, 70, 2], 33), randomPassages(random, [1, 90], 33, true)]
      const queries = Array.from({ length: 6 }, (_, i) => randomQueries(random, [i * 7 + 1, 3], 33))
      const loaded = await Promise.all(batches.map((batch) => ops.load(batch)))
      const calls = queries.flatMap((query) => batches.map((batch, i) => ({ query, batch, loaded: loaded[i]! })))
      const results = await Promise.all(calls.map((call) => ops.maxSim(call.query, call.loaded)))
      calls.forEach(({ query, batch }, i) => {
        const want = maxSim(query, batch, false)
        expect(findScoreError(query, batch, results[i]!.scores, want.scores)).toBeUndefined()
        expect(results[i]!.positions).toBeUndefined()
      })
      for (const passages of loaded) passages.release()
    })

    test('loaded passages tell their sizes and are independent of the arrays they came from', async () => {
      const passages = batchOf([[[1, 2], [3, 4]], [[5, 6]]], 2) // biome-ignore format: one line says it
      const loaded = await ops.load(passages)
      expect(loaded).toMatchObject({ backend: ops.backend, passages: 2, tokens: 3, dim: 2 })
      expect(loaded.bytes).toBeGreaterThanOrEqual(3 * 2 * 4)
      passages.vectors.fill(100)
      passages.offsets.fill(0)
      expect([...(await ops.maxSim(batchOf([[[1, 1]]], 2), loaded)).scores]).toEqual([7, 11])
      loaded.release()
    })

    describe('refuses', () => {
      const good = batchOf([[[1, 2]]], 2)
      const bad: readonly (readonly [string, Partial<PassageBatch>, RegExp])[] = [
        ['offsets that do not start at 0', { offsets: Uint32Array.of(1, 1) }, /offsets\[0\]: got 1, wanted 0/],
        ['falling offsets', { offsets: Uint32Array.of(0, 2, 1) }, /offsets\[2\]: got 1, wanted at least .* = 2/],
        ['no offsets', { offsets: new Uint32Array() }, /offsets: got no entry/],
        ['too few values', { offsets: Uint32Array.of(0, 2) }, /vectors: got 2 values, wanted 4/],
        ['dim 0', { dim: 0 }, /dim: got 0, wanted a whole number from 1 on/],
        ['dim 1.5', { dim: 1.5 }, /dim: got 1.5/],
        ['NaN', { vectors: Float32Array.of(1, NaN) }, /row 0, dimension 1: got NaN, wanted a finite number/],
        ['infinity', { vectors: Float32Array.of(-Infinity, 1) }, /row 0, dimension 0: got -Infinity/],
        [
          'values whose sums overflow',
          { vectors: Float32Array.of(0, 2 ** 60) },
          /got 115\d*, wanted .* magnitude at most 1e15/,
        ],
      ]
      test.each(bad)('%s, in passages and in queries', async (_, change, message) => {
        const wanted = { code: 'invalid-argument', message: expect.stringMatching(message) }
        await expect(ops.load({ ...good, ...change })).rejects.toMatchObject(wanted)
        const loaded = await ops.load(good)
        const queries = { ...good, ...change } as QueryBatch
        await expect(ops.maxSim(queries, loaded)).rejects.toMatchObject(wanted)
        loaded.release()
      })

      test.each([
        ['NaN', 0x7e01],
        ['infinity', 0xfc00],
      ])('%s as f16 bits', async (_, bits) => {
        const passages = { ...good, vectors: Uint16Array.of(0x3c00, bits) }
        const message = expect.stringMatching(/row 0, dimension 1: got f16 bits 0x/)
        await expect(ops.load(passages)).rejects.toMatchObject({ code: 'invalid-argument', message })
      })

      test('queries of another dim than the passages', async () => {
        const loaded = await ops.load(good)
        const message = 'dim of the queries: got 3, wanted 2, the dim of the passages.'
        const wanted = { code: 'invalid-argument', message }
        await expect(ops.maxSim(batchOf([[[1, 2, 3]]], 3), loaded)).rejects.toMatchObject(wanted)
        loaded.release()
      })

      test('released passages; releasing twice is fine', async () => {
        const loaded = await ops.load(good)
        loaded.release()
        loaded.release()
        await expect(ops.maxSim(good, loaded)).rejects.toMatchObject({ code: 'closed' })
      })

      test('a call whose signal has fired', async () => {
        const loaded = await ops.load(good)
        const call = ops.maxSim(good, loaded, { signal: AbortSignal.abort() })
        await expect(call).rejects.toMatchObject({ code: 'aborted' })
        loaded.release()
      })

      test('passages of other ops, and everything after close(); closing twice is fine', async () => {
        const others = await create()
        const loaded = await others.load(good)
        await expect(ops.maxSim(good, loaded)).rejects.toMatchObject({ code: 'invalid-argument' })
        others.close()
        others.close()
        loaded.release()
        await expect(others.load(good)).rejects.toMatchObject({ code: 'closed' })
        await expect(others.maxSim(good, loaded)).rejects.toMatchObject({ code: 'closed' })
      })
    })
  })
}

/** The first score that is further from the oracle's than f32 explains, in words. */
function findScoreError(
  queries: QueryBatch,
  passages: PassageBatch,
  got: Float32Array,
  want: Float32Array,
): string | undefined {
  if (got.length !== want.length) return `${got.length} scores, wanted ${want.length}`
  const tolerance = new Tolerance(queries, passages)
  const count = passages.offsets.length - 1
  for (let i = 0; i < want.length; i++) {
    if (got[i] === want[i]) continue
    const limit = tolerance.ofScore(Math.floor(i / count), i % count)
    if (Math.abs(got[i]! - want[i]!) <= limit) continue
    return `query ${Math.floor(i / count)}, passage ${i % count}: got ${got[i]}, wanted ${want[i]} ± ${limit}`
  }
  return undefined
}

/** The first position whose token is worse than the oracle's by more than f32 explains, in words. */
function findPositionError(
  queries: QueryBatch,
  passages: PassageBatch,
  got: Uint32Array,
  want: Uint32Array,
): string | undefined {
  if (got.length !== want.length) return `${got.length} positions, wanted ${want.length}`
  const tolerance = new Tolerance(queries, passages)
  const count = passages.offsets.length - 1
  let i = 0
  for (let b = 0; b + 1 < queries.offsets.length; b++) {
    for (let p = 0; p < count; p++) {
      const first = passages.offsets[p]!
      const tokens = passages.offsets[p + 1]! - first
      for (let row = queries.offsets[b]!; row < queries.offsets[b + 1]!; row++, i++) {
        if (got[i] === want[i]) continue
        const place = `query ${b}, passage ${p}, query row ${row}: got token ${got[i]}, wanted ${want[i]}`
        if (got[i]! >= tokens) return `${place} of ${tokens}`
        const loss =
          exactDot(queries, row, passages, first + want[i]!) - exactDot(queries, row, passages, first + got[i]!)
        if (loss > 2 * tolerance.ofDot(row, p)) return `${place}, which is better by ${loss}`
      }
    }
  }
  return undefined
}
