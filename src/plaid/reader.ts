/**
 * An open index: a snapshot that scores queries against its passages. PLAID will answer behind the same interface.
 * Knows vectors and kernels, not what the passages say.
 */

import type { FailoverOps } from '../ops/failover.ts'
import { fromHalves } from '../ops/half.ts'
import { type LoadedPassages, NO_POSITION, type PassageBatch, type QueryBatch } from '../ops/ops.ts'
import type { BlobSource } from '../store/store.ts'
import type { OpsBackend, PassageId, TokenMatrix } from '../types.ts'
import { type FlatHeader, readFlat } from './flat.ts'
import { type Scored, topK } from './topK.ts'

/** How a passage earned its score. */
export interface PassageMatches {
  /** `[Q]`: row of the passage's matrix that the query token matched best. */
  readonly positions: Uint32Array
  /** `[Q]`: the dot product it got there. */
  readonly similarities: Float32Array
}

export interface Ranking {
  readonly passages: readonly Scored[]
  /** Where the scores were computed. */
  readonly backend: OpsBackend
}

export interface IndexReader {
  readonly dim: number
  readonly passages: number
  readonly tokens: number
  /** The k best passages for a query `[Q, E]`. */
  search(query: TokenMatrix, k: number): Promise<Ranking>
  explain(query: TokenMatrix, ids: readonly PassageId[]): Promise<PassageMatches[]>
  close(): void
}

export async function openFlat(source: BlobSource, header: FlatHeader, ops: FailoverOps): Promise<IndexReader> {
  const batch = await readFlat(source, header)
  // As a function: should a GPU be lost, the next backend loads the same passages.
  const loaded = await ops.load(() => batch)
  return new FlatReader(batch, loaded, ops)
}

class FlatReader implements IndexReader {
  readonly #batch: PassageBatch
  readonly #loaded: LoadedPassages
  readonly #ops: FailoverOps

  constructor(batch: PassageBatch, loaded: LoadedPassages, ops: FailoverOps) {
    this.#batch = batch
    this.#loaded = loaded
    this.#ops = ops
  }

  get dim(): number {
    return this.#batch.dim
  }

  get passages(): number {
    return this.#loaded.passages
  }

  get tokens(): number {
    return this.#loaded.tokens
  }

  async search(query: TokenMatrix, k: number): Promise<Ranking> {
    const { scores, backend } = await this.#ops.maxSim(asBatch(query), this.#loaded)
    return { passages: topK(scores, k), backend }
  }

  /** The kernels once more, over a handful of passages and with positions: asked of all of them they would be P × Q. */
  async explain(query: TokenMatrix, ids: readonly PassageId[]): Promise<PassageMatches[]> {
    const chosen = selectPassages(this.#batch, ids)
    const loaded = await this.#ops.load(() => chosen)
    const matching = this.#ops.maxSim(asBatch(query), loaded, { positions: true })
    const { positions } = await matching.finally(() => loaded.release())
    const rows = query.rows
    return ids.map((_, p) => {
      const own = positions?.subarray(p * rows, (p + 1) * rows) ?? new Uint32Array(rows)
      return { positions: own.slice(), similarities: Float32Array.from(own, (row, q) => dot(query, q, chosen, p, row)) }
    })
  }

  close(): void {
    this.#loaded.release()
  }
}

function asBatch(query: TokenMatrix): QueryBatch {
  return { vectors: query.data, offsets: Uint32Array.of(0, query.rows), dim: query.dim }
}

/** A few passages as a batch of their own. */
function selectPassages(batch: PassageBatch, ids: readonly PassageId[]): PassageBatch {
  const { vectors, dim } = batch
  const offsets = new Uint32Array(ids.length + 1)
  ids.forEach((id, p) => {
    offsets[p + 1] = offsets[p]! + batch.offsets[id + 1]! - batch.offsets[id]!
  })
  const length = offsets[ids.length]! * dim
  const chosen = vectors instanceof Uint16Array ? new Uint16Array(length) : new Float32Array(length)
  ids.forEach((id, p) => {
    chosen.set(vectors.subarray(batch.offsets[id]! * dim, batch.offsets[id + 1]! * dim), offsets[p]! * dim)
  })
  return { vectors: chosen, offsets, dim }
}

/** Query row q with row `row` of passage p; 0 where the passage is empty. */
function dot(query: TokenMatrix, q: number, passages: PassageBatch, p: number, row: number): number {
  if (row === NO_POSITION) return 0
  const { dim } = query
  const from = (passages.offsets[p]! + row) * dim
  const stored = passages.vectors.subarray(from, from + dim)
  const token = stored instanceof Uint16Array ? fromHalves(stored) : stored
  let sum = 0
  for (let e = 0; e < dim; e++) sum += query.data[q * dim + e]! * token[e]!
  return sum
}
