/**
 * Seeded data for kernel tests, the sizes at which kernels break, and how far a right answer may be from the oracle's.
 */
import { fromHalves, toHalves } from '../../src/ops/half.ts'
import type { PassageBatch, QueryBatch } from '../../src/ops/ops.ts'

export type Random = () => number

/** Uniform in [0, 1). The generator is Marsaglia's xorshift32 (2003). */
export function seeded(seed: number): Random {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/**
 * 0, 1, tile - 1, tile, tile + 1 of every tile in use: WASM computes 8 query tokens × 4 passage tokens, WGSL 32 × 64,
 * sixteen dimensions at a time in quads. Then sizes beyond several tiles.
 */
export const SIZES = {
  queryTokens: [0, 1, 7, 8, 9, 31, 32, 33, 97],
  passageTokens: [0, 1, 3, 4, 5, 63, 64, 65, 200],
  dims: [1, 2, 3, 4, 5, 15, 16, 17, 47, 48, 64, 65, 128, 130],
} as const

export function offsetsOf(lengths: readonly number[]): Uint32Array {
  const offsets = new Uint32Array(lengths.length + 1)
  lengths.forEach((length, i) => {
    offsets[i + 1] = offsets[i]! + length
  })
  return offsets
}

/** Values in (-1, 1), as large as those of unit vectors or larger. */
export function randomVectors(random: Random, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => random() * 2 - 1)
}

export function randomQueries(random: Random, lengths: readonly number[], dim: number): QueryBatch {
  const offsets = offsetsOf(lengths)
  return { vectors: randomVectors(random, offsets.at(-1)! * dim), offsets, dim }
}

export function randomPassages(random: Random, lengths: readonly number[], dim: number, half = false): PassageBatch {
  const { vectors, offsets } = randomQueries(random, lengths, dim)
  return { vectors: half ? toHalves(vectors) : vectors, offsets, dim }
}

/** Rows written out, for cases worked by hand. */
export function batchOf(items: readonly (readonly (readonly number[])[])[], dim: number): QueryBatch {
  return { vectors: Float32Array.from(items.flat(2)), offsets: offsetsOf(items.map((rows) => rows.length)), dim }
}

/** Largest distance from the oracle that f32 arithmetic explains, for each score `[B, P]` and single dot product. */
export class Tolerance {
  readonly #queries: QueryBatch
  readonly #queryNorms: Float64Array
  readonly #passages: PassageBatch
  readonly #passageNorms: Float64Array

  constructor(queries: QueryBatch, passages: PassageBatch) {
    const { vectors } = passages
    this.#queries = queries
    this.#queryNorms = norms(queries.vectors, queries.dim)
    this.#passages = passages
    this.#passageNorms = norms(vectors instanceof Uint16Array ? fromHalves(vectors) : vectors, passages.dim)
  }

  /**
   * A sum of n products in any order, fused or not, is off by at most n·u·Σ|q·d| (Higham, Accuracy and Stability of
   * Numerical Algorithms, 3.1), u = 2^-24, and Σ|q·d| <= |q|·|d|. Two more roundings are the oracle's own.
   */
  ofDot(queryRow: number, passage: number): number {
    return ((this.#queries.dim + 2) * this.#queryNorms[queryRow]! * this.#longest(passage)) / 2 ** 24
  }

  /** The maximum of values moves by no more than they do; summing Q of them adds Q roundings. */
  ofScore(query: number, passage: number): number {
    const { offsets, dim } = this.#queries
    const rows = offsets[query + 1]! - offsets[query]!
    let sum = 0
    for (let row = offsets[query]!; row < offsets[query + 1]!; row++) sum += this.#queryNorms[row]!
    return ((dim + rows + 2) * sum * this.#longest(passage)) / 2 ** 24
  }

  #longest(passage: number): number {
    const { offsets } = this.#passages
    return Math.max(0, ...this.#passageNorms.subarray(offsets[passage]!, offsets[passage + 1]!))
  }
}

function norms(vectors: Float32Array, dim: number): Float64Array {
  return Float64Array.from({ length: vectors.length / dim }, (_, row) =>
    Math.hypot(...vectors.subarray(row * dim, (row + 1) * dim)),
  )
}

/** q · d in f64. */
export function exactDot(queries: QueryBatch, queryRow: number, passages: PassageBatch, token: number): number {
  const { dim } = queries
  const tokens = passages.vectors.subarray(token * dim, (token + 1) * dim)
  const values = tokens instanceof Uint16Array ? fromHalves(tokens) : tokens
  let dot = 0
  for (let e = 0; e < dim; e++) dot += queries.vectors[queryRow * dim + e]! * values[e]!
  return dot
}
