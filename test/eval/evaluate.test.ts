/** One measurement of anything that ranks: against a naive twin, and what it says of bad input. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type EvaluateOptions,
  evaluate,
  groupingOf,
  namesOf,
  ndcg,
  parseCorpus,
  parseQrels,
  recall,
  reciprocalRank,
  SelvageError,
  sharedBest,
  summarize,
} from '../../src/eval/index.ts'

/** Small alphabets, so that rankings and judgements meet. */
const anyId = fc.integer({ min: 0, max: 25 }).map((n) => `d${n}`)
const anyRanking = fc.array(anyId, { maxLength: 40 })
const anyJudged = fc
  .dictionary(anyId, fc.integer({ min: -1, max: 3 }), { maxKeys: 14 })
  .map((grades) => new Map(Object.entries(grades)))

describe('metrics, against loops that follow the definitions', () => {
  const k = fc.constantFrom(1, 3, 10, 100)

  test('nDCG: the ideal is the best of all orders', () =>
    fc.assert(
      fc.property(fc.uniqueArray(anyId, { maxLength: 30 }), anyJudged, k, (ranked, judged, depth) => {
        const dcg = (ids: readonly string[]) => {
          let sum = 0
          for (let rank = 1; rank <= Math.min(depth, ids.length); rank++)
            sum += Math.max(0, judged.get(ids[rank - 1]!) ?? 0) / (Math.log(rank + 1) / Math.log(2))
          return sum
        }
        const ideal = dcg([...judged.keys()].sort((a, b) => judged.get(b)! - judged.get(a)!))
        const got = ndcg(ranked, judged, depth)
        expect(got).toBeCloseTo(ideal === 0 ? 0 : dcg(ranked) / ideal, 12)
        expect(got).toBeGreaterThanOrEqual(0)
        expect(got).toBeLessThanOrEqual(1 + 1e-12)
        // Swapping a relevant document up never makes it worse.
        const at = ranked.findIndex((id, i) => i > 0 && (judged.get(id) ?? 0) > (judged.get(ranked[i - 1]!) ?? 0))
        if (at < 0) return
        const better = [...ranked.slice(0, at - 1), ranked[at]!, ranked[at - 1]!, ...ranked.slice(at + 1)]
        expect(ndcg(better, judged, depth)).toBeGreaterThanOrEqual(got - 1e-12)
      }),
    ))

  test('recall, reciprocal rank, and what two rankings share', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(anyId, { maxLength: 30 }),
        anyJudged,
        anyRanking,
        k,
        (ranked, judged, other, depth) => {
          const relevant = [...judged].filter(([, grade]) => grade > 0).map(([id]) => id)
          let found = 0
          let first = 0
          for (let i = 0; i < Math.min(depth, ranked.length); i++) {
            if (!relevant.includes(ranked[i]!)) continue
            found++
            if (first === 0) first = 1 / (i + 1)
          }
          expect(recall(ranked, judged, depth)).toBe(relevant.length === 0 ? 0 : found / relevant.length)
          expect(reciprocalRank(ranked, judged, depth)).toBe(first)
          const best = [...new Set(other)].slice(0, depth)
          const both = best.filter((id) => ranked.slice(0, depth).includes(id)).length
          expect(sharedBest(ranked, best, depth)).toBe(best.length === 0 ? 1 : both / best.length)
        },
      ),
    ))
})

const queriesOf = (ids: Iterable<string>) => Array.from(ids, (id) => ({ id, text: `text of ${id}` }))

test('means are over queries that have a relevant document; a document counts where it first stands', () =>
  fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom('q1', 'q2', 'q3', 'q4'), fc.tuple(anyRanking, anyRanking, anyJudged), {
        minKeys: 1,
      }),
      async (set) => {
        const qrels = new Map(Object.entries(set).map(([id, [, , judged]]) => [id, judged]))
        const measured = evaluate({
          queries: queriesOf(qrels.keys()),
          qrels,
          rank: ({ id }) => ({ ids: set[id]![0], ms: { [id]: 6 } }),
          exact: async ({ id }) => ({ ids: set[id]![1] }),
          isDeep: true,
        })
        const counted = [...qrels].filter(([, judged]) => [...judged.values()].some((grade) => grade > 0))
        if (counted.length === 0) {
          await expect(measured).rejects.toMatchObject({ code: 'invalid-argument' })
          return
        }
        const got = await measured
        const once = (ids: readonly string[]) => ids.filter((id, i) => ids.indexOf(id) === i)
        const rankings = new Map(Object.entries(set).map(([id, [ids]]) => [id, once(ids)]))
        expect(got).toMatchObject(closeTo(summarize(rankings, qrels)))
        const shared = counted.map(([id]) => sharedBest(once(set[id]![0]), once(set[id]![1]), 10))
        expect(got['recall@10 of exact']).toBeCloseTo(shared.reduce((sum, one) => sum + one, 0) / counted.length, 12)
        expect(got['ms per stage']).toEqual(Object.fromEntries(counted.map(([id]) => [id, 6 / counted.length])))
        expect(got.each.map(({ query }) => query.id)).toEqual(counted.map(([id]) => id))
        for (const { query, ids } of got.each) expect(ids).toEqual(rankings.get(query.id)!.slice(0, 10))
      },
    ),
  ))

/** Sums in another order. */
function closeTo(figures: object) {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, expect.closeTo(value, 12)]))
}

describe('what is asked', () => {
  const qrels = new Map([['q', new Map([['a', 1]])]])
  const queries = queriesOf(['q', 'unjudged'])

  test('ten documents, and only where wanted a hundred and the exact ten', async () => {
    const asked: string[] = []
    const tell =
      (who: string): EvaluateOptions['rank'] =>
      (query, k) => {
        asked.push(`${who} ${query.id} ${k}`)
        return { ids: ['b', 'a'] }
      }
    const plain = await evaluate({ queries, qrels, rank: tell('rank') })
    expect(asked).toEqual(['rank q 10'])
    const { each, ...figures } = plain
    expect(figures).toEqual({ queries: 1, 'ndcg@10': 1 / Math.log2(3), 'mrr@10': 0.5, 'ms per stage': {} })
    expect(each[0]).not.toHaveProperty('exactIds')
    asked.length = 0
    const progress: unknown[] = []
    const onProgress = (event: unknown) => progress.push(event)
    const all = await evaluate({ queries, qrels, rank: tell('rank'), exact: tell('exact'), isDeep: true, onProgress })
    expect(asked).toEqual(['rank q 10', 'rank q 100', 'exact q 10'])
    expect(all).toMatchObject({ 'recall@100': 1, 'recall@10 of exact': 1 })
    expect(progress).toEqual([{ stage: 'search', loaded: 1, total: 1, unit: 'items' }])
  })

  test('nothing more once it is aborted; what the ranking throws is thrown', async () => {
    const controller = new AbortController()
    let calls = 0
    const rank: EvaluateOptions['rank'] = () => {
      calls++
      controller.abort()
      return { ids: [] }
    }
    const twice = new Map([...qrels, ['r', new Map([['a', 1]])] as const])
    const given = { queries: queriesOf(['q', 'r']), qrels: twice, rank, signal: controller.signal }
    await expect(evaluate(given)).rejects.toMatchObject({ code: 'aborted' })
    expect(calls).toBe(1)
    const failing = () => Promise.reject(new SelvageError('worker-died', 'It died.'))
    await expect(evaluate({ queries, qrels, rank: failing })).rejects.toThrow('It died.')
  })

  test('unknown options, and queries of another set', async () => {
    const rank = () => ({ ids: [] })
    const misspelt: EvaluateOptions = { queries, qrels, rank, ...{ exakt: rank } }
    await expect(evaluate(misspelt)).rejects.toThrow('evaluate: unknown option "exakt"')
    await expect(evaluate({ queries: queriesOf(['x', 'y']), qrels, rank })).rejects.toThrow(
      'of 2 queries none has a relevant document among the judgements of 1',
    )
  })
})

describe('which document a hit is', () => {
  const labels = (...ids: string[]) => parseQrels(ids.map((id) => `q\t${id}\t1`).join('\n'), 'qrels.tsv')
  const hit = (url: string, page = url.replace(/#.*/, '')) => ({ url, page: { url: page } })

  test.each([
    ['an address of a section', labels('/a#x'), hit('/a#x'), '/a#x'],
    ['an address of a page', labels('/a'), hit('/a#x'), '/a'],
    ['a page where each section is a record of its own', labels('/a'), hit('/a#x', '/a#x'), '/a'],
    ['an id, under the address of a site', labels('4983'), hit('https://example.org/docs/4983'), '4983'],
    ['an id with signs', labels('a/b?c#d: é'), hit('/a%2Fb%3Fc%23d%3A%20%C3%A9'), 'a/b?c#d: é'],
    ['an id with a bare per cent', labels('100%'), hit('/100%'), '100%'],
    ['nothing that is labelled', labels('/a'), hit('/b#y'), '/b#y'],
  ])('%s', (_, qrels, found, name) => {
    const names = namesOf(qrels)
    expect(names.nameOf(found)).toBe(name)
    expect(names.isKnown(name)).toBe(name !== '/b#y')
  })

  test('the address that the corpus gives a document goes before all', () => {
    const corpus = parseCorpus(
      '{"_id":"7","url":"/x/8"}\n{"_id":"8","metadata":{"url":"/x/7"}}\n{"_id":"9"}',
      'corpus.jsonl',
    )
    expect(corpus.map(({ url }) => url)).toEqual(['/x/8', '/x/7', undefined])
    const { nameOf, isKnown } = namesOf(labels('7'), corpus)
    expect([hit('/x/7'), hit('/x/8'), hit('/x/9')].map(nameOf)).toEqual(['8', '7', '9'])
    expect(isKnown('9')).toBe(true)
  })

  test('sections are counted where labels name sections', () => {
    expect(groupingOf(labels('/a', '/b#x'))).toBe('section')
    expect(groupingOf(labels('/a', '4983'))).toBe('page')
    expect(groupingOf(new Map())).toBe('page')
  })
})
