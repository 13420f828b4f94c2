/**
 * Ways to score a text for a question that hear more of a "not" than MaxSim does: weights on the question's tokens, a price for
 * a match of the other polarity, a look at the best sentence alone. Each takes cosines and marks; it knows no files and no labels.
 */
import { sentencesIn } from '../../src/text/sentences.ts'
import type { EncodedText, TokenMatrix } from '../../src/types.ts'
import type { MarkedWord } from './negationRules.ts'

/** What is known of each row of a matrix. */
export interface Rows {
  readonly matrix: TokenMatrix
  /** `[rows]` The sentence that the row is of; -1 for markers and padding. */
  readonly sentence: Int32Array
  /** Stands for no text. */
  readonly isMarker: Uint8Array
  /** A marker that only fills a question up. */
  readonly isPadding: Uint8Array
  readonly isCue: Uint8Array
  readonly isNegated: Uint8Array
}

export function rowsOf(
  text: string,
  { matrix, starts, ends }: EncodedText,
  marks: readonly MarkedWord[],
  isPadding = new Uint8Array(matrix.rows),
): Rows {
  const sentences = sentencesIn(text, { start: 0, end: text.length })
  const { rows } = matrix
  const made = {
    matrix,
    sentence: new Int32Array(rows).fill(-1),
    isMarker: new Uint8Array(rows),
    isPadding,
    isCue: new Uint8Array(rows),
    isNegated: new Uint8Array(rows),
  }
  for (let row = 0; row < rows; row++) {
    const [start, end] = [starts[row]!, ends[row]!]
    if (start < 0) {
      made.isMarker[row] = 1
      continue
    }
    made.sentence[row] = sentences.findIndex((one) => start >= one.start && start < one.end)
    const word = marks.find((one) => one.start < end && one.end > start)
    made.isCue[row] = Number(word?.isCue ?? false)
    made.isNegated[row] = Number(word?.isNegated ?? false)
  }
  return made
}

/** `[Q, T]` */
export function cosinesOf(query: TokenMatrix, document: TokenMatrix): Float32Array {
  const { dim } = query
  const cosines = new Float32Array(query.rows * document.rows)
  for (let q = 0; q < query.rows; q++)
    for (let t = 0; t < document.rows; t++) {
      let sum = 0
      for (let e = 0; e < dim; e++) sum += query.data[q * dim + e]! * document.data[t * dim + e]!
      cosines[q * document.rows + t] = sum
    }
  return cosines
}

export type Score = (query: Rows, document: Rows, cosines: Float32Array) => number

export interface MaxSimChanges {
  /** Of tokens that negate, of those that are negated, of padding and of other markers; others count 1. */
  readonly cue?: number
  readonly negated?: number
  readonly padding?: number
  readonly marker?: number
  /** Taken off a cosine of a negated with an affirmed word, before the best is chosen. */
  readonly price?: number
}

/** MaxSim itself, where nothing is changed. */
export function maxSim({ cue = 1, negated = 1, padding = 1, marker = 1, price = 0 }: MaxSimChanges = {}): Score {
  return (query, document, cosines) => {
    const { rows } = document.matrix
    let sum = 0
    for (let q = 0; q < query.matrix.rows; q++) {
      let best = Number.NEGATIVE_INFINITY
      for (let t = 0; t < rows; t++) {
        const isOther = !query.isMarker[q] && !document.isMarker[t] && query.isNegated[q] !== document.isNegated[t]
        best = Math.max(best, cosines[q * rows + t]! - (isOther ? price : 0))
      }
      const ofWord = (query.isCue[q] ? cue : 1) * (query.isNegated[q] ? negated : 1)
      const weight = query.isPadding[q] ? padding : query.isMarker[q] ? marker : ofWord
      sum += weight * best
    }
    return sum
  }
}

/** The sentence with the largest MaxSim, by rows of the whole text's matrix, and that MaxSim; its polarity is that of its matches. */
function bestSentence(query: Rows, document: Rows, cosines: Float32Array) {
  const { rows } = document.matrix
  const count = document.sentence.reduce((most, sentence) => Math.max(most, sentence + 1), 0)
  let found = { sentence: -1, score: Number.NEGATIVE_INFINITY, differing: 0 }
  const best = new Float32Array(count)
  const at = new Int32Array(count)
  const score = new Float64Array(count)
  const differing = new Float64Array(count)
  let asked = 0
  for (let q = 0; q < query.matrix.rows; q++) {
    best.fill(-1)
    for (let t = 0; t < rows; t++) {
      const sentence = document.sentence[t]!
      const cosine = cosines[q * rows + t]!
      if (sentence >= 0 && cosine > best[sentence]!) {
        best[sentence] = cosine
        at[sentence] = t
      }
    }
    const isWord = !query.isMarker[q] && !query.isCue[q]
    asked += Number(isWord)
    for (let s = 0; s < count; s++) {
      score[s]! += best[s]!
      if (isWord && query.isNegated[q] !== document.isNegated[at[s]!]) differing[s]! += 1
    }
  }
  for (let s = 0; s < count; s++)
    if (score[s]! > found.score)
      found = { sentence: s, score: score[s]!, differing: differing[s]! / Math.max(1, asked) }
  return found
}

/**
 * MaxSim, plus `share` of the best sentence's own MaxSim, less `price` where most of the words matched there have the other
 * polarity.
 */
export function sentenceScore({ share = 0, price = 0 }: { readonly share?: number; readonly price?: number }): Score {
  const plain = maxSim()
  return (query, document, cosines) => {
    const { score, differing } = bestSentence(query, document, cosines)
    return plain(query, document, cosines) + share * score - price * differing
  }
}
