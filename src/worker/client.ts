/**
 * The engine as a page sees it: open, search, add, close. Workers do the work: the encoder may block for as long as a
 * model runs, the engine holds index and scores, the writer changes the index. This file passes messages and keeps the order
 * of things; it knows no model, no kernel and no file format.
 */

import * as Comlink from 'comlink'
import { rejectUnknown, throwIfAborted } from '../errors.ts'
import type { AdoptedLesson, Lesson, TaughtPair, TeachOptions } from '../lessonTypes.ts'
import type { PassageInput, RerankOptions, ScoreOptions } from '../rankTypes.ts'
import {
  type AddedDocument,
  type AddedDocuments,
  type DocumentInput,
  type EngineQuery,
  type ExportOptions,
  type FacetCounts,
  type HeatMap,
  type Hit,
  type IndexFile,
  isListing,
  type SimilarTo,
  type UnexplainedHit,
} from '../types.ts'
import { abortable } from './abortable.ts'
import { late } from './late.ts'
import { Live } from './live.ts'
import { Loading } from './loading.ts'
import {
  absolute,
  checkOptions,
  checkSearch,
  checkSimilar,
  type DownloadOptions,
  LEAST_KNOWN,
  type OpenOptions,
  type RerankResult,
  type ScoresResult,
  type SearchOptions,
  type SearchResult,
  type SimilarOptions,
  type Status,
  type Storage,
} from './options.ts'
import type {
  EncodedQuery,
  EncoderApi,
  EncoderStatus,
  EngineAnswer,
  EngineApi,
  EngineOpened,
  KeptOptions,
} from './protocol.ts'
import { reranking } from './reranker.ts'
import type { RerankServices } from './reranking.ts'
import { Service } from './service.ts'
import { type Spawn, spawnEncoder, spawnEngine, spawnWriter } from './spawn.ts'
import { type HeatMapHit, Stored } from './stored.ts'
import type * as Teaching from './teaching.ts'
import { timesOf } from './times.ts'

export class Selvage {
  readonly #encoder: Service<EncoderApi, EncoderStatus>
  readonly #engine: Service<EngineApi, EngineOpened>
  /** Both of them, for those that ask both. */
  readonly #workers: RerankServices & Teaching.TeachServices
  readonly #live: Live
  readonly #stored: Stored
  readonly #loading: Loading
  readonly #model: KeptOptions
  /** The last query sent to the encoder, so that an aborted one is never begun. */
  #queue: Promise<unknown> = Promise.resolve()

  /**
   * Loads model and index, side by side; with `lazy` only what a search for words needs.
   * Errors: `model-missing`, `model-invalid`, `model-mismatch`, `backend-unavailable`, `index-missing`, `index-invalid`,
   * `index-version`, `download-failed`, `wasm-blocked`, `worker-died`, `invalid-argument`.
   */
  static async open(options: OpenOptions): Promise<Selvage> {
    const selvage = new Selvage(options, {
      encoder: spawnEncoder,
      engine: spawnEngine,
      writer: spawnWriter,
    })
    try {
      const { status } = await selvage.#engine.ready()
      if (!options.lazy) await selvage.#loading.both(true)
      const { waiting, foreign, isPaused } = status.stored
      if ((waiting > 0 && !isPaused) || foreign > 0) selvage.#live.work().catch(() => {}) // told by onWork and by the next call
      return selvage
    } catch (error) {
      selvage.close()
      throw error
    }
  }

  /** @internal Use `Selvage.open`. */
  constructor(options: OpenOptions, spawn: Spawn) {
    const { index, model, encoder = 'auto', scorer = 'auto', storage = 'browser', ...rest } = checkOptions(options)
    const { onProgress = () => {}, onChange = () => {}, onWork = () => {}, memory } = rest
    const indexUrl = index === undefined ? undefined : absolute(index)
    const modelUrl = absolute(model)
    const name = rest.name ?? indexUrl ?? ''
    this.#model = { modelUrl, backend: encoder }
    this.#encoder = new Service('encoder', spawn.encoder, (link) =>
      link.call((remote) => remote.load({ ...this.#model, storage }, Comlink.proxy(onProgress))),
    )
    const open = { indexUrl, name, backend: scorer, storage, memory, isEager: !options.lazy }
    this.#engine = new Service('engine', spawn.engine, (link) =>
      link.call((remote) => remote.open(open, Comlink.proxy(onProgress), Comlink.proxy(onChange))),
    )
    const workers = { encoder: this.#encoder, engine: this.#engine, transfer: Comlink.transfer }
    this.#workers = workers
    this.#live = new Live({ ...workers, name, indexUrl, spawn: spawn.writer, onWork })
    const rebuild = () => this.#live.rebuild()
    this.#loading = new Loading({ ...workers, isOwn: indexUrl === undefined, rebuild })
    this.#stored = new Stored({ ...workers, spawn: spawn.encoder, model: { modelUrl, storage } })
  }

  /**
   * What was loaded, and where it ran at that time; a search tells where its own answer came from. Waits until all is
   * loaded; a worker that died is started anew by this and by `search`.
   */
  status(): Promise<Status> {
    return this.#loading.both(true)
  }

  /** What the index was found to be when it was opened, and whether it is kept; `onChange` tells of later states. */
  async opened(): Promise<EngineOpened> {
    return (await this.#engine.ready()).status
  }

  /**
   * The sections that answer the query best. An empty query has no hits, but with `mode: 'keyword'` and `filters` or `sort` all
   * that passes. Errors: `aborted`, and those of `open`.
   */
  async search(query: string, options: SearchOptions = {}): Promise<SearchResult> {
    const { k = 10, signal, ...asked } = checkSearch(options)
    const start = performance.now()
    const { status } = await abortable(this.#engine.ready(), signal, 'The search')
    const mode = asked.mode ?? (status.hasKeywords ? 'hybrid' : 'semantic')
    const none = { wait: 0, encode: 0, keyword: 0, score: 0, texts: 0, explain: 0, total: 0 }
    const wanted: EngineQuery = { ...asked, text: query, k, mode }
    if (query.trim() === '' && !isListing(wanted)) return { query, mode, hits: [], elapsedMs: none }
    return mode === 'keyword' ? this.#searchKeywords(wanted, start, signal) : this.#searchVectors(wanted, start, signal)
  }

  async #searchKeywords(wanted: EngineQuery, start: number, signal: AbortSignal | undefined): Promise<SearchResult> {
    const wait = performance.now() - start
    const call = this.#engine.call((remote) => remote.searchKeywords(wanted))
    const { mode, hits, counts, elapsedMs, work } = (await abortable(call, signal, 'The search')).value
    return {
      ...{ query: wanted.text, mode, hits, ...(counts && { counts }) },
      elapsedMs: timesOf(elapsedMs, { wait, encode: 0, total: performance.now() - start }),
      work,
    }
  }

  async #searchVectors(wanted: EngineQuery, start: number, signal: AbortSignal | undefined): Promise<SearchResult> {
    // Words and texts are read meanwhile: what is wrong with them the search itself will say.
    if (wanted.mode === 'hybrid') this.#engine.call((remote) => remote.prepare(wanted)).catch(() => {})
    await abortable(this.#loading.both(false), signal, 'The search')
    const { value: encoded, status: encoder } = await this.#encode(wanted.text, signal)
    const isUnderstood = encoded.knownShare >= LEAST_KNOWN
    if (!isUnderstood && wanted.mode === 'hybrid')
      return { ...(await this.#searchKeywords({ ...wanted, mode: 'keyword' }, start, signal)), isUnderstood, encoder }
    const encode = encoded.elapsedMs
    const wait = performance.now() - start - encode
    const scoring = this.#engine.call(async (remote) => {
      const loaded = await remote.load({ whole: false }) // a worker that was started anew has no vectors yet
      return loaded.ok ? remote.search({ ...wanted, matrix: encoded.encoded.matrix }) : loaded
    })
    const { value: answer } = await abortable(scoring, signal, 'The search')
    const { mode, counts, scorer, elapsedMs, work } = answer
    const hits = await abortable(this.#explain(wanted.text, encoded, answer), signal, 'The search')
    return {
      ...{ query: wanted.text, mode, hits, isUnderstood, ...(counts && { counts }) },
      elapsedMs: timesOf(elapsedMs, { wait, encode, total: performance.now() - start }),
      work,
      encoder,
      ...(scorer && { scorer }),
    }
  }

  /**
   * Sections that are like a hit, or like some characters of its passage; or like a text that somebody has selected on a page
   * of the index: by stored vectors, so that the model need not be loaded. The section itself is not among them. Hits of an
   * index that has changed since are found again by address and text. Errors: `aborted`, `section-missing` where the index has
   * no such section (any more), `vectors-missing`, `invalid-argument`, and what loading the index throws.
   */
  async similar(of: SimilarTo, options: SimilarOptions = {}): Promise<SearchResult> {
    const { k = 10, signal, ...asked } = checkSimilar(options)
    throwIfAborted(signal)
    const start = performance.now()
    const { text, answer, hits } = await this.#stored.similar(of, { ...asked, k }, signal)
    const { mode, counts, scorer, elapsedMs, work } = answer
    return {
      ...{ query: text, mode, hits, ...(counts && { counts }) },
      elapsedMs: timesOf(elapsedMs, { wait: 0, encode: 0, total: performance.now() - start }),
      work,
      ...(scorer && { scorer }),
    }
  }

  /**
   * How near each token of a query is to each token of a hit's passage, by the model and stored vectors.
   * Errors: `aborted`, `section-missing`, `vectors-missing`, and what loading the model throws.
   */
  async heatMap(query: string, hit: HeatMapHit, options: { readonly signal?: AbortSignal } = {}): Promise<HeatMap> {
    rejectUnknown(options, ['signal'], 'heatMap')
    const { signal } = options
    await abortable(this.#loading.both(false), signal, 'The heat map')
    const { value } = await this.#encode(query, signal)
    return abortable(this.#stored.heatMap(query, value, hit), signal, 'The heat map')
  }

  /**
   * Texts that need not be in the index, best first, by the model alone, without a lesson. Those without text are left out; an empty query has no
   * hits. Errors: `aborted`, `invalid-argument`, and what loading the model throws.
   */
  async rerank(query: string, passages: readonly PassageInput[], options: RerankOptions = {}): Promise<RerankResult> {
    return (await reranking()).rerank(this.#workers, query, passages, options)
  }

  /** Every query against every passage. Errors: as `rerank`. */
  async scores(
    queries: readonly string[],
    passages: readonly PassageInput[],
    options: ScoreOptions = {},
  ): Promise<ScoresResult> {
    return (await reranking()).scores(this.#workers, queries, passages, options)
  }

  /**
   * Learns from pairs of a query and the url of the right section how this site's words are meant: a small map of queries, in
   * the page, while the model and the index stay as they are. A quarter of the queries is kept apart, to judge it by. Searches
   * use it once it is adopted. Errors: `invalid-argument` also for fewer than 8 queries, `aborted`, and those of `open`.
   */
  async teach(pairs: readonly TaughtPair[], options: TeachOptions = {}): Promise<Lesson> {
    return (await teaching()).teach(this.#workers, () => this.#loading.both(true), pairs, options)
  }

  /** The lesson that is adopted. */
  async lesson(): Promise<AdoptedLesson | undefined> {
    return (await teaching()).lesson(this.#workers)
  }

  /** Searches do without a lesson again, in other tabs too. */
  async forgetLesson(): Promise<void> {
    return (await teaching()).forget(this.#workers)
  }

  /** All filters and their values, with the number of pages that have each. */
  async filters(): Promise<FacetCounts> {
    return (await this.#engine.call((remote) => remote.filters())).value
  }

  /**
   * Adds documents; resolves when they can be found. They are written down first: should the page be closed, they are added
   * when it is opened again. Errors: `duplicate-document` for ids that are there already, `unreadable-document`,
   * `storage-full`, `storage-failed`, what loading the model throws.
   */
  add(documents: readonly DocumentInput[]): Promise<AddedDocuments> {
    return this.#live.add(documents, false)
  }

  /** As `add`; documents whose ids are there take the old ones' place, at the moment they can be found. */
  update(documents: readonly DocumentInput[]): Promise<AddedDocuments> {
    return this.#live.add(documents, true)
  }

  /** Documents, or pages of the site's index, by id (their address, where they have no other). Returns those that were there. */
  delete(ids: readonly string[]): Promise<string[]> {
    return this.#live.delete(ids)
  }

  /** What was added in this browser, oldest first, and what waits to be. */
  documents(): Promise<AddedDocument[]> {
    return this.#live.documents()
  }

  /** Adding rests, in all tabs and after a reload, until `resume`. */
  pause(): Promise<void> {
    return this.#live.pause()
  }

  resume(): Promise<void> {
    return this.#live.resume()
  }

  /** All that was added becomes one segment; what was deleted is gone from the disk. It happens by itself, bit by bit. */
  compact(): Promise<void> {
    return this.#live.compact()
  }

  /** All that was added is encoded anew from its text, with new centroids: after much was added to little. */
  rebuild(): Promise<void> {
    return this.#live.rebuild()
  }

  /**
   * All that was added, without what was deleted and without the site's index, as the files of an index folder, as
   * `selvage build` writes them; manifest.json is the last. What waits is added first. Nothing is encoded anew.
   * Errors: `no-documents` where nothing was added, `paused` where documents wait and adding is paused, `aborted`.
   */
  async export(options: ExportOptions = {}): Promise<readonly IndexFile[]> {
    rejectUnknown(options, ['onProgress', 'signal'], 'export')
    return this.#live.export(options)
  }

  /**
   * Keeps all of the site's index, the model and the runtime in the browser, so that search works without a network. What is
   * here is not fetched again. Errors: `aborted`, `download-failed`, `storage-full`, `storage-failed`.
   */
  async download({ onProgress = () => {}, signal, ...rest }: DownloadOptions = {}): Promise<void> {
    rejectUnknown(rest, [], 'download')
    throwIfAborted(signal)
    const stop = () => {
      void this.#engine.call((remote) => remote.stopDownload()).catch(() => {})
      void this.#encoder.aside((remote) => remote.stopDownload()).catch(() => {})
    }
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const tell = Comlink.proxy(onProgress)
      const index = this.#engine.call((remote) => remote.download(tell))
      const model = this.#encoder.aside((remote) => remote.download(this.#model, tell)) // fetched, not loaded
      await abortable(Promise.all([index, model]), signal, 'The download')
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /** What is kept, and how much room there is. */
  async storage(): Promise<Storage> {
    const manager: StorageManager | undefined = globalThis.navigator?.storage // not on pages without https
    const [estimate, isPersisted, index, model] = await Promise.all([
      manager?.estimate(),
      manager?.persisted(),
      this.#engine.call((remote) => remote.storage()),
      this.#encoder.aside((remote) => remote.kept(this.#model)),
    ])
    return {
      usageBytes: estimate?.usage,
      quotaBytes: estimate?.quota,
      isPersisted: isPersisted ?? false,
      index: index.value,
      model,
    }
  }

  /** Asks the browser not to evict what is kept. Some browsers ask their user, others decide by themselves. */
  async persist(): Promise<boolean> {
    const manager: StorageManager | undefined = globalThis.navigator?.storage
    return (await manager?.persist()) ?? false
  }

  /** Deletes what this browser keeps of the index, added documents and lesson too, and closes. The model stays: other indexes use it. */
  async forget(): Promise<void> {
    await this.#live.end()
    await this.#engine.call((remote) => remote.forget())
    this.close()
  }

  /** Stops the workers; pending calls reject with `closed`. */
  close(): void {
    this.#live.close()
    this.#stored.close()
    this.#encoder.close()
    this.#engine.close()
  }

  async #encode(text: string, signal: AbortSignal | undefined) {
    const before = this.#queue
    const encoding = (async () => {
      await before.catch(() => {})
      throwIfAborted(signal)
      return this.#encoder.call((remote) => remote.encodeQuery(text))
    })()
    this.#queue = encoding
    return abortable(encoding, signal, 'The search')
  }

  async #explain(query: string, { encoded }: EncodedQuery, answer: EngineAnswer<UnexplainedHit>): Promise<Hit[]> {
    const { hits, words } = answer
    const request = { query, queryStarts: encoded.starts, queryEnds: encoded.ends, words, hits }
    return (await this.#encoder.call((remote) => remote.explain(request))).value
  }
}

function teaching(): Promise<typeof Teaching> {
  return late('teaches', import('./teaching.ts'))
}
