/**
 * A compressed index in memory, as trained or imported: the one shape between builder, file format and exchange with other
 * systems. Floating point here; what kernels compute with is made from it by `toIndex`.
 */
import { quantizeCentroids, quantizeWeights } from '../ops/integer.ts'
import type { PlaidBits, PlaidIndex, PlaidPart } from '../ops/ops.ts'

export interface PlaidData {
  readonly dim: number
  readonly bits: PlaidBits
  /** f32 `[C, E]`, about unit length. */
  readonly centroids: Float32Array
  /** f32 `[2^bits - 1]`, ascending: a residual value falls into the bucket numbered by the cutoffs below it. */
  readonly cutoffs: Float32Array
  /** f32 `[2^bits]`: what a bucket stands for. */
  readonly weights: Float32Array
  /** f32 `[E]`: mean |residual| per dimension. Search does not use it; other systems' files have it. */
  readonly averageResidual: Float32Array
  /** 0.75 quantile of ‖residual‖: other systems add centroids for tokens that are farther away. */
  readonly clusterThreshold: number
  readonly parts: readonly PlaidPart[]
}

/** The same index in integers. */
export function toIndex({ dim, bits, centroids, weights, parts }: PlaidData): PlaidIndex {
  const { values, scale } = quantizeCentroids(centroids)
  const fine = quantizeWeights(weights, scale)
  return { codec: { dim, bits, centroids: values, weights: fine.values, shift: fine.shift }, parts }
}
