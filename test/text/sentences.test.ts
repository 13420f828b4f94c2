/** Where sentences end, and where they only seem to. */
import { expect, test } from 'vitest'
import { sentencesIn, sentencesOf } from '../../src/text/sentences.ts'

const split = (text: string, language?: string) =>
  sentencesIn(text, { start: 0, end: text.length }, language).map(({ start, end }) => text.slice(start, end))

test.each<[string, string[]]>([
  ['One. Two!  Three?\nFour', ['One.', 'Two!', 'Three?', 'Four']],
  ['Use e.g. React. It works.', ['Use e.g. React.', 'It works.']],
  ['See Fig. Two, i.e. The one (cf. Knuth). Then stop.', ['See Fig. Two, i.e. The one (cf. Knuth).', 'Then stop.']],
  ['Dr. Smith asked J. K. Bergum. He said no.', ['Dr. Smith asked J. K. Bergum.', 'He said no.']],
  ['Vite, Rollup, etc. These bundle.', ['Vite, Rollup, etc.', 'These bundle.']],
  ['Node.js v20.1 is out. Call app.config.Foo now.', ['Node.js v20.1 is out.', 'Call app.config.Foo now.']],
  ['1. Install it. Then run.', ['1. Install it.', 'Then run.']],
  ['- Item one. Next.', ['- Item one.', 'Next.']],
  ['日本語です。次の文です。', ['日本語です。', '次の文です。']],
  ['مرحبا بالعالم. كيف حالك؟ بخير', ['مرحبا بالعالم.', 'كيف حالك؟', 'بخير']],
  ['Ends with a letter B.', ['Ends with a letter B.']],
  ['', []],
  [' \n ', []],
  ['...', ['...']],
])('%j', (text, sentences) => {
  expect(split(text)).toEqual(sentences)
})

test('an unknown language tag is as good as none', () => {
  expect(split('One. Two.', 'not a tag')).toEqual(['One.', 'Two.'])
  expect(split('One. Two.', 'de')).toEqual(['One.', 'Two.'])
})

test('long texts are asked for in windows, and sentences do not change at their seams', () => {
  const sentences = Array.from({ length: 2000 }, (_, i) => `Sentence number ${i} is here, as it must be.`)
  expect(split(sentences.join(' '))).toEqual(sentences)
  const long = `${'word '.repeat(5000)}end.`
  expect(split(`${long} Short.`)).toEqual([long, 'Short.'])
})

test('in a section, code and tables go by lines, within the part that is asked for', () => {
  const text = 'Run it. Now.\n\nlet a = 1. \n\n  b()\n\nx | y\nz. A'
  const section = {
    text,
    blocks: [
      { kind: 'paragraph', start: 0, end: 12 },
      { kind: 'code', start: 14, end: 32 },
      { kind: 'table', start: 34, end: text.length },
    ] as const,
  }
  const show = (within?: { start: number; end: number }) =>
    sentencesOf(section, within).map(({ start, end }) => text.slice(start, end))
  expect(show()).toEqual(['Run it.', 'Now.', 'let a = 1.', 'b()', 'x | y', 'z. A'])
  expect(show({ start: 8, end: 24 })).toEqual(['Now.', 'let a = 1.'])
})
