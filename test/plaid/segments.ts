/** Small segments for tests, built from seeded unit vectors or out of any index, and answers that compare well. */

import type { PlaidBits, PlaidIndex } from '../../src/ops/ops.ts'
import { PlaidBuilder, type PlaidBuilderOptions } from '../../src/plaid/builder.ts'
import { PlaidWriter } from '../../src/plaid/format.ts'
import type { IndexReader } from '../../src/plaid/search.ts'
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

/** The index in packs; what it was trained to plays no part in searching. */
export async function written({ codec, parts }: PlaidIndex<PlaidBits>) {
  const store = memoryStore()
  const buckets = 2 ** codec.bits
  const training = {
    cutoffs: new Float32Array(buckets - 1),
    weights: new Float32Array(buckets),
    averageResidual: new Float32Array(codec.dim),
    clusterThreshold: 0,
    scale: 1,
  }
  const writer = new PlaidWriter(store, codec, training)
  for (const part of parts) await writer.add(part)
  return { store, header: await writer.finish() }
}

/** Hits as plain values. */
export async function answer(index: IndexReader, query: TokenMatrix, options: Parameters<IndexReader['search']>[1]) {
  const { passages } = await index.search(query, options)
  return passages.map(({ positions, similarities, ...hit }) => ({
    ...hit,
    positions: positions && [...positions],
    similarities: similarities && [...similarities],
  }))
}
