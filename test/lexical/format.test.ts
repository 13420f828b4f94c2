import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LexicalBuilder, type PassageFields } from '../../src/lexical/builder.ts'
import {
  countIn,
  FIRST_TERMS_BLOCK,
  type LexicalHeader,
  parseLexicalHeader,
  readPassages,
  readTerms,
  type Term,
  TermsWriter,
  titleMark,
  writePassages,
} from '../../src/lexical/format.ts'
import { stemOf } from '../../src/lexical/stem.ts'
import { wordsOf } from '../../src/lexical/tokenize.ts'
import { BlocksReader } from '../../src/store/blocks.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { manyWords } from './sample.ts'

const NOTHING: PassageFields = { title: '', headings: '', text: '', code: '' }
/** Code units of both kinds of order: astral characters are below U+FFxx by code unit, above by code point. */
const word = fc.string({ unit: fc.constantFrom(...'abcé日ｶ𠀀𠀁0'), minLength: 1, maxLength: 6 })

describe('terms', () => {
  const counts = fc
    .tuple(...Array.from({ length: 4 }, () => fc.oneof(fc.constantFrom(0, 1, 255), fc.nat(255))))
    .map(([title, headings, text, code]) => (title! + headings! * 256 + text! * 65_536 + code! * 16_777_216) >>> 0)
  const posting = fc.record({ passage: fc.oneof(fc.nat(300), fc.nat(2 ** 31 - 1)), counts })
  const term = fc.record({
    stem: word,
    term: word,
    postings: fc.uniqueArray(posting, { selector: ({ passage }) => passage, minLength: 1, maxLength: 8 }),
  })

  test('come back with their postings, up to 255 a field and 2^31 passages', () => {
    fc.assert(
      fc.property(fc.array(term, { maxLength: 20 }), (given) => {
        const writer = new TermsWriter()
        const terms = given.map(({ postings, ...rest }) => {
          const sorted = postings.toSorted((a, b) => a.passage - b.passage)
          const [passages, counts] = [sorted.map(({ passage }) => passage), sorted.map(({ counts }) => counts)]
          return { ...rest, passages: Uint32Array.from(passages), counts: Uint32Array.from(counts) }
        })
        for (const { stem, term, passages, counts } of terms) writer.add(stem, term, { passages, counts })
        const read = readTerms(writer.finish())
        expect(read.map(({ stem, term, postings, size }) => ({ stem, term, size, ...postings() }))).toEqual(
          terms.map((one) => ({ ...one, size: one.passages.length })),
        )
      }),
    )
  })

  test('a posting of once in the text is one byte', () => {
    const bytesWith = (passages: number, counts: number) => {
      const writer = new TermsWriter()
      writer.add('a', 'a', {
        passages: Uint32Array.from({ length: passages }, (_, i) => 3 * i),
        counts: new Uint32Array(passages).fill(counts),
      })
      return writer.length
    }
    expect(bytesWith(20, 1 << 16) - bytesWith(10, 1 << 16)).toBe(10)
    expect(bytesWith(20, 2 << 16) - bytesWith(10, 2 << 16)).toBe(30)
  })

  test('counts are told apart by field', () => {
    const all = (255 * 2 ** 24 + 3 * 2 ** 16 + 2 * 2 ** 8 + 1) >>> 0
    expect([0, 1, 2, 3].map((field) => countIn(all, field))).toEqual([1, 2, 3, 255])
  })
})

describe('the table of passages', () => {
  /** [P] of four fields. */
  const lengths = (most: number) =>
    fc.integer({ min: 0, max: 20 }).chain((passages) => {
      const column = fc.array(fc.nat(most), { minLength: passages, maxLength: passages })
      return fc.tuple(column, column, column, column)
    })
  const ones = (like: readonly number[]) => like.map(() => 1)
  const roundTrip = (given: readonly (readonly number[])[], weights: readonly number[], marks = ones(weights)) =>
    readPassages(writePassages(given, weights, marks), weights.length, 'here')

  test('lengths below 64 are exact', () => {
    fc.assert(
      fc.property(lengths(63), (given) => {
        const read = roundTrip(given, ones(given[0]))
        expect(read.lengths.map((column) => [...column])).toEqual(given)
      }),
    )
  })

  test('longer ones are within 5 percent, up to 262,144, which is the longest', () => {
    fc.assert(
      fc.property(lengths(200_000), (given) => {
        const read = roundTrip(given, ones(given[0]))
        given.forEach((column, field) => {
          column.forEach((length, p) => {
            // Half a step of 2^(1/16) is 2.2 percent, and rounding adds at most half a word, below .8 percent.
            expect(Math.abs(read.lengths[field]![p]! - length)).toBeLessThanOrEqual(0.03 * length)
          })
        })
      }),
    )
    const longest = roundTrip([[9e6], [0], [0], [0]], [1]).lengths[0]![0]!
    expect(longest).toBeGreaterThan(200_000)
    expect(longest).toBe(roundTrip([[4e8], [0], [0], [0]], [1]).lengths[0]![0])
  })

  test('weights are within 2.2 percent, powers of two exact, from 1/256 to 240', () => {
    const exact = [1, 2, 0.5, 4, 64, 1 / 256]
    expect([...roundTrip([exact, exact, exact, exact].map(ones), exact).weights]).toEqual(exact)
    fc.assert(
      fc.property(fc.double({ min: 1 / 256, max: 240, noNaN: true }), (weight) => {
        const [read] = roundTrip([[0], [0], [0], [0]], [weight]).weights
        // Half a step of 2^(1/16): 2^(1/32) - 1 = .0219.
        expect(Math.abs(read! / weight - 1)).toBeLessThan(0.022)
      }),
    )
    const out = roundTrip(
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      [1e9, 1e-9],
    ).weights
    expect(out[0]).toBeGreaterThan(240)
    expect(out[1]).toBe(1 / 256)
  })

  test('marks come back; a table of another size is an error that says both', () => {
    expect([
      ...roundTrip(
        [
          [0, 0],
          [0, 0],
          [0, 0],
          [0, 0],
        ],
        [1, 1],
        [0, 255],
      ).titleMarks,
    ]).toEqual([0, 255])
    expect(() => readPassages(new Uint8Array(12), 3, 'here')).toThrow(
      expect.objectContaining({
        code: 'index-invalid',
        message: 'The keyword index at here tells of 2 passages, its header of 3. Build the index again.',
      }),
    )
  })

  test('marks of titles that say the same are the same, of others they are mostly not', () => {
    expect(titleMark('Use  the `Réf`-API!')).toBe(titleMark('use the ref API'))
    const marks = Array.from({ length: 2000 }, (_, i) => titleMark(`title ${i}`))
    // 2000 in 256 drawers: 8 each, and with 4 standard deviations of a Poisson variable around it, none above 30.
    const most = Math.max(...Array.from({ length: 256 }, (_, mark) => marks.filter((one) => one === mark).length))
    expect(most).toBeLessThan(30)
  })
})

interface Built {
  readonly header: LexicalHeader
  /** Terms of each block. */
  readonly blocks: readonly (readonly Term[])[]
}

async function build(passages: readonly PassageFields[]): Promise<Built> {
  const store = memoryStore()
  const builder = new LexicalBuilder(store)
  for (const passage of passages) builder.add(passage)
  const header = await builder.finish('english')
  const reader = new BlocksReader(store, header, readTerms)
  const blocks: Term[][] = []
  for (let block = FIRST_TERMS_BLOCK; block < reader.count; block++) blocks.push(await reader.read(block))
  return { header, blocks }
}

describe('an index of many words', async () => {
  const words = manyWords(6000)
  const passages = Array.from({ length: 200 }, (_, p) => {
    const own = words.filter((_, i) => (i * 31) % 200 === p || (i * 17 + 5) % 190 === p)
    const third = Math.floor(own.length / 3)
    const [text, code] = [own.slice(third).join(' '), own.slice(0, third).join('\n')]
    return { ...NOTHING, title: own[0] ?? '', headings: own.slice(0, 3).join(' '), text, code }
  })
  const { header, blocks } = await build(passages)
  const all = blocks.flat()

  test('has several blocks, whose stems ascend and are parted nowhere', () => {
    expect(blocks.length).toBeGreaterThan(5)
    for (const [i, { stem, term }] of all.entries()) {
      const next = all[i + 1]
      if (next) expect(stem < next.stem || (stem === next.stem && term < next.term)).toBe(true)
    }
    for (const [i, block] of blocks.entries())
      if (i > 0) expect(block[0]!.stem > blocks[i - 1]!.at(-1)!.stem).toBe(true)
  })

  test('says where each block starts: the last start that is not above a stem is its block', () => {
    expect(header.starts).toHaveLength(blocks.length)
    for (const [i, block] of blocks.entries())
      for (const { stem } of block) expect(header.starts.findLastIndex((start) => start <= stem)).toBe(i)
  })

  test('has each word once, under its stem, in the passages that have it, as often as they do', () => {
    const wanted = new Map<string, Map<number, number>>()
    for (const [p, passage] of passages.entries())
      for (const [field, name] of (['title', 'headings', 'text', 'code'] as const).entries())
        for (const { term } of wordsOf(passage[name])) {
          const of = wanted.get(term) ?? new Map<number, number>()
          of.set(p, (of.get(p) ?? 0) + 256 ** field)
          wanted.set(term, of)
        }
    expect(all).toHaveLength(wanted.size)
    expect(header.terms).toBe(wanted.size)
    for (const { stem, term, size, postings } of all) {
      expect(stem).toBe(stemOf(term, 'english'))
      const { passages, counts } = postings()
      expect(size).toBe(passages.length)
      expect(Array.from(passages, (p, i) => [p, counts[i]])).toEqual([...wanted.get(term)!])
    }
  })

  test('survives JSON', () => {
    expect(parseLexicalHeader(JSON.parse(JSON.stringify(header)), 'here')).toEqual(header)
  })
})

test('starts lead to the block also where they end in half a character', async () => {
  // Neighbours that differ in their second halves only: U+20000, U+20001, ...; 40 of each so that blocks are full.
  const words = Array.from({ length: 1200 }, (_, i) => `\u{20000}${String.fromCodePoint(0x20000 + i)}${'a'.repeat(20)}`)
  const { header, blocks } = await build([{ ...NOTHING, text: words.join(' ') }])
  expect(blocks.length).toBeGreaterThan(2)
  const { starts } = parseLexicalHeader(JSON.parse(JSON.stringify(header)), 'here')
  for (const [i, block] of blocks.entries())
    for (const { stem } of block) expect(starts.findLastIndex((start) => start <= stem)).toBe(i)
})

test('a word that stands in a field more than 255 times stands in it 255 times', async () => {
  const { blocks } = await build([
    { title: 'cat', headings: '', text: 'cat '.repeat(300), code: 'cat '.repeat(256) },
    { ...NOTHING, text: 'cat' },
  ])
  const { passages, counts } = blocks[0]![0]!.postings()
  expect([...passages]).toEqual([0, 1])
  expect([0, 1, 2, 3].map((field) => countIn(counts[0]!, field))).toEqual([1, 0, 255, 255])
})

test('identifiers count their parts as length, and pairs count none', async () => {
  const { header } = await build([{ title: 'useRef', headings: '한국어', text: 'a b', code: 'x.y = --z' }])
  expect(header.lengths).toEqual([2, 1, 2, 3])
})

test('common are the stems with a word in more than 40 percent of the passages', async () => {
  const texts = ['cat dog', 'cats dog', 'cat', 'fish run', 'fish runs']
  const { header } = await build(texts.map((text) => ({ ...NOTHING, text })))
  // cat is in 2 of 5 and cats in 1: neither is in more than 2; no word is.
  expect(header.common).toEqual([])
  const { header: again } = await build([...texts, 'fish cat', 'cat'].map((text) => ({ ...NOTHING, text })))
  expect(again.common).toEqual(['cat', 'fish']) // 4 and 3 of 7
})

test('an index without passages, and one without words', async () => {
  expect((await build([])).header).toMatchObject({
    passages: 0,
    terms: 0,
    starts: [],
    common: [],
    lengths: [0, 0, 0, 0],
  })
  expect((await build([NOTHING, NOTHING])).header).toMatchObject({ passages: 2, terms: 0, starts: [], common: [] })
})

describe('a damaged header', async () => {
  const { header } = await build([{ ...NOTHING, text: 'cat' }])

  test.each([
    ['packs', [{ file: '../x', bytes: 1, sha256: '' }]],
    ['blockBytes', 'many'],
    ['passages', -1],
    ['terms', 1.5],
    ['stemming', 'latin'],
    ['stemming', undefined],
    ['lengths', [1, 2, 3]],
    ['lengths', [1, 2, 3, null]],
    ['common', [1]],
    ['starts', undefined],
    ['starts', ['a', 'b', 'c']],
  ])('%s is named: %j', (field, value) => {
    expect(() => parseLexicalHeader({ ...header, [field]: value }, 'here')).toThrow(
      expect.objectContaining({
        code: 'index-invalid',
        message: `The manifest at here has no valid "lexical.${field}". Build the index again.`,
      }),
    )
  })

  test.each([null, undefined, 'x', []])('%j in its place is an error', (value) => {
    expect(() => parseLexicalHeader(value, 'here')).toThrow(expect.objectContaining({ code: 'index-invalid' }))
  })
})
