/**
 * What the parts of the widget say to each other: a session searches and tells what is to be shown (ViewState), elements
 * show it. Shapes only.
 */
import type { FacetCounts, HeatMap, Hit } from '../types.ts'

export type { HeatMap } from '../types.ts'

/** When the model is loaded: as the page is there, when it is idle, when someone turns to the search, or never. */
export type Preload = 'eager' | 'idle' | 'intent' | 'never'

/** Of each filter the values that a page may have; none: whatever it has. */
export type Filters = Readonly<Record<string, readonly string[]>>

export interface SessionOptions {
  /** Addresses of folders. */
  readonly index: string
  readonly model: string
  /** Default `intent`; with Save-Data, or 2 GB of memory and less, `eager` and `idle` are read as `intent`. */
  readonly preload?: Preload
  /** Pages to show. Default 8. */
  readonly pages?: number
  /** Filters that are always set: a page's version and language, for example. */
  readonly filters?: Filters
}

/** A page with its sections that answer, best first. Its key is its url. */
export interface PageGroup {
  readonly url: string
  readonly title: string
  readonly meta: Readonly<Record<string, string>>
  /** At least one. The key of each is its url. */
  readonly hits: readonly Hit[]
}

/** What the model is about, quietly told. */
export type ModelStatus =
  | { readonly state: 'none' }
  | { readonly state: 'downloading'; readonly loadedBytes: number; readonly totalBytes: number }
  | { readonly state: 'compiling' }
  | { readonly state: 'ready'; readonly backend: 'webgpu' | 'wasm' }
  | { readonly state: 'failed' }

/**
 * What went wrong or is limited, and what still works. The sentence is `notices[kind]` of the strings.
 *   index-missing, index-invalid  nothing can be searched
 *   words-only-model              the model is missing or cannot be loaded: words are searched
 *   words-only-csp                the site's policy forbids WebAssembly: words are searched
 *   words-only-script             the model does not know the query's script: words are searched
 *   words-only-mismatch           index and model do not belong together: words are searched
 *   approximate                   residuals are on their way: order is rough
 *   not-kept                      nothing can be kept in this browser: loaded anew each time
 *   insecure                      plain http: WebGPU and keeping are off
 *   offline                       no network: what is kept is searched
 *   failed                        anything else
 */
export type NoticeKind =
  | 'index-missing'
  | 'index-invalid'
  | 'words-only-model'
  | 'words-only-csp'
  | 'words-only-script'
  | 'words-only-mismatch'
  | 'approximate'
  | 'not-kept'
  | 'insecure'
  | 'offline'
  | 'failed'

export interface Notice {
  readonly kind: NoticeKind
  /** The error's own sentence, for whoever wants to know more. */
  readonly detail?: string
  /** Whether trying again may help: `session.retry()`. */
  readonly canRetry: boolean
}

/** What is to be shown now. A new object for every change. */
export interface ViewState {
  /** What was asked last; '' for nothing. */
  readonly query: string
  /** `words`: hits by words are shown, better ones are on their way. `done`: nothing more will come. */
  readonly stage: 'idle' | 'searching' | 'words' | 'done'
  readonly groups: readonly PageGroup[]
  /** Filter → value → pages found; empty where the index has no filters. */
  readonly counts: FacetCounts
  readonly filters: Filters
  /** Title of the section that these are like, for "more like this" and searches with a selection. */
  readonly similarTo?: string
  readonly model: ModelStatus
  /** Of the whole answer, once there. */
  readonly elapsedMs?: number
  readonly notice?: Notice
}

/** What the elements ask of a session (session.ts). */
export interface SearchSession {
  readonly state: ViewState
  /** Called after every change, never during a call of the session. Returns how to stop. */
  watch(watcher: (state: ViewState) => void): () => void
  /** Someone turns to the search: hover, focus, a shortcut. Loads what `preload` allows. */
  intend(): void
  /** Hits by words at once, then better ones in place. A later call supersedes. */
  search(query: string): void
  setFilters(filters: Filters): void
  /** Sections like this one, or like these characters of its passage, by stored vectors: no model is needed. */
  moreLike(hit: Hit, range?: { readonly start: number; readonly end: number }): void
  /** The same for a selection of the page `url`. */
  searchSelection(url: string, text: string): void
  /** Urls of the group and the section that pointer or focus is on: they keep their places when ranks change. */
  hold(held: { readonly group: string; readonly hit?: string } | undefined): void
  /** How each token of the query met each token of the hit's passage. Loads the model where it is not there. */
  heatMap(hit: Hit): Promise<HeatMap>
  retry(): void
  close(): void
}

export interface SearchDetail {
  readonly query: string
  readonly pages: number
  readonly elapsedMs: number
}

export interface SelectDetail {
  readonly query: string
  readonly hit: Hit
  /** Where the link leads: with anchor and text fragment. */
  readonly href: string
  /** Its place among the sections shown, from 1 on. */
  readonly rank: number
}

/** Texts of the widget in one language; see strings.ts. `{name}` stands for what is filled in. */
export interface Strings {
  /** Of the whole widget, and of the button that opens it. */
  readonly search: string
  readonly placeholder: string
  readonly clear: string
  readonly close: string
  readonly results: string
  /** `{query}` */
  readonly noResults: string
  readonly noResultsHint: string
  /** `{pages}`, `{ms}`; forms by Intl.PluralRules category of `pages`; `other` is always there. */
  readonly found: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> & { readonly other: string }
  readonly searching: string
  /** Words are shown, meaning is on its way. */
  readonly improving: string
  /** Announced when better ranks are in place. */
  readonly improved: string
  readonly recent: string
  readonly clearRecent: string
  /** `{query}` */
  readonly removeRecent: string
  readonly filters: string
  readonly moreLikeThis: string
  /** `{title}` */
  readonly similarTo: string
  readonly searchSelection: string
  readonly why: string
  readonly whyHide: string
  /** What the heat map's axes are. */
  readonly heatMap: string
  /** `{word}`: a query word that nothing in the passage came near to. */
  readonly weakWord: string
  readonly details: string
  readonly retry: string
  readonly toSelect: string
  readonly toNavigate: string
  readonly toClose: string
  /** `{loaded}`, `{total}`: already with their units. */
  readonly downloading: string
  readonly compiling: string
  /** `{backend}` */
  readonly ready: string
  readonly notices: Readonly<Record<NoticeKind, string>>
}
