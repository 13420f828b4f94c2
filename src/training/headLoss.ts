/**
 * How wrong is a head about one query, and which way is less wrong? The contrastive loss over MaxSim (ColBERT's, as PyLate trains
 * with it): -log of the share that the right passages have of the softmax over all candidates, scores divided by a temperature. Of several right passages any will do: their shares are
 * added. The gradient is analytic, with each row's best match held as it is, which is the gradient of a maximum wherever it has one.
 */
import type { TokenMatrix } from '../types.ts'
import { logSumExp } from './logSumExp.ts'

/** A passage that may be found, and the row that each row of the query matches best in it. */
export interface Candidate {
  readonly passage: TokenMatrix
  readonly isRight: boolean
  /** `[Q]` */
  readonly positions: Uint16Array
}

/** What a query is now, `W q`. */
export interface MappedQuery {
  readonly query: TokenMatrix
  /** `[Q, E]`: of length 1. */
  readonly units: Float32Array
  /** `[Q]`: before they were brought to length 1. */
  readonly lengths: Float32Array
}

/**
 * Fills `positions` with the best match of each row; of equal ones the first. Four rows of the query by two of the passage at a
 * time, so that what is read is used more than once: 2.1 products a nanosecond instead of .9.
 */
export function lookUp(units: Float32Array, rows: number, passage: TokenMatrix, positions: Uint16Array): void {
  const { data, dim } = passage
  const last = passage.rows - 1
  for (let q = 0; q < rows; q += 4) {
    const a = q * dim
    const b = Math.min(q + 1, rows - 1) * dim
    const c = Math.min(q + 2, rows - 1) * dim
    const d = Math.min(q + 3, rows - 1) * dim
    let [bestA, bestB, bestC, bestD] = [-2, -2, -2, -2]
    let [atA, atB, atC, atD] = [0, 0, 0, 0]
    for (let t = 0; t <= last; t += 2) {
      const row = t * dim
      const next = Math.min(t + 1, last) * dim
      let [a0, b0, c0, d0] = [0, 0, 0, 0]
      let [a1, b1, c1, d1] = [0, 0, 0, 0]
      for (let e = 0; e < dim; e++) {
        const x = data[row + e]!
        const y = data[next + e]!
        const m = units[a + e]!
        const n = units[b + e]!
        const o = units[c + e]!
        const p = units[d + e]!
        a0 += m * x
        b0 += n * x
        c0 += o * x
        d0 += p * x
        a1 += m * y
        b1 += n * y
        c1 += o * y
        d1 += p * y
      }
      if (a0 > bestA) [bestA, atA] = [a0, t]
      if (b0 > bestB) [bestB, atB] = [b0, t]
      if (c0 > bestC) [bestC, atC] = [c0, t]
      if (d0 > bestD) [bestD, atD] = [d0, t]
      if (a1 > bestA) [bestA, atA] = [a1, t + 1]
      if (b1 > bestB) [bestB, atB] = [b1, t + 1]
      if (c1 > bestC) [bestC, atC] = [c1, t + 1]
      if (d1 > bestD) [bestD, atD] = [d1, t + 1]
    }
    positions[q] = atA
    if (q + 1 < rows) positions[q + 1] = atB
    if (q + 2 < rows) positions[q + 2] = atC
    if (q + 3 < rows) positions[q + 3] = atD
  }
}

/** Σ over the query's rows of their cosine with the row at `positions`. */
export function scoreAt(units: Float32Array, rows: number, { passage, positions }: Candidate): number {
  const { data, dim } = passage
  let score = 0
  for (let q = 0; q < rows; q++) {
    const row = positions[q]! * dim
    for (let e = 0; e < dim; e++) score += units[q * dim + e]! * data[row + e]!
  }
  return score
}

/**
 * The loss of a query; adds its gradient with respect to W to `gradient`, `[E, E]`, where that is given. Candidates without any
 * right one, or without any wrong one, say nothing: 0.
 */
export function contrastiveLoss(
  { query, units, lengths }: MappedQuery,
  candidates: readonly Candidate[],
  temperature: number,
  gradient?: Float64Array,
): number {
  const { rows, dim } = query
  const scores = candidates.map((candidate) => scoreAt(units, rows, candidate) / temperature)
  const right = scores.filter((_, i) => candidates[i]!.isRight)
  if (right.length === 0 || right.length === scores.length) return 0
  const all = logSumExp(scores)
  const good = logSumExp(right)
  if (gradient === undefined) return all - good
  // With respect to the unit rows: of each candidate its best matches, by how much its score should fall.
  const slope = new Float64Array(rows * dim)
  for (const [i, { passage, isRight, positions }] of candidates.entries()) {
    const share = Math.exp(scores[i]! - all) - (isRight ? Math.exp(scores[i]! - good) : 0)
    const weight = share / temperature
    if (Math.abs(weight) < NEGLIGIBLE) continue
    for (let q = 0; q < rows; q++) {
      const row = positions[q]! * dim
      for (let e = 0; e < dim; e++) slope[q * dim + e]! += weight * passage.data[row + e]!
    }
  }
  for (let q = 0; q < rows; q++) {
    const length = lengths[q]!
    if (length === 0) continue
    // Through u = x / |x|: what points along u changes the length only.
    let along = 0
    for (let e = 0; e < dim; e++) along += slope[q * dim + e]! * units[q * dim + e]!
    for (let e = 0; e < dim; e++) {
      const pull = (slope[q * dim + e]! - along * units[q * dim + e]!) / length
      for (let f = 0; f < dim; f++) gradient[e * dim + f]! += pull * query.data[q * dim + f]!
    }
  }
  return all - good
}

/** A candidate that has so little a share moves nothing that could be seen. */
const NEGLIGIBLE = 1e-6
