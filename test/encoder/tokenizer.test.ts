/** Tokens and ranges against the Rust tokenizers, hand-worked cases, and what must hold for any text. */
import { readFileSync } from 'node:fs'
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fields } from '../../src/encoder/json.ts'
import { Tokenizer, type Tokens } from '../../src/encoder/tokenizer.ts'

const GOLDEN = new URL('../fixtures/golden/', import.meta.url)
const MINI = new URL('../../public/models/selvage-mini/', import.meta.url)
const read = (url: URL) => JSON.parse(readFileSync(url, 'utf8'))
const folderOf = (name: string) => (name === 'selvage-mini' ? MINI : new URL(`${name}/`, GOLDEN))
const json = (name: string) => read(new URL('tokenizer.json', folderOf(name)))

function open(name: string, lowerCase = false): Tokenizer {
  const config = read(new URL('tokenizer_config.json', folderOf(name)))
  return new Tokenizer(new Fields(json(name), 'tokenizer.json'), new Fields(config, 'tokenizer_config.json'), {
    lowerCase,
  })
}

const all = (tokenizer: Tokenizer, text: string): Tokens =>
  tokenizer.tokenize(text, 0, text.length, Number.MAX_SAFE_INTEGER)
const slices = ({ starts, ends }: Tokens, text: string) =>
  starts.map((start, i) => (start < 0 ? null : text.slice(start, ends[i])))

describe('against the Rust tokenizers', () => {
  const oracle: { texts: string[]; models: Record<string, [number[], number[], number[]][]> } = read(
    new URL('tokens.json', GOLDEN),
  )

  test.each(Object.keys(oracle.models))('%s: the same ids, and ranges that differ only as they should', (name) => {
    const tokenizer = open(name)
    for (const [i, [ids, starts, ends]] of (oracle.models[name] ?? []).entries()) {
      const text = oracle.texts[i] ?? ''
      const got = all(tokenizer, text)
      expect(got.ids, `ids of ${JSON.stringify(text)}`).toEqual(ids)
      for (let t = 0; t < ids.length; t++) {
        const place = `token ${t} (${ids[t]}) of ${JSON.stringify(text)}`
        const [start, end] = trimmed(text, starts[t] ?? 0, ends[t] ?? 0)
        const [gotStart, gotEnd] = [got.starts[t] ?? -2, got.ends[t] ?? -2]
        // A space put before the text: Rust has it stand for the first character, or for nothing.
        if (gotStart === -1 && gotEnd === -1) expect(json(name).model.vocab[ids[t] ?? -1]?.[0] ?? '▁', place).toBe('▁')
        // Which of several spaces a token of spaces is, nobody sees.
        if (gotStart === -1 || text.slice(start, end).trim() === '') continue
        // Where Rust cuts a character off its combining marks, or a syllable into letters, ours holds the whole.
        const [widest, end2] = wholeCharacters(text, [start, end])
        const near = gotStart >= widest && gotStart <= start && gotEnd >= end && gotEnd <= end2
        if (!near) expect([gotStart, gotEnd], place).toEqual([start, end])
      }
    }
  })

  test('no model is left out', () => {
    expect(Object.keys(oracle.models).sort()).toEqual(
      ['bert-expansion', 'bert-no-expansion', 'modernbert', 'prefix-space', 'selvage-mini', 'unigram'].sort(),
    )
  })
})

function trimmed(text: string, start: number, end: number): [number, number] {
  let from = start
  let to = end
  while (from < to && /\s/.test(text.charAt(from))) from++
  while (to > from && /\s/.test(text.charAt(to - 1))) to--
  return from === to && start < end ? [start, end] : [from, to]
}

/** The range widened to the base characters, marks and conjoining Hangul letters it touches. */
function wholeCharacters(text: string, [start, end]: [number, number]): [number, number] {
  for (const match of text.matchAll(/(?:[\u1100-\u11ff]+|\P{M})\p{M}*|\p{M}+/gsu)) {
    const to = match.index + match[0].length
    if (match.index < start && start < to) start = match.index
    if (match.index < end && end < to) end = to
  }
  return [start, end]
}

describe('hand-worked ranges', () => {
  const bert = open('selvage-mini')
  const byteLevel = open('modernbert')
  const unigram = open('unigram')

  test.each<[string, Tokenizer, string, (string | null)[]]>([
    ['accents belong to their letter', bert, 'café', ['café']],
    ['so do combining marks', bert, 'cafe\u0301 noir', ['cafe\u0301', 'noir']],
    ['İ becomes i', bert, 'İstanbul', ['İstanbul']],
    ['ß stays', bert, 'Straße', ['St', 'raße']],
    ['a ligature is one character', bert, 'ﬁ ligature', ['ﬁ', 'liga', 'ture']],
    ['Chinese characters stand alone', bert, '如何安装', ['如', '何', '安', '装']],
    ['and outside the BMP', bert, 'a𠀀b', ['a', '𠀀', 'b']],
    ['an unknown word is one range', bert, 'hi 😀😀 there', ['hi', '😀😀', 'there']],
    ['so is a word of over 100 characters', bert, `${'x'.repeat(101)} y`, ['x'.repeat(101), 'y']],
    ['control characters are passed over', bert, 'a\u0000b\u200bc', ['a\u0000b\u200bc']],
    ['CRLF', bert, 'line\r\nbreak\r\n', ['line', 'break']],
    ['an added token in the text', bert, 'a [MASK] b', ['a', '[MASK]', 'b']],
    ['a normalised one takes its space along, but not in the range', bert, 'x [D] y', ['x', '[D]', 'y']],
    ['an emoji over several byte tokens', byteLevel, 'a 😀', ['a', ' ', '😀']],
    ['two bytes of one accented letter', byteLevel, 'né', ['n', 'é']],
    ['a space before a word is not in its range', byteLevel, 'a of', ['a', 'of']],
    ['but spaces alone are', byteLevel, 'a    ', ['a', '    ']],
    ['▁ stands for no text at the start', unigram, 'the', ['the']],
  ])('%s', (_, tokenizer, text, wanted) => {
    const got = slices(all(tokenizer, text), text)
    // Into how many tokens a small vocabulary splits a word or the bytes of a character is not the question.
    if (tokenizer === byteLevel) expect(got.filter((item, i) => item !== got[i - 1])).toEqual(wanted)
    else if (tokenizer === unigram) expect(got.join('')).toBe(wanted.join(''))
    else expect(got).toEqual(wanted)
  })

  test('lower-casing first keeps the ranges, final sigma and all', () => {
    const text = 'ΟΔΟΣ İx'
    const cased = open('bert-no-expansion', true)
    expect(all(cased, text).ids).toEqual(all(open('bert-no-expansion'), text.toLowerCase()).ids)
    expect(slices(all(cased, text), text)).toEqual(['ΟΔΟΣ', 'İx'])
  })
})

describe('properties', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc
      .array(
        fc.constantFrom(
          '[MASK]',
          '[Q] ',
          '[D]',
          'é',
          'e\u0301',
          '中',
          '𠀀',
          '😀',
          ' ',
          '\n',
          'word',
          'Σ',
          '\ud800',
          'x'.repeat(120),
          '.',
        ),
      )
      .map((parts) => parts.join('')),
  )
  const normal = (part: string) =>
    part
      .normalize('NFKD')
      .replace(/[\p{Mn}\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]/gu, '')
      .toLowerCase()

  test.each(['selvage-mini', 'bert-no-expansion', 'modernbert', 'unigram', 'prefix-space'])(
    '%s: ranges are in order, inside the text, and hold what the token says',
    (name) => {
      const tokenizer = open(name)
      const surfaces = surfacesOf(name)
      fc.assert(
        fc.property(text, (source) => {
          const { ids, starts, ends } = all(tokenizer, source)
          let lastStart = 0
          let lastEnd = 0
          for (let t = 0; t < ids.length; t++) {
            const start = starts[t] ?? -1
            const end = ends[t] ?? -1
            if (start === -1 && end === -1) continue
            expect(start).toBeGreaterThanOrEqual(lastStart)
            expect(end).toBeGreaterThanOrEqual(lastEnd)
            expect(end).toBeGreaterThan(start)
            expect(end).toBeLessThanOrEqual(source.length)
            lastStart = start
            lastEnd = end
            const surface = surfaces.get(ids[t] ?? -1)
            if (surface !== undefined) expect(normal(source.slice(start, end))).toContain(normal(surface))
          }
        }),
        { numRuns: 300 },
      )
    },
  )

  /** Surfaces that are readable: words of WordPiece; of byte-level ones those in ASCII. */
  function surfacesOf(name: string): Map<number, string> {
    const { model, added_tokens } = json(name)
    const entries: [string, number][] = Array.isArray(model.vocab)
      ? model.vocab.map(([surface]: [string], id: number) => [surface, id])
      : Object.entries(model.vocab)
    const special = new Set(added_tokens.map(({ id }: { id: number }) => id))
    const readable = entries.filter(
      ([surface, id]) =>
        !special.has(id) && (name.includes('bert-no') || name === 'selvage-mini' || /^[Ġ▁]?[!-~]+$/.test(surface)),
    )
    return new Map(readable.map(([surface, id]) => [id, surface.replace(/^##(?=.)|^[Ġ▁]/, '')]))
  }
})

describe('long texts', () => {
  const words = 'The quick brown fox, isn\'t it? Use torch.nn.Linear(in_features=3) to rename_column("x");\n  '
  const texts: [string, string][] = [
    ['prose', words.repeat(600)],
    ['one paragraph of Chinese', '如何安装软件包，并重命名列。'.repeat(3000)],
    ['lines without spaces', 'const_a=1;\n'.repeat(4000)],
    ['added tokens at every place', 'a [D] b[MASK]c [SEP]'.repeat(2000)],
    ['one word', 'x'.repeat(40_000)],
  ]

  test.each(texts)('%s: windows give the tokens of the whole', (_, text) => {
    for (const name of ['selvage-mini', 'modernbert', 'unigram']) {
      const config = read(new URL('tokenizer_config.json', folderOf(name)))
      const whole = new HuggingFaceTokenizer(json(name), config).encode(text, { add_special_tokens: false }).ids
      const tokenizer = open(name)
      for (const limit of [1, 30, 253, 1000]) {
        expect(tokenizer.tokenize(text, 0, text.length, limit).ids, `${name}, ${limit}`).toEqual(whole.slice(0, limit))
      }
      const counted = tokenizer.count(text, 0, text.length)
      // Merging tokenizers are cut after 16,384 characters without a space: one token more or less at each cut.
      if (name === 'selvage-mini' || text.includes(' ')) expect(counted, name).toBe(whole.length)
      else expect(Math.abs(counted - whole.length), name).toBeLessThanOrEqual(text.length / 16_384)
    }
  })

  test.each<[string, string]>([
    ['prose', words.repeat(22_000)],
    ['one word', 'x'.repeat(2_000_000)],
    ['Chinese', '如何安装软件包'.repeat(290_000)],
    ['punctuation', '!?.,'.repeat(500_000)],
  ])('the first 253 tokens of 2 MB of %s take no seconds', (_, text) => {
    for (const name of ['selvage-mini', 'modernbert']) {
      const tokenizer = open(name)
      const start = performance.now()
      tokenizer.tokenize(text, 0, text.length, 253)
      expect(performance.now() - start, name).toBeLessThan(2000) // 20 to 170 ms on a free machine
    }
  })
})

test('a tokenizer.json of an unknown kind is refused by name', () => {
  const broken = { ...json('bert-expansion'), normalizer: { type: 'Nmt' } }
  expect(
    () => new Tokenizer(new Fields(broken, 'folder/tokenizer.json'), new Fields({}, 'config'), { lowerCase: false }),
  ).toThrow(/folder\/tokenizer\.json: no tokenizer can be built from it: Unknown Normalizer type: Nmt/)
})
