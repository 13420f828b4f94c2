import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ContrastText, contrast, differingParts } from '../../src/search/contrast.ts'

/** Words with a vector each; a row whose word is '' is a marker. */
function encoded(rows: readonly (readonly [word: string, ...vector: number[]])[]): ContrastText {
  const text = rows.flatMap(([word]) => (word === '' ? [] : [word])).join(' ')
  let at = 0
  const starts: number[] = []
  const ends: number[] = []
  for (const [word] of rows) {
    starts.push(word === '' ? -1 : at)
    ends.push(word === '' ? -1 : at + word.length)
    if (word !== '') at += word.length + 1
  }
  const vectors = rows.map(([, ...vector]) => vector)
  const matrix = { data: Float32Array.from(vectors.flat()), rows: rows.length, dim: vectors[0]?.length ?? 0 }
  return { text, encoded: { matrix, starts: Int32Array.from(starts), ends: Int32Array.from(ends) } }
}

test('where the difference of two scores comes from, worked by hand', () => {
  const question = encoded([
    ['', 1, 0],
    ['no', 0, 1],
    ['fever', 0.6, 0.8],
  ])
  const left = encoded([
    ['', 0, 1],
    ['fever', 0.6, 0.8],
  ])
  const right = encoded([
    ['no', 0, 1],
    ['fever', 1, 0],
  ])
  const { tokens, ...scores } = contrast(question, left, right)
  expect(tokens.map(({ token, isPadding, left, right }) => [token, isPadding, left.word, right.word])).toEqual([
    ['', true, 'fever', 'fever'],
    ['no', false, '', 'no'],
    ['fever', false, 'fever', 'no'],
  ])
  const differences = [0.6 - 1, 1 - 1, 1 - 0.8]
  tokens.forEach(({ difference }, q) => {
    expect(difference).toBeCloseTo(differences[q]!, 6)
  })
  expect(scores.left).toBeCloseTo(2.6, 6)
  expect(scores.right).toBeCloseTo(2.8, 6)
})

test('a token that is part of a word is shown by the word', () => {
  const question = encoded([['pain', 1, 0]])
  const text = 'no backpain today'
  const starts = Int32Array.of(7)
  const side = { text, encoded: { ...question.encoded, starts, ends: Int32Array.of(11) } }
  expect(contrast(side, side, side).tokens[0]).toMatchObject({
    ...{ token: 'pain', word: 'backpain' },
    left: { word: 'backpain', cosine: 1 },
  })
})

test('the differences of the tokens add up to the difference of the scores, and change sign with the sides', () => {
  const row = fc.tuple(
    fc.constantFrom('', 'a', 'b'),
    fc.float({ min: -1, max: 1, noNaN: true }),
    fc.float({ min: -1, max: 1, noNaN: true }),
  )
  const rows = fc.array(row, { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(rows, rows, rows, (q, l, r) => {
      const there = contrast(encoded(q), encoded(l), encoded(r))
      const back = contrast(encoded(q), encoded(r), encoded(l))
      const sum = there.tokens.reduce((all, { difference }) => all + difference, 0)
      expect(sum).toBeCloseTo(there.left - there.right, 9)
      expect(back.tokens.map(({ difference }) => -difference + 0)).toEqual(
        there.tokens.map(({ difference }) => difference + 0),
      )
    }),
  )
})

test.each([
  ['Seen today. No fever. Drinks well.', 'Seen today. High fever. Drinks well.', 'No', 'High'],
  ['a b c', 'a c', 'b', ''],
  ['a a', 'a', 'a', ''],
  ['same text', 'same  text', '', ''],
  ['', 'x', '', 'x'],
])('what differs between "%s" and "%s"', (left, right, ...parts) => {
  expect(differingParts(left, right)).toEqual(parts)
})
