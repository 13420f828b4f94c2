/** Matrices one behind the other, as kernels take them: their rows, and which of them are whose. */
import type { RowBatch } from '../rankTypes.ts'
import type { TokenMatrix } from '../types.ts'
import { concat } from '../util.ts'

/** @param dim of all of them */
export function rowBatch(matrices: readonly TokenMatrix[], dim: number): RowBatch {
  return {
    vectors: joined(matrices.map(({ data }) => data)),
    offsets: offsetsOf(matrices.map(({ rows }) => rows)),
    dim,
  }
}

export function joined(arrays: readonly Float32Array[]): Float32Array {
  return arrays.length === 1 ? arrays[0]! : concat((length) => new Float32Array(length), arrays)
}

/** Rows of each, `[n]`, to where each begins and the last one ends, `[n + 1]`. */
export function offsetsOf(rows: readonly number[]): Uint32Array {
  const offsets = new Uint32Array(rows.length + 1)
  rows.forEach((count, i) => {
    offsets[i + 1] = offsets[i]! + count
  })
  return offsets
}
