/**
 * Keyword search: BM25F (Robertson, Zaragoza and Taylor, Simple BM25 extension to multiple weighted fields, 2004). All words
 * of the index that a query's word stands for count as one word. Nothing is required to match: a passage with the rare
 * words of a question is found without the others.
 */
import { BlocksReader } from '../store/blocks.ts'
import type { BlobSource } from '../store/store.ts'
import type { PassageId } from '../types.ts'
import { type Scored, topK } from '../util.ts'
import {
  countIn,
  FIELDS,
  type LexicalHeader,
  PASSAGES_BLOCK,
  type PassagesTable,
  readPassages,
  titleMark,
} from './format.ts'
import { isStopWord, stemOf } from './stem.ts'
import { type Word, wordsOf } from './tokenize.ts'
import { type Meant, WordFinder } from './words.ts'

export interface LexicalQuery {
  readonly text: string
  /** The last word may be unfinished. Default true, unless a space follows it. */
  readonly isOpen?: boolean
}

/** What became of a word of the query. */
export interface ReadWord {
  readonly word: string
  /** Words of the index it stands for, those that count most first. */
  readonly terms: readonly { readonly term: string; readonly how: Meant['how']; readonly weight: number }[]
  /** Passages that have one of them. */
  readonly passages: number
  /** What one of them in a passage is worth; 0 where the word was left out as too common. */
  readonly idf: number
}

/** What all passages are to a query. */
export interface LexicalRanking {
  readonly words: readonly ReadWord[]
  /** `[P]`; 0 where the passage has none of the words. */
  readonly scores: Float64Array
  /** The k best with a score, ties by lower id. `filter`: which passages may be found, a bit each; default all. */
  best(k: number, filter?: Uint32Array): Scored[]
  /** `title`: the query is the section's heading, word for word. `identifier`: the heading has an identifier of the query. */
  exact(id: PassageId): 'title' | 'identifier' | undefined
}

/**
 * What a word counts by its place, and how much longer fields of that kind lessen it (BM25's b). Chosen with K1 by going
 * through them one by one on the labelled sets that README names: they are flat around here.
 */
const BOOST: Readonly<Record<(typeof FIELDS)[number], { readonly weight: number; readonly b: number }>> = {
  title: { weight: 3, b: 0.8 },
  headings: { weight: 2, b: 0.8 },
  text: { weight: 1, b: 0.7 },
  code: { weight: 0.7, b: 0.7 },
}
/** How soon more of the same word says nothing new: later than BM25's usual 1.2, since weights of fields add up. */
const K1 = 3
/** What a word of the index counts that is not the query's own. */
const STEM_WEIGHT = 0.9
const PREFIX_WEIGHT = 0.6
const TYPO_WEIGHT = 0.5

const IDENTIFIER = /[._:/@$#+]|^-|\p{Ll}\p{Lu}/u

/** A word of the query, and what it stands for. */
interface Group {
  readonly word: Word
  /** Written as programs write names; a hyphen alone makes none. */
  readonly isIdentifier: boolean
  readonly meant: readonly Meant[]
}

export class LexicalIndex {
  readonly header: LexicalHeader
  readonly #finder: WordFinder
  readonly #table: BlocksReader<PassagesTable>

  /** Reads nothing yet. Errors: `index-invalid`. */
  constructor(source: BlobSource, header: LexicalHeader) {
    this.header = header
    this.#finder = new WordFinder(source, header)
    this.#table = new BlocksReader(source, header, (bytes) => readPassages(bytes, header.passages, source.location), 1)
  }

  /** Errors: `index-invalid`, and what the source throws. */
  async search(query: LexicalQuery): Promise<LexicalRanking> {
    const { text } = query
    const words = distinct(wordsOf(text))
    const last = words.reduce((end, word) => Math.max(end, word.end), 0)
    const isOpen = query.isOpen ?? last === text.length
    const groupsOf = (asked: readonly Word[]) =>
      Promise.all(asked.map((word) => this.#group(word, text.slice(word.start, word.end), isOpen && word.end === last)))
    const telling = words.filter(({ term }) => !this.#isStopWord(term) && !this.#isCommon(term))
    let asked = telling.length > 0 ? telling : words
    let [table, groups] = await Promise.all([this.#table.read(PASSAGES_BLOCK), groupsOf(asked)])
    if (asked === telling && groups.every(({ meant }) => meant.length === 0)) {
      // Words that are nowhere do not hide those that are in many passages.
      asked = words.filter(({ term }) => !this.#isStopWord(term))
      groups = await groupsOf(asked)
    }
    const scored = scorePassages(groups, table, this.header, titleMark(text))
    const left = words.filter((word) => !asked.includes(word))
    const { scores, exact } = scored
    return {
      scores,
      best: (k, filter) => best(scores, k, filter),
      exact: (id) => (exact[id]! & IS_TITLE ? 'title' : exact[id]! & IS_IDENTIFIER ? 'identifier' : undefined),
      words: [...scored.words, ...left.map(({ term }) => ({ word: term, terms: [], passages: 0, idf: 0 }))],
    }
  }

  #isStopWord(term: string): boolean {
    return isStopWord(term, this.header.stemming)
  }

  #isCommon(term: string): boolean {
    return this.header.common.includes(stemOf(term, this.header.stemming))
  }

  async #group(word: Word, written: string, isOpen: boolean): Promise<Group> {
    const isIdentifier = word.kind === 'whole' && IDENTIFIER.test(written)
    return { word, isIdentifier, meant: await this.#finder.meantBy(word.term, isOpen) }
  }
}

function distinct(words: readonly Word[]): Word[] {
  return [...new Map(words.map((word) => [word.term, word])).values()]
}

function weightOf({ how, slips, term }: Meant, word: string): number {
  if (how === 'exact') return 1
  if (how === 'stem') return STEM_WEIGHT
  // The more is missing, the less it may be the word that is being typed.
  if (how === 'prefix') return PREFIX_WEIGHT * (word.length / term.term.length)
  return TYPO_WEIGHT ** slips
}

interface Judged {
  readonly scores: Float64Array
  readonly exact: Uint8Array
  readonly words: readonly ReadWord[]
}

const IS_TITLE = 1
const IS_IDENTIFIER = 2

function scorePassages(
  groups: readonly Group[],
  { lengths, weights, titleMarks }: PassagesTable,
  header: LexicalHeader,
  mark: number,
): Judged {
  const { passages } = header
  const scores = new Float64Array(passages)
  const exact = new Uint8Array(passages)
  const inTitle = new Uint16Array(passages)
  const frequency = new Float64Array(passages)
  const means = header.lengths.map((length) => Math.max(1, length / Math.max(1, passages)))
  const read: ReadWord[] = []
  for (const { word, isIdentifier, meant } of groups) {
    const touched: PassageId[] = []
    const terms: { term: string; how: Meant['how']; weight: number }[] = []
    for (const one of meant) {
      const weight = weightOf(one, word.term)
      terms.push({ term: one.term.term, how: one.how, weight })
      const isSame = one.how === 'exact' || one.how === 'stem'
      const { passages: found, counts } = one.term.postings()
      for (let i = 0; i < found.length; i++) {
        const p = found[i]!
        if (frequency[p] === 0) touched.push(p)
        let sum = 0
        for (let field = 0; field < FIELDS.length; field++) {
          const count = countIn(counts[i]!, field)
          if (count === 0) continue
          const { weight: boost, b } = BOOST[FIELDS[field]!]
          sum += (boost * count) / (1 - b + (b * lengths[field]![p]!) / means[field]!)
        }
        frequency[p]! += weight * sum
        if (!isSame || countIn(counts[i]!, 0) === 0) continue
        inTitle[p]!++
        if (isIdentifier && one.how === 'exact') exact[p]! |= IS_IDENTIFIER
      }
    }
    const idf = inverseFrequency(touched.length, passages)
    for (const p of touched) {
      const f = frequency[p]!
      scores[p]! += idf * ((f * (K1 + 1)) / (f + K1))
      frequency[p] = 0
    }
    terms.sort((a, b) => b.weight - a.weight)
    read.push({ word: word.term, terms, passages: touched.length, idf })
  }
  for (let p = 0; p < passages; p++) {
    scores[p]! *= weights[p]!
    if (groups.length > 0 && inTitle[p]! >= groups.length && titleMarks[p] === mark) exact[p]! |= IS_TITLE
  }
  return { scores, exact, words: read }
}

/** Rounded, since `Math.log` is not the same to the last bit in every engine. */
function inverseFrequency(found: number, passages: number): number {
  return Math.round(Math.log(1 + (passages - found + 0.5) / (found + 0.5)) * 65_536) / 65_536
}

function best(scores: Float64Array, k: number, filter: Uint32Array | undefined): Scored[] {
  const isLet = (p: PassageId) => filter === undefined || ((filter[p >> 5]! >>> (p & 31)) & 1) === 1
  return topK(scores, k, (p) => scores[p]! > 0 && isLet(p))
}
