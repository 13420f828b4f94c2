/** Systems side by side: figures worked by hand, what must hold of any runs, and what is turned away. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CompareOptions, compare, figuresOf } from '../../src/eval/compare.ts'
import type { Comparable, SystemRun } from '../../src/eval/runs.ts'
import { holm, randomisationTest } from '../../src/eval/significance.ts'
import { answer, made, run, small } from './madeRuns.ts'

const ranks = (...at: number[]) =>
  Object.fromEntries(
    at.map((rank, i) => {
      const ids = Array.from({ length: 40 }, (_, n) => `x${n}`)
      ids.splice(rank - 1, 0, 'a')
      return [`q${i + 1}`, answer(ids, 10 * (i + 1))]
    }),
  )

describe('worked by hand', () => {
  const base = run('base', ranks(1, 2, 30), { description: 'The first.', msPerStage: { search: 1 } })
  const other = run('other', ranks(2, 1, 4), { cost: { bytesPerDocument: 7 } })
  const { systems, metrics } = compare(small([base, other]))
  const of = (system: number, name: string) => figuresOf(systems[system]!, { name })

  test('the metrics that are shown where none are asked for', () => {
    expect(metrics.map(({ name }) => name)).toEqual(['ndcg@10', 'mrr@10', 'recall@100', 'map@100', 'success@5'])
  })

  test('figures, of the search for ten and of the search for a hundred', () => {
    expect(of(0, 'mrr@10').perQuery).toEqual([1, 1 / 2, 0])
    expect(of(0, 'mrr@10').mean).toBeCloseTo(0.5, 12)
    expect(of(0, 'map@100').perQuery).toEqual([1, 1 / 2, 1 / 30])
    expect(of(0, 'recall@100').mean).toBe(1)
    expect(of(1, 'success@5').mean).toBe(1)
    expect(of(0, 'success@5').mean).toBeCloseTo(2 / 3, 12)
  })

  test('differences to the first', () => {
    expect(of(0, 'mrr@10').difference).toBeUndefined()
    // -1/2, +1/2, +1/4: of 8 choices of signs those of at least 1/4 are 1.25, .75 and two of .25, and their mirrors: all.
    const { difference } = of(1, 'mrr@10')
    expect(difference).toMatchObject({ p: 1, pHolm: 1, isExact: true, wins: 2, ties: 0, losses: 1 })
    expect(difference?.mean).toBeCloseTo(1 / 12, 12)
    expect(of(1, 'recall@100').difference).toMatchObject({ mean: 0, p: 1, wins: 0, ties: 3, losses: 0 })
  })

  test('times, cost, and what was ranked first', () => {
    expect(systems[0]).toMatchObject({
      name: 'base',
      description: 'The first.',
      ms: { mean: 20, p50: 20, p95: 30, perQuery: [10, 20, 30] },
      msPerStage: { search: 1 },
      cost: {},
    })
    expect(systems[1]!.cost).toEqual({ bytesPerDocument: 7 })
    expect(systems[1]!.first[0]!.slice(0, 3)).toEqual(['x0', 'a', 'x1'])
    expect(systems[0]!.first.map((ids) => ids.length)).toEqual([10, 10, 10])
  })

  test('two searches: ten ranks are never read from the deeper one', () => {
    const apart = { first: ['x', 'a'], deep: ['a', 'x'], ms: 1 }
    const one = run('one', { q1: apart, q2: apart, q3: apart })
    const got = compare(small([one]), { metrics: ['mrr@10', 'mrr@11', 'MRR@10'] })
    expect([...got.systems[0]!.figures].map(([name, { mean }]) => [name, mean])).toEqual([
      ['mrr@10', 0.5],
      ['mrr@11', 1],
    ])
  })
})

test('Holm over the systems of a metric, and the same p for the same seed', () => {
  const given = made(
    [
      { name: 'base', skill: 0.5, ms: 1 },
      { name: 'alike', skill: 0.51, ms: 1 },
      { name: 'better', skill: 0.56, ms: 1 },
      { name: 'much better', skill: 0.8, ms: 1 },
    ],
    80,
  )
  const got = compare(given, { seed: 3 })
  for (const metric of got.metrics) {
    const [first, ...others] = got.systems.map((system) => figuresOf(system, metric))
    const ps = others.map(({ perQuery }) => randomisationTest(perQuery, first!.perQuery, { seed: 3 }).p)
    expect(others.map(({ difference }) => difference?.p)).toEqual(ps)
    expect(others.map(({ difference }) => difference?.pHolm)).toEqual(holm(ps))
  }
  const ndcg = got.systems.map((system) => figuresOf(system, { name: 'ndcg@10' }).difference?.pHolm ?? 1)
  expect(ndcg[1]).toBeGreaterThan(0.05)
  expect(ndcg[3]).toBeLessThan(0.01)
  expect(compare(given, { seed: 3 })).toEqual({ ...got, metrics: expect.anything() })
})

test('of any runs: means of what is there per query, differences that add up', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.integer({ min: 1, max: 41 }), fc.integer({ min: 1, max: 41 }), fc.integer({ min: 1, max: 41 })),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
      (systems) => {
        const got = compare(small(systems.map((at, s) => run(`s${s}`, ranks(...at)))))
        for (const metric of got.metrics) {
          const first = figuresOf(got.systems[0]!, metric)
          for (const [s, system] of got.systems.entries()) {
            const { mean, perQuery, difference } = figuresOf(system, metric)
            expect(mean).toBeCloseTo(perQuery.reduce((sum, value) => sum + value, 0) / 3, 12)
            expect(perQuery.every((value) => value >= 0 && value <= 1)).toBe(true)
            expect(difference === undefined).toBe(s === 0)
            if (!difference) continue
            expect(difference.wins + difference.ties + difference.losses).toBe(3)
            expect(difference.mean).toBeCloseTo(mean - first.mean, 9)
            expect(difference.pHolm).toBeGreaterThanOrEqual(difference.p)
          }
        }
      },
    ),
  ))

describe('what is turned away', () => {
  const one = run('one', ranks(1, 1, 1))
  const refused = (given: Comparable, options?: CompareOptions) => {
    try {
      compare(given, options)
    } catch (error) {
      return error
    }
    return undefined
  }
  const { q3: _, ...two } = ranks(1, 1, 1)
  const cases: readonly [string, Partial<Comparable>, CompareOptions, string][] = [
    ['no systems', { runs: [] }, {}, 'compare: no systems.'],
    ['no queries', { queries: [] }, {}, 'compare: no queries.'],
    ['a name twice', { runs: [one, one] }, {}, 'the system "one" is there twice'],
    [
      'a query missing',
      { runs: [one, run('two', two)] },
      {},
      'the run of "two" lacks 1 of 3 queries, the first is "q3"',
    ],
    [
      'a query twice',
      {
        queries: [
          { id: 'q1', text: '' },
          { id: 'q1', text: '' },
        ],
      },
      {},
      'the query "q1" is there twice',
    ],
    [
      'a query without an answer',
      { qrels: new Map([['q1', new Map([['a', 0]])]]) },
      {},
      'the query "q1" has no relevant',
    ],
    ['no metrics', {}, { metrics: [] }, 'compare: no metrics.'],
    ['an unknown metric', {}, { metrics: ['bpref@5'] }, 'There is no metric "bpref@5".'],
    ['more ranks than there are', {}, { metrics: ['map@101'] }, 'map@101 looks at more ranks than a comparison has'],
    ['an unknown option', {}, { seed: 1, ...{ metric: ['mrr@10'] } }, 'compare: unknown option "metric"'],
  ]
  test.each(cases)('%s', (_name, part, options, message) => {
    const runs: readonly SystemRun[] = [one]
    expect(refused({ ...small(runs), ...part }, options)).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message),
    })
  })
})
