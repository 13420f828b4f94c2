import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeded } from '../../src/plaid/random.ts'
import { contrastsOf, questionOf, reworded, turnedQuestion } from './contrastRules.ts'

const never = () => 1

test.each([
  ['Copper is not magnetic.', ['Copper is magnetic.']],
  ['Copper is magnetic.', ['Copper is not magnetic.']],
  ['The drug can help.', ['The drug cannot help.']],
  ['The drug cannot help.', ['The drug can help.']],
  ["It wasn't built.", ['It was built.']],
  ["It won't last.", ['It will last.']],
  ['It has a tail.', []], // "has not a tail" nobody says
  ['It has been repaired.', ['It has not been repaired.']],
  [
    'The plan is often changed.',
    ['The plan is rarely changed.', 'The plan is often unchanged.', 'The plan is often not changed.'],
  ],
  ['A known poet left.', ['An unknown poet left.']],
  ['He had no answer.', ['He had an answer.']],
  ['There are no trees.', ['There are some trees.']],
  ['He chose tea rather than wine.', ['He chose wine rather than tea.']],
  ['Nobody has not asked.', []], // two cues: which one to take out is not clear
  ['It runs.', []],
])('what says otherwise: %s', (sentence, edited) => {
  expect(contrastsOf(sentence).map((one) => one.edited)).toEqual(edited)
})

test.each([
  ['Copper is not magnetic at room temperature.', 'What is not magnetic at room temperature?'],
  ['They were unable to reach the coast in time.', 'Who were unable to reach the coast in time?'],
  ['In France it is not legal to sell them.', undefined], // no plain subject
  ['Unknown poets were read there every week.', undefined], // what changes is in the subject
])('what it answers: %s', (sentence, question) => {
  expect(questionOf(sentence, contrastsOf(sentence)[0]!.at, never)).toBe(question)
})

test('a question reaches to the end of the clause that differs', () => {
  const sentence = 'Copper is not magnetic at room temperature, which surprised the men who found it.'
  expect(questionOf(sentence, contrastsOf(sentence)[0]!.at, never)).toBe('What is not magnetic at room temperature?')
})

test('a question asked by a person is turned where the change can be found in it', () => {
  const sentence = 'The third attempt was successful.'
  const [word, not] = contrastsOf(sentence)
  expect(turnedQuestion('Which attempt was successful?', word!, sentence)).toBe('Which attempt was unsuccessful?')
  expect(turnedQuestion('Which attempt was it?', word!, sentence)).toBeUndefined()
  expect(turnedQuestion('Which attempt was successful?', not!, sentence)).toBe('Which attempt was not successful?')
  expect(turnedQuestion('How did it end?', not!, sentence)).toBeUndefined()
})

test.each([
  // A draw for each way of saying it otherwise, in the order in which they are tried: 0 takes it.
  ['What is not possible there?', [0, 1, 1, 1], 'What is impossible there?'],
  ['What is impossible there?', [1, 0, 1, 1], 'What is not possible there?'],
  ['Who did not arrive?', [1, 1, 0, 1], 'Who failed to arrive?'],
  ['Who was not seen?', [1, 1, 1, 0], "Who wasn't seen?"],
  ['Who was not seen?', [1, 1, 1, 1], 'Who was not seen?'],
  ['What is blue?', [0, 0, 0, 0], 'What is blue?'],
])('the same in other words: %s', (query, draws, other) => {
  const left = [...draws]
  expect(reworded(query, () => left.shift() ?? 1)).toBe(other)
})

test('whatever the text: an edit differs from it, and begins where it says', () => {
  const words = fc.constantFrom(
    'the',
    'is',
    'not',
    'no',
    'known',
    'an',
    'without',
    'was',
    "isn't",
    'cat',
    ',',
    'never',
    'can',
    'Often',
  )
  fc.assert(
    fc.property(fc.array(words, { maxLength: 20 }), fc.integer(), (parts, seed) => {
      const sentence = parts.join(' ')
      for (const { edited, at } of contrastsOf(sentence)) {
        expect(edited).not.toBe(sentence)
        // but for an article that the new word wants otherwise
        expect(edited.slice(0, Math.max(0, at - 3))).toBe(sentence.slice(0, Math.max(0, at - 3)))
        const question = questionOf(sentence, at, seeded(seed))
        if (question !== undefined) expect(question).toMatch(/^(?:Who|What|Which) .+\?$/)
      }
    }),
  )
})
