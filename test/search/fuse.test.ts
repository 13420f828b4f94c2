import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Candidate, type Fused, fuse } from '../../src/search/fuse.ts'

const candidate = (
  section: number,
  semantic: number | undefined,
  keyword: number | undefined,
  exact?: Candidate['exact'],
): Candidate => ({ section, semantic, keyword, ...(exact && { exact }) })

const scores = (fused: readonly Fused[]) => fused.map(({ section, score }) => [section, score])

/** Sums of a few numbers below 4: some units in the last place (2^-51), and no more. */
const CLOSE = 12

function expectScores(fused: readonly Fused[], wanted: readonly (readonly [section: number, score: number])[]): void {
  expect(fused.map(({ section }) => section)).toEqual(wanted.map(([section]) => section))
  wanted.forEach(([, score], i) => {
    expect(fused[i]!.score).toBeCloseTo(score, CLOSE)
  })
}

describe('scores', () => {
  test('each arm from its worst to its best, .6 of meaning and .4 of words, whose worst is 0', () => {
    const fused = fuse([
      candidate(1, 10, undefined),
      candidate(2, 8, 4),
      candidate(3, 6, 8),
      candidate(4, undefined, 2),
    ])
    // 1: .6 · 1;  2: .6 · (8 - 6) / (10 - 6) + .4 · 4 / 8;  3: .6 · 0 + .4 · 1;  4: .4 · 2 / 8
    expectScores(fused, [
      [1, 0.6],
      [2, 0.5],
      [3, 0.4],
      [4, 0.1],
    ])
    expect(fused[1]!.ranking).toEqual({
      semantic: { rank: 2, score: 8, contribution: expect.closeTo(0.3, CLOSE) },
      keyword: { rank: 2, score: 4, contribution: expect.closeTo(0.2, CLOSE) },
    })
    expect(Object.keys(fused[0]!.ranking)).toEqual(['semantic'])
    expect(Object.keys(fused[3]!.ranking)).toEqual(['keyword'])
  })

  test('where one arm is empty the other counts whole', () => {
    expectScores(fuse([candidate(1, undefined, 2), candidate(2, undefined, 8)]), [
      [2, 1],
      [1, 0.25],
    ])
    expectScores(fuse([candidate(1, 5, undefined), candidate(2, 7, undefined), candidate(3, 6, undefined)]), [
      [2, 1],
      [3, 0.5],
      [1, 0],
    ])
  })

  test('one candidate, and none', () => {
    expectScores(fuse([candidate(7, 3, 2)]), [[7, 1]])
    expectScores(fuse([candidate(7, 3, undefined)]), [[7, 1]])
    expect(fuse([])).toEqual([])
  })

  test('equal scores share the place of the best; ties go to the lower section', () => {
    expectScores(fuse([candidate(9, 5, 3), candidate(2, 5, 3), candidate(4, 5, 3)]), [
      [2, 1],
      [4, 1],
      [9, 1],
    ])
  })

  test('a heading that is the query stands before the best of both arms; one with an identifier gains a little', () => {
    const best = [candidate(1, 10, 10), candidate(2, 9, 9)]
    // 0 for meaning, half of the best for words, and 1.2: 0 + .4 · .5 + 1.2
    expectScores(fuse([...best, candidate(3, 1, 5, 'title')]), [
      [3, 1.4],
      [1, 1],
      [2, 0.6 * (8 / 9) + 0.4 * 0.9],
    ])
    const [, , third] = fuse([...best, candidate(3, 1, 5, 'identifier')])
    const { kind, contribution } = third!.ranking.bonus!
    expect(kind).toBe('identifier')
    expect(0 < contribution && contribution < 0.5).toBe(true) // it helps, and decides nothing alone
    expect(third!.score).toBeCloseTo(0.2 + contribution, CLOSE)
  })
})

describe('rrf', () => {
  test('the sum of 1 / (60 + rank)', () => {
    const fused = fuse(
      [candidate(1, 10, undefined), candidate(2, 8, 4), candidate(3, 6, 8), candidate(4, undefined, 2)],
      'rrf',
    )
    expectScores(fused, [
      [3, 1 / 63 + 1 / 61],
      [2, 1 / 62 + 1 / 62],
      [1, 1 / 61],
      [4, 1 / 63],
    ])
  })

  test('equal scores have ranks by section', () => {
    expectScores(fuse([candidate(5, 1, undefined), candidate(3, 1, undefined)], 'rrf'), [
      [3, 1 / 61],
      [5, 1 / 62],
    ])
  })

  test('a title counts a fifth more than being first in both arms', () => {
    const fused = fuse([candidate(1, 10, 10), candidate(2, 9, 9, 'title')], 'rrf')
    expectScores(fused, [
      [2, 2 / 62 + (1.2 * 2) / 61],
      [1, 2 / 61],
    ])
  })
})

const score = fc.option(fc.constantFrom(0.5, 1, 2, 2.5, 7), { nil: undefined })
const candidates = fc
  .uniqueArray(
    fc.record({
      section: fc.nat(30),
      semantic: score,
      keyword: score,
      exact: fc.constantFrom('no', 'title', 'identifier'),
    }),
    {
      selector: ({ section }) => section,
      maxLength: 12,
    },
  )
  .map((all) =>
    all.map(({ section, semantic, keyword, exact }) =>
      candidate(section, semantic, keyword, exact === 'title' || exact === 'identifier' ? exact : undefined),
    ),
  )

test.each(['scores', 'rrf'] as const)('%s: the order candidates are given in says nothing', (fusion) => {
  fc.assert(
    fc.property(candidates, fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), (given, keys) => {
      const shuffled = given
        .map((one, i) => ({ one, key: keys[i]! }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one)
      expect(fuse(shuffled, fusion)).toEqual(fuse(given, fusion))
    }),
  )
})

test.each(['scores', 'rrf'] as const)('%s: best first, ties by section, each score the sum of its parts', (fusion) => {
  fc.assert(
    fc.property(candidates, (given) => {
      const fused = fuse(given, fusion)
      expect(fused.map(({ section }) => section).sort()).toEqual(given.map(({ section }) => section).sort())
      for (const { score, ranking } of fused) {
        const parts = Object.values(ranking).map(({ contribution }) => contribution)
        expect(score).toBeCloseTo(
          parts.reduce((sum, part) => sum + part, 0),
          CLOSE,
        )
      }
      for (const [i, [section, score]] of scores(fused).entries()) {
        const [nextSection, nextScore] = scores(fused)[i + 1] ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
        expect(score! > nextScore! || (score === nextScore && section! < nextSection!)).toBe(true)
      }
    }),
  )
})

test('scores: a title stands first whatever the others have', () => {
  fc.assert(
    fc.property(candidates, fc.nat(30), (given, section) => {
      const others = given.filter((one) => one.section !== section && one.exact === undefined)
      // It has the words of its title, so it has a score for words; others have at most 1.
      const fused = fuse([...others, candidate(section, undefined, 0.5, 'title')])
      expect(fused[0]!.section).toBe(section)
    }),
  )
})
