/**
 * What both adapters stand on: an engine that is opened by the first who asks, and shared by all who name the same index and
 * model. Until the model is there words are searched; every answer says which it was. It knows neither DocSearch nor Pagefind.
 */
import { asSelvageError, type ErrorCode, rejectUnknown, SelvageError } from '../errors.ts'
import { type FacetCounts, type OnProgress, SEARCH_MODES, type SearchMode } from '../types.ts'
import { orList } from '../util.ts'
import { Selvage } from '../worker/client.ts'
import { absolute, type OpenOptions, type SearchOptions, type SearchResult } from '../worker/options.ts'

export interface EngineOptions extends Pick<OpenOptions, 'encoder' | 'scorer' | 'storage' | 'memory'> {
  /** Address of the index's folder. Default: the folder of this script, as `selvage build --with-runtime` writes it. */
  readonly index?: string | URL
  /** Address of the model's folder. Default: `model/` in the index's folder. */
  readonly model?: string | URL
  /**
   * `auto`: by words until the model is there, and by both from then on. The others wait for what they need; an index without
   * words wants `semantic`. Default `auto`.
   */
  readonly mode?: 'auto' | SearchMode
  readonly onProgress?: OnProgress
}

export const ENGINE_OPTIONS = [
  ...(['index', 'model', 'mode', 'encoder', 'scorer', 'storage', 'memory', 'onProgress'] as const),
] satisfies (keyof EngineOptions)[]

/** What an adapter asks of the client. */
export type Searcher = Pick<Selvage, 'search' | 'status' | 'filters' | 'close'>
export type Open = (options: OpenOptions) => Promise<Searcher>

/** `none`: nobody has asked for it. */
export type ModelState = 'none' | 'loading' | 'ready' | 'failed'

export interface Answer {
  readonly result: SearchResult
  readonly model: ModelState
  /** Why words alone are searched, where the model cannot be had. */
  readonly modelError?: SelvageError
}

/** A model that could not be loaded is asked for again, but not with every keystroke. */
const RETRY_MS = 30_000

/** What can go wrong with the model alone: words are searched all the same. */
const OF_MODEL: readonly ErrorCode[] = [
  ...(['model-missing', 'model-invalid', 'model-mismatch', 'runtime-failed', 'backend-unavailable'] as const),
  ...(['device-lost', 'download-failed', 'worker-died'] as const),
]

interface Held {
  readonly opened: Promise<Searcher>
  readonly users: Map<SharedEngine, OnProgress | undefined>
  model: ModelState
  modelError?: SelvageError
  failedAt: number
}

const allHeld = new Map<string, Held>()

/** The folder of this script. No `new URL`: bundlers would look for a file of that name. */
const HERE = import.meta.url.replace(/[^/]*([?#].*)?$/, '')

export class SharedEngine {
  readonly #options: EngineOptions
  readonly #open: Open
  #held: Held | undefined

  /** Loads nothing. Errors: `invalid-argument`. */
  constructor(options: EngineOptions, open: Open = (given) => Selvage.open(given)) {
    rejectUnknown(options, ENGINE_OPTIONS, 'engine')
    const modes = ['auto', ...SEARCH_MODES]
    if (options.mode !== undefined && !modes.includes(options.mode))
      throw new SelvageError('invalid-argument', `mode is "${options.mode}", wanted ${orList(modes)}.`)
    this.#options = options
    this.#open = open
  }

  /** Whether anything was asked of it yet. */
  get isHeld(): boolean {
    return this.#held !== undefined
  }

  /**
   * Resolves when words can be searched, and what `query` needs for that is there; the model is on its way then, unless the
   * mode needs none.
   */
  async preload(query = ''): Promise<void> {
    const held = this.#hold()
    const searcher = await held.opened
    if (this.#mode !== 'keyword') loadModel(held, searcher)
    if (query.trim() === '' || this.#mode === 'semantic') return
    await searcher.search(query, { k: 1, mode: 'keyword' }).catch(() => {}) // the search itself says what is wrong
  }

  async search(query: string, options: SearchOptions): Promise<Answer> {
    const held = this.#hold()
    const searcher = await held.opened
    const mode = this.#mode
    if (mode === 'keyword' || query.trim() === '') return this.#byWords(held, searcher, query, options)
    if (mode !== 'auto') return { result: await searcher.search(query, { ...options, mode }), model: 'ready' }
    loadModel(held, searcher)
    if (held.model !== 'ready') return this.#byWords(held, searcher, query, options)
    try {
      return { result: await searcher.search(query, options), model: 'ready' }
    } catch (thrown) {
      const error = asSelvageError(thrown)
      if (!OF_MODEL.includes(error.code)) throw error
      setFailed(held, error)
      return this.#byWords(held, searcher, query, options)
    }
  }

  async filters(): Promise<FacetCounts> {
    return (await this.#hold().opened).filters()
  }

  /** The last user's going stops the workers. */
  close(): void {
    const held = this.#held
    this.#held = undefined
    if (held === undefined) return
    held.users.delete(this)
    if (held.users.size > 0) return
    forget(held)
    held.opened.then(
      (searcher) => searcher.close(),
      () => {}, // whoever asked has been told
    )
  }

  get #mode() {
    return this.#options.mode ?? 'auto'
  }

  async #byWords(held: Held, searcher: Searcher, query: string, options: SearchOptions): Promise<Answer> {
    const result = await searcher.search(query, { ...options, mode: 'keyword' })
    return { result, model: held.model, ...(held.modelError && { modelError: held.modelError }) }
  }

  #hold(): Held {
    if (this.#held && isKnown(this.#held)) return this.#held
    const { index = HERE, onProgress, mode: _, ...rest } = this.#options
    const { model = new URL('model/', absolute(index).replace(/\/?$/, '/')).href, ...how } = rest
    const key = JSON.stringify([String(index), String(model), how])
    const held = allHeld.get(key) ?? this.#opening(key, { ...how, index, model })
    held.users.set(this, onProgress)
    this.#held = held
    return held
  }

  #opening(key: string, options: OpenOptions): Held {
    const users: Held['users'] = new Map()
    const tell: OnProgress = (progress) => {
      for (const onProgress of users.values()) onProgress?.(progress)
    }
    const opened = this.#open({ ...options, lazy: true, onProgress: tell })
    const held: Held = { opened, users, model: 'none', failedAt: 0 }
    allHeld.set(key, held)
    opened.catch(() => forget(held)) // the next one tries anew
    return held
  }
}

function isKnown(held: Held): boolean {
  return [...allHeld.values()].includes(held)
}

function forget(held: Held): void {
  for (const [key, value] of allHeld) if (value === held) allHeld.delete(key)
}

function loadModel(held: Held, searcher: Searcher): void {
  const isDue = held.model === 'none' || (held.model === 'failed' && performance.now() - held.failedAt > RETRY_MS)
  if (!isDue) return
  held.model = 'loading'
  searcher.status().then(
    () => {
      held.model = 'ready'
      delete held.modelError
    },
    (error: unknown) => setFailed(held, asSelvageError(error)),
  )
}

function setFailed(held: Held, error: SelvageError): void {
  held.model = 'failed'
  held.modelError = error
  held.failedAt = performance.now()
}

/** The id that an address leads to on its page. */
export function anchorOf(url: string): string | undefined {
  const hash = url.indexOf('#')
  if (hash < 0 || hash === url.length - 1) return undefined
  const id = url.slice(hash + 1)
  try {
    return decodeURIComponent(id)
  } catch {
    return id // a stray %
  }
}
