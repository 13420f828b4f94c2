import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inverseNorm } from '../../src/ops/integer.ts'
import {
  type AskedSearch,
  type PlaidShape,
  planResidency,
  planSearch,
  type SearchLimits,
  type Step,
} from '../../src/ops/webgpu/plaidPlan.ts'
import { offsetsOf } from './data.ts'

const LIMITS: SearchLimits = { bytes: 2 ** 26, bindingBytes: 2 ** 27, work: 2 ** 34, groups: 65_535 }

const million: PlaidShape = { dim: 64, bits: 2, centroids: 131_072, passages: 1_000_000, tokens: 100_000_000 }
const millionLengths = new Uint32Array(1_000_000).fill(100)

describe('planResidency', () => {
  test('a million passages: what DESIGN promises of bindings and bytes', () => {
    const { parts, bytes, wideCodes, centroidBytes } = planResidency(million, millionLengths, 2 ** 27)
    expect(parts.length).toBe(12)
    expect(wideCodes).toBe(true)
    expect(centroidBytes).toBe(131_072 * 64)
    for (const part of parts) expect(Math.max(...Object.values(part.bytes))).toBeLessThanOrEqual(2 ** 27)
    // 4 bytes of code and 16 of residual a token, 4 of offset a passage (and one more for each part), the centroids.
    expect(bytes).toBe(100_000_000 * 20 + (1_000_000 + parts.length) * 4 + centroidBytes)
  })

  test('rows are filled up to whole words, and codes to pairs', () => {
    const shape: PlaidShape = { dim: 40, bits: 1, centroids: 3, passages: 5, tokens: 23 }
    const { quads, rowWords, parts } = planResidency(shape, [18, 0, 4, 1, 0], 148)
    expect([quads, rowWords]).toEqual([3, 2])
    expect(parts).toEqual([
      { range: { first: 0, end: 2 }, tokens: 18, longest: 18, bytes: { codes: 36, residuals: 144, offsets: 12 } },
      { range: { first: 2, end: 5 }, tokens: 5, longest: 4, bytes: { codes: 12, residuals: 40, offsets: 16 } },
    ])
    expect(planResidency(shape, [0, 0, 0, 0, 0], 148).parts).toEqual([])
  })

  test('without residuals: codes, offsets and centroids', () => {
    const shape: PlaidShape = { dim: 64, bits: 0, centroids: 1000, passages: 3, tokens: 23 }
    const { rowWords, parts, bytes } = planResidency(shape, [18, 0, 5], 2 ** 16)
    expect([rowWords, parts.map((part) => part.bytes)]).toEqual([0, [{ codes: 48, residuals: 0, offsets: 16 }]])
    expect(bytes).toBe(48 + 16 + 1000 * 64)
    // Parts are cut by codes alone.
    expect(planResidency({ ...shape, centroids: 1 }, new Array(100).fill(100), 4100).parts).toHaveLength(5)
  })

  test('what no binding holds is told', () => {
    const shape: PlaidShape = { dim: 64, bits: 2, centroids: 9, passages: 1, tokens: 70_000 }
    expect(() => planResidency(shape, [70_000], 2 ** 20)).toThrow(
      'Passage 0 has 70000 tokens; this GPU binds at most 1.0 MB at once.',
    )
    expect(() => planResidency({ ...shape, centroids: 20_000 }, [1], 2 ** 20)).toThrow(
      '20000 centroids take 1.3 MB; this GPU binds at most 1.0 MB at once.',
    )
  })
})

describe('planSearch', () => {
  const asked = (rows: readonly number[], more: Partial<AskedSearch> = {}): AskedSearch => ({
    offsets: offsetsOf(rows),
    k: 10,
    candidates: 256,
    matches: true,
    ...more,
  })

  test('usually one round, one submit, and each kernel once', () => {
    const shape: PlaidShape = { dim: 64, bits: 2, centroids: 8192, passages: 10_000, tokens: 1_000_000 }
    const residency = planResidency(shape, new Uint32Array(10_000).fill(100), 2 ** 27)
    const rounds = planSearch(shape, residency, asked([32, 20]), LIMITS)
    expect(rounds).toHaveLength(1)
    expect(rounds[0]!.submits.map((steps) => steps.map(({ kernel }) => kernel))).toEqual([
      [
        ...['scoreCentroids', 'approximateMaxSim', 'histogram', 'histogram', 'count', 'place'],
        ...['residualMaxSim', 'histogram', 'histogram', 'histogram', 'histogram', 'count', 'place', 'matches'],
      ],
    ])
    expect(rounds[0]!.places).toEqual([
      { firstRow: 4, rows: 32, words: 8, scoresAt: 0, matchesAt: 0 },
      { firstRow: 4 + 32 * 4, rows: 20, words: 5, scoresAt: 8192 * 8, matchesAt: 640 },
    ])
  })

  test('a million passages: one submit a query', () => {
    const residency = planResidency(million, millionLengths, 2 ** 27)
    const rounds = planSearch(million, residency, asked([32, 32, 32, 32, 32, 32]), LIMITS)
    expect(rounds.map(({ queries, submits }) => [queries.end - queries.first, submits.length])).toEqual([
      [4, 1],
      [2, 1],
    ])
    // Three kernels go over twelve parts, the others over all.
    expect(rounds[0]!.submits.flat()).toHaveLength(3 * 12 + 1 + 4 + 6)
    const all = planSearch(million, residency, asked([32], { candidates: Infinity }), LIMITS)
    expect(all).toHaveLength(1)
    expect(all[0]!.submits.length).toBeGreaterThan(20)
  })

  test('a query too large for the device is told, so that another backend takes it', () => {
    const residency = planResidency(million, millionLengths, 2 ** 27)
    expect(() => planSearch(million, residency, asked([32], { k: 1_000_000 }), LIMITS)).toThrow(
      'Query 0 with 32 tokens, 1000000 candidates and 1000000 hits wants 256 MB of matches; this GPU binds at most 134 MB at once.',
    )
  })

  test('candidates may all be the longest passages: no submit takes more than it may', () => {
    const lengths = Uint32Array.from({ length: 100_000 }, (_, p) => (p % 400 === 0 ? 65_535 : 1))
    const tokens = lengths.reduce((sum, length) => sum + length, 0)
    const shape: PlaidShape = { dim: 64, bits: 2, centroids: 65_536, passages: lengths.length, tokens }
    const [round] = planSearch(shape, planResidency(shape, lengths, 2 ** 27), asked([128]), LIMITS)
    const ofLongest = 65_535 * 2 * 64 * 128
    const counts = (steps: readonly Step[], kernel: Step['kernel']) =>
      steps.filter((step) => step.kernel === kernel).map(({ count }) => count)
    // A hit is in one of the parts, so those of all parts are as many as those of one.
    const works = round!.submits.map(
      (steps) =>
        ofLongest *
        (counts(steps, 'residualMaxSim').reduce((sum, n) => sum + n, 0) + Math.max(0, ...counts(steps, 'matches'))),
    )
    expect(Math.max(...works)).toBeGreaterThan(2 ** 33)
    expect(Math.max(...works)).toBeLessThanOrEqual(2 ** 34)
  })

  test('every query meets every centroid, passage and slot once, within limits', () => {
    const anyPlan = fc.record({
      lengths: fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 60 }),
      rows: fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 6 }),
      centroids: fc.integer({ min: 1, max: 300 }),
      k: fc.integer({ min: 1, max: 70 }),
      candidates: fc.nat({ max: 70 }),
      matches: fc.boolean(),
      partBytes: fc.integer({ min: 8, max: 12 }),
      roundBytes: fc.integer({ min: 10, max: 18 }),
      work: fc.integer({ min: 8, max: 22 }),
      groups: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(anyPlan, (given) => {
        const { lengths, rows, centroids } = given
        const tokens = lengths.reduce((sum, length) => sum + length, 0)
        fc.pre(tokens > 0)
        const shape: PlaidShape = { dim: 16, bits: 2, centroids, passages: lengths.length, tokens }
        const residency = { ...planResidency(shape, lengths, 2 ** 13) }
        const { parts } = planResidency({ ...shape, centroids: 1 }, lengths, 2 ** given.partBytes)
        const limits = { ...LIMITS, bytes: 2 ** given.roundBytes, work: 2 ** given.work, groups: given.groups }
        const rounds = planSearch(shape, { ...residency, parts }, asked(rows, given), limits)
        expect(rounds.flatMap(({ queries }) => [queries.first, queries.end])).toEqual(
          rounds.flatMap((_, i) => [i === 0 ? 0 : rounds[i - 1]!.queries.end, rounds[i]!.queries.end]),
        )
        expect(rounds.at(-1)!.queries.end).toBe(rows.length)
        for (const round of rounds) {
          expect(round.queries.end - round.queries.first).toBeLessThanOrEqual(given.groups)
          const steps = round.submits.flat()
          for (const { kernel, count, width, height } of steps) {
            expect(width).toBeLessThanOrEqual(given.groups)
            expect(width * height).toBeGreaterThanOrEqual(kernel === 'scoreCentroids' ? Math.ceil(count / 64) : count)
          }
          expect(covered(steps, 'scoreCentroids')).toBe(centroids)
          parts.forEach(({ range }, part) => {
            const own = steps.filter((step) => 'part' in step && step.part === part)
            expect(covered(own, 'approximateMaxSim')).toBe(range.end - range.first)
            expect(covered(own, 'residualMaxSim')).toBe(round.candidates)
            expect(covered(own, 'matches')).toBe(given.matches ? round.hits : 0)
          })
        }
      }),
    )
  })

  /** Items of a kernel's steps, which follow each other without a gap. */
  function covered(steps: readonly Step[], kernel: Step['kernel']): number {
    let next = 0
    for (const step of steps) {
      if (step.kernel !== kernel) continue
      expect(step.first).toBe(next)
      next += step.count
    }
    return next
  }
})

test('the norm of a token: rounded in f64 it is the exact integer, as the shader computes it', () => {
  /** The largest n with (2n - 1)² · squared <= 2^46. */
  const exact = (squared: bigint): number => {
    let [low, high] = [0n, 65_536n]
    while (low < high) {
      const n = (low + high + 1n) / 2n
      if ((2n * n - 1n) ** 2n * squared <= 2n ** 46n) low = n
      else high = n - 1n
    }
    return Math.min(65_535, Number(low))
  }
  expect([1, 4096, 4097].map((s) => [inverseNorm(s), exact(BigInt(s))])).toEqual([
    [65_535, 65_535],
    [65_535, 65_535],
    [65_528, 65_528],
  ])
  fc.assert(
    fc.property(fc.oneof(fc.nat({ max: 100_000 }), fc.nat({ max: 2 ** 29 })), (squared) => {
      expect(inverseNorm(squared)).toBe(squared === 0 ? 65_535 : exact(BigInt(squared)))
    }),
    { numRuns: 20_000 },
  )
})
