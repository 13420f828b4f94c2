/**
 * Sections → passages. Here a token is a word (or a CJK character), so that budgets can be counted by eye.
 * Cases by hand first, then properties that hold for any text.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Block } from '../../src/text/document.ts'
import { paragraphsOf } from '../../src/text/paragraphs.ts'
import { splitSection } from '../../src/text/passages.ts'

const countWords = (text: string) =>
  text.match(/[\p{Script=Han}\p{Script=Hiragana}]|[^\s\p{Script=Han}\p{Script=Hiragana}]+/gu)?.length ?? 0

/** Words w1 … wn. */
const words = (n: number, from = 1) => Array.from({ length: n }, (_, i) => `w${from + i}`).join(' ')

function section(...parts: [Block['kind'], string][]): { text: string; blocks: Block[] } {
  let text = ''
  const blocks = parts.map(([kind, content]) => {
    if (text !== '') text += kind === 'list-item' ? '\n' : '\n\n'
    const start = text.length
    text += content
    return { kind, start, end: text.length }
  })
  return { text, blocks }
}

function split(input: { text: string; blocks: Block[] }, maxTokens: number, countTokens = countWords): string[] {
  return splitSection(input, { maxTokens, countTokens }).map(({ start, end }) => input.text.slice(start, end))
}

test('what fits is one passage', () => {
  expect(split(section(['paragraph', 'a b'], ['code', 'c()'], ['paragraph', 'd']), 4)).toEqual(['a b\n\nc()\n\nd'])
})

test('nothing gives nothing; text without blocks is paragraphs', () => {
  expect(split({ text: '', blocks: [] }, 5)).toEqual([])
  expect(split({ text: ' \n\n ', blocks: [] }, 5)).toEqual([])
  expect(split({ text: 'a b.\n\n c d.', blocks: [] }, 2)).toEqual(['a b.', 'c d.'])
})

test('cuts fall before paragraphs, and the last passage is no crumb', () => {
  const [a, b, c, d] = [words(8), words(8, 9), words(8, 17), words(8, 25)].map((text) => `${text}.`)
  expect(split(section(['paragraph', a!], ['paragraph', b!], ['paragraph', c!], ['paragraph', d!]), 24)).toEqual([
    `${a}\n\n${b}`,
    `${c}\n\n${d}`,
  ])
})

test('a list stays with the line that introduces it, code with its paragraph', () => {
  const filler = `${words(12)}.`
  expect(
    split(
      section(['paragraph', filler], ['paragraph', 'Three things:'], ['list-item', '- a b'], ['list-item', '- c d']),
      16,
    ),
  ).toEqual([filler, 'Three things:\n- a b\n- c d'])
  expect(
    split(section(['paragraph', filler], ['paragraph', 'Call it like this.'], ['code', 'f(a, b, c)\ng()']), 16),
  ).toEqual([filler, 'Call it like this.\n\nf(a, b, c)\ng()'])
})

test('a label stays with what it labels', () => {
  expect(
    split(section(['paragraph', `${words(14)}.`], ['paragraph', 'Good'], ['paragraph', `${words(10)}.`]), 16),
  ).toEqual([`${words(14)}.`, `Good\n\n${words(10)}.`])
})

test('code that fits stays whole, though the passage before is small for it', () => {
  const code = 'if (a) {\n  b ( c )\n\n  d ( e )\n}'
  expect(split(section(['paragraph', 'Before it.'], ['code', code]), 12)).toEqual(['Before it.', code])
})

test('longer code is cut at blank lines, before outer lines, never before a closing one if it can be', () => {
  const first = 'def a():\n  one two\n  three four'
  const second = 'def b():\n  five six\n  seven eight'
  expect(split(section(['code', `${first}\n\n${second}`]), 8)).toEqual([first, second])
  expect(split(section(['code', 'a b c {\n  d e f\n}\ng h i {\n  j k l\n}']), 9)).toEqual([
    'a b c {\n  d e f\n}',
    'g h i {\n  j k l\n}',
  ])
})

test('long tables are cut at rows', () => {
  expect(split(section(['table', 'a | b\nc | d\ne | f\ng | h']), 6)).toEqual(['a | b\nc | d', 'e | f\ng | h'])
})

test('long paragraphs are cut at sentences, long sentences at clauses, else words, else characters', () => {
  expect(split(section(['paragraph', 'One two three. Four five six. Seven eight nine.']), 6)).toEqual([
    'One two three. Four five six.',
    'Seven eight nine.',
  ])
  expect(split(section(['paragraph', 'one two three four five, six seven eight nine ten']), 8)).toEqual([
    'one two three four five,',
    'six seven eight nine ten',
  ])
  expect(split(section(['paragraph', words(8)]), 4)).toEqual(['w1 w2 w3 w4', 'w5 w6 w7 w8'])
  const countChars = (text: string) => [...text].length
  expect(split(section(['paragraph', 'abcdefghij']), 4, countChars).join('')).toBe('abcdefghij')
  expect(split(section(['paragraph', '日本語の文章です']), 4).join('')).toBe('日本語の文章です')
})

test('grapheme clusters stay whole where they fit', () => {
  const family = '👩‍👩‍👧‍👦'
  const countUnits = (text: string) => text.length
  expect(split(section(['paragraph', family.repeat(3)]), 25, countUnits)).toEqual([family + family, family])
  expect(split(section(['paragraph', 'e\u0301'.repeat(4)]), 3, countUnits)).toEqual(Array(4).fill('e\u0301'))
})

test('a cluster that cannot fit is cut between its code points; one of them that cannot fit is an error', () => {
  const countUnits = (text: string) => text.length
  expect(split(section(['paragraph', '👩‍👩‍👧‍👦']), 3, countUnits).join('')).toBe('👩‍👩‍👧‍👦')
  expect(() => split(section(['paragraph', '👩👩']), 1, countUnits)).toThrow(
    'maxTokens leaves room for 1 tokens, but the single character "👩" takes 2: raise maxTokens.',
  )
})

test('tokens that a counter adds to every text, or gives line breaks, are reckoned with', () => {
  const countMarked = (text: string) => countWords(text) + 3
  expect(split(section(['paragraph', words(9)]), 6, countMarked)).toEqual(['w1 w2 w3', 'w4 w5 w6', 'w7 w8 w9'])
  const countBreaks = (text: string) => countWords(text) + (text.match(/\n/g)?.length ?? 0)
  const four = section(['paragraph', 'a b.'], ['paragraph', 'c d.'], ['paragraph', 'e f.'], ['paragraph', 'g h.'])
  expect(split(four, 6, countBreaks)).toEqual(['a b.\n\nc d.', 'e f.\n\ng h.'])
})

test('wrong options are refused', () => {
  const input = section(['paragraph', 'a b'])
  for (const maxTokens of [0, -1, 1.5, Number.NaN]) {
    expect(() => split(input, maxTokens)).toThrow(
      `maxTokens is ${maxTokens}, but must be a whole number of at least 1.`,
    )
  }
  expect(() => split(input, 3, (text) => countWords(text) + 3)).toThrow('countTokens gives 3 for no text at all')
})

test('the counter sees each character a few times, not once per passage', () => {
  const text = Array.from({ length: 3000 }, (_, i) => `Sentence number ${i} is here.`).join(' ')
  let seen = 0
  const passages = splitSection(
    { text, blocks: paragraphsOf(text) },
    {
      maxTokens: 50,
      countTokens: (part) => {
        seen += part.length
        return countWords(part)
      },
    },
  )
  expect(passages.length).toBeGreaterThan(250)
  expect(seen / text.length).toBeLessThan(5)
})

/** Words, punctuation, line breaks, code, wide and combined characters: what texts are made of, in any order. */
const fragment = fc.constantFrom(
  ...[
    'a',
    'word',
    'Longer',
    'supercalifragilistic',
    ' ',
    ' ',
    ' ',
    '\n',
    '\n\n',
    '. ',
    ', ',
    ': ',
    '(',
    ')',
    '{\n  ',
    '}\n',
  ],
  ...['日本語', '。', 'مرحبا', '👩‍👩‍👧‍👦', 'e\u0301', '🇩🇪', '\u00a0', '\u200b', 'नमस्ते', '\ud83d', '- ', '1. ', 'e.g. '],
)
const anyText = fc.array(fragment, { maxLength: 120 }).map((parts) => parts.join(''))
const kinds = ['paragraph', 'code', 'list-item', 'table', 'quote'] as const
const anySection = fc
  .array(fc.tuple(fc.constantFrom(...kinds), anyText), { maxLength: 8 })
  .map((parts) =>
    section(
      ...parts.map(([kind, text]): [Block['kind'], string] => [kind, text.trim()]).filter(([, text]) => text !== ''),
    ),
  )

/** Three kinds of tokenizer: by words, by bytes-like units with line breaks, and one where joining two texts adds. */
const counters = {
  words: countWords,
  units: (text: string) => Math.ceil(text.length / 3) + 2,
  uneven: (text: string) => countWords(text) * 2 + (text.match(/\n/g)?.length ?? 0) + (text.length > 40 ? 3 : 0),
}

test.each(Object.entries(counters))('properties with the counter %s', (_, countTokens) => {
  fc.assert(
    fc.property(anySection, fc.integer({ min: 8, max: 60 }), (input, maxTokens) => {
      const passages = splitSection(input, { maxTokens, countTokens })
      let end = 0
      for (const passage of passages) {
        expect(passage.start).toBeGreaterThanOrEqual(end)
        expect(passage.end).toBeGreaterThan(passage.start)
        expect(input.text.slice(end, passage.start).trim()).toBe('')
        expect(countTokens(input.text.slice(passage.start, passage.end))).toBeLessThanOrEqual(maxTokens)
        // No half of a surrogate pair begins a passage.
        expect(
          /^[\udc00-\udfff]/.test(input.text.slice(passage.start)) &&
            /[\ud800-\udbff]$/.test(input.text.slice(0, passage.start)),
        ).toBe(false)
        end = passage.end
      }
      expect(end).toBeLessThanOrEqual(input.text.length)
      expect(input.text.slice(end).trim()).toBe('')
    }),
    { numRuns: 300 },
  )
})

test('property: grapheme clusters that fit are never cut', () => {
  const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' })
  fc.assert(
    fc.property(anyText, fc.integer({ min: 12, max: 40 }), (text, maxTokens) => {
      const input = section(['paragraph', text.trim()])
      if (input.text === '') return
      const starts = new Set([...clusters.segment(input.text)].map(({ index }) => index).concat(input.text.length))
      for (const { start, end } of splitSection(input, { maxTokens, countTokens: (part) => part.length })) {
        expect(starts.has(start) && starts.has(end)).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})
