/**
 * Why a passage matched, in words: which of its words the query's words found, how strongly, and which sentences of it
 * to show first. It is given the matches that MaxSim found and where each token stands in the text; it knows no model.
 */
import { wordsOf } from '../lexical/tokenize.ts'
import { sentencesOf } from '../text/sentences.ts'
import type { Block, CharRange, MeantTerms } from '../types.ts'

export interface ExplainInput {
  /** What the encoder was given: a heading line, then the passage. */
  readonly input: string
  /** Where the passage begins in `input`. */
  readonly offset: number
  /** What the passage consists of, in its own coordinates. */
  readonly blocks: readonly Block[]
  readonly language?: string
  /** `[T]` character ranges of the passage's rows in `input`; -1 for markers. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /**
   * Where tokens were pooled: the row that each token went into, `[T]`. A row then stands for all of its tokens; for none, if
   * nothing is known of them.
   */
  readonly rowOf?: readonly number[]
  /** `[Q]`: the row each query token matched, and how well. */
  readonly positions: Uint32Array
  readonly similarities: Float32Array
  /** `[Q]`: -1 for query tokens that are no words of the user: markers, padding. */
  readonly queryStarts: Int32Array
}

/** Ranges within the passage. */
export interface Explanation {
  /** Whole sentences with the strongest matches, to show first. */
  readonly excerpt: CharRange
  /** Matched words in order of place, each once; strength 0 .. 1, 1 = the best match of this passage. */
  readonly matches: readonly (CharRange & { readonly strength: number })[]
}

/** Below this share of the passage's best match a word is not shown as matched: every token matches something. */
const WEAK_SHARE = 0.6
/** Characters of an excerpt: two or three lines of a result list. */
const EXCERPT_CHARS = 280

export function explainPassage(given: ExplainInput): Explanation {
  const passage = given.input.slice(given.offset)
  const matches = matchedWords(given, passage)
  return {
    excerpt: chooseExcerpt(sentencesOf({ text: passage, blocks: given.blocks }, undefined, given.language), matches),
    matches,
  }
}

export interface WordsInput {
  readonly text: string
  readonly blocks: readonly Block[]
  readonly language?: string
  readonly terms: MeantTerms
}

/** The same where only words were compared. */
export function explainByWords({ text, blocks, language, terms }: WordsInput): Explanation {
  const found = wordsOf(text).flatMap(({ term, start, end }) => {
    const strength = terms.get(term)
    return strength === undefined ? [] : [{ start, end, strength }]
  })
  // An identifier comes before its parts, which begin where it does: the longer one stays.
  const matches = withoutOverlap(found.sort((a, b) => a.start - b.start || b.end - a.end))
  return { excerpt: chooseExcerpt(sentencesOf({ text, blocks }, undefined, language), matches), matches }
}

function matchedWords(given: ExplainInput, passage: string): Explanation['matches'] {
  const found: { start: number; end: number; similarity: number }[] = []
  const tokensOf = tokensByRow(given.rowOf)
  given.positions.forEach((row, q) => {
    if ((given.queryStarts[q] ?? -1) < 0) return // no word of the user
    for (const token of tokensOf(row)) {
      const start = (given.starts[token] ?? -1) - given.offset
      const end = (given.ends[token] ?? -1) - given.offset
      if (start < 0) continue // a marker, or of the heading line: nothing to mark in the passage
      found.push({ ...wholeWord(passage, start, end), similarity: given.similarities[q] ?? 0 })
    }
  })
  const strongest = found.reduce((most, { similarity }) => Math.max(most, similarity), 0)
  const words = new Map<number, CharRange & { strength: number }>()
  for (const { start, end, similarity } of found) {
    const strength = strongest === 0 ? 0 : similarity / strongest
    if (strength < WEAK_SHARE) continue
    const scaled = (strength - WEAK_SHARE) / (1 - WEAK_SHARE)
    const known = words.get(start)
    words.set(start, { start, end: Math.max(end, known?.end ?? 0), strength: Math.max(scaled, known?.strength ?? 0) })
  }
  return withoutOverlap([...words.values()].sort((a, b) => a.start - b.start))
}

/** Tokens that a row of the index stands for. */
function tokensByRow(rowOf: ExplainInput['rowOf']): (row: number) => readonly number[] {
  if (rowOf === undefined) return (row) => [row]
  const tokens = new Map<number, number[]>()
  rowOf.forEach((row, token) => {
    const known = tokens.get(row)
    if (known) known.push(token)
    else tokens.set(row, [token])
  })
  return (row) => tokens.get(row) ?? []
}

/** Identifiers hold several words; only the one that begins first keeps a shared stretch. */
function withoutOverlap(sorted: (CharRange & { strength: number })[]): Explanation['matches'] {
  const kept: (CharRange & { strength: number })[] = []
  for (const word of sorted) {
    const last = kept.at(-1)
    if (last === undefined || word.start >= last.end) kept.push(word)
    else if (word.strength > last.strength) kept[kept.length - 1] = { ...last, strength: word.strength }
  }
  return kept
}

const WORD_CHARACTER = /[\p{L}\p{N}\p{M}_]/u

/** A token is often a part of a word; a person reads words. CJK has no such runs of letters: there tokens stay tokens. */
export function wholeWord(text: string, start: number, end: number): CharRange {
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(text.slice(start, end)))
    return { start, end }
  let from = start
  let to = end
  while (from > 0 && WORD_CHARACTER.test(text[from - 1]!) && WORD_CHARACTER.test(text[start]!)) from--
  while (to < text.length && WORD_CHARACTER.test(text[to]!) && WORD_CHARACTER.test(text[to - 1]!)) to++
  return { start: from, end: to }
}

/**
 * The run of whole sentences of at most EXCERPT_CHARS with the largest sum of strengths, ties to the earlier; then as many
 * of the sentences around it as still fit, first those behind it.
 */
function chooseExcerpt(sentences: readonly CharRange[], matches: Explanation['matches']): CharRange {
  const weights = sentences.map(({ start, end }) =>
    matches.reduce((sum, match) => sum + (match.start >= start && match.end <= end ? 0.1 + match.strength : 0), 0),
  )
  const length = (from: number, to: number) => sentences[to]!.end - sentences[from]!.start
  let [first, last, bestWeight] = [0, 0, -1]
  for (let from = 0; from < sentences.length; from++) {
    let weight = 0
    for (let to = from; to < sentences.length; to++) {
      if (to > from && length(from, to) > EXCERPT_CHARS) break
      weight += weights[to]!
      if (weight > bestWeight) [first, last, bestWeight] = [from, to, weight]
    }
  }
  while (last + 1 < sentences.length && length(first, last + 1) <= EXCERPT_CHARS) last++
  while (first > 0 && length(first - 1, last) <= EXCERPT_CHARS) first--
  return { start: sentences[first]?.start ?? 0, end: sentences[last]?.end ?? 0 }
}
