/**
 * The numeric kernels as one interface: what goes in, what comes out, in which layout.
 * Implementations: reference.ts (the oracle), wasm/ (SIMD on one CPU thread), webgpu/ (WGSL). One test body runs on all.
 * This room knows nothing of ColBERT, documents or storage: it sees matrices and offsets.
 *
 * Axes: Q query tokens · T document tokens · E dimensions · C centroids · P passages · B queries in a batch.
 */
import type { OpsBackend } from '../types.ts'

/** B queries of any length, concatenated. */
export interface QueryBatch {
  /** f32 `[ΣQ, E]`, row-major. */
  readonly vectors: Float32Array
  /** `[B + 1]`: query b owns rows offsets[b] .. offsets[b + 1]. offsets[0] = 0. */
  readonly offsets: Uint32Array
  readonly dim: number
}

/** P passages of any length (0 too), concatenated. f32, or f16 as raw bits in a Uint16Array. */
export interface PassageBatch {
  /** `[ΣT, E]`, row-major. */
  readonly vectors: Float32Array | Uint16Array
  /** `[P + 1]`: passage p owns rows offsets[p] .. offsets[p + 1]. offsets[0] = 0. */
  readonly offsets: Uint32Array
  readonly dim: number
}

/** Passages that a backend holds where it computes (GPU memory, wasm memory). Release when done. */
export interface LoadedPassages {
  readonly backend: OpsBackend
  readonly passages: number
  readonly tokens: number
  readonly dim: number
  /** Bytes held by the backend for these passages. */
  readonly bytes: number
  release(): void
}

export interface MaxSimOptions {
  /** Also return which passage token matched each query token. Default false. */
  readonly positions?: boolean
  readonly signal?: AbortSignal
}

export interface MaxSimResult {
  /** f32 `[B, P]`: Σ over the query's tokens of the best dot product with any token of the passage.
   *  An empty passage scores -Infinity and is never a hit; an empty query scores 0. */
  readonly scores: Float32Array
  /** With `positions`: for query b a block `[P, Q_b]`, blocks in order of b (start: offsets[b] * P). The token's index
   *  within its passage; ties go to the lower index; NO_POSITION in an empty passage. */
  readonly positions?: Uint32Array
  /** Where it was computed: with a failover in between this is the backend that really ran. */
  readonly backend: OpsBackend
}

/** The value of `positions` where there is no token. */
export const NO_POSITION = 0xffffffff

/**
 * How a compressed index writes its vectors, in the integers that search computes with (integer.ts tells why).
 * Token t stands for the direction of `d8 = (centroids[code] << shift) + weights[bucket]`, dimension by dimension.
 */
export interface PlaidCodec<Bits extends LoadedBits = PlaidBits> {
  /** 1 .. MAX_DIM; dim * bits is a multiple of 8. */
  readonly dim: number
  /** Bits of a residual per dimension. With 0 `weights` is `[0]` and `shift` 0: a token stands for its centroid. */
  readonly bits: Bits
  /** i8 `[C, E]`, -127 .. 127. */
  readonly centroids: Int8Array
  /** i8 `[2^bits]`, -127 .. 127: what a bucket adds. */
  readonly weights: Int8Array
  /** 0 .. MAX_SHIFT: how much finer weights are than centroids. */
  readonly shift: number
}

export const MAX_SHIFT = 3

export const PLAID_BITS = [1, 2, 4, 8] as const
export type PlaidBits = (typeof PLAID_BITS)[number]
/** Of an index in memory: 0 where it has codes alone. */
export type LoadedBits = PlaidBits | 0

/** The most centroids whose codes fit two bytes. */
export const NARROW_CENTROIDS = 65_536

/** Some passages in codes and residuals. */
export interface PlaidPart {
  /** `[T]`, each < C. */
  readonly codes: Uint16Array | Uint32Array
  /** `[T, E * bits / 8]`, with 0 bits none: buckets, each least significant bit first, the bit stream most significant bit first. */
  readonly residuals: Uint8Array
  /** `[P + 1]`: passage p owns rows offsets[p] .. offsets[p + 1]. offsets[0] = 0. */
  readonly offsets: Uint32Array
}

/** A compressed index: passages are numbered through its parts from 0. In parts, so that no array need be huge. */
export interface PlaidIndex<Bits extends LoadedBits = LoadedBits> {
  readonly codec: PlaidCodec<Bits>
  readonly parts: readonly PlaidPart[]
}

/** A compressed index that a backend holds where it computes. */
export interface LoadedPlaid extends LoadedPassages {
  /** C */
  readonly centroids: number
  readonly bits: LoadedBits
}

export interface PlaidSearchOptions {
  /** Passages wanted per query, from 0 on. */
  readonly k: number
  /**
   * Passages scored with their residuals: the best by centroids alone. k where k is more; Infinity scores every passage.
   */
  readonly candidates: number
  /** Bitset `[ceil(P / 32)]`: passage p may be found where bit `p & 31` of word `p >> 5` is set. Default: all may. */
  readonly filter?: Uint32Array
  /** Also return which token matched each query token, and how well. Default false. */
  readonly matches?: boolean
  readonly signal?: AbortSignal
}

/** What one query found, best first; ties go to the lower id. Fewer than k where fewer passages have tokens and pass. */
export interface PlaidHits {
  readonly ids: Uint32Array
  /** Integer scores: Σ over query tokens of the best v of the passage (integer.ts). The same on every backend. */
  readonly scores: Int32Array
  /** With `matches`: `[hits, Q]`, the token's index within its passage; the lowest on ties. */
  readonly positions?: Uint32Array
  /** With `matches`: `[hits, Q]`, that token's v. */
  readonly similarities?: Int32Array
  /** Times an integer score or v: a sum of cosines (for query rows of length 1). */
  readonly scale: number
  /** Passages that were scored with their residuals; the same on every backend for k >= 1. */
  readonly scored: number
  /** Whether centroids chose them: a backend may leave that out where all that may be found are scored. */
  readonly isScanned: boolean
}

/** Milliseconds of each stage, summed over the queries of a call; what a backend cannot tell apart is left out. */
export interface StageTimes {
  readonly centroids?: number
  readonly scan?: number
  readonly select?: number
  readonly residuals?: number
  /** The whole call, transfers included. */
  readonly total: number
}

export interface PlaidResult {
  /** `[B]` */
  readonly hits: readonly PlaidHits[]
  readonly elapsedMs: StageTimes
  /** Where it was computed: with a failover in between this is the backend that really ran. */
  readonly backend: OpsBackend
}

/** What search takes at most; more is refused when an index is loaded or a query asked. */
export const MAX_DIM = 256
export const MAX_QUERY_TOKENS = 1024
/** Hits times query tokens, where matches are wanted: eight bytes each, in the smallest binding that every GPU has. */
export const MAX_MATCHES = 2 ** 24

export interface Ops {
  readonly backend: OpsBackend
  /** The device in words, e.g. "nvidia ada" or "SIMD, one thread". */
  readonly device: string
  /** Checks the batch (offsets, dims, finite values) and makes it resident. Does not keep a reference to the arrays. */
  load(passages: PassageBatch): Promise<LoadedPassages>
  /** Every query against every passage. `passages` must come from this instance's `load`. */
  maxSim(queries: QueryBatch, passages: LoadedPassages, options?: MaxSimOptions): Promise<MaxSimResult>
  /**
   * The nearest centroid of each token by dot product; the lowest on ties. Floating point: backends may differ where two
   * centroids are equally near but for rounding.
   * @param tokens f32 `[T, E]`
   * @param centroids f32 `[C, E]`, C >= 1
   * @returns u32 `[T]`
   */
  assignCentroids(
    tokens: Float32Array,
    centroids: Float32Array,
    dim: number,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Uint32Array>
  /** Checks a compressed index and makes it resident. Does not keep a reference to the arrays. */
  loadPlaid(index: PlaidIndex): Promise<LoadedPlaid>
  /** Two-stage search: all passages by their centroids, the best of them with residuals. Same hits on every backend. */
  searchPlaid(queries: QueryBatch, index: LoadedPlaid, options: PlaidSearchOptions): Promise<PlaidResult>
  /** Frees everything. Later calls fail with `closed`. */
  close(): void
}
