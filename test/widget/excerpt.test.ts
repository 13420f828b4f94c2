/** Which part of a passage is shown. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Hit } from '../../src/types.ts'
import { excerptOf, sentenceOf } from '../../src/widget/excerpt.ts'
import { hitOf, rangeOf } from './hits.ts'

function shown({ passage }: Hit): string {
  const { lines, isCutBefore, isCutAfter } = excerptOf(passage)
  const text = lines.map(({ start, end }) => passage.text.slice(start, end)).join('\n')
  return `${isCutBefore ? '…' : ''}${text}${isCutAfter ? '…' : ''}`
}

const sentence = ({ passage }: Hit) => {
  const { start, end } = sentenceOf(passage)
  return passage.text.slice(start, end)
}

test('the sentence with the largest sum of strengths, the first of equal ones', () => {
  const text = 'A strong word. Two fair words here. Nothing at all.'
  expect(sentence(hitOf(text, { matches: [['strong', 1]] }))).toBe('A strong word.')
  expect(
    sentence(
      hitOf(text, {
        matches: [
          ['strong', 1],
          ['fair', 0.6],
          ['words', 0.6],
        ],
      }),
    ),
  ).toBe('Two fair words here.')
  expect(
    sentence(
      hitOf(text, {
        matches: [
          ['strong', 1],
          ['Nothing', 1],
        ],
      }),
    ),
  ).toBe('A strong word.')
})

test('only within the excerpt that the engine chose, and without a bullet', () => {
  const text = 'Far away word.\n- near one'
  const blocks = [
    { ...rangeOf(text, 'Far away word.'), kind: 'paragraph' as const },
    { ...rangeOf(text, '- near one'), kind: 'list-item' as const },
  ]
  const excerpt = rangeOf(text, '- near one')
  expect(sentence(hitOf(text, { blocks, excerpt, matches: ['word', ['one', 0.1]] }))).toBe('near one')
})

test('a short text is shown whole', () => {
  expect(shown(hitOf('Short and good.', { matches: ['good'] }))).toBe('Short and good.')
})

test('a match far into its sentence is shown, with some words before it', () => {
  const text = `${'word '.repeat(60)}needle ${'more '.repeat(60)}end`
  expect(shown(hitOf(text, { matches: ['needle'] }))).toMatch(/^…word (?:word )*needle (?:more )+more…$/)
})

test('also in a script without spaces', () => {
  const text = `${'文'.repeat(300)}検索${'字'.repeat(300)}`
  expect(shown(hitOf(text, { matches: ['検索'] }))).toMatch(/^…文+検索字+…$/)
})

test('code is shown by whole lines, without the indentation that they share; a brace says less than a line', () => {
  const text = 'Do this:\n\n  if (stale) {\n    controller.abort()\n  }\n  done()'
  const code = text.slice(text.indexOf('  if'))
  const blocks = [
    { ...rangeOf(text, 'Do this:'), kind: 'paragraph' as const },
    { ...rangeOf(text, code), kind: 'code' as const },
  ]
  const hit = hitOf(text, { blocks, matches: ['controller'] })
  expect(excerptOf(hit.passage).isCode).toBe(true)
  expect(shown(hit)).toBe('if (stale) {\n  controller.abort()')
  expect(shown(hitOf(text, { blocks, matches: ['done'] }))).toBe('done()')
})

test('an excerpt of prose ends where code begins', () => {
  const text = 'Some prose first.\n\nconst code = 1'
  const blocks = [
    { ...rangeOf(text, 'Some prose first.'), kind: 'paragraph' as const },
    { ...rangeOf(text, 'const code = 1'), kind: 'code' as const },
  ]
  expect(shown(hitOf(text, { blocks, matches: ['prose'] }))).toBe('Some prose first.')
})

const pieces = fc.array(fc.constantFrom('word ', 'x', '検索', '👩‍👩‍👧', 'é', 'e\u0301', '. ', 'Capital ', '\n', '𝔘'), {
  minLength: 1,
  maxLength: 300,
})

test('no character and no match is torn apart, whatever the text; nothing is out of bounds', () => {
  fc.assert(
    fc.property(pieces, fc.array(fc.nat(299), { maxLength: 6 }), (words, picked) => {
      const text = words.join('')
      const starts = words.map((_, at) => words.slice(0, at).join('').length)
      const matches = [...new Set(picked)]
        .filter((at) => at < words.length && words[at]!.trim() !== '')
        .sort((a, b) => a - b)
        .map((at) => ({ start: starts[at]!, end: starts[at]! + words[at]!.trim().length, strength: 0.5 }))
      const { passage } = hitOf(text)
      for (const { start, end } of excerptOf({ ...passage, matches }).lines) {
        expect(start).toBeGreaterThanOrEqual(0)
        expect(end).toBeLessThanOrEqual(text.length)
        expect(end).toBeGreaterThanOrEqual(start)
        for (const at of [start, end]) {
          expect(text.slice(at)).not.toMatch(/^[\uDC00-\uDFFF\p{M}\u200D]/u)
          for (const match of matches) expect(at > match.start && at < match.end).toBe(false)
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('the sentence is within the text, and has a match if the excerpt has one', () => {
  fc.assert(
    fc.property(pieces, fc.nat(299), (words, at) => {
      const text = words.join('')
      const word = words[at % words.length]!.trim()
      const { passage } = hitOf(text)
      const start = words.slice(0, at % words.length).join('').length
      const matches = word === '' || word === '.' ? [] : [{ start, end: start + word.length, strength: 1 }]
      const found = sentenceOf({ ...passage, matches })
      expect(found.start).toBeGreaterThanOrEqual(0)
      expect(found.end).toBeLessThanOrEqual(text.length)
      for (const match of matches) expect(match.start >= found.start && match.end <= found.end).toBe(true)
    }),
  )
})
