import { describe, expect, test } from 'vitest'
import { cutIntoParts } from '../../src/ops/parts.ts'
import { type Asked, planRounds, type ResidentPart, type RoundLimits } from '../../src/ops/webgpu/plan.ts'
import { offsetsOf } from './data.ts'

describe('cutIntoParts', () => {
  const cut = (costs: number[], most: number, items?: number) =>
    cutIntoParts({ first: 0, end: costs.length }, (i) => costs[i]!, most, items).map(({ first, end }) => [first, end])

  test.each([
    ['nothing', [], 5, []],
    ['all in one', [1, 2, 2], 5, [[0, 3]]],
    ['a new part where the next would be too much', [3, 2, 1, 5], 5, [[0, 2], [2, 3], [3, 4]]], // biome-ignore format: a row
    ['an item that is too much alone gets its own', [1, 9, 0, 1], 5, [[0, 1], [1, 2], [2, 4]]], // biome-ignore format: a row
  ])('%s', (_, costs, most, want) => expect(cut(costs, most)).toEqual(want))

  test('by count', () => expect(cut([0, 0, 0, 0, 0], 1, 2)).toEqual([[0, 2], [2, 4], [4, 5]])) // biome-ignore format: a row
})

describe('planRounds', () => {
  const limits: RoundLimits = { bytes: 2 ** 26, work: 2 ** 34, alignment: 256, groups: 65_535 }
  const part = (first: number, end: number, tokens: number): ResidentPart => ({
    range: { first, end },
    tokenCount: (end - first) * tokens,
    tokens: () => tokens,
  })
  const asked = (lengths: number[], positions = false): Asked => ({
    offsets: offsetsOf(lengths),
    dim: 48,
    rowBytes: 192,
    positions,
  })

  test('usually one round with one dispatch per resident buffer, aligned and not overlapping', () => {
    const parts = [part(0, 1000, 100), part(1000, 1500, 100)]
    const rounds = planRounds(parts, asked([32, 20], true), limits)
    expect(rounds).toEqual([
      {
        queries: { first: 0, end: 2 },
        dispatches: [
          {
            part: 0,
            passages: { first: 0, end: 1000 },
            width: 1000,
            height: 1,
            scores: { offset: 0, size: 8000 },
            positions: { offset: 8192, size: 208_000 },
          },
          {
            part: 1,
            passages: { first: 1000, end: 1500 },
            width: 500,
            height: 1,
            scores: { offset: 216_320, size: 4000 },
            positions: { offset: 220_416, size: 104_000 },
          },
        ],
        outputBytes: 324_608,
      },
    ])
  })

  test('nothing to do without resident parts or without queries', () => {
    expect(planRounds([], asked([3]), limits)).toEqual([])
    expect(planRounds([part(0, 9, 9)], asked([]), limits)).toEqual([])
  })

  /** Every query × passage in exactly one dispatch, every dispatch within its limits. */
  const expectComplete = (parts: ResidentPart[], question: Asked, within: RoundLimits): number => {
    const rounds = planRounds(parts, question, within)
    const batch = question.offsets.length - 1
    const seen = new Map<number, number>()
    for (const { queries, dispatches, outputBytes } of rounds) {
      expect(queries.end - queries.first).toBeLessThanOrEqual(within.groups)
      const alone = queries.end - queries.first === 1
      if (!alone) expect(outputBytes).toBeLessThanOrEqual(within.bytes + parts.length * 2 * within.alignment)
      for (const { passages, width, height, scores, positions } of dispatches) {
        expect(width).toBeLessThanOrEqual(within.groups)
        expect(width * height).toBeGreaterThanOrEqual(passages.end - passages.first)
        expect(scores.offset % within.alignment).toBe(0)
        expect(positions.offset % within.alignment).toBe(0)
        expect(scores.size + positions.size).toBeLessThanOrEqual(within.bytes)
        for (let b = queries.first; b < queries.end; b++) {
          seen.set(b, (seen.get(b) ?? 0) + passages.end - passages.first)
        }
      }
    }
    const passageCount = parts.reduce((sum, { range }) => sum + range.end - range.first, 0)
    expect([...seen.values()].every((count) => count === passageCount)).toBe(true)
    expect(seen.size).toBe(batch)
    return rounds.length
  }

  test('results beyond a binding: fewer queries per round', () => {
    expect(expectComplete([part(0, 50_000, 100)], asked(Array(1000).fill(32)), { ...limits, work: Infinity })).toBe(3)
  })

  test('results of one query beyond a binding: fewer passages per round', () => {
    expect(
      expectComplete([part(0, 3_000_000, 1), part(3_000_000, 3_000_010, 9)], asked([32, 1, 0], true), limits),
    ).toBe(8)
  })

  test('work that would keep the GPU busy for long: several rounds', () => {
    expect(expectComplete([part(0, 100_000, 100)], asked([32, 32, 32]), limits)).toBe(3)
    expect(expectComplete([part(0, 1_000_000, 100)], asked([32]), limits)).toBe(9)
  })

  test('more queries or passages than workgroups in one dimension', () => {
    expect(expectComplete([part(0, 1, 1)], asked(Array(65_536).fill(1)), limits)).toBe(2)
    expect(expectComplete([part(0, 200_000, 1)], asked([3]), limits)).toBe(1)
  })

  test('a query beyond a round is refused with how much is possible', () => {
    const plan = () => planRounds([part(0, 1, 1)], asked([1, 349_526]), limits)
    expect(plan).toThrow('Query 1: got 349526 tokens, wanted at most 349525 on a GPU.')
  })
})
