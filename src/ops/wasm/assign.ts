/**
 * The nearest centroid of each token: MaxSim with positions, in which the tokens are the query and all centroids are one
 * passage. So clustering runs on the kernel that is there, at its speed.
 */
import type { Breather } from '../breather.ts'
import { WasmPart } from './instance.ts'
import { packQueries } from './layout.ts'

/** Multiplications of one call: some 20 ms. Fewer rows would stream the centroids through the cache more often. */
const SLICE_WORK = 2 ** 28
const MOST_ROWS = 1024

/** tokens f32 `[T, E]`, centroids f32 `[C, E]` → u32 `[T]`. */
export async function assignCentroids(
  instance: WebAssembly.Instance,
  tokens: Float32Array,
  centroids: Float32Array,
  dim: number,
  breather: Breather,
): Promise<Uint32Array> {
  const count = centroids.length / dim
  const nearest = new Uint32Array(tokens.length / dim)
  const part = new WasmPart(
    instance,
    { vectors: centroids, offsets: Uint32Array.of(0, count), dim },
    { first: 0, end: 1 },
  )
  const step = Math.max(8, Math.min(MOST_ROWS, Math.floor(SLICE_WORK / (count * dim))))
  for (let first = 0; first < nearest.length; first += step) {
    const rows = Math.min(step, nearest.length - first)
    const vectors = tokens.subarray(first * dim, (first + rows) * dim)
    const packed = packQueries({ vectors, offsets: Uint32Array.of(0, rows), dim }, { first: 0, end: 1 })
    nearest.set(part.maxSim(packed, { first: 0, end: 1 }, true).positions, first)
    await breather.breathe()
  }
  return nearest
}
