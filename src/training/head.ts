/**
 * A head: a map `[E, E]` of a query's vectors, learned while the model stays as it is. A row q becomes W q, brought back to
 * length 1; passages keep the vectors that the index has, so that a new head costs no index anything. It starts as the identity.
 * Knows no loss and no search.
 */
import { SelvageError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'

export interface Head {
  /** E. */
  readonly dim: number
  /** W, row by row: `[E, E]`. */
  readonly weights: Float32Array
}

export function identityHead(dim: number): Head {
  const weights = new Float32Array(dim * dim)
  for (let e = 0; e < dim; e++) weights[e * dim + e] = 1
  return { dim, weights }
}

/** Unit rows W q / |W q|; a row that W makes nothing of stays nothing. Errors: `model-mismatch` for rows of another dim. */
export function mapQuery({ dim, weights }: Head, query: TokenMatrix): TokenMatrix {
  if (query.dim !== dim)
    throw new SelvageError(
      'model-mismatch',
      `The query has ${query.dim} dimensions, what was learned ${dim}: they come from different models. Teach again.`,
    )
  const data = new Float32Array(query.data.length)
  mapRows(weights, query, data, new Float32Array(query.rows))
  return { data, rows: query.rows, dim }
}

/** Writes the unit rows into `units`, and the lengths that they had before into `lengths`, `[Q]`. */
export function mapRows(
  weights: Float32Array,
  { data, rows, dim }: TokenMatrix,
  units: Float32Array,
  lengths: Float32Array,
): void {
  for (let q = 0; q < rows; q++) {
    let square = 0
    for (let e = 0; e < dim; e++) {
      let sum = 0
      for (let f = 0; f < dim; f++) sum += weights[e * dim + f]! * data[q * dim + f]!
      units[q * dim + e] = sum
      square += sum * sum
    }
    const length = Math.sqrt(square)
    lengths[q] = length
    if (length > 0) for (let e = 0; e < dim; e++) units[q * dim + e]! /= length
  }
}
