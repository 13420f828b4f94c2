/**
 * How well a passage has each word of the query: by the cosines that the word's tokens got there, or by the words of the index
 * that it stands for. It is given both; it knows neither model nor index.
 */
import { type Word, wordsOf } from '../lexical/tokenize.ts'
import type { MeantWord, QueryWord } from '../types.ts'

/** What MaxSim found of the query in a passage. */
export interface QueryMatches {
  /** `[Q]`: the characters of the query that each token stands for; -1 for markers and padding. */
  readonly queryStarts: Int32Array
  readonly queryEnds: Int32Array
  /** `[Q]`: the best cosine of each token in the passage. */
  readonly similarities: Float32Array
}

/**
 * Below this cosine nothing in the passage comes near to a word. Of the words of the 20 questions in react-questions.jsonl, in
 * their three best hits on the React documentation by selvage-mini: 2 % of those that the passage has literally are below,
 * 29 % of those that it has not (the rest it says in other words, as "preload" for "load ahead"), and 95 % of a word that has
 * nothing to do with React and was put behind the question ("banana"). At .4 it is 1, 19 and 87 %, at .6 3, 39 and 100 %.
 */
const WEAK_COSINE = 0.5

/**
 * By meaning. Words that were cut off the query are left out: nothing is known of them. Words that are too common to be looked
 * for are never weak: nobody misses an "is".
 */
export function wordsByMeaning(query: string, found: QueryMatches, meant: readonly MeantWord[] = []): QueryWord[] {
  const common = new Set(meant.flatMap(({ word, isLeftOut }) => (isLeftOut ? [word] : [])))
  return wholeWords(query).flatMap(({ term, start, end }) => {
    const best = found.similarities.reduce((best, similarity, q) => {
      const isOfWord = found.queryStarts[q]! < end && found.queryEnds[q]! > start && found.queryStarts[q]! >= 0
      return isOfWord ? Math.max(best, similarity) : best
    }, Number.NEGATIVE_INFINITY)
    if (best === Number.NEGATIVE_INFINITY) return []
    return [{ start, end, strength: Math.min(1, Math.max(0, best)), isWeak: best < WEAK_COSINE && !common.has(term) }]
  })
}

/**
 * By words alone: a word is as strong as the best of what it stands for that the passage has; of an identifier, the best of
 * its parts will do. Words that are too common to be looked for are never weak.
 * @param texts all that is searched of the passage: headings, and its own text
 */
export function wordsByTerms(query: string, meant: readonly MeantWord[], texts: readonly string[]): QueryWord[] {
  const terms = new Set(texts.flatMap((text) => wordsOf(text).map(({ term }) => term)))
  const known = new Map(meant.map((one) => [one.word, one]))
  const all = wordsOf(query)
  return wholeWords(query).map(({ start, end }) => {
    const own = all.filter((word) => word.start >= start && word.end <= end)
    const strengths = own.map((word) => strengthOf(word, known.get(word.term), terms))
    const strength = Math.max(0, ...strengths)
    return { start, end, strength, isWeak: strength === 0 && own.some(({ term }) => !known.get(term)?.isLeftOut) }
  })
}

function strengthOf({ term }: Word, meant: MeantWord | undefined, terms: ReadonlySet<string>): number {
  const weights = meant?.terms.flatMap((one) => (terms.has(one.term) ? [one.weight] : [])) ?? []
  return Math.max(terms.has(term) ? 1 : 0, ...weights)
}

/** As a person sees them: identifiers in one, pairs of characters not at all. */
function wholeWords(query: string): Word[] {
  return wordsOf(query).filter(({ kind }) => kind === 'word' || kind === 'whole')
}
