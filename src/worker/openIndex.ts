/**
 * The index that a page has open: which store it lies in, what of it is loaded, and how later states of it come to be searched.
 * The engine searches, the store holds; this file brings them together.
 */
import { downloadBase, openBase } from '../engine/base.ts'
import { type Collection, collectedIndex, EMPTY, waiting, withCollection } from '../engine/collection.ts'
import { Engine } from '../engine/engine.ts'
import { withoutLost } from '../engine/lost.ts'
import { packsOf } from '../engine/manifest.ts'
import type { Answer } from '../engine/search.ts'
import type { SegmentParts } from '../engine/segment.ts'
import { asSelvageError, SelvageError } from '../errors.ts'
import type { FailoverOps } from '../ops/failover.ts'
import { type AheadSource, aheadSource } from '../store/ahead.ts'
import { httpStore } from '../store/http.ts'
import { deleteIdb, type OpenedStore, openStore } from '../store/idb.ts'
import { layeredSource } from '../store/layered.ts'
import { type NewsChannel, newsChannel, withLease } from '../store/lease.ts'
import { sumOfPacks } from '../store/packs.ts'
import { ReadMeter } from '../store/readMeter.ts'
import { type BlobSource, LESSON_KEY, type SharedStore } from '../store/store.ts'
import type { EngineQuery, OnProgress, TokenMatrix } from '../types.ts'
import { lazily } from '../util.ts'
import { budgetFor } from './budget.ts'
import type { QueryMap } from './lessonIndex.ts'
import { fetchOps, openOps } from './openOps.ts'
import {
  type EngineOpen,
  type EngineOpened,
  type EngineStatus,
  type News,
  newsOf,
  type StorageReport,
  type StoredState,
} from './protocol.ts'
import { storageReport } from './storageReport.ts'

export interface OpenIndexOptions extends EngineOpen {
  readonly onProgress: OnProgress
  readonly onChange: (now: EngineOpened) => void
}

/** States that may come and go while one query is answered. */
const MOST_ATTEMPTS = 5
/** Residuals that could not be had are asked for again after this. */
const RETRY_MS = 10_000

export class OpenIndex {
  readonly engine: Engine
  /** Undefined where nothing is kept. */
  readonly store: SharedStore | undefined
  /** What answers have read. */
  readonly meter: ReadMeter
  readonly #options: OpenIndexOptions
  readonly #ahead: AheadSource
  /** Of the site's packs, and of those that were added here. */
  readonly #sources: readonly [site: BlobSource, own?: BlobSource]
  readonly #remote: BlobSource | undefined
  /** Address of the index's folder; undefined for one that is made in this browser. */
  readonly folder: string | undefined
  readonly #news: NewsChannel<News> | undefined
  readonly ops = lazily(() => openOps(this.#options.backend))
  readonly lessons = lazily(() => import('./lessons.ts'))
  readonly #codes = lazily(() => this.#loadCodes())
  readonly #whole = lazily(() => this.#loadWhole())
  #state: Pick<StoredState, 'kind' | 'reason' | 'offline'>
  #collection: Collection
  readonly #downloads = new Set<AbortController>()
  #refreshing: Promise<unknown> = Promise.resolve()
  #loadMs = 0
  /** Looked for when first needed. */
  #lesson: Promise<QueryMap | undefined> | undefined
  /** Residuals are asked for no sooner. */
  #notBeforeMs = 0

  static async open(options: OpenIndexOptions): Promise<OpenIndex> {
    const { indexUrl, name, storage } = options
    if (options.isEager) fetchOps(options.backend)
    const remote = indexUrl === undefined ? undefined : httpStore({ url: indexUrl })
    if (storage === 'none') return OpenIndex.#unkept(options, remote, { kind: 'none' })
    const opening = await storeOf(name)
    if (opening === undefined) {
      const reason =
        'Another tab has this site open in an older version: close or reload it, and index and documents are kept again.'
      return OpenIndex.#unkept(options, remote, { kind: 'none', reason })
    }
    const { store, kind, reason } = opening
    const state = { kind: kind === 'indexeddb' ? ('browser' as const) : ('memory' as const), ...(reason && { reason }) }
    if (remote === undefined) return new OpenIndex(options, store, store, undefined, state, await withoutLost(store))
    let opened: Awaited<ReturnType<typeof openBase>>
    let wasComplete: boolean
    let collection: Collection
    try {
      opened = await openBase({ store, remote })
      wasComplete = opened.collection.base?.isComplete ?? false
      collection = await withoutLost(store)
    } catch (thrown) {
      const error = asSelvageError(thrown)
      // What is stored cannot be read or written; the site's index can be searched all the same.
      if (!['storage-full', 'storage-failed'].includes(error.code)) throw error
      return OpenIndex.#unkept(options, remote, { kind: 'none', reason: error.message })
    }
    const { offline, isNewer } = opened
    const source = layeredSource({
      store,
      remote,
      keep: kind === 'indexeddb', // in memory it would only be there twice
      onProblem: (problem) => index.#tell({ reason: problem.message }),
    })
    const index = new OpenIndex(
      options,
      source,
      store,
      remote,
      { ...state, ...(offline && { offline: offline.message }) },
      collection,
    )
    // A newer index of a site that is kept whole is fetched at once, and takes over when it is here. So is what the browser
    // has deleted of a whole one: it was wanted without a network.
    const isHurt = wasComplete && !collection.base?.isComplete
    void isNewer.then(async (is) => {
      if (!(is || isHurt) || index.#state.kind !== 'browser') return
      await index.download(() => {}).catch((error) => index.#tell({ reason: asSelvageError(error).message }))
    })
    return index
  }

  static async #unkept(
    options: OpenIndexOptions,
    remote: BlobSource | undefined,
    state: Pick<StoredState, 'kind' | 'reason'>,
  ): Promise<OpenIndex> {
    if (remote === undefined)
      throw new SelvageError(
        'invalid-argument',
        'open: without an index of a site, storage "none" leaves nothing to search.',
      )
    const meter = new ReadMeter()
    const engine = await Engine.open(meter.of(remote))
    return new OpenIndex(options, remote, undefined, undefined, state, EMPTY, meter, engine)
  }

  private constructor(
    options: OpenIndexOptions,
    given: BlobSource,
    store: SharedStore | undefined,
    remote: BlobSource | undefined,
    state: Pick<StoredState, 'kind' | 'reason' | 'offline'>,
    collection: Collection,
    meter = new ReadMeter(),
    engine?: Engine,
  ) {
    this.meter = meter
    this.#ahead = aheadSource(given)
    this.#sources = [meter.of(this.#ahead), store && meter.of(store)]
    this.engine = engine ?? new Engine(collectedIndex(collection, ...this.#sources))
    this.store = store
    this.#options = options
    this.#remote = remote
    this.folder = options.indexUrl?.replace(/\/?$/, '/')
    this.#state = state
    this.#collection = collection
    if (options.isEager) this.ops().catch(() => {}) // told by `load`
    if (store === undefined) return
    this.#news = newsChannel<News>(newsOf(options.name))
    this.#news.onNews(({ isLesson }) => {
      if (isLesson) this.#relearn()
      else this.refresh().catch(() => {}) // a search tells what is wrong
    })
  }

  get precision(): EngineStatus['precision'] {
    return this.engine.precision ?? 'full'
  }

  /** Vectors; with `whole` their residuals too, where the codes are here first. */
  async load(whole: boolean): Promise<{ ops: FailoverOps; loadMs: number }> {
    const ops = await (whole ? this.#whole() : this.#codes())
    if (this.precision === 'approximate') this.#fetchResiduals()
    return { ops, loadMs: this.#loadMs }
  }

  search(query: EngineQuery): Promise<Answer> {
    return this.ask((engine) => engine.search(query))
  }

  /** The query as an adopted lesson makes it; as it is, where there is none. */
  async taught(query: TokenMatrix): Promise<TokenMatrix> {
    this.#lesson ??= this.#findLesson().catch(() => undefined) // told to who asks for the lesson
    return (await this.#lesson)?.(query) ?? query
  }

  /** Another lesson, or none, is used from now on; other tabs read it again. */
  learned(lesson: QueryMap | undefined): void {
    this.#news?.tell({ generation: this.#collection.generation, isLesson: true })
    this.#relearn(Promise.resolve(lesson))
  }

  #relearn(lesson?: Promise<QueryMap | undefined>): void {
    this.#lesson = lesson
    this.#options.onChange(this.describe())
  }

  async #findLesson(): Promise<QueryMap | undefined> {
    const bytes = await this.store?.get(LESSON_KEY)
    return bytes && (await this.lessons()).queryMap(this, bytes)
  }

  /** Of the state that is there now. */
  ask<T>(run: (engine: Engine) => Promise<T>): Promise<T> {
    return this.#onLatest(() => run(this.engine))
  }

  /** One after the other: an older state never replaces a newer one. */
  refresh(): Promise<EngineOpened> {
    const turn = this.#refreshing.catch(() => {}).then(() => this.#refresh())
    this.#refreshing = turn
    return turn
  }

  async #refresh(): Promise<EngineOpened> {
    const { store } = this
    if (store === undefined) return this.describe()
    await withCollection(store, async ({ id, generation }) => {
      if (id === this.#collection.id && generation === this.#collection.generation) return
      const collection = await this.#latest(store)
      await this.engine.replace(collectedIndex(collection, ...this.#sources))
      this.#lesson = undefined // of another model, perhaps
      this.#collection = collection
      this.#options.onChange(this.describe())
    })
    return this.describe()
  }

  async #latest(store: SharedStore): Promise<Collection> {
    const collection = await withoutLost(store)
    const remote = this.#remote
    // Its user has cleared the site's data: what the site has is there again.
    return collection.base === undefined && remote ? (await openBase({ store, remote })).collection : collection
  }

  /** Where a segment has gone meanwhile, merged by another worker or tab, or deleted, `run` is for the state without it. */
  async #onLatest<T>(run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const before = this.#collection
      try {
        return await run()
      } catch (error) {
        const isGone = error instanceof SelvageError && ['index-invalid', 'download-failed'].includes(error.code)
        if (!isGone || this.store === undefined || attempt === MOST_ATTEMPTS) throw error
        await withoutLost(this.store)
        await this.refresh()
        if (this.#collection === before) throw error
      }
    }
  }

  async download(onProgress: OnProgress): Promise<EngineOpened> {
    const { store } = this
    const remote = this.#remote
    const { kind, reason } = this.#state
    if (store === undefined || kind !== 'browser')
      throw new SelvageError(
        'storage-failed',
        `There is nowhere to keep the index: ${reason ?? 'it was opened with storage "none"'}.`,
      )
    if (remote === undefined) return this.describe() // what was added here is nowhere else
    const stop = new AbortController()
    const { signal } = stop
    this.#downloads.add(stop)
    try {
      const collection = await withLease(
        `${this.#options.name} download`,
        () =>
          downloadBase({
            ...{ store, remote, signal },
            onProgress: ({ loaded, total }) => onProgress({ stage: 'index', loaded, total, unit: 'bytes' }),
          }),
        { signal },
      )
      this.#news?.tell({ generation: collection.generation })
    } finally {
      this.#downloads.delete(stop)
    }
    return this.refresh()
  }

  stopDownload(): void {
    for (const stop of this.#downloads) stop.abort()
  }

  describe(): EngineOpened {
    const { model, segments } = this.engine.index
    const { base, pending, generation, isPaused, problems } = this.#collection
    const parts = segments.map((segment) => segment.parts)
    const sum = (of: (parts: SegmentParts) => number) => parts.reduce((total, one) => total + of(one), 0)
    return {
      model,
      pages: sum(({ texts }) => texts.pages) - segments.reduce((total, { hidden = [] }) => total + hidden.length, 0),
      sections: sum(({ texts }) => texts.sections),
      passages: sum(({ vectors }) => vectors.passages),
      tokens: sum(({ vectors }) => vectors.tokens),
      bytes: sum((one) => sumOfPacks(packsOf(one))),
      hasKeywords: this.engine.hasKeywords,
      filters: this.engine.segments.filters,
      sorts: this.engine.segments.sorts,
      stored: {
        ...this.#state,
        ...{ generation, isPaused, problems },
        isComplete: base?.isComplete ?? false,
        isOutdated: pending !== undefined,
        waiting: waiting(this.#collection),
        foreign: segments.reduce((total, { parts, isForeign }) => total + (isForeign ? parts.texts.pages : 0), 0),
      },
    }
  }

  report(): Promise<StorageReport> {
    return storageReport(this.#options.name, this.describe(), this.#collection, this.store)
  }

  /** Nothing of it is kept any more; what is open is closed. */
  async forget(): Promise<void> {
    this.close()
    if (this.#state.kind === 'browser') await deleteIdb(this.#options.name)
  }

  close(): void {
    this.stopDownload()
    this.#news?.close()
    this.engine.close()
    this.store?.close()
  }

  /** Codes, where residuals are not here and codes would do to begin with; then residuals, while codes are searched. */
  async #loadCodes(): Promise<FailoverOps> {
    if (await this.#hasResiduals()) return this.#whole()
    const ops = await this.ops()
    const start = performance.now()
    await this.#onLatest(() => this.engine.loadCodes(ops))
    this.#loadMs = performance.now() - start
    return ops
  }

  /** While codes are searched; where residuals cannot be had, again by one of the next searches. */
  #fetchResiduals(): void {
    if (performance.now() < this.#notBeforeMs) return
    this.#notBeforeMs = performance.now() + RETRY_MS
    this.#whole().then(
      () => this.#options.onChange(this.describe()),
      (error) => this.#tell({ reason: asSelvageError(error).message }),
    )
  }

  async #loadWhole(): Promise<FailoverOps> {
    if (await this.#hasResiduals()) this.#readAhead()
    const ops = await this.ops()
    const start = performance.now()
    const options = { onProgress: this.#options.onProgress, budget: budgetFor(this.#options.memory) }
    await this.#onLatest(() => this.engine.loadVectors(ops, options))
    this.#loadMs = performance.now() - start
    return ops
  }

  /** While kernels are made ready: vectors, where they fit, and what the first query asks for. */
  #readAhead(): void {
    const vectors = this.#collection.base?.manifest.vectors
    if (this.#state.kind !== 'browser' || vectors === undefined) return
    const { codec, centroids, lengths, codes, residuals } = vectors
    const packs = [codec, centroids, lengths, ...codes, ...residuals]
    if (sumOfPacks(packs) > budgetFor(this.#options.memory).cpuBytes / 2) return
    this.#ahead.readAhead(packs.map(({ file }) => file))
    this.engine.segments.warm().catch(() => {}) // told to whoever asks
  }

  async #hasResiduals(): Promise<boolean> {
    const files = this.#collection.base?.manifest.vectors.residuals.map(({ file }) => file) ?? []
    if (this.store === undefined || files.length === 0) return true
    return (await this.store.has(files)).size === files.length
  }

  #tell(news: Pick<StoredState, 'reason'>): void {
    this.#state = { ...this.#state, ...news }
    this.#options.onChange(this.describe())
  }
}

/** Undefined where an older version in another tab holds the database, and does not let go when asked. */
function storeOf(name: string): Promise<OpenedStore | undefined> {
  return new Promise((resolve, reject) => {
    openStore(name, { onBlocked: () => resolve(undefined) }).then(resolve, reject)
  })
}
