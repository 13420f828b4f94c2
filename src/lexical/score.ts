/**
 * What passages are worth to the words of a query: BM25F (Robertson, Zaragoza and Taylor, Simple BM25 extension to multiple
 * weighted fields, 2004). All words of the index that a query's word stands for count as one word. Segments are scored as one
 * index of all their passages: what a word or a length counts is by all of them. Numbers only; nothing is read.
 */
import type { PassageId } from '../types.ts'
import { countIn, FIELDS, type PassagesTable } from './format.ts'
import type { Word } from './tokenize.ts'
import type { Meant } from './words.ts'

/** A word of the query, and what it stands for. */
export interface Group {
  readonly word: Word
  /** Written as programs write names; a hyphen alone makes none. */
  readonly isIdentifier: boolean
  /** Of each segment. */
  readonly meant: readonly (readonly Meant[])[]
}

export interface ReadTerm {
  readonly term: string
  readonly how: Meant['how']
  readonly weight: number
}

/** What became of a word of the query. */
export interface ReadWord {
  readonly word: string
  /** Words of the index it stands for, those that count most first. */
  readonly terms: readonly ReadTerm[]
  /** Passages that have one of them. */
  readonly passages: number
  /** What one of them in a passage is worth; 0 where the word was left out as too common. */
  readonly idf: number
}

/** All segments together. */
export interface Whole {
  /** Ids, those of passages without words among them. */
  readonly ids: number
  /** Passages that words are known of. */
  readonly passages: number
  /** Words in them together, of each field. */
  readonly lengths: readonly number[]
}

/** Passages of a segment, from `first` on. */
export interface ScoredSegment {
  readonly first: PassageId
  readonly table: PassagesTable
}

export interface Judged {
  /** `[ids]` */
  readonly scores: Float64Array
  /** `[ids]`, bits: IS_TITLE, IS_IDENTIFIER. */
  readonly exact: Uint8Array
  readonly words: readonly ReadWord[]
}

export const IS_TITLE = 1
export const IS_IDENTIFIER = 2

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

/** `mark`: of the query, as a title; see `titleMark`. A passage's sums are made in the same order wherever it lies. */
export function scorePassages(
  groups: readonly Group[],
  segments: readonly ScoredSegment[],
  whole: Whole,
  mark: number,
): Judged {
  const scores = new Float64Array(whole.ids)
  const exact = new Uint8Array(whole.ids)
  const inTitle = new Uint16Array(whole.ids)
  const frequency = new Float64Array(whole.ids)
  const means = whole.lengths.map((length) => Math.max(1, length / Math.max(1, whole.passages)))
  const words: ReadWord[] = []
  for (const { word, isIdentifier, meant } of groups) {
    const touched: PassageId[] = []
    const terms = new Map<string, ReadTerm>()
    for (const [s, { first, table }] of segments.entries()) {
      const { lengths } = table
      for (const one of meant[s]!) {
        const weight = weightOf(one, word.term)
        const isSame = one.how === 'exact' || one.how === 'stem'
        note(terms, { term: one.term.term, how: one.how, weight })
        const { passages: found, counts } = one.term.postings()
        for (let i = 0; i < found.length; i++) {
          const own = found[i]!
          const p = first + own
          if (frequency[p] === 0) touched.push(p)
          let sum = 0
          for (let field = 0; field < FIELDS.length; field++) {
            const count = countIn(counts[i]!, field)
            if (count === 0) continue
            const { weight: boost, b } = BOOST[FIELDS[field]!]
            sum += (boost * count) / (1 - b + (b * lengths[field]![own]!) / means[field]!)
          }
          frequency[p]! += weight * sum
          if (!isSame || countIn(counts[i]!, 0) === 0) continue
          inTitle[p]!++
          if (isIdentifier && one.how === 'exact') exact[p]! |= IS_IDENTIFIER
        }
      }
    }
    const idf = inverseFrequency(touched.length, whole.passages)
    for (const p of touched) {
      const f = frequency[p]!
      scores[p]! += idf * ((f * (K1 + 1)) / (f + K1))
      frequency[p] = 0
    }
    words.push({ word: word.term, terms: inOrder(terms), passages: touched.length, idf })
  }
  for (const { first, table } of segments) {
    const { weights, titleMarks } = table
    for (let own = 0; own < weights.length; own++) {
      const p = first + own
      scores[p]! *= weights[own]!
      if (groups.length > 0 && inTitle[p]! >= groups.length && titleMarks[own] === mark) exact[p]! |= IS_TITLE
    }
  }
  return { scores, exact, words }
}

function weightOf({ how, slips, term }: Meant, word: string): number {
  if (how === 'exact') return 1
  if (how === 'stem') return STEM_WEIGHT
  // The more is missing, the less it may be the word that is being typed.
  if (how === 'prefix') return PREFIX_WEIGHT * (word.length / term.term.length)
  return TYPO_WEIGHT ** slips
}

/** Segments that stem differently may take the same term differently: what it counts most is told. */
function note(terms: Map<string, ReadTerm>, read: ReadTerm): void {
  const known = terms.get(read.term)
  if (known === undefined || known.weight < read.weight) terms.set(read.term, read)
}

function inOrder(terms: ReadonlyMap<string, ReadTerm>): ReadTerm[] {
  return [...terms.values()].sort((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1))
}

/** Rounded, since `Math.log` is not the same to the last bit in every engine. */
function inverseFrequency(found: number, passages: number): number {
  return Math.round(Math.log(1 + (passages - found + 0.5) / (found + 0.5)) * 65_536) / 65_536
}
