/** Which words of a query a passage has, and which it has not. */
import { expect, test } from 'vitest'
import { wordsByMeaning, wordsByTerms } from '../../src/search/queryWords.ts'
import type { MeantWord, QueryWord } from '../../src/types.ts'

const QUERY = 'how does useRef cache bananas'
const shown = (words: readonly QueryWord[], query = QUERY) =>
  words.map(({ start, end, strength, isWeak }) => [query.slice(start, end), Math.round(strength * 100) / 100, isWeak])

/** One token after another: the characters, and the best cosine. */
function found(tokens: readonly (readonly [text: string, cosine: number])[], query = QUERY) {
  let at = 0
  const starts = tokens.map(([text]) => {
    if (text === '') return -1
    at = query.indexOf(text, at)
    return at
  })
  return {
    queryStarts: Int32Array.from(starts),
    queryEnds: Int32Array.from(starts, (start, i) => (start < 0 ? -1 : start + tokens[i]![0].length)),
    similarities: Float32Array.from(tokens, ([, cosine]) => cosine),
  }
}

test('by meaning a word is as strong as its best token, and weak below the limit; markers count for nothing', () => {
  const matches = found([
    ['', 1],
    ['how', 0.3],
    ['does', 0.6],
    ['use', 0.7],
    ['Ref', 0.9],
    ['cache', 0.49],
    ['ban', -0.1],
  ])
  expect(shown(wordsByMeaning(QUERY, matches))).toEqual([
    ['how', 0.3, true],
    ['does', 0.6, false],
    ['useRef', 0.9, false],
    ['cache', 0.49, true],
    ['bananas', 0, true],
  ])
})

test('what was left out as too common is never weak, and what the model did not read is not there', () => {
  const meant: MeantWord[] = [{ word: 'how', terms: [], isLeftOut: true }]
  const words = wordsByMeaning(
    QUERY,
    found([
      ['how', 0.3],
      ['does', 0.2],
    ]),
    meant,
  )
  expect(shown(words)).toEqual([
    ['how', 0.3, false],
    ['does', 0.2, true],
  ])
})

test('by words a word is weak if nothing that it stands for is there; a part of an identifier will do', () => {
  const meant: MeantWord[] = [
    { word: 'how', terms: [], isLeftOut: true },
    { word: 'does', terms: [], isLeftOut: true },
    { word: 'useref', terms: [{ term: 'useref', weight: 1 }], isLeftOut: false },
    { word: 'use', terms: [{ term: 'use', weight: 1 }], isLeftOut: false },
    { word: 'ref', terms: [{ term: 'refs', weight: 0.9 }], isLeftOut: false },
    { word: 'cache', terms: [{ term: 'cached', weight: 0.9 }], isLeftOut: false },
    { word: 'bananas', terms: [{ term: 'banana', weight: 0.9 }], isLeftOut: false },
  ]
  expect(shown(wordsByTerms(QUERY, meant, ['Refs', 'It is cached.']))).toEqual([
    ['how', 0, false],
    ['does', 0, false],
    ['useRef', 0.9, false],
    ['cache', 0.9, false],
    ['bananas', 0, true],
  ])
})
