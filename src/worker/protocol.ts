/**
 * What crosses between the page and its workers: types only, each call tied to its answer.
 * An answer is an Outcome, so that errors keep their `code`; transfers are named where an answer is made.
 */
import { asSelvageError, SelvageError, type WireError } from '../errors.ts'
import type { BatchScores, EncodedPassages, ScoreRequest } from '../rankTypes.ts'
import type {
  AddedDocument,
  AddedDocuments,
  CharRange,
  DocumentInput,
  EncodedText,
  EncoderBackend,
  EngineQuery,
  FacetCounts,
  HeatMap,
  Hit,
  IndexFile,
  MeantWord,
  OnProgress,
  OpsBackend,
  Refusal,
  SearchMode,
  SearchWork,
  TokenMatrix,
  UnexplainedHit,
  WorkProgress,
} from '../types.ts'

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WireError }

// --- encoder worker

export interface EncoderLoad {
  /** Absolute address of the model's folder. */
  readonly modelUrl: string
  readonly backend: 'auto' | 'webgpu' | 'wasm'
  /** `browser`: model and runtime are kept in the browser's database and read there. Default `none`: its HTTP cache only. */
  readonly storage?: 'browser' | 'none'
}

/** The model and the runtime that such a load would ask for. */
export type KeptOptions = Pick<EncoderLoad, 'modelUrl' | 'backend'>

/** Whether what was loaded is kept in the browser's database, and why not. */
export interface StorageStatus {
  readonly kind: 'browser' | 'none'
  readonly reason?: string
}

/** What is kept of a model and its runtime. */
export interface KeptFiles {
  readonly bytes: number
  /** All that any backend of the model needs is here: it loads without a network. */
  readonly isComplete: boolean
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
  readonly storage: StorageStatus
  /** From the first byte asked for to the probe passed. */
  readonly loadMs: number
}

export interface EncodedQuery {
  readonly encoded: EncodedText
  /** Share of the query's letters whose script the model knows, 0 .. 1. */
  readonly knownShare: number
  readonly elapsedMs: number
}

/** Hits to explain, where each query token lies in the query (-1: a marker or padding), and what its words stand for. */
export interface ExplainRequest {
  readonly query: string
  readonly queryStarts: Int32Array
  readonly queryEnds: Int32Array
  readonly words: readonly MeantWord[]
  readonly hits: readonly UnexplainedHit[]
}

/** What the model reads of a passage. */
export interface ReadPassage {
  readonly headings: readonly string[]
  readonly text: string
}

/** `[T]`: characters of what the model reads (headings first) that each token stands for; `offset`: where the text begins. */
export interface TokenLayout {
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly offset: number
}

export interface EncoderApi {
  load(options: EncoderLoad, onProgress: OnProgress): Promise<Outcome<EncoderStatus>>
  /** Loads what the model does with texts, in place of the model; `layOut`, `explain` and `queryTokens` need no more. */
  loadTexts(options: Pick<EncoderLoad, 'modelUrl' | 'storage'>): Promise<Outcome<void>>
  encodeQuery(text: string): Promise<Outcome<EncodedQuery>>
  /** So long a query has to wait that is asked meanwhile. */
  encodePassages(passages: readonly ReadPassage[]): Promise<Outcome<EncodedPassages>>
  layOut(passages: readonly ReadPassage[]): Promise<Outcome<TokenLayout[]>>
  /** An encoded query's tokens in words. */
  queryTokens(text: string, encoded: Omit<EncodedText, 'matrix'>): Promise<Outcome<QueryToken[]>>
  /** Needs the tokenizer, so it is asked here; the model does not run. */
  explain(request: ExplainRequest): Promise<Outcome<Hit[]>>
  /** Encodes pages for whoever has the port's other end (`portEncoder`), in place of whoever had one before. After `load`. */
  connect(port: MessagePort): Promise<Outcome<void>>
  /**
   * Keeps all files of the model and the runtime; what is here is not fetched again. Needs no `load`, as the two below.
   * Errors: `storage-full`, `storage-failed`, `download-failed`, `model-invalid`, `aborted`.
   */
  download(model: KeptOptions, onProgress: OnProgress): Promise<Outcome<KeptFiles>>
  /** Ends a `download` with `aborted`. What has come is kept, and the file that is on its way. */
  stopDownload(): Promise<Outcome<void>>
  kept(model: KeptOptions): Promise<Outcome<KeptFiles>>
}

export type QueryToken = Pick<HeatMap['queryTokens'][number], 'text' | 'isMask'>

// --- engine worker

export interface EngineOpen {
  /** Absolute address of the site's index; without it, the index is what is added in the browser. */
  readonly indexUrl?: string | undefined
  /** What the browser's database of it is called. */
  readonly name: string
  readonly backend: 'auto' | OpsBackend
  /** `browser`: what is loaded is kept in the browser's database. */
  readonly storage: 'browser' | 'none'
  /** Bytes for vectors; what does not fit is read from the database when a query needs it. */
  readonly memory?: MemoryBudget | undefined
  /** Vectors will be loaded at once: kernels are made ready meanwhile. Default false. */
  readonly isEager?: boolean | undefined
}

export interface MemoryBudget {
  readonly gpuBytes?: number
  readonly cpuBytes?: number
}

/** What is known of the index at present: words can be searched. */
export interface EngineOpened {
  /** Undefined where the index is empty. */
  readonly model: { readonly name: string; readonly hash: string } | undefined
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
  readonly stored: StoredState
}

export interface StoredState {
  /** `memory`: the browser has no database for this page, `none`: none was asked for. */
  readonly kind: 'browser' | 'memory' | 'none'
  /** Why it is not `browser`, though that was asked for; or why nothing more is kept. */
  readonly reason?: string
  /** Counts the changes of what is kept. */
  readonly generation: number
  /** The site's index is here whole. */
  readonly isComplete: boolean
  /** A newer index of the site is known, and not here whole yet. */
  readonly isOutdated: boolean
  /** Why the site could not be asked for its index; what is kept is searched. */
  readonly offline?: string
  /** Documents that wait to be added. */
  readonly waiting: number
  /** Documents that another model has encoded: found by their words until they are encoded anew, which happens by itself. */
  readonly foreign: number
  readonly isPaused: boolean
  /** Documents that could not be added, or that the browser has deleted; the last that were. */
  readonly problems: AddedDocuments['problems']
}

/** What is known once meaning can be searched. */
export interface EngineStatus extends EngineOpened {
  readonly backend: OpsBackend
  readonly device: string
  readonly refused: readonly Refusal[]
  /** `approximate` until residuals are here: scores are by centroids alone. */
  readonly precision: 'full' | 'approximate'
  /** Bytes that kernels hold, and what is read ahead. */
  readonly memoryBytes: number
  /** From the first byte of the vectors asked for to kernels ready. */
  readonly loadMs: number
}

/** What the browser keeps of an index. */
export interface StorageReport {
  readonly name: string
  readonly kind: StoredState['kind']
  readonly passages: number
  readonly tokens: number
  readonly isComplete: boolean
  /** Bytes that are here, by what they hold. `waiting`: documents that are not added yet. */
  readonly bytes: {
    readonly vectors: number
    readonly texts: number
    readonly keywords: number
    readonly pages: number
    readonly waiting: number
    readonly total: number
  }
}

export interface EngineAnswer<Found> {
  readonly mode: SearchMode
  readonly hits: readonly Found[]
  readonly words: readonly MeantWord[]
  readonly counts?: FacetCounts
  readonly elapsedMs: {
    readonly keyword: number
    readonly score: number
    readonly texts: number
  }
  /** Where vectors were scored, and which backends were given up on the way. */
  readonly scorer?: Scorer
  readonly work: SearchWork
}

export interface Cosines {
  readonly similarities: Float32Array
  readonly tokens: number
}

export interface Scorer {
  readonly backend: OpsBackend
  readonly refused: readonly Refusal[]
  readonly precision: EngineStatus['precision']
}

/** Where kernels run that have no index. */
export interface ScorerStatus extends Omit<Scorer, 'precision'> {
  /** The device in words. */
  readonly device: string
}

/** A passage that was found before, by what its hit says of it; `range` in its text, default all of it. */
export interface FoundPassage {
  readonly ref: string
  readonly url: string
  readonly text: string
  readonly range?: CharRange | undefined
}

export interface SimilarRequest {
  readonly places: readonly FoundPassage[]
  readonly query: Pick<EngineQuery, 'k' | 'filters' | 'sort' | 'groupBy' | 'counts'>
}

export interface EngineApi {
  /** Reads the manifest. `onChange` is told of every later state, whichever tab has made it. */
  open(
    options: EngineOpen,
    onProgress: OnProgress,
    onChange: (now: EngineOpened) => void,
  ): Promise<Outcome<EngineOpened>>
  /** Loads the vectors; once, however often it is called. `whole`: with residuals, where codes would do to begin with. */
  load(options: { readonly whole: boolean }): Promise<Outcome<EngineStatus>>
  /** Kernels without an index, for `maxSim`, in place of `open`. Errors: `backend-unavailable`, `wasm-blocked`. */
  openScorer(backend: EngineOpen['backend']): Promise<Outcome<ScorerStatus>>
  /** Of given vectors. Needs `open` or `openScorer`, not `load`. */
  maxSim(request: ScoreRequest): Promise<Outcome<BatchScores>>
  /** Reads what a search for these words will ask for, while the query is encoded or vectors are loaded. Needs only `open`. */
  prepare(query: EngineQuery): Promise<Outcome<void>>
  /** Needs `load` before it. */
  search(query: EngineQuery): Promise<Outcome<EngineAnswer<UnexplainedHit>>>
  /** By words alone, which explain themselves. Needs only `open`. */
  searchKeywords(query: EngineQuery): Promise<Outcome<EngineAnswer<Hit>>>
  /** Where a text of a page is. Needs only `open`. */
  locate(url: string, text: string): Promise<Outcome<(FoundPassage & ReadPassage)[]>>
  /** By stored vectors; `layouts`, of each place, tell which token stands for which characters. Needs `load` before it. */
  similar(request: SimilarRequest, layouts: readonly TokenLayout[]): Promise<Outcome<EngineAnswer<UnexplainedHit>>>
  /** The same where no tokenizer is at hand: hits are explained by their best sentences, roughly found. */
  similarRoughly(request: SimilarRequest): Promise<Outcome<EngineAnswer<Hit>>>
  /** Of a query's unit rows with a passage's tokens, `[Q, T]`. Needs only `open`. */
  cosines(place: FoundPassage, query: TokenMatrix): Promise<Outcome<Cosines>>
  filters(): Promise<Outcome<FacetCounts>>
  /** The latest state is searched from now on. */
  refresh(): Promise<Outcome<EngineOpened>>
  /** All of the site's index, so that the network is not needed; a newer one replaces it when it is here whole. */
  download(onProgress: OnProgress): Promise<Outcome<EngineOpened>>
  /** What `download` has fetched stays; it rejects with `aborted`. */
  stopDownload(): Promise<Outcome<void>>
  storage(): Promise<Outcome<StorageReport>>
  /** For a writer where there is no database: the store of this worker, on this port. */
  shareStore(port: MessagePort): Promise<Outcome<void>>
  /** Deletes what is kept of the index, documents too; the worker is of no use afterwards. */
  forget(): Promise<Outcome<void>>
  /** Gives the port's other end a LessonsApi of its own. Errors: `download-failed`. */
  lessons(port: MessagePort): Promise<Outcome<void>>
}

// --- writer worker

export interface WriterOpen {
  readonly name: string
  readonly indexUrl?: string | undefined
  /** Where the store is: the browser's database, or the memory of the engine worker behind `storePort`. */
  readonly kind: 'browser' | 'memory'
}

export interface WriterApi {
  /** `encoderPort`: see EncoderApi.connect. */
  open(
    options: WriterOpen,
    encoderPort: MessagePort,
    storePort: MessagePort | undefined,
    onWork: (progress: WorkProgress) => void,
    onEncoderLost: () => void,
  ): Promise<Outcome<void>>
  /** The encoder was started anew. */
  connect(encoderPort: MessagePort): Promise<Outcome<void>>
  /** The encoder's worker has died. */
  disconnected(): Promise<Outcome<void>>
  /** Goes on with what waits. */
  work(): Promise<Outcome<void>>
  add(documents: readonly DocumentInput[], options: { readonly replace: boolean }): Promise<Outcome<AddedDocuments>>
  delete(ids: readonly string[]): Promise<Outcome<string[]>>
  documents(): Promise<Outcome<AddedDocument[]>>
  pause(): Promise<Outcome<void>>
  resume(): Promise<Outcome<void>>
  compact(): Promise<Outcome<void>>
  rebuild(): Promise<Outcome<void>>
  /** `id` is the caller's, for `stopExport`. */
  export(id: number, onProgress: OnProgress): Promise<Outcome<readonly IndexFile[]>>
  /** It rejects with `aborted`. */
  stopExport(id: number): Promise<Outcome<void>>
  close(): Promise<Outcome<void>>
}

/** What tabs and workers tell each other of an index. */
export interface News {
  readonly generation: number
  /** A lesson was adopted or forgotten; the index is as it was. */
  readonly isLesson?: boolean
}

export function newsOf(name: string): string {
  return `selvage:${name}`
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
