/** How near each row of a query is to each row of a passage: what a heat map shows. */
import type { TokenMatrix } from '../types.ts'

/**
 * Cosines `[Q, T]` of unit rows.
 * @param rowOf of pooled passages: the row of each token, since several have one in common; else token t has row t
 */
export function similaritiesOf(
  query: TokenMatrix,
  { data, rows, dim }: TokenMatrix,
  rowOf?: ArrayLike<number>,
): Float32Array {
  const tokens = rowOf?.length ?? rows
  const similarities = new Float32Array(query.rows * tokens)
  for (let q = 0; q < query.rows; q++)
    for (let t = 0; t < tokens; t++) {
      const row = rowOf?.[t] ?? t
      let sum = 0
      for (let e = 0; e < dim; e++) sum += query.data[q * dim + e]! * data[row * dim + e]!
      similarities[q * tokens + t] = sum
    }
  return similarities
}
