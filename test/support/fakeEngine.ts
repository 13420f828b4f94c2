/** An engine whose every answer is given by the test, and hits to answer with. */

import { SelvageError } from '../../src/errors.ts'
import type { HeatMap, Hit } from '../../src/types.ts'
import {
  type Engine,
  type Loaded,
  type Open,
  type Opened,
  type SearchResult,
  SharedEngine,
} from '../../src/widget/engines.ts'
import type { Surroundings } from '../../src/widget/intent.ts'
import { STORED } from './storedState.ts'

/** A promise that the test settles. */
export class Pending<T> {
  readonly promise: Promise<T>
  resolve: (value: T) => void = () => {}
  reject: (error: Error) => void = () => {}

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    this.promise.catch(() => {})
  }
}

type SearchOptions = NonNullable<Parameters<Engine['search']>[1]>
type SimilarTo = Parameters<Engine['similar']>[0]

export class Call extends Pending<SearchResult> {
  readonly query: string
  readonly to: SimilarTo | undefined
  readonly options: SearchOptions

  /** Rejects when it is aborted, as the client does; unless it is `deaf`. */
  constructor(query: string, to: SimilarTo | undefined, options: SearchOptions, isDeaf: boolean) {
    super()
    this.query = query
    this.to = to
    this.options = options
    if (!isDeaf)
      options.signal?.addEventListener('abort', () =>
        this.reject(new SelvageError('aborted', 'The search was aborted.')),
      )
  }

  get isWords(): boolean {
    return this.options.mode === 'keyword'
  }

  /** Answers with these sections, one page each; `page#section` for more of one page. */
  answer(urls: readonly string[], more: Partial<SearchResult> = {}): void {
    const elapsedMs = { wait: 1000, encode: 0, keyword: 1, score: 0, texts: 0, explain: 0, total: 1007 }
    const rest = this.isWords || this.to ? {} : { encoder: LOADED.encoder, scorer: SCORER }
    const mode = this.options.mode ?? 'hybrid'
    this.resolve({ query: this.query || 'title', mode, hits: pagesOf(urls), elapsedMs, ...rest, ...more })
  }
}

export const SCORER = { backend: 'wasm', refused: [], precision: 'full' } as const

export const OPENED: Opened = {
  ...{ model: { name: 'toy', hash: 'a' }, pages: 1, sections: 1, passages: 1, tokens: 1, bytes: 10, hasKeywords: true },
  ...{ filters: [], sorts: [], stored: STORED },
}

export const LOADED: Loaded = {
  encoder: {
    ...{ model: { name: 'toy', hash: 'a', dim: 2 }, backend: 'wasm', device: 'one thread', refused: [], loadMs: 1 },
    storage: { kind: 'browser' },
  },
  engine: { ...OPENED, ...SCORER, device: 'SIMD', memoryBytes: 10, loadMs: 1 },
}

export function hit(url: string, more: readonly Hit[] = []): Hit {
  const page = { title: `Title of ${url.replace(/#.*/, '')}`, url: url.replace(/#.*/, '') }
  const passage = { text: url, blocks: [], excerpt: { start: 0, end: url.length }, matches: [] }
  return { title: url, headings: [url], url, page, score: 1, ranking: {}, passage, ref: url, queryWords: [], more }
}

/** `['/a#1', '/a#2', '/b']`: page /a with two sections, page /b with one. */
export function pagesOf(urls: readonly string[]): Hit[] {
  const pageOf = (url: string) => url.replace(/#.*/, '')
  return [...new Set(urls.map(pageOf))].map((page) => {
    const [first = page, ...more] = urls.filter((url) => pageOf(url) === page)
    return hit(
      first,
      more.map((url) => hit(url)),
    )
  })
}

/** What the shared engine was asked, and how the test answers. */
export class FakeEngine implements Engine {
  readonly shared: SharedEngine
  /** One for each attempt. */
  readonly openings: (Pending<void> & { readonly options: Parameters<Open>[0] })[] = []
  readonly loads: Pending<Loaded>[] = []
  readonly calls: Call[] = []
  readonly heatMaps: { readonly query: string; readonly hit: Hit }[] = []
  /** Told when asked. */
  state: Opened = OPENED
  isDeaf = false

  /** Opens at once, unless told to wait for `openings`. */
  constructor({ isOpen = true }: { readonly isOpen?: boolean } = {}) {
    this.shared = new SharedEngine('/index/', '/model/', async (options) => {
      const opening = Object.assign(new Pending<void>(), { options })
      this.openings.push(opening)
      if (isOpen) opening.resolve()
      await opening.promise
      return this
    })
  }

  get words(): Call[] {
    return this.calls.filter(({ isWords }) => isWords)
  }

  get better(): Call[] {
    return this.calls.filter(({ isWords }) => !isWords)
  }

  search(query: string, options: SearchOptions = {}): Promise<SearchResult> {
    return this.#call(new Call(query, undefined, options, this.isDeaf))
  }

  similar(to: SimilarTo, options: SearchOptions = {}): Promise<SearchResult> {
    return this.#call(new Call('', to, options, this.isDeaf))
  }

  async heatMap(query: string, of: Hit): Promise<HeatMap> {
    this.heatMaps.push({ query, hit: of })
    return { queryTokens: [], passageTokens: [], similarities: new Float32Array() }
  }

  status(): Promise<Loaded> {
    const load = new Pending<Loaded>()
    this.loads.push(load)
    return load.promise
  }

  async opened(): Promise<Opened> {
    return this.state
  }

  #call(call: Call): Promise<SearchResult> {
    this.calls.push(call)
    return call.promise
  }
}

/** A browser of which the test says what it is like. */
export class FakeSurroundings implements Surroundings {
  savesData = false
  memoryGB: number | undefined = undefined
  isSecure = true
  online = true
  readonly idle = new Set<() => void>()
  readonly #network = new Set<() => void>()

  isOnline(): boolean {
    return this.online
  }

  onNetwork(call: () => void): () => void {
    this.#network.add(call)
    return () => this.#network.delete(call)
  }

  whenIdle(call: () => void): () => void {
    this.idle.add(call)
    return () => this.idle.delete(call)
  }

  setOnline(online: boolean): void {
    this.online = online
    for (const call of this.#network) call()
  }
}
