import { expect, test } from 'vitest'
import { markNegation, type Reach } from './negationRules.ts'

const VOCABULARY = new Set(['successful', 'responsive', 'pain', 'event', 'painless'])
const marks = (text: string, reach: Reach) => markNegation(text, { reach, vocabulary: VOCABULARY })
const negated = (text: string, reach: Reach = 'words') =>
  marks(text, reach)
    .filter(({ isNegated }) => isNegated)
    .map(({ word }) => word)
    .join(' ')

test.each([
  ['No fever.', 'fever'],
  ['The patient denies chest pain but reports cough.', 'chest pain'],
  ['No evidence of a fresh fracture in the left hand.', 'evidence of a fresh fracture'], // five words, no more
  ['Pulmonary embolism was ruled out.', 'pulmonary embolism was'],
  ['No increase in size.', ''], // looks like a cue
  ['Has cough (no fever) and chills.', 'fever'],
  ['He did not vomit. He ate.', 'vomit'],
  ["She doesn't smoke.", 'smoke'],
  ['High fever.', ''],
])('NegEx: %s', (text, words) => {
  expect(negated(text)).toBe(words)
})

test.each([
  ['Hepatitis was not detected.', 'hepatitis was detected'],
  ['He did not fail to arrive.', ''], // two cues undo each other for the words that both reach
  ['The attempt was unsuccessful.', 'the attempt was'],
  ['He lives under a bridge in the union.', ''], // "der" and "ion" are no words
  ['Tolerates codeine; not ibuprofen.', 'ibuprofen'],
])('by clauses: %s', (text, words) => {
  expect(
    marks(text, 'clause')
      .filter(({ isNegated, isCue }) => isNegated && !isCue)
      .map(({ word }) => word)
      .join(' '),
  ).toBe(words)
})

test('words stand where they are in the text', () => {
  const text = 'Seen today. The wound shows no infection.'
  for (const { word, start, end } of marks(text, 'words')) expect(text.slice(start, end).toLowerCase()).toBe(word)
  expect(marks(text, 'words').filter(({ isCue }) => isCue)).toMatchObject([{ word: 'no', isNegated: false }])
})
