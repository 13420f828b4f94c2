/** A comparison by the public names alone, as a program that has its own rankings makes one. */
import { expect, test } from 'vitest'
import {
  type Comparable,
  compare,
  parseQrels,
  parseQueries,
  type SystemRun,
  toHtml,
  toJson,
  toText,
} from '../../src/eval/index.ts'

const queries = parseQueries(
  ['a', 'b', 'c'].map((id) => JSON.stringify({ _id: id, text: `of ${id}` })).join('\n'),
  'q.jsonl',
)
const qrels = parseQrels(['query-id\tcorpus-id\tscore', 'a\t1\t1', 'b\t2\t1', 'c\t3\t1'].join('\n'), 'qrels.tsv')

/** @param ranks where the relevant document of each query stands, counted from 1 */
function run(name: string, ranks: readonly number[]): SystemRun {
  const ranked = (relevant: string, rank: number) => ['7', '8', '9'].toSpliced(rank - 1, 0, relevant)
  const answers = queries.map(({ id }, i) => {
    const ids = ranked(String(i + 1), ranks[i]!)
    return [id, { first: ids, deep: ids, ms: 2 }] as const
  })
  return { name, description: name, queries: new Map(answers), msPerStage: {}, cost: { bytesPerDocument: 100 } }
}

test('rankings from anywhere become the tables of --compare', () => {
  const given: Comparable = {
    ...{ dataset: 'three', documents: 6, ranked: 'documents', queries, qrels, warnings: [] },
    runs: [run('old', [2, 2, 2]), run('new', [1, 1, 2])],
  }
  const comparison = compare(given, { metrics: ['mrr@10'] })
  expect(comparison.systems.map(({ figures }) => figures.get('mrr@10')?.mean)).toEqual([0.5, (1 + 1 + 0.5) / 3])
  // Of the four ways to give two differences of .5 their signs, two have as large a sum.
  expect(comparison.systems[1]?.figures.get('mrr@10')?.difference).toMatchObject({
    wins: 2,
    ties: 1,
    losses: 0,
    p: 0.5,
  })
  expect(toText(comparison)).toContain('.8333')
  expect(toHtml(comparison)).toMatch(/^<!doctype html>/i)
  expect(toJson(comparison).systems.map(({ name }) => name)).toEqual(['old', 'new'])
})
