/**
 * The oracle of two-stage search: integer.ts's formulas in loops that can be checked by eye. Never optimised.
 *
 * PLAID (Santhanam et al., 2022) prunes by inverted lists; here every passage is scored by its codes, so nothing is missed.
 */
import { inverseNorms, maxNorm, quantizeQuery, type WeightOf, weightsOf } from './integer.ts'
import type { LoadedBits, PlaidCodec, PlaidHits, PlaidIndex, PlaidSearchOptions, QueryBatch } from './ops.ts'

/** tokens f32 `[T, E]`, centroids f32 `[C, E]` → code `[T]`: the largest dot product, the lowest on ties. */
export function assignCentroids(tokens: Float32Array, centroids: Float32Array, dim: number): Uint32Array {
  const codes = new Uint32Array(tokens.length / dim)
  for (let t = 0; t < codes.length; t++) {
    let best = -Infinity
    for (let c = 0; c < centroids.length / dim; c++) {
      let dot = 0
      for (let e = 0; e < dim; e++) dot += tokens[t * dim + e]! * centroids[c * dim + e]!
      if (dot > best) {
        best = dot
        codes[t] = c
      }
    }
  }
  return codes
}

/** One passage, ready to be scored. */
interface Passage {
  readonly codes: Uint16Array | Uint32Array
  readonly residuals: Uint8Array
  readonly inverse: Uint16Array
}

export class ReferencePlaid {
  readonly codec: PlaidCodec<LoadedBits>
  readonly #passages: readonly Passage[]
  readonly #centroidNorm: number
  readonly #weightOf: WeightOf

  constructor({ codec, parts }: PlaidIndex) {
    this.codec = codec
    this.#centroidNorm = maxNorm(codec.centroids, codec.dim)
    this.#weightOf = weightsOf(codec)
    const rowBytes = (codec.dim * codec.bits) / 8
    this.#passages = parts.flatMap((part) => {
      const inverse = inverseNorms(codec, part)
      return Array.from({ length: part.offsets.length - 1 }, (_, p) => {
        const [start, end] = [part.offsets[p]!, part.offsets[p + 1]!]
        return {
          codes: part.codes.slice(start, end),
          residuals: part.residuals.slice(start * rowBytes, end * rowBytes),
          inverse: inverse.slice(start, end),
        }
      })
    })
  }

  search(queries: QueryBatch, b: number, options: PlaidSearchOptions): PlaidHits {
    const { k, candidates, filter, matches = false } = options
    const query = quantizeQuery(queries, b, this.#centroidNorm)
    const centroidScores = this.scoreCentroids(query.values, query.rows)
    const eligible = this.#passages
      .map((_, id) => id)
      .filter((id) => this.#passages[id]!.codes.length > 0)
      .filter((id) => filter === undefined || ((filter[id >> 5]! >> (id & 31)) & 1) === 1)
    const scale = (s: number) => Math.floor((Math.max(0, Math.min(query.bound, s)) * query.multiplier) / 65_536)
    const scanned = eligible.map((id) => {
      const { codes } = this.#passages[id]!
      let score = 0
      for (let q = 0; q < query.rows; q++) {
        let best = 0
        for (const code of codes) best = Math.max(best, scale(centroidScores[code * query.rows + q]!))
        score += best
      }
      return { id, score }
    })
    const chosen = best(scanned, Math.max(k, candidates))
    const scored = chosen.map(({ id }) => ({ id, ...this.score(id, query.values, query.rows) }))
    const hits = best(scored, k)
    const flat = (pick: (hit: (typeof hits)[number]) => readonly number[]) => hits.flatMap((hit) => [...pick(hit)])
    return {
      ids: Uint32Array.from(hits, ({ id }) => id),
      scores: Int32Array.from(hits, ({ score }) => score),
      scale: query.scale,
      scored: scored.length,
      isScanned: true,
      ...(matches && {
        positions: Uint32Array.from(flat(({ positions }) => positions)),
        similarities: Int32Array.from(flat(({ similarities }) => similarities)),
      }),
    }
  }

  /** i32 `[C, Q]` */
  scoreCentroids(query: Int8Array, rows: number): Int32Array {
    const { dim, centroids } = this.codec
    const scores = new Int32Array((centroids.length / dim) * rows)
    for (let c = 0; c < centroids.length / dim; c++)
      for (let q = 0; q < rows; q++)
        for (let e = 0; e < dim; e++) scores[c * rows + q]! += query[q * dim + e]! * centroids[c * dim + e]!
    return scores
  }

  /** The passage with its residuals: for every query token the best v, and the first token that has it. */
  score(id: number, query: Int8Array, rows: number) {
    const { dim, centroids, shift } = this.codec
    const { codes, residuals, inverse } = this.#passages[id]!
    const positions: number[] = []
    const similarities: number[] = []
    for (let q = 0; q < rows; q++) {
      let best = -Infinity
      let position = 0
      codes.forEach((code, t) => {
        let dot = 0
        for (let e = 0; e < dim; e++) {
          const token = (centroids[code * dim + e]! << shift) + this.#weightOf(residuals, t, e)
          dot += query[q * dim + e]! * token
        }
        const v = Math.floor((dot * inverse[t]!) / 65_536)
        if (v > best) {
          best = v
          position = t
        }
      })
      positions.push(position)
      similarities.push(best)
    }
    return { score: similarities.reduce((sum, v) => sum + v, 0), positions, similarities }
  }
}

/** The n best, the lower id first on ties. */
function best<T extends { readonly id: number; readonly score: number }>(items: readonly T[], n: number): T[] {
  return [...items].sort((a, b) => b.score - a.score || a.id - b.id).slice(0, n)
}
