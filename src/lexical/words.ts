/**
 * Which words of the index a query's word stands for: itself, its relatives by stem, what it may become while it is being
 * typed, and, only where there is nothing of all that, what it may have been meant to be. Asked of all segments together.
 * Reads the blocks that it needs and no others; knows no scores.
 */
import { BlocksReader } from '../store/blocks.ts'
import type { BlobSource } from '../store/store.ts'
import { lastAtMost } from '../util.ts'
import { FIRST_TERMS_BLOCK, type LexicalHeader, readTerms, readWords, type Term, WORDS_BLOCK } from './format.ts'
import { stemOf } from './stem.ts'
import { lettersOf, mayBeNear, slips, slipsAllowed } from './typos.ts'

/** A word of the index that a query's word stands for. */
export interface Meant {
  readonly term: Term
  /** `prefix`: the query's word is its beginning; `typo`: within `slips` of it. */
  readonly how: 'exact' | 'stem' | 'prefix' | 'typo'
  readonly slips: number
}

/** One letter begins half of the index; what it stands for is not worth reading. */
const LEAST_PREFIX_CHARS = 2
/** Short beginnings go through many blocks; these are enough to show that there is something. */
const MOST_PREFIX_BLOCKS = 4
/** Porter's endings have at most seven letters: so much longer than its stem a beginning may be. */
const LONGEST_ENDING = 7
/** Blocks of decoded terms that are kept. */
const KEPT_BLOCKS = 512

/** A word of the index that a mistyped one is near to. */
interface Near {
  readonly term: string
  readonly slips: number
}

/**
 * Of each segment, the words that a query's word stands for: its own words or those that it begins, wherever a segment has
 * any; where none has, the words of any segment that it is nearest to, looked up in all of them.
 *
 * Segments differ from one index of the same passages in two ways, for they have blocks of their own: of a short beginning's
 * words each gives what its MOST_PREFIX_BLOCKS hold, together more; and what is one slip away is in the mistyped word's own
 * block or not by where blocks begin. `isOpen`: the word may go on, as the last one of a query that is being typed.
 */
export async function meantBy(finders: readonly WordFinder[], word: string, isOpen: boolean): Promise<Meant[][]> {
  const meant = await Promise.all(finders.map((finder) => finder.meantBy(word, isOpen)))
  if (meant.some((own) => own.length > 0)) return meant
  const near = await nearestInAll(finders, word)
  return near.length === 0 ? meant : Promise.all(finders.map((finder) => finder.meantByAll(near)))
}

/**
 * Those nearest, by slips: most are one away, begin as the word does and lie in its own block; else all words are looked
 * through, for what is two away here may be one away elsewhere.
 */
async function nearestInAll(finders: readonly WordFinder[], word: string): Promise<Near[]> {
  const most = slipsAllowed(word)
  if (most === 0) return []
  const nearby = nearest(await Promise.all(finders.map((finder) => finder.nearby(word, most))))
  return nearby[0]?.slips === 1
    ? nearby
    : nearest(await Promise.all(finders.map((finder) => finder.nearestTo(word, most))))
}

/** Each term once, in an order that does not depend on where it was found. */
function nearest(found: readonly (readonly Near[])[]): Near[] {
  const all = found.flat()
  const least = all.reduce((least, { slips }) => Math.min(least, slips), Number.POSITIVE_INFINITY)
  const terms = new Set(all.filter(({ slips }) => slips === least).map(({ term }) => term))
  return [...terms].sort().map((term) => ({ term, slips: least }))
}

/** The words of one segment. */
export class WordFinder {
  readonly #header: LexicalHeader
  readonly #terms: BlocksReader<Term[]>
  readonly #words: BlocksReader<WordList>

  constructor(source: BlobSource, header: LexicalHeader) {
    this.#header = header
    this.#terms = new BlocksReader(source, header, readTerms, KEPT_BLOCKS)
    this.#words = new BlocksReader(source, header, (bytes) => listOf(readWords(bytes)), 1)
  }

  /** Relatives, then what the word begins, both by stem and term: sums over them are then the same in any segment. */
  async meantBy(word: string, isOpen: boolean): Promise<Meant[]> {
    const stem = stemOf(word, this.#header.stemming)
    const [relatives, longer] = await Promise.all([this.#ofStem(stem), isOpen ? this.#beginningWith(word, stem) : []])
    const meant = new Map<string, Meant>()
    for (const term of relatives) meant.set(term.term, { term, how: term.term === word ? 'exact' : 'stem', slips: 0 })
    for (const term of longer) if (!meant.has(term.term)) meant.set(term.term, { term, how: 'prefix', slips: 0 })
    return [...meant.values()]
  }

  /** The words that a mistyped one is near to, with their relatives. */
  async meantByAll(near: readonly Near[]): Promise<Meant[]> {
    const meant = near.map(async ({ term, slips }) => {
      const relatives = await this.#ofStem(stemOf(term, this.#header.stemming))
      return relatives.map((relative): Meant => ({ term: relative, how: 'typo', slips }))
    })
    const all = (await Promise.all(meant)).flat()
    return [...new Map(all.map((one) => [one.term.term, one])).values()]
  }

  /** In the block that the word would be in, which has been read. */
  async nearby(word: string, most: number): Promise<Near[]> {
    const block = this.#blockOf(stemOf(word, this.#header.stemming))
    return nearestOf(word, most, listOf(block < 0 ? [] : (await this.#read(block)).map(({ term }) => term)))
  }

  async nearestTo(word: string, most: number): Promise<Near[]> {
    return nearestOf(word, most, await this.#words.read(WORDS_BLOCK))
  }

  async #ofStem(stem: string): Promise<Term[]> {
    const block = this.#blockOf(stem)
    return block < 0 ? [] : withStem(await this.#read(block), stem)
  }

  /** Words that begin so: their stems do, or are shorter than the beginning. */
  async #beginningWith(word: string, stem: string): Promise<Term[]> {
    if (word.length < LEAST_PREFIX_CHARS && /^[\x20-\x7f]*$/.test(word)) return []
    const shorter = [stem]
    for (let length = Math.max(3, word.length - LONGEST_ENDING); length < word.length; length++) {
      shorter.push(word.slice(0, length), `${word.slice(0, length - 1)}i`) // Porter writes i for a last y
    }
    const blocks = new Set(shorter.map((candidate) => this.#blockOf(candidate)))
    const first = this.#blockOf(word)
    for (let block = first; block < first + MOST_PREFIX_BLOCKS; block++)
      if (block === first || (this.#header.starts[block] ?? '').startsWith(word)) blocks.add(block)
    const ascending = [...blocks].filter((block) => block >= 0).sort((a, b) => a - b)
    const read = await Promise.all(ascending.map((block) => this.#read(block)))
    return read.flat().filter(({ term }) => term !== word && term.startsWith(word))
  }

  /** The block that a stem would be in, -1 where it is before all. */
  #blockOf(stem: string): number {
    return lastAtMost(this.#header.starts, stem)
  }

  #read(block: number): Promise<Term[]> {
    return this.#terms.read(FIRST_TERMS_BLOCK + block)
  }
}

/** Simple version: filter. Terms lie in order of stem, and hundreds of small segments are asked for every word. */
function withStem(terms: readonly Term[], stem: string): Term[] {
  let start = 0
  for (let end = terms.length; start < end; ) {
    const middle = (start + end) >> 1
    if (terms[middle]!.stem < stem) start = middle + 1
    else end = middle
  }
  let end = start
  while (terms[end]?.stem === stem) end++
  return terms.slice(start, end)
}

interface WordList {
  readonly words: readonly string[]
  /** Of each word, see `lettersOf`: most are passed over by a look at these. */
  readonly letters: Int32Array
}

function listOf(words: readonly string[]): WordList {
  return { words, letters: Int32Array.from(words, lettersOf) }
}

/** Those with the fewest slips, `most` at most. */
function nearestOf(word: string, most: number, { words, letters }: WordList): Near[] {
  const own = lettersOf(word)
  let least = most
  let nearest: Near[] = []
  for (const [i, term] of words.entries()) {
    if (!mayBeNear(own, letters[i]!, least)) continue
    const found = slips(word, term, least)
    if (found > least) continue
    if (found < least) nearest = []
    least = found
    nearest.push({ term, slips: found })
  }
  return nearest
}
