/** Do we answer as another system does, from the same index? */
import { expect } from 'vitest'
import type { PlaidHits } from '../../src/ops/ops.ts'
import type { PlaidData } from '../../src/plaid/data.ts'
import type { TokenMatrix } from '../../src/types.ts'

export interface TheirHits {
  /** Of each query, best first. */
  readonly ids: readonly (readonly number[])[]
  readonly scores: readonly (readonly number[])[]
}

/**
 * How far our score may be from theirs. Others keep queries and centroids as floats, where ours are whole steps of 1/127 of
 * the largest value: each similarity is off by a sum of rounding errors, uniform and as good as independent, of rows of
 * length 1. Five standard deviations of a sum of Q such; and what half precision, in which fast-plaid computes, adds to each
 * similarity and to the sum.
 */
export function roundingTolerance({ data, rows }: TokenMatrix, { centroids }: PlaidData): number {
  const step = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127
  const deviation = Math.hypot(step(data), step(centroids)) / Math.sqrt(12)
  return 5 * deviation * Math.sqrt(rows) + 2 * rows * 2 ** -11
}

/** @param ours all passages, ranked, for each query. @param toleranceOf how far a score of query b may be from theirs */
export function expectAgreement(
  ours: readonly PlaidHits[],
  theirs: TheirHits,
  toleranceOf: (b: number) => number,
): void {
  ours.forEach(({ ids, scores, scale }, b) => {
    const tolerance = toleranceOf(b)
    const ourScores = new Map(Array.from(ids, (id, i) => [id, scores[i]! * scale]))
    const [theirIds, theirScores] = [theirs.ids[b]!, theirs.scores[b]!]
    expect(theirIds).toHaveLength(10)
    theirIds.forEach((id, i) => {
      expect(Math.abs(ourScores.get(id)! - theirScores[i]!)).toBeLessThan(tolerance)
    })
    // The same ten, but for those whose scores are that near to the tenth.
    for (const id of ids.slice(0, 10))
      if (!theirIds.includes(id)) expect(ourScores.get(id)! - theirScores[9]!).toBeLessThan(2 * tolerance)
  })
}
