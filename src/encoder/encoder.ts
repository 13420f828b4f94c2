/**
 * The encoder as the rest of the house sees it: text in, one unit vector per token out.
 * Which runtime runs it, where its files come from and how ColBERT lays out its input stay inside this room.
 */
import type { EncodedText, EncoderBackend, Refusal } from '../types.ts'

export interface ModelInfo {
  /** The folder's or the model's own name, for display. */
  readonly name: string
  /** SHA-256 over the files that decide its vectors (weights, tokenizer, configuration): an index remembers it.
   *  The same for every backend of one model folder. */
  readonly hash: string
  readonly dim: number
  /** Rows of an encoded query where the model pads with [MASK]; otherwise the limit. */
  readonly queryLength: number
  /** Limit of a document in tokens, markers included. */
  readonly documentLength: number
}

export interface EncodeOptions {
  readonly signal?: AbortSignal
  /** Called after each batch with the number of texts done so far. */
  readonly onDone?: (done: number) => void
}

/** What a model does with texts before it runs. All synchronous. */
export interface TextRules {
  /** The rows a document's matrix would have, without running the model: ids and ranges in `text`. */
  layoutDocument(text: string): Omit<EncodedText, 'matrix'>
  /** Of an encoded query, each token in words; `isMask`: padding that the model fills with meanings of its own. */
  queryTokens(text: string, encoded: Omit<EncodedText, 'matrix'>): { readonly text: string; readonly isMask: boolean }[]
  /** Share of the text's letters whose script the model knows, 0 .. 1: see script.ts. */
  knownShare(text: string): number
}

export interface Encoder extends TextRules {
  readonly model: ModelInfo
  readonly backend: EncoderBackend
  /** The device in words: adapter name, "one thread", "CPU, 2 threads". */
  readonly device: string
  /** Backends tried before this one, with the reason why each was not taken. */
  readonly refused: readonly Refusal[]
  /** Content tokens that fit one document: documentLength less markers and special tokens. */
  readonly documentTokens: number
  /** Content tokens of a text, before truncation, without markers and special tokens. Synchronous. */
  countTokens(text: string): number
  /** A query: marker, [MASK] augmentation as the model asks; `[Q, E]`. Empty and over-long texts are fine. */
  encodeQuery(text: string, options?: EncodeOptions): Promise<EncodedText>
  /** Documents, in the order given; each `[T, E]` with the skip list applied. Batched by length inside. */
  encodeDocuments(texts: readonly string[], options?: EncodeOptions): Promise<EncodedText[]>
  close(): Promise<void>
}

/** The encoder with another way to encode documents. */
export function withDocuments(encoder: Encoder, changed: Pick<Encoder, 'encodeDocuments' | 'close'>): Encoder {
  const { model, backend, device, refused, documentTokens } = encoder
  return {
    ...{ model, backend, device, refused, documentTokens },
    countTokens: (text) => encoder.countTokens(text),
    encodeQuery: (text, options) => encoder.encodeQuery(text, options),
    layoutDocument: (text) => encoder.layoutDocument(text),
    queryTokens: (text, encoded) => encoder.queryTokens(text, encoded),
    knownShare: (text) => encoder.knownShare(text),
    ...changed,
  }
}

/** Where a model's files come from: a folder on disk, a web server, a store. */
export interface ModelFiles {
  /** The folder in words, for messages: a path or a url. */
  readonly location: string
  /**
   * The file's bytes, or undefined where there is no such file. `path` is relative, with `/`.
   * `onBytes` is told how many bytes have come so far; an implementation without progress may leave it alone.
   */
  read(path: string, onBytes?: (loaded: number) => void): Promise<Uint8Array | undefined>
}
