/**
 * `selvage/pagefind`: a module with the calls of Pagefind's `pagefind.js`, answered by Selvage. Beside an index that
 * `selvage build --with-runtime` wrote, a UI made for Pagefind finds it by its bundle path. Nothing is loaded by importing it.
 */
import type { FacetCounts } from '../types.ts'
import {
  checkPagefindOptions,
  PagefindInstance,
  type PagefindOptions,
  type PagefindPreloadOptions,
  type PagefindResults,
  type PagefindSearchOptions,
} from './pagefindInstance.ts'

export { type ErrorCode, SelvageError } from '../errors.ts'
export type { PagefindOptions, PagefindResults, PagefindSearchOptions } from './pagefindInstance.ts'
export type { PagefindAnchor, PagefindFragment, PagefindResult, PagefindSubResult } from './pagefindResult.ts'

let instance: PagefindInstance | undefined
/** What was said before there was an instance. */
let given: PagefindOptions = {}

function current(): PagefindInstance {
  instance ??= new PagefindInstance(given)
  return instance
}

/** The same calls, with options of their own. Each may be taken out of the object. */
export function createInstance(instanceOptions: PagefindOptions = {}) {
  const own = new PagefindInstance(instanceOptions)
  return {
    options: own.options.bind(own),
    init: own.init.bind(own),
    search: own.search.bind(own),
    debouncedSearch: own.debouncedSearch.bind(own),
    preload: own.preload.bind(own),
    filters: own.filters.bind(own),
    mergeIndex: own.mergeIndex.bind(own),
    destroy: own.destroy.bind(own),
  }
}

/** Errors: `invalid-argument`. */
export async function options(next: PagefindOptions): Promise<void> {
  if (instance) await instance.options(next)
  else given = checkPagefindOptions({ ...given, ...next })
}

export async function init(): Promise<void> {
  await current().init()
}

export function search(term: string | null, searchOptions: PagefindPreloadOptions): Promise<null>
export function search(term: string | null, searchOptions?: PagefindSearchOptions): Promise<PagefindResults>
export async function search(
  term: string | null,
  { preload: isPreload, ...rest }: PagefindSearchOptions | PagefindPreloadOptions = {},
): Promise<PagefindResults | null> {
  return isPreload ? current().search(term, { ...rest, preload: true }) : current().search(term, rest)
}

export async function debouncedSearch(
  term: string | null,
  searchOptions?: PagefindSearchOptions,
  debounceMs?: number,
): Promise<PagefindResults | null> {
  return current().debouncedSearch(term, searchOptions, debounceMs)
}

export async function preload(term: string | null, searchOptions?: PagefindSearchOptions): Promise<void> {
  await current().preload(term, searchOptions)
}

export async function filters(): Promise<FacetCounts> {
  return current().filters()
}

/** Always an error: Selvage searches one index. */
export async function mergeIndex(_path?: string, _options?: PagefindOptions): Promise<never> {
  return current().mergeIndex()
}

export async function destroy(): Promise<void> {
  await instance?.destroy()
  instance = undefined
  given = {}
}
