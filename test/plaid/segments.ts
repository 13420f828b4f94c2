/** Small segments for tests, built from seeded unit vectors. */
import { PlaidBuilder, type PlaidBuilderOptions } from '../../src/plaid/builder.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { TokenMatrix } from '../../src/types.ts'
import { randomVectors, seeded } from '../ops/data.ts'

export function unitMatrix(rows: number, dim: number, seed: number): TokenMatrix {
  const data = randomVectors(seeded(seed * 2654435761), rows * dim)
  for (let at = 0; at < data.length; at += dim) {
    const row = data.subarray(at, at + dim)
    const norm = Math.hypot(...row) || 1
    for (let e = 0; e < dim; e++) row[e]! /= norm
  }
  return { data, rows, dim }
}

export async function built(passages: readonly TokenMatrix[], options: PlaidBuilderOptions) {
  const store = memoryStore()
  const builder = new PlaidBuilder(store, options)
  for (const passage of passages) builder.add(passage)
  return { store, header: await builder.finish() }
}
