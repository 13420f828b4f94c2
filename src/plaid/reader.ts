/**
 * What any open index answers, and how a loaded one does: a snapshot that ranks its passages for a query. Two stages: every
 * passage by its centroids, then the best of them with residuals; the kernels do both. Knows vectors, not what passages say.
 */
import type { FailoverOps } from '../ops/failover.ts'
import type { LoadedPlaid, PlaidHits, QueryBatch, StageTimes } from '../ops/ops.ts'
import type { OpsBackend, PassageId, TokenMatrix } from '../types.ts'

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
  readonly counts: Counts
}

/** How much was looked at. */
export interface Counts {
  /**
   * Centroids that each query token was held against, and passages that were scored by them; 0 where that was left out,
   * since a filter leaves no more passages than are scored with residuals.
   */
  readonly centroids: number
  readonly scanned: number
  /** Passages scored with residuals. */
  readonly scored: number
  /** Passages that a filter lets through: no more of them can be scored. */
  readonly allowed: number
}

export type Precision = 'full' | 'approximate'

export interface IndexReader {
  readonly dim: number
  readonly passages: number
  readonly tokens: number
  /** `approximate`: scores are made of centroids alone, as long as residuals are not there. */
  readonly precision: Precision
  /** Held where scores are computed, and of what was read from the store. */
  readonly bytes: number
  search(query: TokenMatrix, options: SearchOptions): Promise<Ranking>
  close(): void
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

/** An index whose every part is loaded. */
export class LoadedReader implements IndexReader {
  readonly precision: Precision
  protected readonly loaded: LoadedPlaid
  protected readonly ops: FailoverOps
  readonly #scoresAll: boolean

  /** @param scoresAll whatever candidates are asked for: where centroids tell nothing */
  constructor(loaded: LoadedPlaid, ops: FailoverOps, precision: Precision = 'full', scoresAll = false) {
    this.loaded = loaded
    this.ops = ops
    this.precision = precision
    this.#scoresAll = scoresAll
  }

  get dim(): number {
    return this.loaded.dim
  }

  get passages(): number {
    return this.loaded.passages
  }

  get tokens(): number {
    return this.loaded.tokens
  }

  get bytes(): number {
    return this.loaded.bytes
  }

  async search(query: TokenMatrix, options: SearchOptions): Promise<Ranking> {
    const candidates = this.#scoresAll ? Infinity : (options.candidates ?? defaultCandidates(options.k))
    const asked = { ...options, candidates }
    const { hits, elapsedMs, backend } = await this.ops.searchPlaid(queryBatch(query), this.loaded, asked)
    const passages = hits.flatMap((found) => listed(found, query.rows))
    return { passages, elapsedMs, backend, counts: this.countsOf(hits, options.filter) }
  }

  close(): void {
    this.loaded.release()
  }

  /** Of one query. */
  protected countsOf([hits]: readonly PlaidHits[], filter: Uint32Array | undefined): Counts {
    const { scored = 0, isScanned = false } = hits ?? {}
    if (!isScanned) return { centroids: 0, scanned: 0, scored, allowed: scored }
    const allowed = countIn(filter, this.passages)
    return { centroids: this.loaded.centroids, scanned: allowed, scored, allowed }
  }
}

/** Passages that the filter lets through. */
function countIn(filter: Uint32Array | undefined, passages: number): number {
  if (filter === undefined) return passages
  let count = 0
  for (let word of filter) for (; word !== 0; word &= word - 1) count++
  return count
}

/** Of each stage the sum; left out where one of them cannot tell it. */
export function summed(times: readonly StageTimes[]): StageTimes {
  const sums: { -readonly [Stage in keyof StageTimes]: StageTimes[Stage] } = { total: 0 }
  for (const { total } of times) sums.total += total
  for (const stage of ['centroids', 'scan', 'select', 'residuals'] as const) {
    const known = times.flatMap(({ [stage]: ms }) => (ms === undefined ? [] : [ms]))
    if (known.length > 0 && known.length === times.length) sums[stage] = known.reduce((sum, ms) => sum + ms, 0)
  }
  return sums
}

/** The k best of several rankings, in the order of one: by score, the lower id first on ties. */
export function bestOf(found: readonly Found[], k: number): Found[] {
  return [...found].sort((a, b) => b.score - a.score || a.id - b.id).slice(0, k)
}

/** Hits of a query of so many rows, as a ranking lists them. */
export function listed({ ids, scores, positions, similarities, scale }: PlaidHits, rows: number): Found[] {
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
