/**
 * Why does a question prefer one of two texts? MaxSim is a sum over the question's tokens, so the difference of two scores is the
 * sum of the differences of their best matches, and each has a place in both texts: the cosines of a heat map, read row by row.
 * It is given encoded texts; it knows neither model nor index.
 */

import type { EncodedText } from '../types.ts'
import { wholeWord } from './explain.ts'

/** A text and what the model made of it; rows as `EncodedText` has them. */
export interface ContrastText {
  readonly text: string
  readonly encoded: Omit<EncodedText, 'tokenIds'>
}

/** Where a token of the question has its best match. */
export interface BestMatch {
  readonly cosine: number
  /** The whole word; empty for a marker. */
  readonly word: string
}

export interface TokenContrast {
  /** As it stands in the question, and the whole word that it is of; empty for padding and markers. */
  readonly token: string
  readonly word: string
  /** Stands for no text of the question: padding or a marker. */
  readonly isPadding: boolean
  readonly left: BestMatch
  readonly right: BestMatch
  /** What the token adds to left's score less what it adds to right's. */
  readonly difference: number
}

export interface Contrast {
  /** MaxSim of both; their difference is the sum of the tokens' differences. */
  readonly left: number
  readonly right: number
  /** In the order of the question. */
  readonly tokens: readonly TokenContrast[]
}

export function contrast(question: ContrastText, left: ContrastText, right: ContrastText): Contrast {
  const { text, encoded } = question
  const tokens = Array.from({ length: encoded.matrix.rows }, (_, q): TokenContrast => {
    const [start, end] = [encoded.starts[q]!, encoded.ends[q]!]
    const best = { left: bestMatch(encoded, q, left), right: bestMatch(encoded, q, right) }
    const [token, word] = start < 0 ? ['', ''] : [text.slice(start, end), wordAt(text, start, end)]
    return { token, word, isPadding: start < 0, ...best, difference: best.left.cosine - best.right.cosine }
  })
  const sum = (of: (token: TokenContrast) => BestMatch) => tokens.reduce((all, token) => all + of(token).cosine, 0)
  return { left: sum((token) => token.left), right: sum((token) => token.right), tokens }
}

function bestMatch({ matrix }: ContrastText['encoded'], q: number, { text, encoded }: ContrastText): BestMatch {
  const { dim } = matrix
  let [best, at] = [Number.NEGATIVE_INFINITY, -1]
  for (let t = 0; t < encoded.matrix.rows; t++) {
    let cosine = 0
    for (let e = 0; e < dim; e++) cosine += matrix.data[q * dim + e]! * encoded.matrix.data[t * dim + e]!
    if (cosine > best) [best, at] = [cosine, t]
  }
  const [start, end] = [encoded.starts[at] ?? -1, encoded.ends[at] ?? -1]
  if (start < 0) return { cosine: best, word: '' }
  return { cosine: best, word: wordAt(text, start, end) }
}

function wordAt(text: string, start: number, end: number): string {
  const word = wholeWord(text, start, end)
  return text.slice(word.start, word.end)
}

/** The words in which two texts differ, from the first that does to the last; all that is outside is in both. */
export function differingParts(left: string, right: string): readonly [left: string, right: string] {
  const [a, b] = [left.split(/\s+/), right.split(/\s+/)]
  let start = 0
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++
  let end = 0
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  return [a.slice(start, a.length - end).join(' '), b.slice(start, b.length - end).join(' ')]
}
