/**
 * The integer scheme: how vectors become small integers, so that every backend computes the same scores bit by bit.
 * All rounding happens here, once, on the CPU, in f64; kernels only multiply, add and shift integers.
 *
 *   index   c8 = round(σ·c), σ = 127 / max|c|;  w8 = round(σ·2^k·w), k the largest of 0 .. 3 that keeps |w8| <= 127
 *   token   d8 = (c8 << k) + w8[bucket], c8 without residuals;  inv = min(65535, round(2^22 / ‖d8‖)), u16
 *   query   q8 = round(127·q / max|q|), one scale for the whole query
 *   exact   t = Σ q8·d8;  v = floor(t·inv / 2^16), about 64·q8·d8/‖d8‖;  score = Σ over query tokens of max v
 *   scan    S = Σ q8·c8;  u = (clamp(S, 0, b)·m) >> 16, u8;  approximate score = Σ over query tokens of max u
 *
 * Ranges at E = 256, Q = 1,024: |t| <= 37 million, (t >> 16)·inv and (t & 65535)·inv fit 32 bits, a score fits i32.
 * Asymmetric integer scoring of residuals is next-plaid's idea (residual_lut.rs); the norms and scales are ours.
 */
import { type LoadedBits, MAX_SHIFT, type PlaidBits, type PlaidCodec, type PlaidPart, type QueryBatch } from './ops.ts'

/** Centroids as the kernels see them: `values[i] = round(scale · c[i])`. scale 1 where all are zero. */
export interface IntegerCentroids {
  readonly values: Int8Array
  readonly scale: number
}

export function quantizeCentroids(centroids: Float32Array): IntegerCentroids {
  let largest = 0
  for (const value of centroids) largest = Math.max(largest, Math.abs(value))
  const scale = largest === 0 ? 1 : 127 / largest
  return { values: Int8Array.from(centroids, (value) => round(value * scale)), scale }
}

/** Bucket weights on the scale of the centroids times 2^shift, the finest that fits. */
export function quantizeWeights(weights: Float32Array, scale: number): { values: Int8Array; shift: number } {
  let largest = 0
  for (const value of weights) largest = Math.max(largest, Math.abs(value))
  let shift: number = MAX_SHIFT
  while (shift > 0 && round(largest * scale * 2 ** shift) > 127) shift--
  const fine = scale * 2 ** shift
  // With a handful of centroids residuals can be larger than any centroid's value: such weights are cut to what fits.
  return { values: Int8Array.from(weights, (value) => Math.max(-127, Math.min(127, round(value * fine)))), shift }
}

/** One query in integers. */
export interface IntegerQuery {
  /** i8 `[Q, E]`, -127 .. 127. */
  readonly values: Int8Array
  readonly rows: number
  /** b and m of the scan: `u = (clamp(S, 0, bound) * multiplier) >> 16`. */
  readonly bound: number
  readonly multiplier: number
  /** Times a score: a sum of cosines. */
  readonly scale: number
}

/**
 * Query b of a checked batch.
 * @param centroidNorm max‖c8‖ of the index, from `maxNorm`
 */
export function quantizeQuery(queries: QueryBatch, b: number, centroidNorm: number): IntegerQuery {
  const { vectors, offsets, dim } = queries
  const own = vectors.subarray(offsets[b]! * dim, offsets[b + 1]! * dim)
  let largest = 0
  for (const value of own) largest = Math.max(largest, Math.abs(value))
  const scale = largest === 0 ? 1 : 127 / largest
  const values = new Int8Array(own.length)
  for (let i = 0; i < own.length; i++) values[i] = round(own[i]! * scale) // `Int8Array.from` is many times slower
  const bound = Math.max(1, Math.ceil(maxNorm(values, dim) * centroidNorm))
  return {
    values,
    rows: offsets[b + 1]! - offsets[b]!,
    bound,
    multiplier: Math.floor((255 * 65_536) / bound),
    scale: 1 / (64 * scale),
  }
}

/** The largest ‖row‖ of i8 rows `[n, dim]`; 0 for none. */
export function maxNorm(values: Int8Array, dim: number): number {
  let largest = 0
  for (let row = 0; row < values.length; row += dim) {
    let sum = 0
    for (let at = row; at < row + dim; at++) sum += values[at]! * values[at]! // `** 2` is many times slower at first
    largest = Math.max(largest, sum)
  }
  return Math.sqrt(largest)
}

/** The weight of each value a residual byte can have: i8 `[256, 8 / bits]`, dimensions in order. */
export function byteWeights({ bits, weights }: Pick<PlaidCodec, 'bits' | 'weights'>): Int8Array {
  return Int8Array.from(byteBuckets(bits), (bucket) => weights[bucket]!)
}

/** The buckets in each value a residual byte can have: u8 `[256, 8 / bits]`, dimensions in order. */
export function byteBuckets(bits: PlaidBits): Uint8Array {
  const perByte = 8 / bits
  return Uint8Array.from({ length: 256 * perByte }, (_, i) => bucketOf(Math.floor(i / perByte), i % perByte, bits))
}

/** Bucket i of a byte: segments from the most significant bit on, the bits of each reversed. */
function bucketOf(byte: number, i: number, bits: PlaidBits): number {
  let bucket = 0
  for (let bit = 0; bit < bits; bit++) bucket |= ((byte >> (7 - (i * bits + bit))) & 1) << bit
  return bucket
}

/** What the residual of token t adds in dimension e. */
export type WeightOf = (residuals: Uint8Array, t: number, e: number) => number

export function weightsOf({ dim, bits, weights }: PlaidCodec<LoadedBits>): WeightOf {
  if (bits === 0) return () => 0
  const table = byteWeights({ bits, weights })
  const perByte = 8 / bits
  return (residuals, t, e) => {
    const byte = residuals[t * (dim / perByte) + Math.floor(e / perByte)]!
    return table[byte * perByte + (e % perByte)]!
  }
}

/** `inv` of every token of a part: u16 `[T]`. */
export function inverseNorms(codec: PlaidCodec<LoadedBits>, { codes, residuals }: PlaidPart): Uint16Array {
  const { dim, centroids, shift } = codec
  const weightOf = weightsOf(codec)
  return Uint16Array.from(codes, (code, t) => {
    let sum = 0
    for (let e = 0; e < dim; e++) sum += ((centroids[code * dim + e]! << shift) + weightOf(residuals, t, e)) ** 2
    return inverseNorm(sum)
  })
}

/** @param squared ‖d8‖², exact */
export function inverseNorm(squared: number): number {
  return Math.min(65_535, Math.floor(2 ** 22 / Math.sqrt(squared) + 0.5))
}

/** Halves away from zero, so that -x rounds to the negative of what x does. */
function round(value: number): number {
  return Math.sign(value) * Math.floor(Math.abs(value) + 0.5)
}
