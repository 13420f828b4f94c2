/**
 * An open index: a snapshot that ranks its passages for a query. Two stages: every passage by its centroids, then the best
 * of them with residuals; the kernels do both. Knows vectors, not what the passages say.
 */
import type { FailoverOps } from '../ops/failover.ts'
import type { LoadedPlaid, PlaidHits, QueryBatch, StageTimes } from '../ops/ops.ts'
import type { BlobSource } from '../store/store.ts'
import type { OpsBackend, PassageId, TokenMatrix } from '../types.ts'
import { type PlaidHeader, readPlaidIndex } from './format.ts'

/**
 * Passages scored with residuals for k hits, unless asked otherwise. For k = 10 that is 128: with them .992 of the ten best
 * of float MaxSim over every passage's vectors as the index has them are found on the Ray documentation, .993 on SciFact
 * (`selvage eval --mode both`); `npm run bench` has seeded passages, and the integers by themselves.
 */
export function defaultCandidates(k: number): number {
  return Math.max(128, 4 * k)
}

export interface SearchOptions {
  /** Passages wanted. */
  readonly k: number
  /** Passages scored with residuals, k where k is more. Default `defaultCandidates(k)`; Infinity scores all. */
  readonly candidates?: number
  /** Which passages may be found; see `bitsetOf`. Default: all. */
  readonly filter?: Uint32Array
  /** Also return what matched. Default false. */
  readonly matches?: boolean
  readonly signal?: AbortSignal
}

export interface Found {
  readonly id: PassageId
  /** Σ over query tokens of the best cosine in the passage, as far as the index remembers it. */
  readonly score: number
  /** With `matches`, `[Q]` each: the token that the query token matched best, and the cosine it got. */
  readonly positions?: Uint32Array
  readonly similarities?: Float32Array
}

export interface Ranking {
  /** Best first. */
  readonly passages: readonly Found[]
  readonly elapsedMs: StageTimes
  /** Where the scores were computed. */
  readonly backend: OpsBackend
}

export interface IndexReader {
  readonly dim: number
  readonly passages: number
  readonly tokens: number
  search(query: TokenMatrix, options: SearchOptions): Promise<Ranking>
  close(): void
}

/** Errors: those of readPlaidIndex and of the kernels' `loadPlaid`. */
export async function openPlaid(source: BlobSource, header: PlaidHeader, ops: FailoverOps): Promise<IndexReader> {
  // As a function: should a GPU be lost, the index is read again rather than kept twice in memory.
  const loaded = await ops.loadPlaid(() => readPlaidIndex(source, header))
  return new PlaidReader(loaded, ops)
}

/** The filter that lets only these passages through. */
export function bitsetOf(ids: Iterable<PassageId>, passages: number): Uint32Array {
  const words = new Uint32Array(Math.ceil(passages / 32))
  for (const id of ids) words[id >> 5]! |= 1 << (id & 31)
  return words
}

/** One query, as kernels take it. */
export function queryBatch({ data, rows, dim }: TokenMatrix): QueryBatch {
  return { vectors: data, offsets: Uint32Array.of(0, rows), dim }
}

class PlaidReader implements IndexReader {
  readonly #loaded: LoadedPlaid
  readonly #ops: FailoverOps

  constructor(loaded: LoadedPlaid, ops: FailoverOps) {
    this.#loaded = loaded
    this.#ops = ops
  }

  get dim(): number {
    return this.#loaded.dim
  }

  get passages(): number {
    return this.#loaded.passages
  }

  get tokens(): number {
    return this.#loaded.tokens
  }

  async search(query: TokenMatrix, options: SearchOptions): Promise<Ranking> {
    const asked = { ...options, candidates: options.candidates ?? defaultCandidates(options.k) }
    const { hits, elapsedMs, backend } = await this.#ops.searchPlaid(queryBatch(query), this.#loaded, asked)
    return { passages: hits.flatMap((found) => listed(found, query.rows)), elapsedMs, backend }
  }

  close(): void {
    this.#loaded.release()
  }
}

function listed({ ids, scores, positions, similarities, scale }: PlaidHits, rows: number): Found[] {
  return Array.from(ids, (id, i) => {
    const found = { id, score: scores[i]! * scale }
    if (positions === undefined || similarities === undefined) return found
    const own = [i * rows, (i + 1) * rows] as const
    return {
      ...found,
      positions: positions.slice(...own),
      similarities: Float32Array.from(similarities.subarray(...own), (v) => v * scale),
    }
  })
}
