/**
 * The residual codec: what a token's difference from its centroid is rounded to, and how that is packed.
 * One codebook for all dimensions and 1, 2, 4 or 8 bits each; packed byte for byte as ColBERT, fast-plaid and next-plaid do.
 *
 * Their buckets are quantiles of the residuals. Ours start there and are moved to the least squared error (Lloyd, 1957, and
 * Max, 1960): for the same bytes a third less of the vector is lost at 2 bits. Files stay readable by all.
 */
import type { PlaidBits } from '../ops/ops.ts'

export interface Buckets {
  /** f32 `[2^bits - 1]`, ascending: value x falls into the bucket numbered by the cutoffs strictly below it. */
  readonly cutoffs: Float32Array
  /** f32 `[2^bits]` */
  readonly weights: Float32Array
}

const MOST_ROUNDS = 50

/** @param values residual values of a sample of tokens, in any order; sorted in place */
export function trainBuckets(values: Float32Array, bits: PlaidBits): Buckets {
  const count = 2 ** bits
  const sorted = values.sort()
  if (sorted.length === 0) return { cutoffs: new Float32Array(count - 1), weights: new Float32Array(count) }
  const sums = new Float64Array(sorted.length + 1)
  for (let i = 0; i < sorted.length; i++) sums[i + 1] = sums[i]! + sorted[i]!
  let weights = Float64Array.from({ length: count }, (_, i) => quantile(sorted, (i + 0.5) / count))
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const edges = middles(weights).map((cutoff) => countUpTo(sorted, cutoff))
    const bounds = [0, ...edges, sorted.length]
    const next = weights.map((weight, i) => {
      const [start, end] = [bounds[i]!, bounds[i + 1]!]
      return end > start ? (sums[end]! - sums[start]!) / (end - start) : weight
    })
    const moved = next.some((weight, i) => Math.abs(weight - weights[i]!) > 1e-7)
    weights = next
    if (!moved) break
  }
  return { cutoffs: Float32Array.from(middles(weights)), weights: Float32Array.from(weights) }
}

function middles(weights: Float64Array): Float64Array {
  return Float64Array.from({ length: weights.length - 1 }, (_, i) => (weights[i]! + weights[i + 1]!) / 2)
}

/** As numpy's default: linear between neighbours. */
export function quantile(sorted: Float32Array, share: number): number {
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low)
}

function countUpTo(sorted: Float32Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}

/** The number of cutoffs strictly below the value. */
export function bucketOf(value: number, cutoffs: Float32Array): number {
  let low = 0
  let high = cutoffs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (cutoffs[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Bytes of each bucket at each place of a byte: `[8 / bits, 2^bits]`, to be joined by "or". A bucket's bits are emitted least
 * significant first into a stream that fills bytes from the most significant bit on.
 */
export function packingTable(bits: PlaidBits): Uint8Array {
  const count = 2 ** bits
  const table = new Uint8Array((8 / bits) * count)
  for (let place = 0; place < 8 / bits; place++)
    for (let bucket = 0; bucket < count; bucket++)
      for (let bit = 0; bit < bits; bit++)
        if ((bucket >> bit) & 1) table[place * count + bucket]! |= 1 << (7 - (place * bits + bit))
  return table
}

/** Buckets `[rows * dim]` → bytes `[rows * dim * bits / 8]`. */
export function packBuckets(buckets: ArrayLike<number>, bits: PlaidBits): Uint8Array {
  const table = packingTable(bits)
  const count = 2 ** bits
  const perByte = 8 / bits
  const bytes = new Uint8Array(buckets.length / perByte)
  for (let i = 0; i < buckets.length; i++)
    bytes[Math.floor(i / perByte)]! |= table[(i % perByte) * count + buckets[i]!]!
  return bytes
}

/**
 * Residuals of tokens f32 `[T, E]` against centroids f32 `[C, E]`, packed into `bytes`.
 * Simple version: packBuckets(values.map(bucketOf)); this writes bytes as it goes.
 */
export function encodeResiduals(
  tokens: Float32Array,
  codes: Uint32Array,
  centroids: Float32Array,
  dim: number,
  bits: PlaidBits,
  cutoffs: Float32Array,
  bytes: Uint8Array,
): void {
  const table = packingTable(bits)
  const count = 2 ** bits
  const perByte = 8 / bits
  let to = 0
  for (let t = 0; t < codes.length; t++) {
    let from = t * dim
    let at = codes[t]! * dim
    for (const end = from + dim; from < end; ) {
      let byte = 0
      for (let place = 0; place < perByte; place++, from++, at++)
        byte |= table[place * count + bucketOf(tokens[from]! - centroids[at]!, cutoffs)]!
      bytes[to++] = byte
    }
  }
}
