/**
 * Which words of the index a query's word stands for: itself, its relatives by stem, what it may become while it is being
 * typed, and, only where there is nothing of all that, what it may have been meant to be. Reads the blocks that it needs and
 * no others; knows no scores.
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

export class WordFinder {
  readonly #header: LexicalHeader
  readonly #terms: BlocksReader<Term[]>
  readonly #words: BlocksReader<WordList>

  constructor(source: BlobSource, header: LexicalHeader) {
    this.#header = header
    this.#terms = new BlocksReader(source, header, readTerms, KEPT_BLOCKS)
    this.#words = new BlocksReader(source, header, (bytes) => listOf(readWords(bytes)), 1)
  }

  /** Ordered by stem and term. `isOpen`: the word may go on, as the last one of a query that is being typed. */
  async meantBy(word: string, isOpen: boolean): Promise<Meant[]> {
    const stem = stemOf(word, this.#header.stemming)
    const [relatives, longer] = await Promise.all([this.#ofStem(stem), isOpen ? this.#beginningWith(word, stem) : []])
    const meant = new Map<string, Meant>()
    for (const term of relatives) meant.set(term.term, { term, how: term.term === word ? 'exact' : 'stem', slips: 0 })
    for (const term of longer) if (!meant.has(term.term)) meant.set(term.term, { term, how: 'prefix', slips: 0 })
    return meant.size > 0 ? [...meant.values()] : this.#mistyped(word, stem)
  }

  async #ofStem(stem: string): Promise<Term[]> {
    const block = this.#blockOf(stem)
    return block < 0 ? [] : (await this.#read(block)).filter((term) => term.stem === stem)
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
    const read = await Promise.all([...blocks].filter((block) => block >= 0).map((block) => this.#read(block)))
    return read.flat().filter(({ term }) => term !== word && term.startsWith(word))
  }

  /**
   * Those nearest, by slips: most are one away, begin as the word does and lie in its own block; else all words are looked
   * through, for what is two away here may be one away elsewhere.
   */
  async #mistyped(word: string, stem: string): Promise<Meant[]> {
    const most = slipsAllowed(word)
    if (most === 0) return []
    const own = this.#blockOf(stem)
    let nearest = nearestTo(word, most, listOf(own < 0 ? [] : (await this.#read(own)).map(({ term }) => term)))
    if (nearest[0]?.slips !== 1) nearest = nearestTo(word, most, await this.#words.read(WORDS_BLOCK))
    const meant = nearest.map(async ({ term, slips }) => {
      const relatives = await this.#ofStem(stemOf(term, this.#header.stemming))
      return relatives.map((relative): Meant => ({ term: relative, how: 'typo', slips }))
    })
    const all = (await Promise.all(meant)).flat()
    return [...new Map(all.map((one) => [one.term.term, one])).values()]
  }

  /** The block that a stem would be in, -1 where it is before all. */
  #blockOf(stem: string): number {
    return lastAtMost(this.#header.starts, stem)
  }

  #read(block: number): Promise<Term[]> {
    return this.#terms.read(FIRST_TERMS_BLOCK + block)
  }
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
function nearestTo(word: string, most: number, { words, letters }: WordList): { term: string; slips: number }[] {
  const own = lettersOf(word)
  let least = most
  let nearest: { term: string; slips: number }[] = []
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
