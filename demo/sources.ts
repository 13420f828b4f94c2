/**
 * What the page searches: all of the index, one documentation, or the visitor's own files. Each is a filter of the one index,
 * and a word in the page's address. Knows which of them a hit is from by its address.
 */
import type { EngineOpened, FacetCounts, QueryOptions } from 'selvage'
import { OWN_FILTER, ownPath } from './files/own.ts'

export const SOURCES = ['all', 'vue', 'react', 'own'] as const
export type Source = (typeof SOURCES)[number]

export const SOURCE_NAMES: Readonly<Record<Source, string>> = {
  all: 'All',
  vue: 'Vue',
  react: 'React',
  own: 'Your files',
}

/** As a sentence has them: "No passage of … ". */
export const SOURCE_PHRASES: Readonly<Record<Source, string>> = {
  all: 'the documentation or your files',
  vue: 'the Vue documentation',
  react: 'the React documentation',
  own: 'your files',
}

const DOCS_FILTER = 'docs'

export function filtersOf(source: Source): QueryOptions['filters'] {
  if (source === 'all') return undefined
  return source === 'own' ? { [OWN_FILTER]: ['yes'] } : { [DOCS_FILTER]: [SOURCE_NAMES[source]] }
}

/** Pages of each source, as the index counts them. */
export function countsOf(
  { pages }: Pick<EngineOpened, 'pages'>,
  facets: FacetCounts,
): Readonly<Record<Source, number>> {
  const docs = facets[DOCS_FILTER] ?? {}
  return {
    all: pages,
    vue: docs[SOURCE_NAMES.vue] ?? 0,
    react: docs[SOURCE_NAMES.react] ?? 0,
    own: facets[OWN_FILTER]?.['yes'] ?? 0,
  }
}

/** The pages of the documentation lie beside this page, below this. */
const DOCS_PATH = /\/docs\/(vue|react)\/(.*)$/s

/** Which source an address of a hit is of, and what is to be read of the address. */
export function placeOf(url: string): { readonly source: Source; readonly path: string } {
  const file = ownPath(url)
  if (file !== undefined) return { source: 'own', path: file }
  const [, docs, path] = DOCS_PATH.exec(url) ?? []
  const shown = (path ?? url.replace(/^https?:\/\//, '')).replace(/(?:\/?index)?\.html(?=$|#)/, '')
  return { source: docs === 'vue' || docs === 'react' ? docs : 'all', path: shown }
}
