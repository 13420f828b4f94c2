import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCorpus, parseQrels, parseQueries } from '../../src/eval/dataset.ts'
import {
  CHANCE,
  type ContrastPair,
  comparePairs,
  judgePairs,
  parsePairs,
  preferByRank,
  preferByScore,
} from '../../src/eval/pairs.ts'

const pair = (id: string): ContrastPair => ({ id, q1: `${id}q1`, q2: `${id}q2`, doc1: `${id}d1`, doc2: `${id}d2` })
const some = (n: number) => Array.from({ length: n }, (_, i) => pair(`p${i}`))

/** A score for each of the four combinations of a pair: own and other text of both questions. */
function scored(pairs: readonly ContrastPair[], scores: readonly (readonly [number, number, number, number])[]) {
  const all = new Map<string, number>()
  pairs.forEach(({ q1, q2, doc1, doc2 }, i) => {
    const [ownFirst, otherFirst, ownSecond, otherSecond] = scores[i]!
    all.set(`${q1} ${doc1}`, ownFirst).set(`${q1} ${doc2}`, otherFirst)
    all.set(`${q2} ${doc2}`, ownSecond).set(`${q2} ${doc1}`, otherSecond)
  })
  return preferByScore((query, document) => all.get(`${query} ${document}`))
}

test('a pair is right only where both questions prefer their own text', () => {
  const pairs = some(6)
  const figures = judgePairs(
    pairs,
    scored(pairs, [
      [2, 1, 5, 4], // both
      [2, 1, 4, 5], // doc1 for both
      [1, 2, 5, 4], // doc2 for both
      [1, 2, 4, 5], // each the other's
      [2, 2, 5, 4], // a tie is wrong, though the second is right
      [3, 3, 3, 3],
    ]),
  )
  expect(figures.each.map(({ verdict }) => verdict)).toEqual([
    'right',
    'same text',
    'same text',
    'both wrong',
    'undecided',
    'undecided',
  ])
  expect(figures.each[4]).toMatchObject({ first: 'tie', second: 'own' })
  expect(figures.counts).toEqual({ right: 1, 'same text': 2, 'both wrong': 1, undecided: 2 })
  expect(figures.accuracy).toBe(1 / 6)
  expect(figures.questionsRight).toBe(5 / 12) // 2 + 1 + 1 + 0 + 1 + 0
})

test('in a ranking a text that was not found stands below one that was', () => {
  const pairs = some(4)
  const figures = judgePairs(
    pairs,
    preferByRank(
      new Map([
        ['p0q1', ['x', 'p0d1', 'p0d2']],
        ['p0q2', ['p0d2']],
        ['p1q1', ['p1d2']],
        ['p1q2', ['p1d1']],
        ['p2q1', ['p2d1', 'p2d2']],
        ['p2q2', ['x']],
        ['p3q1', ['p3d1', 'p3d2']],
      ]),
    ),
  )
  expect(figures.each.map(({ first, second, verdict }) => [first, second, verdict])).toEqual([
    ['own', 'own', 'right'],
    ['other', 'other', 'both wrong'],
    ['own', 'neither found', 'undecided'],
    ['own', 'neither found', 'undecided'],
  ])
})

test('a score that is no number prefers nothing', () => {
  const prefer = preferByScore((_, document) => (document === 'a' ? Number.NaN : 1))
  expect(prefer('q', 'a', 'b')).toBe(0)
  expect(preferByScore(() => undefined)('q', 'a', 'b')).toBeUndefined()
  expect(preferByScore((_, document) => (document === 'a' ? -3 : undefined))('q', 'a', 'b')).toBe(1)
})

test('a guess gets a quarter, and who does not hear the question gets none', () => {
  const pairs = some(4000)
  let state = 1
  const guess = () => {
    state = (state * 48_271) % 2_147_483_647 // MINSTD: the same guesses each time
    return state / 2_147_483_647
  }
  // Of 4,000 the standard deviation is .0068: five of them.
  expect(Math.abs(judgePairs(pairs, () => guess() - 0.5).accuracy - CHANCE)).toBeLessThan(0.035)
  const deaf = judgePairs(
    pairs,
    preferByScore((_, document) => (document.endsWith('d1') ? 1 : 0)),
  )
  expect(deaf.counts['same text']).toBe(4000)
  expect(deaf).toMatchObject({ accuracy: 0, questionsRight: 0.5 })
})

const score = fc.integer({ min: -3, max: 3 })
const fourScores = fc.tuple(score, score, score, score)

test('verdicts add up, no share is larger than what it is part of, and names do not matter', () => {
  fc.assert(
    fc.property(fc.array(fourScores, { minLength: 1, maxLength: 30 }), (scores) => {
      const pairs = some(scores.length)
      const figures = judgePairs(pairs, scored(pairs, scores))
      expect(Object.values(figures.counts).reduce((a, b) => a + b)).toBe(pairs.length)
      const right = scores.filter(([a, b, c, d]) => a > b && c > d).length // the definition, said once more
      expect(figures.accuracy).toBe(right / pairs.length)
      expect(figures.accuracy).toBeLessThanOrEqual(figures.questionsRight)
      expect(figures.interval[0]).toBeLessThanOrEqual(figures.accuracy + 1e-12)
      expect(figures.interval[1]).toBeGreaterThanOrEqual(figures.accuracy - 1e-12)

      const turned = pairs.map(({ id, q1, q2, doc1, doc2 }) => ({ id, q1: q2, q2: q1, doc1: doc2, doc2: doc1 }))
      expect(judgePairs(turned, scored(pairs, scores)).counts).toEqual(figures.counts)
      const larger = scores.map(([a, b, c, d]) => [Math.exp(a), Math.exp(b), Math.exp(c), Math.exp(d)] as const)
      expect(judgePairs(pairs, scored(pairs, larger)).counts).toEqual(figures.counts)
    }),
  )
})

test("Wilson's interval, by the example of 5 in 10 and at its ends", () => {
  const pairs = some(10)
  const rightUpTo = (n: number) =>
    judgePairs(
      pairs,
      scored(
        pairs,
        pairs.map((_, i) => (i < n ? [1, 0, 1, 0] : [0, 1, 1, 0])),
      ),
    ).interval
  const [low, high] = rightUpTo(5)
  expect(low).toBeCloseTo(0.2366, 4) // (.5 + z²/20 ± z √(.025 + z²/400)) / (1 + z²/10), z = 1.96
  expect(high).toBeCloseTo(0.7634, 4)
  expect(rightUpTo(0)[0]).toBe(0)
  expect(rightUpTo(0)[1]).toBeCloseTo(0.2775, 4)
  expect(rightUpTo(10)[1]).toBeCloseTo(1, 12)
})

test('two systems on the same pairs: what one gained and lost, and whether a coin would do it', () => {
  const pairs = some(20)
  const rightFor = (isRight: (i: number) => boolean) =>
    judgePairs(
      pairs,
      scored(
        pairs,
        pairs.map((_, i) => (isRight(i) ? [1, 0, 1, 0] : [1, 0, 0, 1])),
      ),
    )
  const base = rightFor((i) => i < 4)
  // Gains 4 .. 8, loses 0: P(X <= 1 of 6) twice is 2 (1 + 6) / 64.
  const other = rightFor((i) => i >= 1 && i < 9)
  expect(comparePairs(base, other)).toEqual({ gained: 5, lost: 1, p: expect.closeTo(0.21875, 12) })
  expect(comparePairs(base, base)).toEqual({ gained: 0, lost: 0, p: 1 })
  expect(() =>
    comparePairs(
      base,
      judgePairs(some(3), () => 1),
    ),
  ).toThrow('comparePairs: the two were asked other pairs')

  const many = some(3000)
  const none = judgePairs(many, () => -1)
  const all = judgePairs(many, () => 1)
  expect(comparePairs(none, all)).toMatchObject({ gained: 3000, lost: 0 })
  expect(comparePairs(none, all).p).toBeLessThan(1e-300)
})

const KNOWN = { queries: new Set(['q1', 'q2']), documents: new Set(['d1', 'd2']) }
const line = (changed: object = {}) =>
  JSON.stringify({ id: 'a', q1: 'q1', q2: 'q2', doc1: 'd1', doc2: 'd2', ...changed })

test('a file of pairs is read; more fields do no harm', () => {
  expect(parsePairs(`${line({ kind: 'history' })}\n\n${line({ id: 7 })}\n`, 'pairs.jsonl', KNOWN)).toEqual([
    { id: 'a', q1: 'q1', q2: 'q2', doc1: 'd1', doc2: 'd2' },
    { id: '7', q1: 'q1', q2: 'q2', doc1: 'd1', doc2: 'd2' },
  ])
})

test.each([
  ['not json', 'pairs.jsonl:2: not a line of JSON.'],
  ['[1]', 'pairs.jsonl:2: it has no "id"'],
  ['null', 'pairs.jsonl:2: not a JSON object.'],
  [line({ id: 'b', doc2: undefined }), 'pairs.jsonl:2: it has no "doc2"; wanted are id, q1, q2, doc1, doc2.'],
  [line({ id: 'b', q1: '' }), 'pairs.jsonl:2: it has no "q1"'],
  [line(), 'pairs.jsonl:2: the id "a" is that of line 1 already.'],
  [line({ id: 'b', q2: 'q1' }), 'pairs.jsonl:2: q1 and q2 are both "q1"; a pair has two questions.'],
  [line({ id: 'b', doc1: 'd2' }), 'pairs.jsonl:2: doc1 and doc2 are both "d2"; a pair has two texts.'],
  [line({ id: 'b', q1: 'q9' }), 'pairs.jsonl:2: there is no query "q9" with a relevant document.'],
  [line({ id: 'b', doc1: 'd9' }), 'pairs.jsonl:2: there is no document "d9" in corpus.jsonl.'],
])('a bad line is named: %s', (bad, message) => {
  expect(() => parsePairs(`${line()}\n${bad}`, 'pairs.jsonl', KNOWN)).toThrow(message)
})

test('no pairs is an error, since nothing could be measured', () => {
  expect(() => parsePairs('\n', 'pairs.jsonl', KNOWN)).toThrow('pairs.jsonl has no pairs.')
  expect(() => judgePairs([], () => 1)).toThrow('there are no pairs')
})

test('the clinical pairs are whole: every note and question is of one pair, and the labels say what the pairs say', () => {
  const folder = new URL('../fixtures/clinical-negation/', import.meta.url)
  const read = (name: string): [string, string] => [readFileSync(new URL(name, folder), 'utf8'), name]
  const corpus = parseCorpus(...read('corpus.jsonl'))
  const queries = parseQueries(...read('queries.jsonl'))
  const qrels = parseQrels(...read('qrels.tsv'))
  const documents = new Set(corpus.map(({ id }) => id))
  const pairs = parsePairs(...read('pairs.jsonl'), { queries: new Set(queries.map(({ id }) => id)), documents })
  expect(pairs.length).toBe(45)
  expect(new Set(pairs.flatMap(({ doc1, doc2 }) => [doc1, doc2]))).toEqual(documents)
  expect(new Set([...corpus, ...queries].map(({ text }) => text)).size).toBe(4 * pairs.length)
  for (const { q1, q2, doc1, doc2 } of pairs) {
    expect([...(qrels.get(q1) ?? [])]).toEqual([[doc1, 1]])
    expect([...(qrels.get(q2) ?? [])]).toEqual([[doc2, 1]])
  }
})
