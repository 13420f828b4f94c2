/**
 * Which engine does a search on this page use, and how far is its model? All elements that name the same index and model share
 * one: words can be searched after one small file, model and vectors are loaded when asked for. It is never closed, since a
 * site that changes pages without loading them makes new elements again and again. What failed is forgotten and can be
 * asked for again. It knows no query.
 */
import { asSelvageError, type SelvageError } from '../errors.ts'
import type { Progress } from '../types.ts'
import { lazily } from '../util.ts'
import { Selvage } from '../worker/client.ts'
import type { ModelStatus } from './types.ts'

/** The part of `Selvage` that is used. */
export type Engine = Pick<Selvage, 'search' | 'similar' | 'heatMap' | 'status' | 'opened'>
export type Open = (options: Parameters<typeof Selvage.open>[0]) => Promise<Engine>
export type Opened = Awaited<ReturnType<Selvage['opened']>>
export type Loaded = Awaited<ReturnType<Selvage['status']>>
export type SearchResult = Awaited<ReturnType<Selvage['search']>>

export class SharedEngine {
  /** Words can be searched. */
  readonly open: () => Promise<Engine>
  readonly #loadOnce: () => Promise<Loaded>
  readonly #watchers = new Set<() => void>()
  readonly #progress = new Map<Progress['stage'], Progress>()
  #model: ModelStatus = { state: 'none' }
  #failure: SelvageError | undefined
  #opened: Opened | undefined
  #loaded: Loaded | undefined
  #changes = 0
  #isLoading = false

  constructor(index: string, model: string, open: Open) {
    this.open = lazily(async () => {
      const engine = await open({
        ...{ index, model, lazy: true },
        onProgress: (progress) => this.#hear(progress),
        onChange: (now) => {
          this.#opened = now
          this.#changes++
          this.#tell()
        },
      })
      this.#opened ??= await engine.opened()
      this.#tell()
      return engine
    })
    this.#loadOnce = lazily(() => this.#load())
  }

  get model(): ModelStatus {
    return this.#model
  }

  /** Why the model, or the vectors, could not be loaded. */
  get failure(): SelvageError | undefined {
    return this.#failure
  }

  /** The latest that is known of the index; undefined before `open`. */
  get opened(): Opened | undefined {
    return this.#opened
  }

  get loaded(): Loaded | undefined {
    return this.#loaded
  }

  /** Grows whenever the same query may be answered better than before. */
  get changes(): number {
    return this.#changes
  }

  /** Model and vectors, whole. Once, however often it is called; what goes wrong is told by `failure`. */
  load(): void {
    this.#loadOnce().catch(() => {})
  }

  /** The next `load` begins with a clean slate. */
  forgive(): void {
    if (this.#failure === undefined) return
    this.#failure = undefined
    this.#become({ state: 'none' })
  }

  /** A query was encoded: the model runs, whatever else is still on its way, and this is where. */
  answered(encoder: Loaded['encoder']): void {
    this.#failure = undefined
    const backend = encoder.backend === 'webgpu' ? 'webgpu' : 'wasm'
    if (this.#model.state !== 'ready' || this.#model.backend !== backend) this.#become({ state: 'ready', backend })
  }

  /** Called after every change. Returns how to stop. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  async #load(): Promise<Loaded> {
    const engine = await this.open() // what is wrong with that is no fault of the model
    this.#progress.clear()
    this.#isLoading = true
    try {
      this.#loaded = await engine.status()
      this.#changes++
      this.answered(this.#loaded.encoder)
      this.#tell()
      return this.#loaded
    } catch (thrown) {
      // Where queries are answered, something that makes them better is missing: their answers say so.
      if (this.#model.state !== 'ready') {
        this.#failure = asSelvageError(thrown)
        this.#become({ state: 'failed' })
      }
      throw thrown
    } finally {
      this.#isLoading = false
    }
  }

  #hear(progress: Progress): void {
    const { stage, loaded, total, unit } = progress
    // A worker that was started anew, or what is still on its way after another part has failed.
    if (this.#model.state === 'ready' || !this.#isLoading) return
    // Totals grow as files turn up: an event with a smaller one is older, or tells of one file only.
    if (total < (this.#progress.get(stage)?.total ?? 0)) return
    if (unit !== 'bytes' && stage !== 'compile') return
    this.#progress.set(stage, { stage, loaded, total, unit })
    this.#failure = undefined // it is tried again
    const next = statusOf(this.#progress)
    if (isNews(this.#model, next)) this.#become(next)
  }

  #become(model: ModelStatus): void {
    this.#model = model
    this.#tell()
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher()
  }
}

/** Compiling begins while files are still coming: it is told of when they are there. */
function statusOf(stages: ReadonlyMap<Progress['stage'], Progress>): ModelStatus {
  let loadedBytes = 0
  let totalBytes = 0
  for (const { unit, loaded, total } of stages.values()) {
    if (unit !== 'bytes') continue
    loadedBytes += loaded
    totalBytes += total
  }
  return stages.has('compile') && loadedBytes >= totalBytes
    ? { state: 'compiling' }
    : { state: 'downloading', loadedBytes, totalBytes }
}

/** Chunks come by the hundred a second: a hundredth of the whole is worth telling. */
function isNews(before: ModelStatus, now: ModelStatus): boolean {
  if (before.state !== 'downloading' || now.state !== 'downloading') return before.state !== now.state
  const step = now.totalBytes / 100
  if (now.loadedBytes === now.totalBytes) return true
  return before.totalBytes !== now.totalBytes || Math.abs(now.loadedBytes - before.loadedBytes) >= step
}

const engines = new Map<string, SharedEngine>()

/** Addresses are taken as they are meant now: a page may change its own before the engine is opened. */
export function sharedEngine(
  index: string,
  model: string,
  open: Open = (options) => Selvage.open(options),
): SharedEngine {
  const base = globalThis.document?.baseURI
  const [indexUrl = '', modelUrl = ''] = [index, model].map((url) =>
    URL.canParse(url, base) ? new URL(url, base).href : url,
  )
  const key = JSON.stringify([indexUrl, modelUrl])
  const engine = engines.get(key) ?? new SharedEngine(indexUrl, modelUrl, open)
  engines.set(key, engine)
  return engine
}
