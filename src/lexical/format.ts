/**
 * How the keyword index lies in blocks: block 0 is the table of passages, block 1 all words for those that were mistyped,
 * and from block 2 on words with their postings, sorted by stem, so that a word and its relatives lie together. The header
 * names the first stem of each: a query knows which blocks it needs before it has read any (Pagefind's idea).
 */
import { SelvageError } from '../errors.ts'
import { type BlocksHeader, parseBlocksHeader } from '../store/blocks.ts'
import { headerFields } from '../store/packs.ts'
import type { PassageId } from '../types.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import type { Stemming } from './stem.ts'
import { fold } from './tokenize.ts'

/** Where in a passage a word may stand. Their order is part of the format. */
export const FIELDS = ['title', 'headings', 'text', 'code'] as const
export type Field = (typeof FIELDS)[number]

export const PASSAGES_BLOCK = 0
export const WORDS_BLOCK = 1
export const FIRST_TERMS_BLOCK = 2

/** The manifest's part about keywords. */
export interface LexicalHeader extends BlocksHeader {
  readonly passages: number
  /** Different words. */
  readonly terms: number
  readonly stemming: Stemming
  /** Words in all passages together, of each field. */
  readonly lengths: readonly number[]
  /** Stems in so many passages that they tell little; queries of other words leave them out. */
  readonly common: readonly string[]
  /** Of each block of terms, what its stems are not below. */
  readonly starts: readonly string[]
}

/** Errors: `index-invalid` naming the field. */
export function parseLexicalHeader(value: unknown, location: string): LexicalHeader {
  const fields = headerFields(value, 'lexical', location)
  const stemming = fields.text('stemming')
  const header: LexicalHeader = {
    ...parseBlocksHeader(fields),
    passages: fields.count('passages'),
    terms: fields.count('terms'),
    stemming: stemming === 'english' ? 'english' : 'none',
    lengths: fields.counts('lengths'),
    common: fields.texts('common'),
    starts: fields.texts('starts'),
  }
  const wrong =
    stemming !== 'english' && stemming !== 'none'
      ? 'stemming'
      : header.lengths.length !== FIELDS.length
        ? 'lengths'
        : header.blockBytes.length !== header.starts.length + FIRST_TERMS_BLOCK
          ? 'starts'
          : undefined
  if (wrong === undefined) return header
  throw new SelvageError(
    'index-invalid',
    `The manifest at ${location} has no valid "lexical.${wrong}". Build the index again.`,
  )
}

/** Passages with a word, ascending, and how often: `counts` has a byte for each field, the first lowest. */
export interface Postings {
  readonly passages: Uint32Array
  readonly counts: Uint32Array
}

/** A word of the index. */
export interface Term {
  readonly stem: string
  readonly term: string
  /** Passages that have it. */
  readonly size: number
  readonly postings: () => Postings
}

const TEXT_ONCE = 1 << (8 * FIELDS.indexOf('text'))

export class TermsWriter {
  readonly #bytes = new ByteWriter()
  #stem = ''

  get length(): number {
    return this.#bytes.length
  }

  /** Terms come in order of stem. */
  add(stem: string, term: string, { passages, counts }: Postings): void {
    this.#bytes.text(stem, this.#stem)
    this.#bytes.text(term, stem)
    this.#stem = stem
    const postings = new ByteWriter()
    let before: PassageId = -1
    passages.forEach((passage, i) => {
      const isSimple = counts[i] === TEXT_ONCE
      postings.number((passage - before - 1) * 2 + (isSimple ? 1 : 0))
      if (!isSimple) writeCounts(postings, counts[i]!)
      before = passage
    })
    this.#bytes.number(passages.length)
    this.#bytes.number(postings.length)
    this.#bytes.append(postings.finish())
  }

  finish(): Uint8Array {
    return this.#bytes.finish()
  }
}

export function readTerms(bytes: Uint8Array): Term[] {
  const reader = new ByteReader(bytes)
  const terms: Term[] = []
  let stem = ''
  while (!reader.isAtEnd) {
    stem = reader.text(stem)
    const term = reader.text(stem)
    const size = reader.number()
    const own = reader.bytes(reader.number())
    let decoded: Postings | undefined
    terms.push({
      stem,
      term,
      size,
      postings: () => {
        decoded ??= readPostings(own, size)
        return decoded
      },
    })
  }
  return terms
}

/** All words of the index, each written as how it goes on from the one before. */
export function readWords(bytes: Uint8Array): string[] {
  const reader = new ByteReader(bytes)
  const words: string[] = []
  let before = ''
  while (!reader.isAtEnd) {
    before = reader.text(before)
    words.push(before)
  }
  return words
}

function readPostings(bytes: Uint8Array, size: number): Postings {
  const reader = new ByteReader(bytes)
  const passages = new Uint32Array(size)
  const counts = new Uint32Array(size)
  let before: PassageId = -1
  for (let i = 0; i < size; i++) {
    const head = reader.number()
    before += (head >>> 1) + 1
    passages[i] = before
    counts[i] = head & 1 ? TEXT_ONCE : readCounts(reader)
  }
  return { passages, counts }
}

/** Which fields, a bit each, then how often in each of them. */
function writeCounts(bytes: ByteWriter, counts: number): void {
  const all = FIELDS.map((_, field) => countIn(counts, field))
  bytes.number(all.reduce((mask, count, field) => mask | (count > 0 ? 1 << field : 0), 0))
  for (const count of all) if (count > 0) bytes.number(count)
}

function readCounts(reader: ByteReader): number {
  const mask = reader.number()
  let counts = 0
  for (let field = 0; field < FIELDS.length; field++) if (mask & (1 << field)) counts |= reader.number() << (8 * field)
  return counts >>> 0
}

/** At most 255: more times say nothing new. */
export function countIn(counts: number, field: number): number {
  return (counts >>> (8 * field)) & 255
}

/** What is known of each passage: how long its fields are, and how much it weighs. */
export interface PassagesTable {
  /** Per field, `[P]`: words; exact below 64, within 5 percent above. */
  readonly lengths: readonly Float64Array[]
  /** `[P]`, what scores are multiplied by. */
  readonly weights: Float64Array
  /** `[P]`, see `titleMark`. */
  readonly titleMarks: Uint8Array
}

/** A byte for each passage and field, field by field, then one for its weight and one for its title's mark. */
export function writePassages(
  lengths: readonly ArrayLike<number>[],
  weights: ArrayLike<number>,
  titleMarks: ArrayLike<number>,
): Uint8Array {
  const bytes = new ByteWriter()
  for (const ofField of lengths) for (let p = 0; p < ofField.length; p++) bytes.byte(lengthByte(ofField[p]!))
  for (let p = 0; p < weights.length; p++) bytes.byte(weightByte(weights[p]!))
  for (let p = 0; p < titleMarks.length; p++) bytes.byte(titleMarks[p]!)
  return bytes.finish()
}

/**
 * A byte of hash (FNV-1a) over a title's letters and digits: a title that has all the words of a query is it, word for word,
 * where the marks are the same too; but for one of 256 that has more words, which does no harm.
 */
export function titleMark(title: string): number {
  let hash = 0x811c9dc5
  for (const [character] of fold(title).matchAll(/[\p{L}\p{N}]/gu))
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193)
  return (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & 255
}

/** Errors: `index-invalid` for another number of passages. */
export function readPassages(bytes: Uint8Array, passages: number, location: string): PassagesTable {
  const columns = FIELDS.length + 2
  if (bytes.length !== passages * columns)
    throw new SelvageError(
      'index-invalid',
      `The keyword index at ${location} tells of ${bytes.length / columns} passages, its header of ${passages}. Build the index again.`,
    )
  const column = (number: number) => bytes.subarray(number * passages, (number + 1) * passages)
  return {
    lengths: FIELDS.map((_, field) => Float64Array.from(column(field), (byte) => LENGTHS[byte]!)),
    weights: Float64Array.from(column(FIELDS.length), (byte) => WEIGHTS[byte]!),
    titleMarks: column(FIELDS.length + 1),
  }
}

const EXACT = 64
/** Steps of 2^(1/16) from 64 on. */
const LENGTHS = Float64Array.from({ length: 256 }, (_, byte) =>
  byte < EXACT ? byte : Math.round(EXACT * 2 ** ((byte - EXACT) / 16)),
)
/** 1 is in the middle; steps of 2^(1/16), from 1/256 to 256. Rounded, so that every engine has the same. */
const WEIGHTS = Float64Array.from({ length: 256 }, (_, byte) => Math.fround(2 ** ((byte - 128) / 16)))

function lengthByte(length: number): number {
  return length < EXACT ? length : Math.min(255, EXACT + Math.round(16 * Math.log2(length / EXACT)))
}

function weightByte(weight: number): number {
  return Math.max(0, Math.min(255, 128 + Math.round(16 * Math.log2(weight))))
}
