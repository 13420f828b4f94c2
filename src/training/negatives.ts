/**
 * Which of the texts that a search found are hard negatives: they rank high, and do not answer. Left out are the positive,
 * texts that say the same in the same words, and what a model scores nearly as high as the positive, since that is likely to
 * be an answer nobody has marked: the positive-aware margin of Moreira et al., "NV-Retriever" (arXiv 2407.15831), there a
 * share of the positive's score. Knows no index; numbers and strings only.
 */

export interface Candidate {
  readonly text: string
  /** By the model that judges, on the scale of `positiveScore`. */
  readonly score: number
}

export interface Choice {
  /** Places in the candidates, at most as many as wanted, in their order. */
  readonly chosen: readonly number[]
  /** Looked at and left out: said the same as a positive or as one chosen; scored too near to the positive. */
  readonly alike: number
  readonly tooGood: number
}

export interface ChoiceOptions {
  /** How many. */
  readonly negatives: number
  /** Share of the positive's score that a negative has at most. */
  readonly margin: number
}

/** @param positives all texts known to answer the query */
export function chooseNegatives(
  candidates: readonly Candidate[],
  positives: readonly string[],
  positiveScore: number,
  { negatives, margin }: ChoiceOptions,
): Choice {
  const known = positives.map(shinglesOf)
  const chosen: number[] = []
  let alike = 0
  let tooGood = 0
  for (const [i, { text, score }] of candidates.entries()) {
    if (chosen.length === negatives) break
    const shingles = shinglesOf(text)
    if (shingles.size === 0 || known.some((one) => isAlike(one, shingles))) alike++
    else if (score > margin * positiveScore) tooGood++
    else {
      chosen.push(i)
      known.push(shingles)
    }
  }
  return { chosen, alike, tooGood }
}

/** The rankings' best in turn, each once: the first of each, the second of each, ... */
export function inTurn(rankings: readonly (readonly number[])[], skip: number): number[] {
  const ids = new Set<number>()
  const depth = Math.max(0, ...rankings.map(({ length }) => length))
  for (let rank = skip; rank < depth; rank++)
    for (const ranking of rankings) {
      const id = ranking[rank]
      if (id !== undefined) ids.add(id)
    }
  // Skipped where any of them has it at the top: it is there for a reason.
  for (const ranking of rankings) for (const id of ranking.slice(0, skip)) ids.delete(id)
  return [...ids]
}

/** Words side by side that are compared. */
const SHINGLE = 4
/** Share of the shorter text's shingles that the longer has, from which on they are one text, or one within the other. */
const ALIKE = 0.8

function isAlike(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [less, more] = a.size <= b.size ? [a, b] : [b, a]
  let common = 0
  for (const shingle of less) if (more.has(shingle)) common++
  return less.size > 0 && common >= ALIKE * less.size
}

/** A word; of scripts without spaces between words, a character. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]|[\p{L}\p{M}\p{N}]+/gu

/** Runs of four words; of a shorter text the whole. */
function shinglesOf(text: string): Set<string> {
  const words = text.normalize('NFKC').toLowerCase().match(WORD) ?? []
  if (words.length === 0) return new Set()
  if (words.length < SHINGLE) return new Set([words.join(' ')])
  return new Set(words.slice(SHINGLE - 1).map((_, i) => words.slice(i, i + SHINGLE).join(' ')))
}
