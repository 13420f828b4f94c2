/** Token matrices as a file that the peers read (test/bench/peers): int32 P, E, lengths[P], then the rows as f32. */
import type { TokenMatrix } from '../../src/types.ts'

export function tokFile(matrices: readonly TokenMatrix[], dim: number): Buffer {
  const head = Int32Array.of(matrices.length, dim, ...matrices.map(({ rows }) => rows))
  const bytes = ({ buffer, byteOffset, byteLength }: Int32Array | Float32Array) =>
    Buffer.from(buffer, byteOffset, byteLength)
  return Buffer.concat([bytes(head), ...matrices.map(({ data }) => bytes(data))])
}
