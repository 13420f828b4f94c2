import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { fold, wordsOf } from '../../src/lexical/tokenize.ts'
import { SAMPLE, stableTerms } from './sample.ts'

afterEach(() => vi.unstubAllGlobals())

/** An identifier with its parts in brackets, pairs in braces. */
function show(text: string): string {
  return wordsOf(text)
    .map(({ term, kind }) => ({ word: term, whole: `${term}:`, part: `(${term})`, pair: `{${term}}` })[kind])
    .join(' ')
}

describe('identifiers are kept whole and taken apart', () => {
  test.each([
    ['useRef', 'useref: (use) (ref)'],
    ['--no-cache', '--no-cache: (no) (cache)'],
    ['torch.nn.Linear', 'torch.nn.linear: (torch) (nn) (linear)'],
    ['@types/node', '@types/node: (types) (node)'],
    ['C++', 'c++: (c)'],
    ['C#', 'c#: (c)'],
    ['std::vector', 'std::vector: (std) (vector)'],
    ['v-on:click', 'v-on:click: (v) (on) (click)'],
    ['snake_case', 'snake_case: (snake) (case)'],
    ['__init__', '__init__: (init)'],
    ['HTMLElement', 'htmlelement: (html) (element)'],
    ['XMLHttpRequest', 'xmlhttprequest: (xml) (http) (request)'],
    ['v2Beta', 'v2beta: (v2) (beta)'],
    ['$refs', '$refs: (refs)'],
    ['.env', '.env: (env)'],
    ['-x', '-x: (x)'],
    ['2.0.1', '2.0.1: (2) (0) (1)'],
    ['user@host.com', 'user@host.com: (user) (host) (com)'],
  ])('%s', (text, wanted) => {
    expect(show(text)).toBe(wanted)
  })

  test.each([
    ['cache', 'cache'],
    ['utf8', 'utf8'],
    ['HTML', 'html'],
    ['Element', 'element'],
  ])('%s is a plain word', (text, wanted) => {
    expect(show(text)).toBe(wanted)
  })

  test('what stands around an identifier is none of it', () => {
    expect(show('See `useRef`, (std::vector). Or C++!')).toBe(
      'see useref: (use) (ref) std::vector: (std) (vector) or c++: (c)',
    )
    expect(show('well - known -- 5')).toBe('well known 5')
  })

  test('runs of more than 64 characters are data; their parts are words all the same', () => {
    expect(show('a'.repeat(64))).toBe('a'.repeat(64))
    expect(show('a'.repeat(65))).toBe('')
    expect(show(`${'a'.repeat(40)}_${'b'.repeat(40)}`)).toBe(`(${'a'.repeat(40)}) (${'b'.repeat(40)})`)
  })
})

test.each([
  ["isn't it's we'll I'm you've", 'isn it we i you'],
  ['isn’t it’s', 'isn it'],
  ["l'eau d'or O'Reilly", 'l eau d or o reilly'],
  ["the 're' module, 's' and 't'", 'the re module s and t'], // quotes are no apostrophes
])('apostrophes: %s', (text, wanted) => {
  expect(show(text)).toBe(wanted)
})

test.each([
  ['CRÈME', 'creme'],
  ['cre\u0300me', 'creme'],
  ['Straße', 'strasse'],
  ['Łódź', 'lodz'],
  ['İstanbul', 'istanbul'],
  ['ＡＢＣ１', 'abc1'],
  ['ｶﾞ', 'ガ'], // half width, its mark a character of its own
  ['ガ', 'ガ'], // these marks tell words apart, so they stay
  ['ﬁn', 'fin'],
  ['ℂ𝐀', 'ca'], // lower case only after they are plain letters
  ['한국어', '한국어'],
  ['हिन्दी', 'हिन्दी'],
])('%s is compared as %s', (text, wanted) => {
  expect(fold(text)).toBe(wanted)
  expect(fold(wanted)).toBe(wanted)
})

describe('scripts without spaces', () => {
  test('words of the dictionary and every pair, each once', () => {
    const terms = wordsOf('東京都に行く。').map(({ term }) => term)
    expect(terms).toEqual(expect.arrayContaining(['東京', '京都', '都に', 'に行', '行く']))
    expect(terms.filter((term) => [...term].length === 2)).toHaveLength(5)
  })

  test('a character alone is a word', () => {
    expect(show('日')).toBe('日')
  })

  test('pairs of astral characters are not cut in half', () => {
    const pairs = wordsOf('𠀀𠀁𠀂').filter(({ term }) => [...term].length === 2)
    expect(pairs.map(({ term, start, end }) => [term, start, end])).toEqual([
      ['𠀀𠀁', 0, 4],
      ['𠀁𠀂', 2, 6],
    ])
  })

  test('Korean words have their pairs beside them, for particles stick to them', () => {
    expect(show('한국어 검색은 좋다')).toBe('한국어 {한국} {국어} 검색은 {검색} {색은} 좋다')
  })

  test('Thai is cut by the dictionary, and has no pairs', () => {
    const words = wordsOf('ภาษาไทย')
    expect(words.map(({ kind }) => kind)).toEqual(words.map(() => 'word'))
    expect(words.map(({ term }) => term).join('')).toBe('ภาษาไทย')
  })

  test('identifiers among them are what they are elsewhere', () => {
    expect(show('ReactのuseStateを').replace(/ ?{.*?}/g, '')).toBe('react の usestate: (use) (state) を')
  })

  test('without a segmenter, the pairs are there all the same', () => {
    vi.stubGlobal('Intl', { Segmenter: undefined })
    for (const [text, terms] of SAMPLE) expect(stableTerms(wordsOf(text))).toBe(terms)
  })
})

test.each(SAMPLE)('the same in every engine: %s', (text, terms) => {
  expect(stableTerms(wordsOf(text))).toBe(terms)
})

/** Letters of many scripts, marks, digits and what makes identifiers, beside any Unicode at all; lone surrogates too. */
const character = fc.oneof(
  fc.constantFrom(..."aAzZ09éÉßİſﬁΣςक्ि東京都にーｶﾞガ한국ไทยลາວ𠀀𠀁𝐀_-./:@#$+'’ \n", '\u0301', 'e\u0301'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
)
const anyText = fc.array(character, { maxLength: 40 }).map((characters) => characters.join(''))

test('every word is in the text where it says it is', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const { term, start, end, kind } of wordsOf(text)) {
        expect(0 <= start && start < end && end <= text.length).toBe(true)
        expect(fold(text.slice(start, end))).toBe(term)
        expect(term).toMatch(/\S/)
        if (kind === 'pair') expect([...text.slice(start, end)]).toHaveLength(2)
      }
    }),
    { numRuns: 2000 },
  )
})

test('no letter of Unicode gives an empty word, and folding one twice changes nothing', () => {
  const letters = Array.from({ length: 0x110000 }, (_, code) => code)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
    .filter((character) => /[\p{L}\p{N}]/u.test(character))
  expect(letters.length).toBeGreaterThan(130_000)
  expect(wordsOf(letters.join(' ')).filter(({ term }) => term.trim() === '')).toEqual([])
  expect(letters.filter((letter) => fold(fold(letter)) !== fold(letter))).toEqual([])
})

test('words come in order of place; parts lie in the whole before them, and do not overlap', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      let whole = { start: 0, end: 0 }
      let before = 0
      for (const { start, end, kind } of wordsOf(text)) {
        if (kind === 'pair') continue
        expect(start).toBeGreaterThanOrEqual(before)
        if (kind === 'part') expect(end).toBeLessThanOrEqual(whole.end)
        if (kind === 'whole') whole = { start, end }
        before = kind === 'whole' ? start : end
      }
    }),
    { numRuns: 1000 },
  )
})

test('a word that stands alone is found as it is found in a sentence', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abcXYZ019éñ日本'), minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(word, word, (one, other) => {
      const alone = wordsOf(one).map(({ term }) => term)
      expect(
        wordsOf(`${other} ${one}`)
          .filter(({ start }) => start > other.length)
          .map(({ term }) => term),
      ).toEqual(alone)
    }),
  )
})

test('what is folded stays as it is', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(fold(fold(text))).toBe(fold(text))
    }),
    { numRuns: 2000 },
  )
})
