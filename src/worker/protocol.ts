/**
 * What crosses between the page and its two workers: types only, each call tied to its answer.
 * An answer is an Outcome, so that errors keep their `code`; transfers are named where an answer is made.
 */
import { asSelvageError, SelvageError, type WireError } from '../errors.ts'
import type {
  Block,
  CharRange,
  EncodedText,
  EncoderBackend,
  OnProgress,
  OpsBackend,
  Refusal,
  TokenMatrix,
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

/** Hits to explain, and for each query token where it begins in the query (-1: a marker or padding). */
export interface ExplainRequest {
  readonly queryStarts: Int32Array
  readonly hits: readonly EngineHit[]
}

/** Ranges within the hit's `text`. */
export interface Explanation {
  readonly excerpt: CharRange
  readonly matches: readonly (CharRange & { readonly strength: number })[]
}

export interface EncoderApi {
  load(options: EncoderLoad, onProgress: OnProgress): Promise<Outcome<EncoderStatus>>
  encodeQuery(text: string): Promise<Outcome<EncodedQuery>>
  /** Needs the tokenizer, so it is asked here; the model does not run. */
  explain(request: ExplainRequest): Promise<Outcome<Explanation[]>>
}

// --- engine worker

export interface EngineOpen {
  /** Absolute address of the index's folder. */
  readonly indexUrl: string
  readonly backend: 'auto' | OpsBackend
}

export interface EngineStatus {
  readonly model: { readonly name: string; readonly hash: string }
  readonly pages: number
  readonly sections: number
  readonly passages: number
  readonly tokens: number
  /** Bytes of the whole index as downloaded. */
  readonly bytes: number
  readonly backend: OpsBackend
  readonly device: string
  readonly refused: readonly Refusal[]
  readonly loadMs: number
}

export interface EngineQuery {
  readonly query: TokenMatrix
  /** Sections wanted. */
  readonly k: number
}

/** A section that answers the query, with the passage in it that does so best. */
export interface EngineHit {
  readonly sectionId: number
  readonly passageId: number
  readonly headings: readonly string[]
  readonly url: string
  readonly language?: string
  /** The passage's own text, and what it consists of. */
  readonly text: string
  readonly blocks: readonly Block[]
  readonly score: number
  /** Where tokens were pooled: the row that each token went into, `[T]`. */
  readonly rowOf?: readonly number[]
  /** `[Q]`: row of the passage's matrix that each query token matched best, and the dot product it got. */
  readonly positions: Uint32Array
  readonly similarities: Float32Array
}

export interface EngineAnswer {
  readonly hits: readonly EngineHit[]
  readonly elapsedMs: {
    readonly score: number
    readonly texts: number
  }
  /** Which backend gave these scores, and which were given up on the way. */
  readonly backend: OpsBackend
  readonly refused: readonly Refusal[]
}

export interface EngineApi {
  open(options: EngineOpen, onProgress: OnProgress): Promise<Outcome<EngineStatus>>
  search(query: EngineQuery): Promise<Outcome<EngineAnswer>>
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
