/**
 * Rows and columns rearranged for the SIMD kernel: passages in token blocks, queries in tiles (kernels.as.ts says why).
 */
import type { PassageBatch, QueryBatch } from '../ops.ts'
import type { Part } from '../parts.ts'

/** Query rows of a tile. Keep equal to QUERY_TILE in kernels.as.ts. */
export const QUERY_TILE = 8
/** Tokens of a block. Keep equal to TOKEN_BLOCK in kernels.as.ts. */
export const TOKEN_BLOCK = 4
export const PAGE_BYTES = 65_536

/** Some whole queries, ready for the kernel. */
export interface QueryChunk {
  /** f32 `[rows/8, E, 8]`: rows of all queries one after the other, filled up with zeros. */
  readonly tiles: Float32Array
  /** `[B + 1]`, from 0. */
  readonly rowOffsets: Uint32Array
}

/** Passages of `range`, `[T, E]` → per passage ceil(T/4) blocks `[E, 4]`; the last block repeats the last token. */
export function packTokens(batch: PassageBatch, range: Part, blocks: Float32Array | Uint16Array): void {
  const { vectors, offsets, dim } = batch
  let to = 0
  for (let p = range.first; p < range.end; p++) {
    const end = offsets[p + 1]!
    for (let token = offsets[p]!; token < end; token += TOKEN_BLOCK) {
      const row0 = token * dim
      const row1 = Math.min(token + 1, end - 1) * dim
      const row2 = Math.min(token + 2, end - 1) * dim
      const row3 = Math.min(token + 3, end - 1) * dim
      for (let e = 0; e < dim; e++) {
        blocks[to++] = vectors[row0 + e]!
        blocks[to++] = vectors[row1 + e]!
        blocks[to++] = vectors[row2 + e]!
        blocks[to++] = vectors[row3 + e]!
      }
    }
  }
}

/** Queries of `range`, `[Q, E]` → tiles `[E, 8]`, without a gap between queries. */
export function packQueries(queries: QueryBatch, range: Part): QueryChunk {
  const { vectors, offsets, dim } = queries
  const firstRow = offsets[range.first]!
  const rowOffsets = offsets.slice(range.first, range.end + 1).map((row) => row - firstRow)
  const rows = rowOffsets[range.end - range.first]!
  const tiles = new Float32Array(Math.ceil(rows / QUERY_TILE) * QUERY_TILE * dim)
  for (let row = 0; row < rows; row++) {
    const from = (firstRow + row) * dim
    const to = Math.floor(row / QUERY_TILE) * QUERY_TILE * dim + (row % QUERY_TILE)
    for (let e = 0; e < dim; e++) tiles[to + e * QUERY_TILE] = vectors[from + e]!
  }
  return { tiles, rowOffsets }
}
