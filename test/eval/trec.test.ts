/** Metrics, and the order of scores, against trec_eval itself: test/fixtures/pytrec. */
import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { averagePrecision, ndcg, parseMetric, reciprocalRank, trecOrder } from '../../src/eval/metrics.ts'

interface Case {
  readonly name: string
  readonly judged: Readonly<Record<string, number>>
  readonly scores: Readonly<Record<string, number>>
  readonly figures: Readonly<Record<string, number>>
}

const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL('../fixtures/pytrec/expected.json', import.meta.url), 'utf8'),
)

describe('the figures of trec_eval, to 1e-6', () => {
  test.each(cases)('$name', ({ judged, scores, figures }) => {
    const grades = new Map(Object.entries(judged))
    const ranked = trecOrder(Object.entries(scores).map(([id, score]) => ({ id, score })))
    for (const [name, value] of Object.entries(figures)) {
      const whole = { ndcg, map: averagePrecision, mrr: reciprocalRank }[name]
      const got = whole ? whole(ranked, grades, Number.POSITIVE_INFINITY) : parseMetric(name).of(ranked, grades)
      expect(Math.abs(got - value), `${name}: ${got} against ${value}`).toBeLessThan(1e-6)
    }
  })

  test('the fixture asks for what it is said to', () => {
    expect(cases.length).toBeGreaterThan(50)
    const all = cases.flatMap(({ figures }) => Object.keys(figures))
    expect(new Set(all).size).toBe(33)
    const tied = cases.filter(({ scores }) => new Set(Object.values(scores)).size < Object.keys(scores).length)
    expect(tied.length).toBeGreaterThan(20)
    expect(cases.some(({ judged }) => Object.values(judged).every((grade) => grade <= 0))).toBe(true)
    expect(cases.some(({ judged }) => Object.values(judged).some((grade) => grade < 0))).toBe(true)
    expect(cases.some(({ judged, scores }) => Object.keys(scores).some((id) => !(id in judged)))).toBe(true)
  })

  test('the order of ids is that of their bytes', () =>
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 4 }), { maxLength: 12 }), (ids) => {
        const bytes = (id: string) => Buffer.from(id, 'utf8')
        const got = trecOrder(ids.map((id) => ({ id, score: 1 })))
        expect(got).toEqual([...ids].sort((a, b) => Buffer.compare(bytes(b), bytes(a))))
      }),
    ))
})

describe('a metric by its name', () => {
  test('any case, any depth', () => {
    expect(parseMetric('nDCG@10')).toMatchObject({ name: 'ndcg@10', label: 'nDCG@10', k: 10 })
    expect(parseMetric(' map@100 ')).toMatchObject({ name: 'map@100', label: 'MAP@100', k: 100 })
    expect(['mrr@1', 'recall@5', 'success@3'].map((name) => parseMetric(name).label)).toEqual([
      'MRR@1',
      'Recall@5',
      'Success@3',
    ])
  })

  test.each(['', 'ndcg', 'ndcg@', 'ndcg@0', 'ndcg@-1', 'ndcg@1.5', 'precision@10', 'ndcg@10@10', 'constructor@1'])(
    'not "%s"',
    (name) => {
      expect(() => parseMetric(name)).toThrow(
        `There is no metric "${name}". Give a name and how many ranks count, as in ndcg@10; ` +
          'the names are ndcg, mrr, recall, map or success.',
      )
    },
  )
})
