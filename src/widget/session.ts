/**
 * What happens between a keystroke and what is to be shown? Words are searched at once, meaning after a pause in typing, and its
 * better ranks take their places around what somebody points at. A later question supersedes an earlier one, whose answers
 * are never shown. What goes wrong leaves working what can work, and is told. It knows no element: it can be run anywhere.
 */
import { asSelvageError, rejectUnknown, SelvageError } from '../errors.ts'
import type { FacetCounts, Hit, SimilarTo } from '../types.ts'
import { type Engine, type SearchResult, type SharedEngine, sharedEngine } from './engines.ts'
import { browserSurroundings, effectivePreload, isPreload, PRELOADS, type Surroundings } from './intent.ts'
import { groupsOf, type Held, mergeInPlace } from './merge.ts'
import { answerNotice, indexNotice, modelNotice, standingNotice } from './notices.ts'
import type { Filters, HeatMap, Notice, Preload, SearchSession, SessionOptions, ViewState } from './types.ts'

/** What tests put in the place of a browser and of workers. */
export interface SessionDeps {
  readonly engine?: SharedEngine
  readonly surroundings?: Surroundings
}

/** What is wanted of every answer. */
type Wanted = NonNullable<Parameters<Engine['similar']>[1]>

/** A question; its identity tells whether what is shown answers it. */
interface Asked {
  readonly query: string
  /** Without the model: sections like this. */
  readonly like?: { readonly to: SimilarTo; readonly title: string }
}

/** The answering of a question, until it is superseded. */
interface Run {
  readonly asked: Asked
  readonly signal: AbortSignal
  /** Better hits than those by words are on their way, or here. */
  hopes: boolean
  isBetter: boolean
}

const OPTIONS = ['index', 'model', 'preload', 'pages', 'filters'] satisfies (keyof SessionOptions)[]
const PAGES = 8
/** A pause in typing that ends a thought rather than a keystroke. */
const PAUSE_MS = 120
const NOTHING = { stage: 'idle', query: '', groups: [], counts: {} } as const

/** Errors: `invalid-argument`. Whatever else goes wrong is told by the state's notice. */
export function createSession(options: SessionOptions, deps: SessionDeps = {}): SearchSession {
  rejectUnknown(options, OPTIONS, 'createSession')
  const { preload = 'intent', pages = PAGES } = options
  if (!isPreload(preload))
    throw new SelvageError('invalid-argument', `preload is "${preload}", wanted one of ${PRELOADS.join(', ')}.`)
  if (!Number.isInteger(pages) || pages < 1 || pages > 100)
    throw new SelvageError('invalid-argument', `pages is ${pages}, wanted a whole number from 1 to 100.`)
  const { engine = sharedEngine(options.index, options.model), surroundings = browserSurroundings() } = deps
  return new Session({ ...options, preload, pages }, engine, surroundings)
}

class Session implements SearchSession {
  readonly #pages: number
  readonly #fixed: Filters
  readonly #preload: Preload
  readonly #engine: SharedEngine
  readonly #surroundings: Surroundings
  readonly #watchers = new Set<(state: ViewState) => void>()
  readonly #stops: (() => unknown)[]
  #state: ViewState = { ...NOTHING, filters: {}, model: { state: 'none' } }
  #isTelling = false
  #isClosed = false
  #asked: Asked | undefined
  #run: Run | undefined
  #stop = new AbortController()
  #pause: ReturnType<typeof setTimeout> | undefined
  #held: Held | undefined
  /** Whose answer is shown, and the text that its hits were compared with. */
  #shown: { readonly asked: Asked; readonly text: string } | undefined
  /** The index could not be opened. */
  #fault: Notice | undefined
  /** Of the last answer. */
  #limit: Notice | undefined
  /** The answer shown is rough, and the engine was so far when it was asked for. */
  #roughAt: number | undefined

  constructor(
    { filters = {}, pages, preload }: SessionOptions & { readonly pages: number; readonly preload: Preload },
    engine: SharedEngine,
    surroundings: Surroundings,
  ) {
    this.#fixed = filters
    this.#pages = pages
    this.#preload = effectivePreload(preload, surroundings)
    this.#engine = engine
    this.#surroundings = surroundings
    this.#state = { ...this.#state, model: engine.model }
    this.#stops = [engine.watch(() => this.#onEngine()), surroundings.onNetwork(() => this.#refresh())]
    if (this.#preload === 'eager') this.intend()
    if (this.#preload === 'idle') this.#stops.push(surroundings.whenIdle(() => this.intend()))
  }

  get state(): ViewState {
    return this.#state
  }

  watch(watcher: (state: ViewState) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  intend(): void {
    if (this.#isClosed) return
    void this.#open().then((engine) => {
      // Where it is ready, what makes it better comes by itself.
      if (engine && !this.#isClosed && this.#canMean() && this.#engine.model.state !== 'ready') this.#engine.load()
    })
  }

  search(query: string): void {
    const text = query.trim()
    const isSame = text === this.#asked?.query && this.#asked.like === undefined
    if (text === '') this.#clear()
    else if (!isSame) this.#ask({ query: text })
  }

  setFilters(filters: Filters): void {
    this.#set({ filters: Object.fromEntries(Object.entries(filters).filter(([, values]) => values.length > 0)) })
    // Another question: what is held of the old answer is none of the new one's.
    if (this.#asked) this.#ask({ ...this.#asked })
  }

  moreLike(hit: Hit, range?: { readonly start: number; readonly end: number }): void {
    this.#ask({ query: this.#state.query, like: { to: { hit, ...(range && { range }) }, title: hit.title } })
  }

  searchSelection(url: string, text: string): void {
    this.#ask({ query: this.#state.query, like: { to: { url, text }, title: text.replace(/(.{80}).+/su, '$1…') } })
  }

  hold(held: Held | undefined): void {
    this.#held = held
  }

  async heatMap(hit: Hit): Promise<HeatMap> {
    const text = this.#shown?.text
    if (text === undefined) throw new SelvageError('invalid-argument', 'heatMap: nothing has been searched for.')
    const engine = await this.#engine.open()
    this.#engine.load() // asked for: `preload` or not
    return engine.heatMap(text, hit)
  }

  retry(): void {
    this.#fault = undefined
    this.#limit = undefined
    this.#engine.forgive()
    this.intend()
    if (this.#asked) this.#ask(this.#asked)
    else this.#refresh()
  }

  close(): void {
    this.#isClosed = true
    this.#supersede()
    for (const stop of this.#stops) stop()
    this.#watchers.clear()
  }

  #supersede(): void {
    clearTimeout(this.#pause)
    this.#stop.abort()
    this.#run = undefined
    this.#roughAt = undefined
  }

  #clear(): void {
    this.#supersede()
    this.#asked = undefined
    this.#shown = undefined
    this.#limit = undefined
    this.#set({ ...NOTHING, similarTo: undefined, elapsedMs: undefined })
  }

  /** What is shown stays until there is something else to show. */
  #ask(asked: Asked): void {
    if (this.#isClosed) return
    this.#supersede()
    this.#stop = new AbortController()
    if (asked.like === undefined) this.intend()
    const run = { asked, signal: this.#stop.signal, hopes: this.#canMean(), isBetter: false }
    this.#asked = asked
    this.#run = run
    if (!run.hopes) this.#limit = undefined // else until the next answer, so that it does not come and go with each letter
    this.#set({ stage: 'searching', query: asked.query, similarTo: asked.like?.title, elapsedMs: undefined })
    if (asked.like === undefined) {
      void this.#searchWords(run)
      if (run.hopes) this.#pause = setTimeout(() => void this.#searchBetter(run), PAUSE_MS)
    } else void this.#searchBetter(run)
  }

  /** Whether meaning may be searched. What could not be fetched may come with the next try, what could not run will not. */
  #canMean(): boolean {
    const code = this.#engine.failure?.code
    return this.#preload !== 'never' && (code === undefined || code === 'download-failed')
  }

  /** Undefined where there is nothing to search, which is told. */
  async #open(): Promise<Engine | undefined> {
    if (this.#fault?.canRetry === false) return undefined
    try {
      const engine = await this.#engine.open()
      this.#fault = undefined
      return engine
    } catch (thrown) {
      this.#fault = indexNotice(asSelvageError(thrown), { isOpen: false, isOnline: this.#surroundings.isOnline() })
      return undefined
    } finally {
      this.#refresh()
    }
  }

  async #searchWords(run: Run): Promise<void> {
    const engine = await this.#open()
    if (run.signal.aborted || run.isBetter) return
    if (engine === undefined) return this.#end(run)
    if (run.hopes && !this.#hasKeywords) return
    try {
      const result = await engine.search(run.asked.query, { ...this.#query(run), mode: 'keyword' })
      if (run.signal.aborted || run.isBetter) return
      this.#show(run, result, run.hopes ? 'words' : 'done')
    } catch (thrown) {
      if (run.signal.aborted || run.isBetter) return
      this.#limit = this.#indexNotice(thrown)
      this.#end(run)
    }
  }

  /** By meaning and words, or by stored vectors. */
  async #searchBetter(run: Run): Promise<void> {
    const { query, like } = run.asked
    const engine = await this.#open()
    if (run.signal.aborted) return
    if (engine === undefined) return this.#end(run)
    const { changes } = this.#engine
    try {
      // It failed during the pause: the search would load it once more.
      if (like === undefined && this.#engine.failure && !this.#canMean()) throw this.#engine.failure
      const wanted = this.#query(run)
      const result = await (like ? this.#similar(engine, like.to, wanted) : engine.search(query, wanted))
      if (run.signal.aborted) return
      run.isBetter = true
      if (result.encoder) this.#engine.answered(result.encoder)
      this.#limit = answerNotice(result)
      this.#roughAt = result.scorer?.precision === 'approximate' ? changes : undefined
      this.#show(run, result, 'done')
      if (this.#roughAt !== undefined) this.#refine()
    } catch (thrown) {
      if (run.signal.aborted || run.isBetter) return // what is shown is better than nothing
      run.hopes = false
      this.#limit = like ? this.#indexNotice(thrown) : modelNotice(asSelvageError(thrown), this.#hasKeywords)
      // Words may still be on their way.
      if (like !== undefined || this.#shown?.asked === run.asked || !this.#hasKeywords) this.#end(run)
      else this.#refresh()
    }
  }

  /** What was selected on a page that the index does not have is searched for, by meaning if the model is there already. */
  async #similar(engine: Engine, to: SimilarTo, wanted: Wanted): Promise<SearchResult> {
    try {
      return await engine.similar(to, wanted)
    } catch (thrown) {
      if ('hit' in to || asSelvageError(thrown).code !== 'section-missing') throw thrown
      const isReady = this.#engine.model.state === 'ready' && this.#canMean()
      return engine.search(to.text, isReady ? wanted : { ...wanted, mode: 'keyword' })
    }
  }

  get #hasKeywords(): boolean {
    return this.#engine.opened?.hasKeywords ?? true
  }

  #indexNotice(thrown: unknown): Notice {
    return indexNotice(asSelvageError(thrown), { isOpen: true, isOnline: this.#surroundings.isOnline() })
  }

  #query({ signal }: Run): Wanted {
    const filters = { ...this.#state.filters, ...this.#fixed }
    const names = this.#engine.opened?.filters ?? []
    return {
      ...({ groupBy: 'page', k: this.#pages, signal } as const),
      ...(Object.keys(filters).length > 0 && { filters }),
      counts: names.some((name) => !(name in this.#fixed)),
    }
  }

  #show({ asked }: Run, { query, hits, counts = {}, elapsedMs }: SearchResult, stage: 'words' | 'done'): void {
    const isSame = this.#shown?.asked === asked
    this.#shown = { asked, text: query }
    this.#set({
      stage,
      groups: mergeInPlace(this.#state.groups, groupsOf(hits), isSame ? this.#held : undefined),
      counts: this.#choices(counts),
      // Loading is told of elsewhere: it is no part of how long the search took.
      elapsedMs: stage === 'done' ? elapsedMs.total - elapsedMs.wait : undefined,
    })
  }

  /** Nothing more will come; what answers another question goes. */
  #end({ asked }: Run): void {
    clearTimeout(this.#pause)
    this.#stop.abort()
    this.#set({ stage: 'done', ...(this.#shown?.asked !== asked && { groups: [], counts: {} }) })
  }

  /** What is always set is no choice. */
  #choices(counts: FacetCounts): FacetCounts {
    return Object.fromEntries(Object.entries(counts).filter(([name]) => !(name in this.#fixed)))
  }

  #onEngine(): void {
    this.#refine()
    this.#refresh()
  }

  /** A rough answer is asked for again once the engine has more to answer it with. */
  #refine(): void {
    if (this.#run === undefined || this.#roughAt === undefined || this.#roughAt === this.#engine.changes) return
    this.#roughAt = undefined
    void this.#searchBetter(this.#run)
  }

  #notice(): Notice | undefined {
    const { failure, opened, loaded } = this.#engine
    const noModel = failure && this.#preload !== 'never' ? modelNotice(failure, this.#hasKeywords) : undefined
    const now = this.#fault ?? this.#limit ?? noModel ?? standingNotice(opened, loaded, this.#surroundings)
    const before = this.#state.notice
    return JSON.stringify(now) === JSON.stringify(before) ? before : now
  }

  #refresh(): void {
    if (this.#engine.model !== this.#state.model || this.#notice() !== this.#state.notice) this.#set({})
  }

  /** Watchers are called later, and once for all that changes until then. */
  #set(change: Partial<ViewState>): void {
    this.#state = { ...this.#state, ...change, model: this.#engine.model, notice: this.#notice() }
    if (this.#isTelling) return
    this.#isTelling = true
    queueMicrotask(() => {
      this.#isTelling = false
      for (const watcher of this.#watchers) queueMicrotask(() => this.#watchers.has(watcher) && watcher(this.#state)) // one that throws stops no other
    })
  }
}
