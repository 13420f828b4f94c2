import { expect, test } from 'vitest'
import { explainPassage } from '../../src/search/explain.ts'

const HEADING = 'Cats\n'
const PASSAGE = 'Dogs bark. Cats like unbelievable fish. Birds sing loudly.'

/** Rows: [CLS], then the given words of the passage, in order. */
function explain(
  words: readonly (readonly [word: string, length?: number])[],
  matches: readonly (readonly [row: number, similarity: number])[],
  markers = 0,
  rowOf?: readonly number[],
) {
  let at = 0
  const starts = words.map(([word]) => {
    at = (HEADING + PASSAGE).indexOf(word, at)
    return at
  })
  return explainPassage({
    input: HEADING + PASSAGE,
    offset: HEADING.length,
    blocks: [{ kind: 'paragraph', start: 0, end: PASSAGE.length }],
    starts: Int32Array.from([-1, ...starts]),
    ends: Int32Array.from([-1, ...starts.map((start, i) => start + (words[i]![1] ?? words[i]![0].length))]),
    ...(rowOf && { rowOf }),
    positions: Uint32Array.from(matches, ([row]) => row),
    similarities: Float32Array.from(matches, ([, similarity]) => similarity),
    queryStarts: Int32Array.from(matches, (_, q) => (q < markers ? -1 : q)),
  })
}

const wordsOf = ({ matches }: ReturnType<typeof explain>) => matches.map(({ start, end }) => PASSAGE.slice(start, end))

test('matched words are whole words, in order, the strongest at 1', () => {
  const result = explain(
    [['Cats'], ['unbe'], ['fish']],
    [
      [3, 0.8],
      [2, 1],
    ],
  )
  expect(wordsOf(result)).toEqual(['unbelievable', 'fish'])
  expect(result.matches[0]!.strength).toBe(1)
  // 0.8 of the best, on a scale that begins at 0.6: (0.8 - 0.6) / 0.4
  expect(result.matches[1]!.strength).toBeCloseTo(0.5, 6)
})

test('a pooled row stands for all of its tokens', () => {
  const pooled = [0, 1, 2, 1] // [CLS], Dogs, unbelievable, and fish with the dogs
  const result = explain([['Dogs'], ['unbe'], ['fish']], [[1, 1]], 0, pooled)
  expect(wordsOf(result)).toEqual(['Dogs', 'fish'])
  expect(result.matches.map(({ strength }) => strength)).toEqual([1, 1])
})

test('markers and padding of the query, weak matches and words of the heading mark nothing', () => {
  expect(
    wordsOf(
      explain(
        [['bark'], ['fish']],
        [
          [1, 1],
          [2, 1],
        ],
        1,
      ),
    ),
  ).toEqual(['fish'])
  expect(
    wordsOf(
      explain(
        [['bark'], ['fish']],
        [
          [1, 0.5],
          [2, 1],
        ],
      ),
    ),
  ).toEqual(['fish'])
  expect(
    wordsOf(
      explain(
        [['Cats'], ['fish']],
        [
          [1, 1],
          [2, 1],
          [0, 1],
        ],
      ),
    ),
  ).toEqual(['fish'])
})

test('a word matched by several query tokens is marked once, with the best strength', () => {
  const { matches } = explain(
    [['unbe'], ['lievable']],
    [
      [1, 0.9],
      [2, 1],
    ],
  )
  expect(matches).toHaveLength(1)
  expect(matches[0]!.strength).toBe(1)
})

test('nothing matched: the passage begins the excerpt', () => {
  const { matches, excerpt } = explain([['fish']], [])
  expect(matches).toEqual([])
  expect(excerpt.start).toBe(0)
})

test('the excerpt is the run of sentences with the strongest matches', () => {
  const long = Array.from({ length: 12 }, (_, i) => `Sentence number ${i} says nothing at all of interest.`)
  long[7] = 'Here the needle is found.'
  const text = long.join(' ')
  const at = text.indexOf('needle')
  const { excerpt } = explainPassage({
    input: text,
    offset: 0,
    blocks: [{ kind: 'paragraph', start: 0, end: text.length }],
    starts: Int32Array.of(at),
    ends: Int32Array.of(at + 6),
    positions: Uint32Array.of(0),
    similarities: Float32Array.of(0.9),
    queryStarts: Int32Array.of(0),
  })
  const shown = text.slice(excerpt.start, excerpt.end)
  expect(shown).toContain('Here the needle is found.')
  expect(shown.length).toBeLessThanOrEqual(280)
  expect(shown).toMatch(/^[A-Z].*\.$/)
})

test('an empty passage has an empty excerpt', () => {
  const empty = {
    starts: new Int32Array(),
    ends: new Int32Array(),
    positions: new Uint32Array(),
    similarities: new Float32Array(),
    queryStarts: new Int32Array(),
  }
  expect(explainPassage({ input: 'Cats\n', offset: 5, blocks: [], ...empty })).toEqual({
    excerpt: { start: 0, end: 0 },
    matches: [],
  })
})
