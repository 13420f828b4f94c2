/**
 * A compressed index in memory, as trained or imported: the one shape between builder, file format and exchange with other
 * systems. Floating point here; what kernels compute with is made from it by `toIndex`.
 */
import { byteBuckets, quantizeCentroids, quantizeWeights } from '../ops/integer.ts'
import type { PlaidBits, PlaidCodec, PlaidIndex, PlaidPart } from '../ops/ops.ts'
import type { TokenMatrix } from '../types.ts'

/** Of one passage: its length is stored in two bytes. */
export const MAX_PASSAGE_TOKENS = 0xffff

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

/** The integers that search computes with; a centroid times `scale` is its integer. */
export function quantize({ dim, bits, centroids, weights }: PlaidData): { codec: PlaidCodec; scale: number } {
  const { values, scale } = quantizeCentroids(centroids)
  const fine = quantizeWeights(weights, scale)
  return { codec: { dim, bits, centroids: values, weights: fine.values, shift: fine.shift }, scale }
}

/** The same index in integers. */
export function toIndex(data: PlaidData): PlaidIndex {
  return { codec: quantize(data).codec, parts: data.parts }
}

/** The passages as the index remembers them: unit rows `[T, E]`, in floating point. */
export function* decompress({ dim, bits, centroids, weights, parts }: PlaidData): Generator<TokenMatrix> {
  const perByte = 8 / bits
  const buckets = byteBuckets(bits)
  for (const { codes, residuals, offsets } of parts)
    for (let p = 0; p + 1 < offsets.length; p++) {
      const [start, end] = [offsets[p]!, offsets[p + 1]!]
      const data = new Float32Array((end - start) * dim)
      for (let t = start; t < end; t++) {
        const row = data.subarray((t - start) * dim, (t - start + 1) * dim)
        let squared = 0
        for (let e = 0; e < dim; e++) {
          const byte = residuals[Math.floor((t * dim + e) / perByte)]!
          row[e] = centroids[codes[t]! * dim + e]! + weights[buckets[byte * perByte + (e % perByte)]!]!
          squared += row[e]! ** 2
        }
        const norm = Math.sqrt(squared) || 1
        for (let e = 0; e < dim; e++) row[e]! /= norm
      }
      yield { data, rows: end - start, dim }
    }
}

/** Passages first .. end of a part, as views of its arrays. */
export function slicePart({ codes, residuals, offsets }: PlaidPart, first: number, end: number): PlaidPart {
  const [start, stop] = [offsets[first]!, offsets[end]!]
  const rowBytes = codes.length === 0 ? 0 : residuals.length / codes.length
  return {
    codes: codes.subarray(start, stop),
    residuals: residuals.subarray(start * rowBytes, stop * rowBytes),
    offsets: offsets.slice(first, end + 1).map((at) => at - start),
  }
}
