/** The paired randomisation test: cases worked by hand, a naive twin, and what must hold of any figures. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { differenceOf, holm, MOST_ENUMERATED, randomisationTest } from '../../src/eval/significance.ts'

const zeros = (count: number) => new Array<number>(count).fill(0)

describe('worked by hand', () => {
  test.each([
    // Of the 2^n choices of signs those with |sum| >= the measured one.
    ['one query: both choices are as far', [0.3], 1],
    ['two in one direction: ++ and --', [0.2, 0.5], 2 / 4],
    ['two apart: sum 1 of 2 and 3, all four', [3, -2], 1],
    ['three in one direction', [1, 2, 3], 2 / 8],
    ['three, sum 2: only +++ (6), ---, and ++- is 0; -++ 4; +-+ 2 and their mirrors', [1, -2, 3], 6 / 8],
    ['five in one direction', [1, 1, 1, 1, 1], 2 / 32],
    ['four of five: 5 + 5 + 1 + 1 of 32', [1, 1, 1, 1, -1], 12 / 32],
    ['those on which nothing differs count for nothing', [0, 0, 1, 0, 2, 3, 0], 2 / 8],
    ['nothing differs', [0, 0, 0], 1],
    ['no query', [], 1],
  ])('%s', (_, differences, p) => {
    expect(randomisationTest(differences, zeros(differences.length))).toEqual({ p, isExact: true })
  })

  test('sums that are equal on paper are equal', () => {
    // 0.1 + 0.2 is not 0.3 in floats: |0.1 + 0.2 - 0.3| must not be seen as farther than 0.
    expect(randomisationTest([0.1, 0.2, -0.3], zeros(3)).p).toBe(1)
    expect(randomisationTest([0.1, 0.2, 0.3, -0.6], zeros(4)).p).toBe(1)
    // |sum| = 0.4: of 8 choices ++++ .. those of 0.6 (2) and 0.4 (2).
    expect(randomisationTest([-0.1, 0.2, 0.3], zeros(3)).p).toBe(4 / 8)
  })

  test('rounding is no difference', () => {
    expect(differenceOf(0.1 + 0.2, 0.3)).toBe(0)
    expect(differenceOf(0.5, 0.25)).toBe(0.25)
    expect(randomisationTest([0.1 + 0.2], [0.3])).toEqual({ p: 1, isExact: true })
  })
})

/** Figures as metrics give them: eighths, so that sums are exact, and ties are many. */
const figure = fc.integer({ min: 0, max: 8 }).map((n) => n / 8)
const pairs = (maxLength: number) => fc.array(fc.tuple(figure, figure), { maxLength })
const apart = (both: readonly (readonly [number, number])[]): [number[], number[]] => [
  both.map(([a]) => a),
  both.map(([, b]) => b),
]

describe('of any figures', () => {
  test('what a loop over all choices of signs counts', () =>
    fc.assert(
      fc.property(pairs(9), (both) => {
        const [a, b] = apart(both)
        const differences = both.map(([x, y]) => x - y)
        const sum = (signs: number) => differences.reduce((s, d, i) => s + (signs & (1 << i) ? d : -d), 0)
        const measured = Math.abs(differences.reduce((s, d) => s + d, 0))
        const all = 2 ** differences.length
        let far = 0
        for (let signs = 0; signs < all; signs++) if (Math.abs(sum(signs)) >= measured) far++
        expect(randomisationTest(a, b).p).toBeCloseTo(far / all, 12)
      }),
    ))

  test('p is in (0, 1], the same from both sides and in any order of queries; of equals it is 1', () =>
    fc.assert(
      fc.property(pairs(40), fc.integer(), (both, seed) => {
        const [a, b] = apart(both)
        const options = { samples: 200, seed }
        const { p, isExact } = randomisationTest(a, b, options)
        expect(p).toBeGreaterThan(0)
        expect(p).toBeLessThanOrEqual(1)
        expect(isExact).toBe(both.filter(([x, y]) => x !== y).length <= MOST_ENUMERATED)
        expect(randomisationTest(b, a, options)).toEqual({ p, isExact })
        expect(randomisationTest(a, a, options)).toEqual({ p: 1, isExact: true })
        if (isExact) expect(randomisationTest([...a].reverse(), [...b].reverse()).p).toBe(p)
      }),
    ))

  test('more of the same direction makes it less likely to be chance', () => {
    const p = [2, 5, 10, 16].map((count) => randomisationTest(new Array(count).fill(0.5), zeros(count)).p)
    expect(p).toEqual([2 / 2 ** 2, 2 / 2 ** 5, 2 / 2 ** 10, 2 / 2 ** 16])
    // Drawn: none of 10,000 is as far, and the measured choice itself is one.
    expect(randomisationTest(new Array(40).fill(0.5), zeros(40)).p).toBe(1 / 10_001)
  })
})

describe('drawn where there are too many', () => {
  const differences = Array.from({ length: 60 }, (_, i) => Math.sin(i * 7.3) / 2 + 0.07)

  test('the same seed, the same p; another seed, nearly', () => {
    const p = [1, 1, 2, 3, 4].map((seed) => randomisationTest(differences, zeros(60), { seed }).p)
    expect(p[0]).toBe(p[1])
    expect(new Set(p).size).toBeGreaterThan(1)
    for (const other of p) expect(Math.abs(other - p[0]!)).toBeLessThan(0.02)
  })

  test('near the exact one, which for many queries is near the normal distribution', () => {
    const sum = differences.reduce((s, d) => s + d, 0)
    const deviation = Math.sqrt(differences.reduce((s, d) => s + d * d, 0))
    const normal = 2 * (1 - cumulative(sum / deviation))
    expect(normal).toBeGreaterThan(0.05) // neither 0 nor 1: the test says something
    expect(normal).toBeLessThan(0.5)
    expect(randomisationTest(differences, zeros(60)).p).toBeCloseTo(normal, 1)
    expect(Math.abs(randomisationTest(differences, zeros(60), { samples: 100_000 }).p - normal)).toBeLessThan(0.01)
  })

  test('where the systems are one, p is as often below a bar as the bar says', () => {
    // 400 experiments with signs by a generator of another kind.
    let state = 7
    const next = () => {
      state = (state * 16807) % 2147483647
      return state / 2147483647
    }
    const low = Array.from({ length: 400 }, (_, seed) => {
      const a = Array.from({ length: 30 }, () => next() - next())
      return randomisationTest(a, zeros(30), { samples: 500, seed }).p
    }).filter((p) => p <= 0.1).length
    expect(low / 400).toBeGreaterThan(0.06)
    expect(low / 400).toBeLessThan(0.14)
  })
})

/** Φ by Simpson's rule. */
function cumulative(z: number): number {
  const steps = 1000
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  const width = z / steps
  let sum = density(0) + density(z)
  for (let i = 1; i < steps; i++) sum += density(i * width) * (i % 2 ? 4 : 2)
  return 0.5 + (sum * width) / 3
}

describe('bad input', () => {
  test('is named', () => {
    expect(() => randomisationTest([1, 2], [1])).toThrow('got 2 figures against 1')
    expect(() => randomisationTest([Number.NaN], [1])).toThrow('not a finite number')
    expect(() => randomisationTest([1], [1], { samples: 0 })).toThrow('and got 0 and 1')
    expect(() => randomisationTest([1], [1], { seed: 0.5 })).toThrow('and got 10000 and 0.5')
    expect(() => randomisationTest([1], [1], { seed: 1, ...{ sample: 3 } })).toThrow('unknown option "sample"')
    expect(() => holm([0.1, Number.NaN])).toThrow('p values from 0 to 1')
  })
})

describe("Holm's correction", () => {
  test('worked by hand', () => {
    expect(holm([])).toEqual([])
    expect(holm([0.03])).toEqual([0.03])
    // 0.01 × 4, 0.02 × 3, 0.03 × 2 (not below 0.06), 0.04 × 1 (not below 0.06)
    const got = holm([0.04, 0.01, 0.03, 0.02])
    for (const [i, p] of [0.06, 0.04, 0.06, 0.06].entries()) expect(got[i]).toBeCloseTo(p, 12)
    expect(holm([0.5, 0.9, 0.7])).toEqual([1, 1, 1])
  })

  test('between p and Bonferroni, in the same order', () =>
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (ps) => {
        const got = holm(ps)
        ps.forEach((p, i) => {
          expect(got[i]).toBeGreaterThanOrEqual(p)
          expect(got[i]).toBeLessThanOrEqual(Math.min(1, p * ps.length) + 1e-12)
          ps.forEach((other, j) => {
            if (p < other) expect(got[i]).toBeLessThanOrEqual(got[j]!)
          })
        })
      }),
    ))
})
