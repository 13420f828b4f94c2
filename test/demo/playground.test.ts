/** The playground's arithmetic: addresses, slider stops, snippets, and the heat map as rows, words and bands. */
import fc from 'fast-check'
import type { HeatMap, Hit } from 'selvage'
import { describe, expect, test } from 'vitest'
import { bandsOf, heatModel, wordAt } from '../../demo/playground/heatModel.ts'
import {
  addressOf,
  BITS,
  candidateStops,
  PLAYGROUND_SCORERS,
  POOLS,
  readSettings,
} from '../../demo/playground/settings.ts'
import { snippetOf } from '../../demo/playground/snippet.ts'

const settings = fc.record({
  query: fc.string({ unit: 'grapheme' }).map((text) => text.trim()),
  bits: fc.constantFrom(...BITS),
  pool: fc.constantFrom(...POOLS),
  candidates: fc.oneof(fc.integer({ min: 1, max: 99_999 }), fc.constant(Number.POSITIVE_INFINITY)),
  scorer: fc.constantFrom(...PLAYGROUND_SCORERS),
  isCompared: fc.boolean(),
})

describe('addresses', () => {
  test('lead back to the state that wrote them, whatever stood there before', () => {
    fc.assert(
      fc.property(settings, settings, (before, after) => {
        const base = addressOf(before, 'https://example.org/some/playground.html?other=1')
        const url = new URL(addressOf(after, base))
        expect(readSettings(url)).toEqual(after)
        expect(url.searchParams.get('other')).toBe('1')
        expect(url.searchParams.has('q')).toBe(false) // it would be told to the site
      }),
    )
  })

  test('what is no choice counts as the default, and defaults are not written', () => {
    const read = readSettings(new URL('https://example.org/?bits=3&pool=0&candidates=-4&scorer=reference&compare=yes'))
    expect(read).toEqual({ query: '', bits: 2, pool: 1, candidates: 128, scorer: 'auto', isCompared: false })
    expect(addressOf(read, 'https://example.org/?bits=8')).toBe('https://example.org/')
  })
})

test('the slider rises, ends with all, and has a stop for what an address asked', () => {
  fc.assert(
    fc.property(fc.integer({ min: 17, max: 5000 }), fc.integer({ min: 1, max: 6000 }), (passages, also) => {
      const stops = candidateStops(passages, also)
      expect(stops).toEqual([...new Set(stops)].sort((a, b) => a - b))
      expect(stops.at(-1)).toBe(Number.POSITIVE_INFINITY)
      expect(stops.slice(0, -1).every((stop) => stop < passages)).toBe(true)
      expect(stops.includes(also)).toBe(also < passages)
    }),
  )
})

test('a snippet lies in the passage and shows the strongest matches', () => {
  const text = `${'nothing to see here '.repeat(20)}the answer is here, and here ${'or there '.repeat(20)}`
  const start = text.indexOf('answer')
  const passage: Hit['passage'] = {
    text,
    blocks: [{ kind: 'paragraph', start: 0, end: text.length }],
    excerpt: { start: 0, end: text.length },
    matches: [
      { start: 0, end: 7, strength: 0.4 },
      { start, end: start + 6, strength: 1 },
    ],
  }
  const { start: from, end } = snippetOf(passage)
  expect(from).toBeLessThanOrEqual(start)
  expect(end).toBeGreaterThan(start + 6)
  expect(end - from).toBeLessThanOrEqual(150)
  expect(snippetOf({ ...passage, text: 'short', excerpt: { start: 0, end: 5 }, matches: [] })).toEqual({
    start: 0,
    end: 5,
  })
})

describe('the heat map', () => {
  // "slow lists" × headings, "large", "list", "s."
  const map: HeatMap = {
    queryTokens: [
      { text: '[CLS]', isMask: false, best: 0.9 },
      { text: 'slow', isMask: false, best: 0.3 },
      { text: 'list', isMask: false, best: 0.8 },
      { text: 's', isMask: false, best: 0.7 },
      { text: '[MASK]', isMask: true, best: 0.5 },
      { text: '[MASK]', isMask: true, best: 0.6 },
    ],
    passageTokens: [
      { start: -1, end: -1 },
      { start: -1, end: -1 },
      { start: 0, end: 5 },
      { start: 6, end: 10 },
      { start: 10, end: 11 },
    ],
    similarities: Float32Array.from([
      ...[0.9, 0.1, 0.2, 0.1, 0.1],
      ...[0.1, 0.2, 0.3, 0.1, 0.1],
      ...[0.1, 0.1, 0.2, 0.8, 0.3],
      ...[0.1, 0.1, 0.2, 0.3, 0.7],
      ...[0.5, 0.1, 0.2, 0.1, 0.1],
      ...[0.1, 0.1, 0.6, 0.1, 0.1],
    ]),
  }
  const model = heatModel(map, 'slow lists', 'large lists.')

  test('headings are one column, tokens of a word stand under it, padding is one row', () => {
    expect(model.words.map(({ text, columns }) => `${text} ${columns}`)).toEqual(['headings 1', 'large 1', 'lists 2'])
    expect(model.rows.map(({ name }) => name)).toEqual(['slow', 'list', '-s', '[CLS]', '[MASK] × 2'])
    expect(model.rows.map(({ bestColumn }) => wordAt(model, bestColumn)?.text)).toEqual([
      ...['large', 'lists', 'lists', 'headings', 'large'],
    ])
    expect(model.masks.length).toBe(2)
    expect(model.sum).toBeCloseTo(3.8)
    expect(model.rows.at(-1)?.cosines.map((cosine) => cosine.toFixed(1))).toEqual(['0.5', '0.6', '0.1', '0.1'])
  })

  test('bands keep the order, lose nothing and part no word', () => {
    const word = fc.record({
      text: fc.constant('w'),
      isHeading: fc.constant(false),
      first: fc.nat(),
      columns: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(fc.array(word), fc.integer({ min: 6, max: 60 }), (words, room) => {
        const bands = bandsOf(words, room)
        expect(bands.flat()).toEqual(words)
        for (const band of bands) {
          const width = band.reduce((sum, { columns }) => sum + columns, 0)
          expect(width <= room || band.length === 1).toBe(true)
        }
      }),
    )
  })
})
