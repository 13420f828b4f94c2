/**
 * What a page says to Selvage and what it is told: options, checked before anything is started, and results. Shapes only.
 */
import { rejectUnknown, SelvageError } from '../errors.ts'
import type { Reranking, ScoreMatrix } from '../rankTypes.ts'
import {
  checkCandidates,
  type FacetCounts,
  type Hit,
  type OnProgress,
  type OpsBackend,
  QUERY_OPTIONS,
  type QueryOptions,
  type SearchMode,
  type SearchWork,
  type WorkProgress,
} from '../types.ts'
import type { EncoderStatus, EngineOpened, EngineStatus, MemoryBudget, Scorer, StorageReport } from './protocol.ts'

export interface OpenOptions {
  /**
   * Address of the index's folder (what `selvage build -o` wrote); relative to the page. Without it, with a `name`, the index
   * is what is added to it in this browser.
   */
  readonly index?: string | URL
  /** Address of the model's folder; relative to the page. It must be the model the index was built with. */
  readonly model: string | URL
  /** Where the model runs. `auto`: WebGPU on a real GPU, else WASM. Default `auto`. */
  readonly encoder?: 'auto' | 'webgpu' | 'wasm'
  /** Where scores are computed. `auto`: WebGPU on a real GPU, else WASM. Default `auto`. */
  readonly scorer?: 'auto' | OpsBackend
  /** Called while model, runtime and index are loaded and compiled. */
  readonly onProgress?: OnProgress
  /**
   * Be open as soon as words can be searched, after one small file. Model and vectors are loaded by the first search that
   * needs them, or by `status()`. Default false: all is loaded.
   */
  readonly lazy?: boolean
  /**
   * `browser`: index and model are kept in the browser's database, packs as they are read; documents can be added. `none`:
   * nothing is kept but the whole files that the browser's HTTP cache keeps. Default `browser`.
   */
  readonly storage?: 'browser' | 'none'
  /** What the database is called; indexes of one name share it. Default: the index's address. */
  readonly name?: string
  /** Memory for vectors: what does not fit is read from the database, query by query. Default: an eighth of the device's. */
  readonly memory?: MemoryBudget
  /** Called when what is searched has changed, here or in another tab: documents came or went, a newer index is here. */
  readonly onChange?: (now: EngineOpened) => void
  /** Called while documents are added or merged. */
  readonly onWork?: (progress: WorkProgress) => void
}

/** As for `Selvage.open`; the model may be any. */
export interface RerankerOptions extends Pick<OpenOptions, 'model' | 'encoder' | 'scorer' | 'onProgress'> {
  /** `browser`: the model is kept in the browser's database. `none`: in its HTTP cache only. Default `browser`. */
  readonly storage?: 'browser' | 'none'
}

export interface DownloadOptions {
  readonly onProgress?: OnProgress
  /** What has come by then is kept. */
  readonly signal?: AbortSignal
}

/** What this origin keeps, and what of it is this index's. Bytes. */
export interface Storage {
  /** Of the whole origin, as the browser estimates it; undefined where it does not say. */
  readonly usageBytes: number | undefined
  readonly quotaBytes: number | undefined
  /** Whether the browser has promised not to evict it. */
  readonly isPersisted: boolean
  readonly index: StorageReport
  readonly model: { readonly bytes: number; readonly isComplete: boolean }
}

export interface SearchOptions extends QueryOptions {
  /** A search that is superseded should be aborted: it is dropped before it costs anything, if it has not begun. */
  readonly signal?: AbortSignal
}

/** As for a search; what a search with stored vectors has no use for is not among them. */
export interface SimilarOptions
  extends Pick<SearchOptions, 'k' | 'filters' | 'sort' | 'groupBy' | 'counts' | 'signal'> {}

export interface SearchResult {
  /** What was asked; for `similar` the text that was searched with, or the title of the section. */
  readonly query: string
  /**
   * Whether the model knows the script that the query is written in: at least half of its characters. Where it does not,
   * `hybrid` answers by words alone. Undefined where the model was not asked.
   */
  readonly isUnderstood?: boolean
  readonly mode: SearchMode
  readonly hits: readonly Hit[]
  readonly counts?: FacetCounts
  /** Wall time of each step. `wait` is the time until the model was ready and earlier queries were done. */
  readonly elapsedMs: {
    readonly wait: number
    readonly encode: number
    readonly keyword: number
    readonly score: number
    readonly texts: number
    readonly explain: number
    readonly total: number
  }
  /** How much was looked at, to be shown or measured. */
  readonly work?: SearchWork
  /** Undefined where words alone were searched. */
  readonly encoder?: EncoderStatus
  /** Where vectors were compared; may change from one search to the next when a GPU goes away. Undefined as `encoder`. */
  readonly scorer?: Scorer
}

/** What ran; undefined where there was nothing to score. */
interface RanOn {
  readonly encoder?: EncoderStatus
  readonly scorer?: Omit<Scorer, 'precision'>
}

export interface RerankResult extends Reranking, RanOn {}

export interface ScoresResult extends ScoreMatrix, RanOn {}

export interface Status {
  readonly encoder: EncoderStatus
  readonly engine: EngineStatus
}

/** A model that knows less of a query's letters does not know what it says: script.ts has what was measured. */
export const LEAST_KNOWN = 0.5

/** Workers resolve addresses against their own script; what a caller writes is meant relative to the page. */
export function absolute(url: string | URL): string {
  const base = typeof document === 'undefined' ? undefined : document.baseURI
  if (!URL.canParse(url.toString(), base))
    throw new SelvageError('invalid-argument', `open: "${url}" is not an address.`)
  return new URL(url, base).href
}

const OPEN_OPTIONS = [
  ...(['index', 'model', 'encoder', 'scorer', 'onProgress', 'lazy', 'storage', 'name', 'memory'] as const),
  ...(['onChange', 'onWork'] as const),
] satisfies (keyof OpenOptions)[]

export function checkOptions(options: OpenOptions): OpenOptions {
  rejectUnknown(options, OPEN_OPTIONS, 'open')
  if (options.index === undefined && options.name === undefined)
    throw new SelvageError(
      'invalid-argument',
      'open: an index is wanted, or a name for one that is made in this browser.',
    )
  checkStorage(options.storage)
  if (options.name === '') throw new SelvageError('invalid-argument', 'open: name is empty.')
  return options
}

export function checkStorage(storage: OpenOptions['storage'] = 'browser'): void {
  if (storage !== 'browser' && storage !== 'none')
    throw new SelvageError('invalid-argument', `open: storage is "${storage}", wanted browser or none.`)
}

export function checkSearch(options: SearchOptions): SearchOptions {
  rejectUnknown(options, [...QUERY_OPTIONS, 'signal'], 'search')
  checkCount(options, 'search')
  checkCandidates(options)
  return options
}

const SIMILAR_OPTIONS = [
  ...(['k', 'filters', 'sort', 'groupBy', 'counts', 'signal'] as const),
] satisfies (keyof SimilarOptions)[]

export function checkSimilar(options: SimilarOptions): SimilarOptions {
  rejectUnknown(options, SIMILAR_OPTIONS, 'similar')
  checkCount(options, 'similar')
  return options
}

function checkCount({ k = 10 }: Pick<QueryOptions, 'k'>, where: string): void {
  if (!Number.isInteger(k) || k < 1 || k > 100)
    throw new SelvageError('invalid-argument', `${where}: k is ${k}; it must be a whole number from 1 to 100.`)
}
