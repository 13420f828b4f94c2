/**
 * The numeric kernels as one interface: what goes in, what comes out, in which layout.
 * Implementations: reference.ts (the oracle), wasm/ (SIMD on one CPU thread), webgpu/ (WGSL). One test body runs on all.
 * This room knows nothing of ColBERT, documents or storage: it sees matrices and offsets.
 *
 * Axes: Q query tokens · T document tokens · E dimensions · P passages · B queries in a batch.
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

export interface Ops {
  readonly backend: OpsBackend
  /** The device in words, e.g. "nvidia ada" or "SIMD, one thread". */
  readonly device: string
  /** Checks the batch (offsets, dims, finite values) and makes it resident. Does not keep a reference to the arrays. */
  load(passages: PassageBatch): Promise<LoadedPassages>
  /** Every query against every passage. `passages` must come from this instance's `load`. */
  maxSim(queries: QueryBatch, passages: LoadedPassages, options?: MaxSimOptions): Promise<MaxSimResult>
  /** Frees everything. Later calls fail with `closed`. */
  close(): void
}
