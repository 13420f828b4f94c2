import { expect, test } from 'vitest'
import { labelsArePages, parseCorpus, parseQrels } from '../../src/eval/dataset.ts'
import { ndcg, recall, reciprocalRank, summarize } from '../../src/eval/metrics.ts'

const judged = new Map([
  ['a', 2],
  ['b', 1],
  ['c', 0],
])

test('nDCG with linear gains, worked by hand', () => {
  // (1/log2(2) + 2/log2(4)) / (2/log2(2) + 1/log2(3)) = 2 / 2.63093
  expect(ndcg(['b', 'x', 'a'], judged, 10)).toBeCloseTo(2 / (2 + 1 / Math.log2(3)), 12)
  expect(ndcg(['a', 'b'], judged, 10)).toBe(1)
  expect(ndcg(['b', 'x', 'a'], judged, 1)).toBe(0.5)
  expect(ndcg(['x'], new Map(), 10)).toBe(0)
})

test('recall and reciprocal rank', () => {
  expect(recall(['c', 'b', 'x'], judged, 3)).toBe(0.5)
  expect(reciprocalRank(['c', 'x', 'b'], judged, 10)).toBeCloseTo(1 / 3, 12)
  expect(reciprocalRank(['c', 'x', 'b'], judged, 2)).toBe(0)
})

test('means are over queries with a relevant document, as trec_eval takes them', () => {
  const rankings = new Map([
    ['q1', ['a']],
    ['q2', ['x']],
    ['unjudged', ['a']],
  ])
  const qrels = new Map([
    ['q1', new Map([['a', 1]])],
    ['q2', new Map([['a', 1]])],
    ['only zeros', new Map([['a', 0]])],
  ])
  expect(summarize(rankings, qrels)).toEqual({ 'ndcg@10': 0.5, 'recall@100': 0.5, 'mrr@10': 0.5, queries: 2 })
})

test('bad lines are named by file and number', () => {
  expect(() => parseCorpus('{"_id":"1","text":"x"}\n{"text":"y"}', 'corpus.jsonl')).toThrow(
    'corpus.jsonl:2: it has no "_id".',
  )
  expect(() => parseCorpus('{"_id":"1"}\nnot json', 'corpus.jsonl')).toThrow('corpus.jsonl:2: not a line of JSON.')
  expect(() => parseCorpus('{"_id":"1"}\n{"_id":"1"}', 'corpus.jsonl')).toThrow(
    'corpus.jsonl:2: the id "1" is that of line 1 already.',
  )
  expect(() => parseQrels('q\td\tscore\nq1\td1', 'qrels.tsv')).toThrow(
    'qrels.tsv:2: wanted "query-id<tab>corpus-id<tab>score"',
  )
})

test('labels that name pages of a corpus of sections are recognised', () => {
  const corpus = new Set(['a.html#x', 'a.html#y', 'b.html#z'])
  expect(labelsArePages(parseQrels('q\td\tscore\n1\ta.html\t1', ''), corpus)).toBe(true)
  expect(labelsArePages(parseQrels('1\ta.html#x\t1', ''), corpus)).toBe(false)
  expect(labelsArePages(parseQrels('1\tdoc7\t1', ''), new Set(['doc7']))).toBe(false)
})
