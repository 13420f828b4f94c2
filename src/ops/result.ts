/**
 * The arrays of a MaxSimResult, and how a piece of the work (some queries × some passages) is put into its place.
 */
import { SelvageError } from '../errors.ts'
import type { QueryBatch } from './ops.ts'
import type { Part } from './parts.ts'

export interface ResultArrays {
  readonly scores: Float32Array
  readonly positions?: Uint32Array
}

/** Zeroed arrays for every query against `passages` passages. */
export function allocateResult(queries: QueryBatch, passages: number, wantPositions: boolean): ResultArrays {
  const batch = queries.offsets.length - 1
  const rows = queries.offsets[batch]!
  try {
    const scores = new Float32Array(batch * passages)
    return wantPositions ? { scores, positions: new Uint32Array(rows * passages) } : { scores }
  } catch (cause) {
    const asked = `${batch} queries of ${rows} tokens × ${passages} passages${wantPositions ? ' with positions' : ''}`
    const message = `The result of ${asked} does not fit into memory. Ask with fewer queries at once.`
    throw new SelvageError('invalid-argument', message, { cause })
  }
}

/** What one call of a kernel computed, laid out as if its queries and passages were all there are. */
export interface ResultBlock {
  readonly queries: Part
  readonly passages: Part
  /** `[B, P]` of the block */
  readonly scores: Float32Array
  /** For each query of the block `[P, Q_b]`; empty unless asked for. */
  readonly positions: Uint32Array
}

/** Copies a block to where it belongs in the result of `queryOffsets.length - 1` queries × `passageCount` passages. */
export function placeBlock(
  block: ResultBlock,
  queryOffsets: Uint32Array,
  passageCount: number,
  result: ResultArrays,
): void {
  const { first, end } = block.passages
  const count = end - first
  let rowsBefore = 0
  for (let b = block.queries.first; b < block.queries.end; b++) {
    const scoresAt = (b - block.queries.first) * count
    result.scores.set(block.scores.subarray(scoresAt, scoresAt + count), b * passageCount + first)
    if (result.positions === undefined) continue
    const rows = queryOffsets[b + 1]! - queryOffsets[b]!
    const positions = block.positions.subarray(rowsBefore * count, (rowsBefore + rows) * count)
    result.positions.set(positions, queryOffsets[b]! * passageCount + first * rows)
    rowsBefore += rows
  }
}
