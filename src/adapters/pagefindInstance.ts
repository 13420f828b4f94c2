/**
 * One Pagefind instance, answered by Selvage: the calls of `pagefind.js`, with its options and results. Several indexes in one
 * search, and filters by what a page lacks, are refused with a sentence.
 */
import { rejectUnknown, SelvageError } from '../errors.ts'
import type { FacetCounts, SearchMode } from '../types.ts'
import { type Filters, filtersOf } from './pagefindFilters.ts'
import { type PagefindResult, type ResultOptions, resultOf } from './pagefindResult.ts'
import { type Answer, ENGINE_OPTIONS, type EngineOptions, type ModelState, type Open, SharedEngine } from './shared.ts'

export interface PagefindOptions extends EngineOptions {
  /** As `index`; Pagefind's name for it. */
  readonly basePath?: string | URL
  /** Set before results' addresses that are not whole. */
  readonly baseUrl?: string
  /** Words of an excerpt. Default 30. */
  readonly excerptLength?: number
  /** What stands where an excerpt is cut. Default: nothing. */
  readonly excerptEllipsis?: string
  /** A query parameter for the words searched, in results' addresses. */
  readonly highlightParam?: string
  /** Scores are multiplied by it. Default 1. */
  readonly indexWeight?: number
  /** Pages to give at most, 1 .. 100: their texts are loaded for all of them. Default 30. */
  readonly limit?: number
  /** Accepted, and without effect: they are about how Pagefind works within. */
  readonly ranking?: unknown
  readonly exactDiacritics?: boolean
  readonly noWorker?: boolean
  readonly metaCacheTag?: string
  readonly language?: string
  readonly primary?: boolean
}

export interface PagefindSearchOptions {
  readonly filters?: unknown
  readonly sort?: Readonly<Record<string, 'asc' | 'desc'>>
  /** Loads what the search would need, and gives null. */
  readonly preload?: false
  readonly verbose?: boolean
}

export type PagefindPreloadOptions = Omit<PagefindSearchOptions, 'preload'> & { readonly preload: true }

export interface PagefindResults {
  readonly results: PagefindResult[]
  readonly unfilteredResultCount: number
  readonly filters: FacetCounts
  readonly totalFilters: FacetCounts
  /** ms; one for each index, of which there is one. */
  readonly timings: { readonly preload: number; readonly search: number; readonly total: number }[]
  /** How was searched: by words where the model is not there yet. */
  readonly mode: SearchMode
  readonly model: ModelState
  readonly modelError?: SelvageError
}

const TEXT_OPTIONS = ['baseUrl', 'excerptLength', 'excerptEllipsis', 'highlightParam', 'indexWeight', 'limit'] as const
const IDLE_OPTIONS = ['ranking', 'exactDiacritics', 'noWorker', 'metaCacheTag', 'language', 'primary'] as const
const OPTIONS: readonly string[] = [
  ...([...ENGINE_OPTIONS, 'basePath', ...TEXT_OPTIONS, ...IDLE_OPTIONS] satisfies (keyof PagefindOptions)[]),
]

export function checkPagefindOptions(options: PagefindOptions): PagefindOptions {
  if ('mergeFilter' in options) throw noMerging('The option mergeFilter')
  rejectUnknown(options, OPTIONS, 'pagefind options')
  const { limit = 30, excerptLength = 30 } = options
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    throw new SelvageError('invalid-argument', `limit is ${limit}; it must be a whole number from 1 to 100.`)
  if (!Number.isInteger(excerptLength) || excerptLength < 1)
    throw new SelvageError('invalid-argument', `excerptLength is ${excerptLength}; a whole number of words is wanted.`)
  return options
}

export class PagefindInstance {
  #options: PagefindOptions
  readonly #open: Open | undefined
  #engine: SharedEngine
  #searches = 0

  constructor(options: PagefindOptions = {}, open?: Open) {
    this.#options = checkPagefindOptions(options)
    this.#open = open
    this.#engine = this.#newEngine()
  }

  /** Errors: `invalid-argument` for what is unknown, and for another index or model once something was searched. */
  async options(options: PagefindOptions): Promise<void> {
    const next = checkPagefindOptions({ ...this.#options, ...options })
    const changed = [...ENGINE_OPTIONS, 'basePath' as const].find((name) => next[name] !== this.#options[name])
    if (changed !== undefined && this.#engine.isHeld)
      throw new SelvageError(
        'invalid-argument',
        `${changed} cannot change after the first search: call destroy() before.`,
      )
    this.#options = next
    if (changed !== undefined) this.#engine = this.#newEngine()
  }

  init(): Promise<void> {
    return this.#engine.preload()
  }

  /** All pages that pass the filters, in the index's order or by `sort`, for `null`. */
  search(term: string | null, options: PagefindPreloadOptions): Promise<null>
  search(term: string | null, options?: PagefindSearchOptions): Promise<PagefindResults>
  async search(
    term: string | null,
    { preload, ...options }: PagefindSearchOptions | PagefindPreloadOptions = {},
  ): Promise<PagefindResults | null> {
    const { filters, sort } = readSearch(options)
    if (preload === true) {
      await this.preload(term, options)
      return null
    }
    const start = performance.now()
    const query = term ?? ''
    if (term !== null && query.trim() === '') return nothing(start)
    const { limit: k = 30 } = this.#options
    const common = { k, groupBy: 'page', counts: true, ...(sort && { sort }) } as const
    const isFiltered = Object.keys(filters).length > 0
    // What would be found without the filters is a search of its own.
    const [answer, unfiltered] = await Promise.all([
      this.#engine.search(query, { ...common, filters }),
      isFiltered ? this.#engine.search(query, { ...common, filters: {} }) : undefined,
    ])
    return this.#toResults(answer, unfiltered ?? answer, query, start)
  }

  /** null where a later call was made before this one was answered. */
  async debouncedSearch(
    term: string | null,
    options: PagefindSearchOptions = {},
    debounceMs = 300,
  ): Promise<PagefindResults | null> {
    this.#searches++
    const own = this.#searches
    this.preload(term, options).catch(() => {}) // the search says what is wrong
    await new Promise((resolve) => setTimeout(resolve, debounceMs))
    if (own !== this.#searches) return null
    const results = await this.search(term, options)
    return own === this.#searches ? results : null
  }

  /** Opens the index, begins to load the model, and reads what the words of `term` need. */
  async preload(term: string | null, options: PagefindSearchOptions = {}): Promise<void> {
    readSearch(options)
    await this.#engine.preload(term ?? '')
  }

  filters(): Promise<FacetCounts> {
    return this.#engine.filters()
  }

  async mergeIndex(): Promise<never> {
    throw noMerging('mergeIndex')
  }

  async destroy(): Promise<void> {
    this.#searches++
    this.#engine.close()
  }

  #newEngine(): SharedEngine {
    const { basePath, index = basePath } = this.#options
    const entries = ENGINE_OPTIONS.flatMap((name) =>
      this.#options[name] === undefined ? [] : [[name, this.#options[name]]],
    )
    return new SharedEngine({ ...Object.fromEntries(entries), ...(index !== undefined && { index }) }, this.#open)
  }

  #toResults({ result, ...how }: Answer, unfiltered: Answer, query: string, start: number): PagefindResults {
    const { baseUrl, excerptLength = 30, excerptEllipsis = '', highlightParam, indexWeight = 1 } = this.#options
    const shown: ResultOptions = { baseUrl, excerptLength, excerptEllipsis, highlightParam, indexWeight }
    const total = performance.now() - start
    const search = Math.min(total, result.elapsedMs.keyword + result.elapsedMs.score)
    return {
      results: result.hits.map((hit) => resultOf(hit, query, shown)),
      unfilteredResultCount: unfiltered.result.hits.length,
      filters: result.counts ?? {},
      totalFilters: unfiltered.result.counts ?? {},
      timings: [{ preload: total - search, search, total }],
      mode: result.mode,
      ...how,
    }
  }
}

function readSearch({ filters, sort = {}, preload: _, verbose: __, ...rest }: PagefindSearchOptions): {
  readonly filters: Filters
  readonly sort?: { readonly by: string; readonly descending: boolean }
} {
  rejectUnknown(rest, ['filters', 'sort', 'preload', 'verbose'], 'search')
  const [order, ...more] = Object.entries(sort)
  if (more.length > 0)
    throw new SelvageError('invalid-argument', `sort: ${Object.keys(sort).join(' and ')} are given, one is possible.`)
  if (order === undefined) return { filters: filtersOf(filters) }
  const [by, direction] = order
  if (direction !== 'asc' && direction !== 'desc')
    throw new SelvageError('invalid-argument', `sort: ${by} is "${direction}", wanted asc or desc.`)
  return { filters: filtersOf(filters), sort: { by, descending: direction === 'desc' } }
}

function nothing(start: number): PagefindResults {
  const total = performance.now() - start
  const timings = [{ preload: total, search: 0, total }]
  return {
    ...{ results: [], unfilteredResultCount: 0, filters: {}, totalFilters: {} },
    timings,
    mode: 'keyword',
    model: 'none',
  }
}

function noMerging(what: string): SelvageError {
  return new SelvageError(
    'invalid-argument',
    `${what} is about several indexes in one search, which Selvage has not: build one index of all the sites, with a filter that tells them apart.`,
  )
}
