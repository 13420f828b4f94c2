import fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeHtml, markedHtml, spacedWords, windowOf, withEllipsis } from '../../src/adapters/excerpt.ts'
import type { Hit } from '../../src/types.ts'

const TAGS = { before: '<mark>', after: '</mark>' }

/** A passage of words, the marked ones with strengths, and an excerpt within it. */
const passages = fc
  .array(fc.tuple(fc.stringMatching(/^[a-z<>&"😀]{1,5}$/u), fc.option(fc.double({ min: 0, max: 1, noNaN: true }))), {
    minLength: 1,
    maxLength: 40,
  })
  .chain((words) => {
    const text = words.map(([word]) => word).join(' ')
    let at = 0
    const matches = words.flatMap(([word, strength]) => {
      const start = at
      at += word.length + 1
      return strength === null ? [] : [{ start, end: start + word.length, strength }]
    })
    const places = fc.tuple(fc.nat(text.length), fc.nat(text.length))
    return places.map(([a, b]): Hit['passage'] => {
      const excerpt = { start: Math.min(a, b), end: Math.max(a, b) }
      return { text, blocks: [{ kind: 'paragraph', start: 0, end: text.length }], excerpt, matches }
    })
  })

test('words are those between white space, each as strong as what matched in it', () => {
  fc.assert(
    fc.property(passages, ({ text, matches }) => {
      const words = spacedWords(text, matches)
      expect(words.map(({ start, end }) => text.slice(start, end))).toEqual(text.split(/\s+/))
      for (const { start, end, strength } of words) {
        const own = matches.filter((match) => match.start < end && match.end > start)
        expect(strength > 0).toBe(own.length > 0)
        expect(strength).toBeCloseTo(Math.max(0, ...own.map((match) => match.strength)), 10)
      }
    }),
  )
})

test('a window has as many whole words as there are, and the strongest of a long excerpt', () => {
  fc.assert(
    fc.property(passages, fc.integer({ min: 1, max: 20 }), (passage, most) => {
      const { start, end } = windowOf(passage, most)
      const words = spacedWords(passage.text, passage.matches)
      const shown = words.filter((word) => word.start >= start && word.end <= end)
      expect(shown).toHaveLength(Math.min(most, words.length))
      const { excerpt } = passage
      const inside = words.filter((word) => word.end > excerpt.start && word.start < excerpt.end)
      const sum = (of: typeof words) => of.reduce((total, { strength }) => total + strength, 0)
      const windows = inside.map((_, i) => inside.slice(i, i + most))
      if (inside.length > most) expect(sum(shown)).toBeCloseTo(Math.max(...windows.map(sum)), 10)
    }),
  )
})

test('HTML gives the text back, has marks for matches, and nothing else', () => {
  fc.assert(
    fc.property(passages, ({ text, matches }) => {
      const html = markedHtml(text, { start: 0, end: text.length }, matches, TAGS)
      expect(html.match(/<mark>/g) ?? []).toHaveLength(matches.length)
      expect(html.replace(/<\/?mark>/g, '')).toBe(escapeHtml(text))
      expect(escapeHtml(text)).not.toMatch(/[<>"]/)
    }),
  )
})

test('a text without spaces is cut around its match, between characters', () => {
  const text = `${'漢'.repeat(300)}東京${'😀'.repeat(300)}`
  const matches = [{ start: 300, end: 302, strength: 1 }]
  const block = { kind: 'paragraph', start: 0, end: text.length } as const
  const range = windowOf({ text, blocks: [block], excerpt: { start: 0, end: text.length }, matches }, 10)
  const shown = text.slice(range.start, range.end)
  expect(shown).toContain('東京')
  expect(shown.length).toBeLessThanOrEqual(120)
  expect(encodeURIComponent(shown)).toContain('%') // throws for half a character
  expect(markedHtml(text, range, matches, TAGS)).toContain('<mark>東京</mark>')
})

test('an ellipsis stands where something is left out', () => {
  expect(withEllipsis('b', 'a b c', { start: 2, end: 3 }, '…')).toBe('… b …')
  expect(withEllipsis('a b', 'a b c', { start: 0, end: 3 }, '…')).toBe('a b …')
  expect(withEllipsis('a b c', 'a b c', { start: 0, end: 5 }, '…')).toBe('a b c')
  expect(withEllipsis('b', 'a b c', { start: 2, end: 3 }, '')).toBe('b')
})
