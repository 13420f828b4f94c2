/**
 * The engine as a page sees it: open, search, close. Two workers do the work: the encoder may block for as long as a
 * model runs, the engine holds index and scores. This file passes messages and keeps the order of things; it knows no
 * model, no kernel and no file format.
 */
import * as Comlink from 'comlink'
import { asSelvageError, rejectUnknown, SelvageError, throwIfAborted } from '../errors.ts'
import {
  type EngineQuery,
  type FacetCounts,
  type Hit,
  type OnProgress,
  type OpsBackend,
  QUERY_OPTIONS,
  type QueryOptions,
  type Refusal,
  type SearchMode,
  type UnexplainedHit,
} from '../types.ts'
import { Link } from './link.ts'
import type {
  EncodedQuery,
  EncoderApi,
  EncoderStatus,
  EngineAnswer,
  EngineApi,
  EngineOpened,
  EngineStatus,
  Outcome,
} from './protocol.ts'
import { type Spawn, spawnEncoder, spawnEngine, type WorkerLike } from './spawn.ts'

export interface OpenOptions {
  /** Address of the index's folder (what `selvage build -o` wrote); relative to the page. */
  readonly index: string | URL
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
}

export interface SearchOptions extends QueryOptions {
  /** A search that is superseded should be aborted: it is dropped before it costs anything, if it has not begun. */
  readonly signal?: AbortSignal
}

export interface SearchResult {
  readonly query: string
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
  /** Undefined where words alone were searched. */
  readonly encoder?: EncoderStatus
  /** Where vectors were compared; may change from one search to the next when a GPU goes away. Undefined as `encoder`. */
  readonly scorer?: {
    readonly backend: OpsBackend
    readonly refused: readonly Refusal[]
  }
}

export interface Status {
  readonly encoder: EncoderStatus
  readonly engine: EngineStatus
}

export class Selvage {
  readonly #encoder: Service<EncoderApi, EncoderStatus>
  readonly #engine: Service<EngineApi, EngineOpened>
  /** The last query sent to the encoder, so that an aborted one is never begun. */
  #queue: Promise<unknown> = Promise.resolve()

  /**
   * Loads model and index, side by side; with `lazy` only what a search for words needs.
   * Errors: `model-missing`, `model-invalid`, `model-mismatch`, `backend-unavailable`, `index-missing`, `index-invalid`,
   * `index-version`, `download-failed`, `worker-died`, `invalid-argument`.
   */
  static async open(options: OpenOptions): Promise<Selvage> {
    const selvage = new Selvage(options, {
      encoder: spawnEncoder,
      engine: spawnEngine,
    })
    try {
      await (options.lazy ? selvage.#engine.ready() : selvage.status())
      return selvage
    } catch (error) {
      selvage.close()
      throw error
    }
  }

  /** @internal Use `Selvage.open`. */
  constructor(options: OpenOptions, spawn: Spawn) {
    const { index, model, encoder = 'auto', scorer = 'auto', onProgress = () => {} } = checkOptions(options)
    this.#encoder = new Service('encoder', spawn.encoder, (link) =>
      link.call((remote) => remote.load({ modelUrl: absolute(model), backend: encoder }, Comlink.proxy(onProgress))),
    )
    this.#engine = new Service('engine', spawn.engine, (link) =>
      link.call((remote) => remote.open({ indexUrl: absolute(index), backend: scorer }, Comlink.proxy(onProgress))),
    )
  }

  /**
   * What was loaded, and where it ran at that time; a search tells where its own answer came from. Waits until all is
   * loaded; a worker that died is started anew by this and by `search`.
   */
  async status(): Promise<Status> {
    const [encoder, engine] = await Promise.all([this.#encoder.ready(), this.#engine.call((remote) => remote.load())])
    const built = engine.value.model
    const loaded = encoder.status.model
    if (built.hash !== loaded.hash)
      throw new SelvageError(
        'model-mismatch',
        `The index was built with the model "${built.name}" (${built.hash.slice(0, 12)}), but "${loaded.name}" ` +
          `(${loaded.hash.slice(0, 12)}) is loaded: their vectors have nothing in common. Load the index's model, or build the index again.`,
      )
    return { encoder: encoder.status, engine: engine.value }
  }

  /** The sections that answer the query best. An empty query has no hits. Errors: `aborted`, and those of `open`. */
  async search(query: string, options: SearchOptions = {}): Promise<SearchResult> {
    const { k = 10, signal, ...asked } = checkSearch(options)
    const start = performance.now()
    const { status } = await abortable(this.#engine.ready(), signal)
    const mode = asked.mode ?? (status.hasKeywords ? 'hybrid' : 'semantic')
    const none = { wait: 0, encode: 0, keyword: 0, score: 0, texts: 0, explain: 0, total: 0 }
    if (query.trim() === '') return { query, mode, hits: [], elapsedMs: none }
    const wanted: EngineQuery = { ...asked, text: query, k, mode }
    return mode === 'keyword' ? this.#searchKeywords(wanted, start, signal) : this.#searchVectors(wanted, start, signal)
  }

  async #searchKeywords(wanted: EngineQuery, start: number, signal: AbortSignal | undefined): Promise<SearchResult> {
    const wait = performance.now() - start
    const call = this.#engine.call((remote) => remote.searchKeywords(wanted))
    const { mode, hits, counts, elapsedMs } = (await abortable(call, signal)).value
    return {
      ...{ query: wanted.text, mode, hits, ...(counts && { counts }) },
      elapsedMs: timesOf(elapsedMs, { wait, encode: 0, total: performance.now() - start }),
    }
  }

  async #searchVectors(wanted: EngineQuery, start: number, signal: AbortSignal | undefined): Promise<SearchResult> {
    await abortable(this.status(), signal)
    const { value: encoded, status: encoder } = await this.#encode(wanted.text, signal)
    const encode = encoded.elapsedMs
    const wait = performance.now() - start - encode
    const scoring = this.#engine.call(async (remote) => {
      const loaded = await remote.load() // a worker that was started anew has no vectors yet
      return loaded.ok ? remote.search({ ...wanted, matrix: encoded.encoded.matrix }) : loaded
    })
    const { value: answer } = await abortable(scoring, signal)
    const { mode, counts, scorer, elapsedMs } = answer
    const hits = await abortable(this.#explain(encoded, answer), signal)
    return {
      ...{ query: wanted.text, mode, hits, ...(counts && { counts }) },
      elapsedMs: timesOf(elapsedMs, { wait, encode, total: performance.now() - start }),
      encoder,
      ...(scorer && { scorer }),
    }
  }

  /** All filters and their values, with the number of pages that have each. */
  async filters(): Promise<FacetCounts> {
    return (await this.#engine.call((remote) => remote.filters())).value
  }

  /** Stops both workers; pending calls reject with `closed`. */
  close(): void {
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
    return abortable(encoding, signal)
  }

  async #explain({ encoded }: EncodedQuery, { hits, terms }: EngineAnswer<UnexplainedHit>): Promise<Hit[]> {
    return (await this.#encoder.call((remote) => remote.explain({ queryStarts: encoded.starts, terms, hits }))).value
  }
}

/** What is not in the other steps is the explanation, and the way to the workers and back. */
function timesOf(
  { keyword, score, texts }: EngineAnswer<never>['elapsedMs'],
  { wait, encode, total }: { readonly wait: number; readonly encode: number; readonly total: number },
): SearchResult['elapsedMs'] {
  const explain = Math.max(0, total - wait - encode - keyword - score - texts)
  return { wait, encode, keyword, score, texts, explain, total }
}

/** One worker, started when first needed, started anew after it died, ready once its first call has answered. */
class Service<Api, S> {
  readonly #name: string
  readonly #spawn: () => WorkerLike
  readonly #start: (link: Link<Api>) => Promise<S>
  #running: { readonly link: Link<Api>; readonly status: Promise<S> } | undefined
  #closed = false

  constructor(name: string, spawn: () => WorkerLike, start: (link: Link<Api>) => Promise<S>) {
    this.#name = name
    this.#spawn = spawn
    this.#start = start
  }

  async ready(): Promise<{ link: Link<Api>; status: S }> {
    if (this.#closed) throw new SelvageError('closed', 'This Selvage was closed. Open another one.')
    this.#running ??= this.#begin()
    const { link, status } = this.#running
    return { link, status: await status }
  }

  /**
   * One call, with the status of the worker that answered it. A call that fails because the GPU went away is made once
   * more, on a fresh worker that finds another device; so are the calls that wait beside it.
   */
  async call<T>(send: (remote: Comlink.Remote<Api>) => Promise<Outcome<T>>): Promise<{ value: T; status: S }> {
    const { link, status } = await this.ready()
    try {
      return { value: await link.call(send), status }
    } catch (error) {
      if (!(error instanceof SelvageError && error.code === 'device-lost')) throw error
      if (this.#running?.link === link) this.#running = undefined
      link.close(error)
      const fresh = await this.ready()
      return { value: await fresh.link.call(send), status: fresh.status }
    }
  }

  close(): void {
    this.#closed = true
    this.#running?.link.close()
  }

  #begin(): { readonly link: Link<Api>; readonly status: Promise<S> } {
    let link: Link<Api>
    try {
      link = new Link<Api>(this.#name, this.#spawn())
    } catch (error) {
      throw asSelvageError(error, 'worker-died', `The ${this.#name} worker could not be started: `)
    }
    const status = this.#start(link)
    const running = { link, status }
    const forget = () => {
      if (this.#running === running) this.#running = undefined
    }
    link.onDeath = forget
    // A failed start is forgotten too, so that the next call tries again with a fresh worker.
    status.catch(() => {
      forget()
      link.close()
    })
    return running
  }
}

/** The promise, or `aborted` as soon as the signal fires. What was begun goes on in the worker and is dropped. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  promise.catch(() => {}) // nobody may be waiting for it any more when it rejects
  throwIfAborted(signal)
  let onAbort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new SelvageError('aborted', 'The search was aborted by its caller.'))
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Workers resolve addresses against their own script; what a caller writes is meant relative to the page. */
function absolute(url: string | URL): string {
  const base = typeof document === 'undefined' ? undefined : document.baseURI
  if (!URL.canParse(url.toString(), base))
    throw new SelvageError('invalid-argument', `open: "${url}" is not an address.`)
  return new URL(url, base).href
}

function checkOptions(options: OpenOptions): OpenOptions {
  rejectUnknown(options, ['index', 'model', 'encoder', 'scorer', 'onProgress', 'lazy'], 'open')
  return options
}

function checkSearch(options: SearchOptions): SearchOptions {
  rejectUnknown(options, [...QUERY_OPTIONS, 'signal'], 'search')
  const { k = 10 } = options
  if (!Number.isInteger(k) || k < 1 || k > 100)
    throw new SelvageError('invalid-argument', `search: k is ${k}; it must be a whole number from 1 to 100.`)
  return options
}
