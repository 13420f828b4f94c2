/**
 * MaxSim of queries and passages that are on their way through: made resident, scored, let go of. With `matches` also which row
 * of a passage each row of a query is nearest to, and how near. Knows the kernels by their interface, and nothing of texts.
 */
import type { FailoverOps } from '../ops/failover.ts'
import type { BatchScores, RowBatch, ScoreRequest } from '../rankTypes.ts'

export async function scoreBatch(
  ops: FailoverOps,
  { queries, passages, matches = false }: ScoreRequest,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<BatchScores> {
  // As a source: should a GPU be lost meanwhile, the next backend has them too.
  const loaded = await ops.load(async () => passages)
  try {
    const result = await ops.maxSim(queries, loaded, { positions: matches, ...(signal && { signal }) })
    const { scores, positions, backend } = result
    const found = positions && { positions, similarities: similaritiesAt(positions, queries, passages) }
    return { scores, ...(found && { matches: found }), backend, refused: ops.refused }
  } finally {
    loaded.release()
  }
}

/** Cosines of query rows with the passages' rows at `positions`; all passages have rows. */
function similaritiesAt(positions: Uint32Array, queries: RowBatch, passages: RowBatch): Float32Array {
  const { dim } = queries
  const similarities = new Float32Array(positions.length)
  let at = 0
  for (let b = 0; b + 1 < queries.offsets.length; b++)
    for (let p = 0; p + 1 < passages.offsets.length; p++)
      for (let q = queries.offsets[b]!; q < queries.offsets[b + 1]!; q++, at++) {
        const row = (passages.offsets[p]! + positions[at]!) * dim
        let sum = 0
        for (let e = 0; e < dim; e++) sum += queries.vectors[q * dim + e]! * passages.vectors[row + e]!
        similarities[at] = sum
      }
  return similarities
}
