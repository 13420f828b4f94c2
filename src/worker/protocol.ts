/**
 * What crosses between the page and its two workers: types only, each call tied to its answer.
 * An answer is an Outcome, so that errors keep their `code`; transfers are named where an answer is made.
 */
import { asSelvageError, SelvageError, type WireError } from '../errors.ts'
import type {
  EncodedText,
  EncoderBackend,
  EngineQuery,
  FacetCounts,
  Hit,
  MeantTerms,
  OnProgress,
  OpsBackend,
  Refusal,
  SearchMode,
  UnexplainedHit,
} from '../types.ts'

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WireError }

// --- encoder worker

export interface EncoderLoad {
  /** Absolute address of the model's folder. */
  readonly modelUrl: string
  readonly backend: 'auto' | 'webgpu' | 'wasm'
}

export interface EncoderStatus {
  readonly model: {
    readonly name: string
    readonly hash: string
    readonly dim: number
  }
  readonly backend: EncoderBackend
  readonly device: string
  readonly refused: readonly Refusal[]
  /** From the first byte asked for to the probe passed. */
  readonly loadMs: number
}

export interface EncodedQuery {
  readonly encoded: EncodedText
  readonly elapsedMs: number
}

/** Hits to explain, where each query token begins in the query (-1: a marker or padding), and what its words stand for. */
export interface ExplainRequest {
  readonly queryStarts: Int32Array
  readonly terms: MeantTerms
  readonly hits: readonly UnexplainedHit[]
}

export interface EncoderApi {
  load(options: EncoderLoad, onProgress: OnProgress): Promise<Outcome<EncoderStatus>>
  encodeQuery(text: string): Promise<Outcome<EncodedQuery>>
  /** Needs the tokenizer, so it is asked here; the model does not run. */
  explain(request: ExplainRequest): Promise<Outcome<Hit[]>>
}

// --- engine worker

export interface EngineOpen {
  /** Absolute address of the index's folder. */
  readonly indexUrl: string
  readonly backend: 'auto' | OpsBackend
}

/** What is known once the manifest is read: words can be searched. */
export interface EngineOpened {
  readonly model: { readonly name: string; readonly hash: string }
  readonly pages: number
  readonly sections: number
  readonly passages: number
  readonly tokens: number
  /** Bytes of the whole index as downloaded. */
  readonly bytes: number
  /** Whether there are words to search: indexes of format version 1 have none. */
  readonly hasKeywords: boolean
  /** Names of what there is to filter and to sort by. */
  readonly filters: readonly string[]
  readonly sorts: readonly string[]
}

/** What is known once the vectors are loaded. */
export interface EngineStatus extends EngineOpened {
  readonly backend: OpsBackend
  readonly device: string
  readonly refused: readonly Refusal[]
  /** From the first byte of the vectors asked for to kernels ready. */
  readonly loadMs: number
}

export interface EngineAnswer<Found> {
  readonly mode: SearchMode
  readonly hits: readonly Found[]
  readonly terms: MeantTerms
  readonly counts?: FacetCounts
  readonly elapsedMs: {
    readonly keyword: number
    readonly score: number
    readonly texts: number
  }
  /** Where vectors were scored, and which backends were given up on the way. */
  readonly scorer?: { readonly backend: OpsBackend; readonly refused: readonly Refusal[] }
}

export interface EngineApi {
  /** Reads the manifest. */
  open(options: EngineOpen, onProgress: OnProgress): Promise<Outcome<EngineOpened>>
  /** Loads the vectors; once, however often it is called. */
  load(): Promise<Outcome<EngineStatus>>
  /** Needs `load` before it. */
  search(query: EngineQuery): Promise<Outcome<EngineAnswer<UnexplainedHit>>>
  /** By words alone, which explain themselves. Needs only `open`. */
  searchKeywords(query: EngineQuery): Promise<Outcome<EngineAnswer<Hit>>>
  filters(): Promise<Outcome<FacetCounts>>
}

// --- both sides

/** Runs a call in a worker; whatever it throws becomes the outcome. */
export async function outcome<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await run() }
  } catch (thrown) {
    return { ok: false, error: asSelvageError(thrown).toWire() }
  }
}

/** The value, or the error thrown as the SelvageError it was on the other side. */
export function unwrap<T>(result: Outcome<T>): T {
  if (result.ok) return result.value
  throw SelvageError.fromWire(result.error)
}
