/** Three files that belong together, and what is wrong with them: an error with file and line, or a warning with a count. */
import { describe, expect, test } from 'vitest'
import { parseCorpus, parseJudgements, parseQueries } from '../../src/eval/dataset.ts'
import { labelledSet } from '../../src/eval/labelled.ts'

const CORPUS = '{"_id":"a","title":"A","text":"a"}\n{"_id":"b","text":"b"}\n{"_id":"c#x","text":"c"}\n{"_id":"void"}'
const QUERIES =
  '{"_id":"q1","text":"one"}\n{"_id":"q2","text":"two"}\n\n{"_id":"q3","text":" "}\n{"_id":"q4","text":"four"}'

function set({ corpus = CORPUS, queries = QUERIES, qrels = 'q1\ta\t1\nq2\tb\t2' } = {}) {
  return labelledSet({
    corpus: parseCorpus(corpus, 'corpus.jsonl'),
    queries: parseQueries(queries, 'queries.jsonl'),
    judgements: parseJudgements(qrels, 'qrels.tsv'),
    files: { corpus: 'corpus.jsonl', queries: 'queries.jsonl', qrels: 'qrels.tsv' },
  })
}

test('queries that can be asked, in their order, and what a rank counts', () => {
  const { queries, qrels, ranked, corpus } = set({ qrels: 'h\th\th\nq2\tb\t2\nq1\ta\t1\nq1\ta\t1' })
  expect(queries.map(({ id }) => id)).toEqual(['q1', 'q2'])
  expect(qrels.get('q1')).toEqual(new Map([['a', 1]]))
  expect(corpus).toHaveLength(4)
  expect(ranked).toBe('documents')
  expect(set({ qrels: 'q1\tc\t1' }).ranked).toBe('pages')
})

test('what is only poorer for it is counted, and the first one named', () => {
  const { queries, warnings } = set({
    qrels: 'query-id\tcorpus-id\tscore\nq1\ta\t1\nq1\tgone\t1\nq2\tb\t0\nq3\tb\t1\nq9\ta\t1\nq9\tgone\t1',
  })
  expect(queries.map(({ id }) => id)).toEqual(['q1'])
  expect(warnings).toEqual([
    'corpus.jsonl has no document for 2 of 6 judgements, the first is "gone" (qrels.tsv:3). No system can find what is not there, so they count as not found.',
    'queries.jsonl has no query for 2 of 6 judgements, the first is "q9" (qrels.tsv:6). They are left out.',
    'Left out, without judgements: 1 of 4 queries, the first is "q4".',
    'Left out, without a relevant document: 1 of 3 queries, the first is "q2".',
    'Left out, without words: 1 of 2 queries, the first is "q3".',
    'Without text, and never found: 1 of 4 documents, the first is "void".',
  ])
  const clean = { corpus: '{"_id":"a","text":"a"}', queries: '{"_id":"q1","text":"one"}', qrels: 'q1\ta\t1' }
  expect(set(clean).warnings).toEqual([])
})

describe('what no measurement can make sense of', () => {
  test.each([
    ['an empty corpus', { corpus: '\n' }, 'corpus.jsonl is empty: there is nothing to measure.'],
    ['no queries', { queries: '' }, 'queries.jsonl is empty'],
    ['a header alone', { qrels: 'query-id\tcorpus-id\tscore\n' }, 'qrels.tsv is empty'],
    [
      'documents of another set',
      { qrels: 'x\ty\tz\nq1\tz\t1\nq2\ty\t1' },
      'qrels.tsv:2: there is no document "z" in corpus.jsonl, nor any other',
    ],
    [
      'queries of another set',
      { qrels: 'p\ta\t1' },
      'qrels.tsv:1: there is no query "p" in queries.jsonl, nor any other',
    ],
    [
      'nothing relevant',
      { qrels: 'q1\ta\t0\nq3\ta\t1' },
      'qrels.tsv: of 2 judged queries none has both words and a document',
    ],
    [
      'two grades',
      { qrels: 'q1\ta\t1\nq2\ta\t1\nq1\ta\t2' },
      'qrels.tsv:3: document "a" has 2 for query "q1", and 1 in line 1.',
    ],
    [
      'a grade that is none',
      { qrels: 'q1\ta\t1\nq1\tb\t' },
      'qrels.tsv:2: wanted "query-id<tab>corpus-id<tab>score", got "q1\tb\t".',
    ],
    [
      'a document twice',
      { corpus: '{"_id":"a"}\n\n{"_id":"a"}' },
      'corpus.jsonl:3: the id "a" is that of line 1 already.',
    ],
    ['a query twice', { queries: '{"_id":7}\n{"_id":"7"}' }, 'queries.jsonl:2: the id "7" is that of line 1 already.'],
    ['an empty id', { queries: '{"_id":"","text":"x"}' }, 'queries.jsonl:1: it has no "_id".'],
  ])('%s', (_, files, message) => {
    expect(() => set(files)).toThrow(message)
  })
})
