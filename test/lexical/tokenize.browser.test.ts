/** The same terms in Chromium as in Node: an index is built in one and asked in the other. */
import { expect, test } from 'vitest'
import { wordsOf } from '../../src/lexical/tokenize.ts'
import { SAMPLE, stableTerms } from './sample.ts'

test.each(SAMPLE)('the same in every engine: %s', (text, terms) => {
  expect(stableTerms(wordsOf(text))).toBe(terms)
})
