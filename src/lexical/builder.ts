/** Passages in, keyword index out: which word stands in which passage, how often and where. In memory until `finish`. */
import { BlocksWriter } from '../store/blocks.ts'
import type { BlobStore } from '../store/store.ts'
import { ByteWriter } from './bytes.ts'
import { FIELDS, type Field, type LexicalHeader, TermsWriter, titleMark, writePassages } from './format.ts'
import { type Stemming, stemOf } from './stem.ts'
import { wordsOf } from './tokenize.ts'

/** A passage's text by where it stands. `weight` multiplies its scores, > 0; default 1. */
export type PassageFields = Readonly<Record<Field, string>> & { readonly weight?: number }

/** Bytes of a block before compression: about 5 kB after. A query reads one or two of them for a word. */
const BLOCK_BYTES = 8 << 10
/** A stem in more of the passages than this tells little about any of them. */
const COMMON_SHARE = 0.4
const MOST_COMMON = 100

interface Occurrences {
  readonly passages: number[]
  readonly counts: number[]
}

export class LexicalBuilder {
  readonly #store: BlobStore
  readonly #terms = new Map<string, Occurrences>()
  readonly #lengths: number[][] = FIELDS.map(() => [])
  readonly #weights: number[] = []
  readonly #titleMarks: number[] = []

  constructor(store: BlobStore) {
    this.#store = store
  }

  /** The next passage's. */
  add(passage: PassageFields): void {
    const id = this.#weights.length
    this.#weights.push(passage.weight ?? 1)
    this.#titleMarks.push(titleMark(passage.title))
    for (const [field, name] of FIELDS.entries()) {
      let length = 0
      for (const { term, kind } of wordsOf(passage[name])) {
        if (kind === 'word' || kind === 'part') length++
        this.#count(term, id, field)
      }
      this.#lengths[field]!.push(length)
    }
  }

  #count(term: string, id: number, field: number): void {
    let known = this.#terms.get(term)
    if (known === undefined) {
      known = { passages: [], counts: [] }
      this.#terms.set(term, known)
    }
    const { passages, counts } = known
    if (passages.at(-1) !== id) {
      passages.push(id)
      counts.push(0)
    }
    const last = counts.length - 1
    if (((counts[last]! >>> (8 * field)) & 255) < 255) counts[last] = (counts[last]! + (1 << (8 * field))) >>> 0
  }

  /** Stemming is for English; `none` where most pages are in another language. */
  async finish(stemming: Stemming): Promise<LexicalHeader> {
    const passages = this.#weights.length
    const terms = [...this.#terms.keys()].map((term) => ({ term, stem: stemOf(term, stemming) }))
    terms.sort((a, b) => order(a.stem, b.stem) || order(a.term, b.term))
    const blocks = new BlocksWriter(this.#store, 'lexical')
    await blocks.add(writePassages(this.#lengths, this.#weights, this.#titleMarks))
    await blocks.add(writeWords(terms))
    const starts: string[] = []
    let writer = new TermsWriter()
    let before = ''
    for (const { term, stem } of terms) {
      // A stem's words are never parted: whoever looks for one finds all in the same block.
      if (stem !== before && writer.length >= BLOCK_BYTES) {
        await blocks.add(writer.finish())
        writer = new TermsWriter()
      }
      if (writer.length === 0) starts.push(separator(before, stem))
      const { passages: found, counts } = this.#terms.get(term)!
      writer.add(stem, term, { passages: Uint32Array.from(found), counts: Uint32Array.from(counts) })
      before = stem
    }
    if (writer.length > 0) await blocks.add(writer.finish())
    return {
      ...(await blocks.finish()),
      passages,
      terms: terms.length,
      stemming,
      lengths: this.#lengths.map((lengths) => lengths.reduce((sum, length) => sum + length, 0)),
      common: this.#common(terms, passages),
      starts,
    }
  }

  #common(terms: readonly { readonly term: string; readonly stem: string }[], passages: number): string[] {
    const shares = new Map<string, number>()
    for (const { term, stem } of terms) {
      const share = this.#terms.get(term)!.passages.length / passages
      shares.set(stem, Math.max(shares.get(stem) ?? 0, share))
    }
    const common = [...shares].filter(([, share]) => share > COMMON_SHARE).sort((a, b) => b[1] - a[1])
    return common
      .slice(0, MOST_COMMON)
      .map(([stem]) => stem)
      .sort(order)
  }
}

/** All words in order of stem, for a search among them; which block a word is in follows from its stem. */
function writeWords(terms: readonly { readonly term: string }[]): Uint8Array {
  const bytes = new ByteWriter()
  let before = ''
  for (const { term } of terms) {
    bytes.text(term, before)
    before = term
  }
  return bytes.finish()
}

/** The shortest beginning of `next` that is above `before`. */
function separator(before: string, next: string): string {
  let length = 0
  while (length < before.length && before[length] === next[length]) length++
  return next.slice(0, length + 1)
}

/** By code units, the same on every machine. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
