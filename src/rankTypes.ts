/**
 * The nouns of ranking texts that are in no index: what is given, what is asked, what comes back, and what crosses between model
 * and kernels on the way. Shapes only, the same in a page and in Node; open to all, as types.ts is.
 */
import type { Hit, OnProgress, OpsBackend, Refusal } from './types.ts'

/** A text to be ranked, by itself or with a title, which the model reads before it. */
export type PassageInput =
  | string
  | { readonly text: string; readonly title?: string | undefined; readonly id?: string | undefined }

export interface ScoreOptions {
  /** Told as texts are encoded, which takes most of the time. Equal texts are encoded once and counted once. */
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}

export interface RerankOptions extends ScoreOptions {
  /** Passages to return. Default: all that have text. */
  readonly k?: number | undefined
  /** Say of each which of its words matched. Default false. */
  readonly explain?: boolean | undefined
}

/** A passage in its place. */
export interface Reranked {
  /** Its number among the passages that were given, from 0. */
  readonly index: number
  /** As it was given. */
  readonly id?: string
  /** The sum over the query's tokens of the best cosine in the passage. Equal ones stand in the order they were given in. */
  readonly score: number
  /** The model has read its beginning only: it is longer than the model's document length. */
  readonly isCut?: true
  /** With `explain`: as in a hit, ranges in the passage's text and in the query. */
  readonly explanation?: Pick<Hit['passage'], 'excerpt' | 'matches'> & Pick<Hit, 'queryWords'>
}

/** Texts against a query. */
export interface Reranking {
  readonly query: string
  /** Best first. A passage without text is none of them. */
  readonly hits: readonly Reranked[]
  /** Wall time of each step. `wait` is the time until the model was ready. */
  readonly elapsedMs: {
    readonly wait: number
    readonly encode: number
    readonly score: number
    readonly explain: number
    readonly total: number
  }
}

/** Texts against queries. */
export interface ScoreMatrix {
  /** `[Q, P]`, row by row. -Infinity for a passage without text; 0 for a query without any. */
  readonly scores: Float32Array
  readonly queries: number
  readonly passages: number
  /** Passages that the model has read the beginning of only, by number. */
  readonly cut: readonly number[]
  readonly elapsedMs: {
    readonly wait: number
    readonly encode: number
    readonly score: number
    readonly total: number
  }
}

/** A passage as the model reads it: headings first, as in an index; a text that has none is read as it is. */
export interface PassageText {
  readonly headings: readonly string[]
  readonly text: string
}

export interface EncodedPassages {
  /** f32 `[ΣT, E]`, one passage behind the other. */
  readonly vectors: Float32Array
  /** `[P]`: how many of the rows each passage has. */
  readonly rows: Uint32Array
  /** `[P]`: 1 where the model has read the beginning only. */
  readonly cut: Uint8Array
  readonly dim: number
}

/** Matrices one behind the other: matrix i owns rows offsets[i] .. offsets[i + 1] of `vectors`, f32 `[rows, E]`. */
export interface RowBatch {
  readonly vectors: Float32Array
  readonly offsets: Uint32Array
  readonly dim: number
}

export interface ScoreRequest {
  readonly queries: RowBatch
  readonly passages: RowBatch
  /** Also what matched. Default false. */
  readonly matches?: boolean
}

export interface BatchScores {
  /** f32 `[B, P]`: MaxSim of each query with each passage. */
  readonly scores: Float32Array
  /** For query b a block `[P, Q_b]`: the passage's row that a row of the query is nearest to, and their cosine. */
  readonly matches?: { readonly positions: Uint32Array; readonly similarities: Float32Array }
  /** Where it was computed, and which backends are passed over at present. */
  readonly backend: OpsBackend
  readonly refused: readonly Refusal[]
}
