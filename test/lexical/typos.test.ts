import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lettersOf, mayBeNear, slips, slipsAllowed } from '../../src/lexical/typos.ts'
import { naiveSlips } from './naive.ts'

test.each([
  ['component', 'component', 0],
  ['component', 'componet', 1], // one too few
  ['component', 'commponent', 1], // one too many
  ['component', 'compoment', 1], // another one
  ['component', 'compnoent', 1], // two changed over
  ['component', 'ocmponnet', 2],
  // Restricted: what was changed over is not touched again, so it is not ca -> ac -> abc.
  ['ca', 'abc', 3],
  ['', 'abc', 3],
])('%s and %s are %i slips apart', (a, b, wanted) => {
  expect(naiveSlips(a, b)).toBe(wanted)
  expect(slips(a, b, 3)).toBe(wanted)
  expect(slips(b, a, 3)).toBe(wanted)
})

test('slips are those of the recursive definition, and one more than allowed where there are more', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 })
  fc.assert(
    fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, most) => {
      expect(slips(a, b, most)).toBe(Math.min(naiveSlips(a, b), most + 1))
    }),
    { numRuns: 2000 },
  )
})

test('no word that is near is passed over by its letters; most others are', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abcz_é日0'), maxLength: 8 })
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(mayBeNear(lettersOf(a), lettersOf(b), naiveSlips(a, b))).toBe(true)
    }),
    { numRuns: 2000 },
  )
  expect(mayBeNear(lettersOf('component'), lettersOf('reference'), 2)).toBe(false)
})

test('a word of up to 3 letters may have no slip, of 4 to 7 one, of 8 and more two', () => {
  const words = ['', 'abc', 'abcd', 'abcdefg', 'abcdefgh', 'abcdefghijkl']
  expect(words.map(slipsAllowed)).toEqual([0, 0, 1, 1, 2, 2])
})
