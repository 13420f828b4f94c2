/**
 * Keyword search over the segments of an index, as if they were one: a large one that was built ahead, and small ones that
 * were added later. Nothing is required to match: a passage with the rare words of a question is found without the others.
 * How passages are scored is in score.ts, what words stand for in words.ts.
 */
import { SelvageError } from '../errors.ts'
import { BlocksReader } from '../store/blocks.ts'
import type { BlobSource } from '../store/store.ts'
import type { PassageId } from '../types.ts'
import { type Scored, topK } from '../util.ts'
import { FIELDS, type LexicalHeader, PASSAGES_BLOCK, type PassagesTable, readPassages, titleMark } from './format.ts'
import { type Group, IS_IDENTIFIER, IS_TITLE, type ReadWord, scorePassages, type Whole } from './score.ts'
import { isStopWord, stemOf } from './stem.ts'
import { type Word, wordsOf } from './tokenize.ts'
import { meantBy, WordFinder } from './words.ts'

export type { ReadWord } from './score.ts'

/** Passages that were written together. */
export interface LexicalSegment {
  readonly source: BlobSource
  /** Missing where passages came without words: they keep their ids, are never found, and count in no statistics. */
  readonly header?: LexicalHeader | undefined
  readonly passages: number
}

export interface LexicalQuery {
  readonly text: string
  /** The last word may be unfinished. Default true, unless a space follows it. */
  readonly isOpen?: boolean
}

/** What all passages are to a query. */
export interface LexicalRanking {
  readonly words: readonly ReadWord[]
  /** `[P]`; 0 where the passage has none of the words. */
  readonly scores: Float64Array
  /**
   * The k best with a score, ties by lower id, and how many have one (none for k = 0). `filter`: which passages may be found, a bit each;
   * default all.
   */
  best(k: number, filter?: Uint32Array): { readonly passages: Scored[]; readonly count: number }
  /** `title`: the query is the section's heading, word for word. `identifier`: the heading has an identifier of the query. */
  exact(id: PassageId): 'title' | 'identifier' | undefined
}

const IDENTIFIER = /[._:/@$#+]|^-|\p{Ll}\p{Lu}/u

/** A segment with words. */
interface Part {
  readonly header: LexicalHeader
  readonly source: BlobSource
  /** The id of its first passage in the whole. */
  readonly first: PassageId
  readonly table: BlocksReader<PassagesTable>
  readonly finder: WordFinder
}

export class LexicalIndex {
  readonly #parts: readonly Part[]
  readonly #whole: Whole

  /**
   * Passages are numbered through the segments. Reads nothing yet. Errors: `index-invalid`.
   * @param before the index without the latest changes: what it has read of segments with the same headers is kept. Of 10,000
   * passages it takes the next query 15 ms or more to read that again
   */
  constructor(segments: readonly LexicalSegment[], before?: LexicalIndex) {
    const known = new Map((before ? before.#parts : []).map((part) => [part.header, part]))
    const parts: Part[] = []
    let ids = 0
    for (const { source, header, passages } of segments) {
      if (header !== undefined) parts.push(partOf(source, header, passages, ids, known.get(header)))
      ids += passages
    }
    this.#parts = parts
    this.#whole = {
      ids,
      passages: parts.reduce((sum, { header }) => sum + header.passages, 0),
      lengths: FIELDS.map((_, field) => parts.reduce((sum, { header }) => sum + header.lengths[field]!, 0)),
    }
  }

  /** Errors: `index-invalid`, and what the sources throw. */
  async search(query: LexicalQuery): Promise<LexicalRanking> {
    const { text } = query
    const words = distinct(wordsOf(text))
    const last = words.reduce((end, word) => Math.max(end, word.end), 0)
    const isOpen = query.isOpen ?? last === text.length
    const groupsOf = (asked: readonly Word[]) =>
      Promise.all(asked.map((word) => this.#group(word, text.slice(word.start, word.end), isOpen && word.end === last)))
    const telling = words.filter(({ term }) => !this.#isStopWord(term) && !this.#isCommon(term))
    let asked = telling.length > 0 ? telling : words
    let [segments, groups] = await Promise.all([this.#tables(), groupsOf(asked)])
    if (asked === telling && groups.every(({ meant }) => meant.every((own) => own.length === 0))) {
      // Words that are nowhere do not hide those that are in many passages.
      asked = words.filter(({ term }) => !this.#isStopWord(term))
      groups = await groupsOf(asked)
    }
    const scored = scorePassages(groups, segments, this.#whole, titleMark(text))
    const left = words.filter((word) => !asked.includes(word))
    const { scores, exact } = scored
    return {
      scores,
      best: (k, filter) => best(scores, k, filter),
      exact: (id) => (exact[id]! & IS_TITLE ? 'title' : exact[id]! & IS_IDENTIFIER ? 'identifier' : undefined),
      words: [...scored.words, ...left.map(({ term }) => ({ word: term, terms: [], passages: 0, idf: 0 }))],
    }
  }

  #tables() {
    return Promise.all(
      this.#parts.map(async ({ first, table }) => ({ first, table: await table.read(PASSAGES_BLOCK) })),
    )
  }

  #isStopWord(term: string): boolean {
    return this.#mostSay(({ stemming }) => isStopWord(term, stemming))
  }

  #isCommon(term: string): boolean {
    return this.#mostSay(({ common, stemming }) => common.includes(stemOf(term, stemming)))
  }

  /**
   * Whether the segments that say so hold more than half of the passages: a segment of one passage calls all its words common.
   * Of a word that is in about COMMON_SHARE of the passages (see builder.ts), one index of them all may say something else:
   * the headers tell which words are above it, not by how much.
   */
  #mostSay(says: (header: LexicalHeader) => boolean): boolean {
    let passages = 0
    for (const { header } of this.#parts) if (says(header)) passages += header.passages
    return 2 * passages > this.#whole.passages
  }

  async #group(word: Word, written: string, isOpen: boolean): Promise<Group> {
    const finders = this.#parts.map(({ finder }) => finder)
    const isIdentifier = word.kind === 'whole' && IDENTIFIER.test(written)
    return { word, isIdentifier, meant: await meantBy(finders, word.term, isOpen) }
  }
}

function partOf(
  source: BlobSource,
  header: LexicalHeader,
  passages: number,
  first: PassageId,
  known: Part | undefined,
): Part {
  if (header.passages !== passages)
    throw new SelvageError(
      'index-invalid',
      `The index at ${source.location} has ${passages} passages, and words of ${header.passages}. Build it again.`,
    )
  if (known?.source === source) return { ...known, first }
  const table = new BlocksReader(source, header, (bytes) => readPassages(bytes, passages, source.location), 1)
  return { header, source, first, table, finder: new WordFinder(source, header) }
}

function distinct(words: readonly Word[]): Word[] {
  return [...new Map(words.map((word) => [word.term, word])).values()]
}

function best(scores: Float64Array, k: number, filter: Uint32Array | undefined): ReturnType<LexicalRanking['best']> {
  const isLet = (p: PassageId) => filter === undefined || ((filter[p >> 5]! >>> (p & 31)) & 1) === 1
  let count = 0
  // Asked of every passage.
  const passages = topK(scores, k, (p) => {
    const isFound = scores[p]! > 0 && isLet(p)
    if (isFound) count++
    return isFound
  })
  return { passages, count }
}
