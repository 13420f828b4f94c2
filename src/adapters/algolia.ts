/**
 * What DocSearch asks of Algolia, read: both forms of its requests, filters by facets, tags and lengths of snippets. What
 * would change which records are found, and cannot be done, is refused; what only concerns Algolia's own accounts is ignored.
 */
import { SelvageError } from '../errors.ts'

/** A request as versions 4 and 5 make it; version 3 and before has all but the first two in `params`. */
export interface AlgoliaRequest {
  readonly indexName?: string
  readonly query?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly [parameter: string]: unknown
}

export type AlgoliaRequests = readonly AlgoliaRequest[] | { readonly requests: readonly AlgoliaRequest[] }

export interface ReadRequest {
  readonly index: string
  readonly query: string
  readonly page: number
  readonly hitsPerPage: number
  readonly filters: Readonly<Record<string, readonly string[]>>
  readonly facets: readonly string[]
  readonly before: string
  readonly after: string
  readonly ellipsis: string
  /** Words of a snippet of the content. */
  readonly snippetWords: number
}

/** Names of the site's facets → names of the index's filters; `false`: not to be filtered by. */
export type FacetNames = Readonly<Record<string, string | false>>

/** Parameters that say which records are found, in ways that Selvage has not. */
const REFUSED = [
  ...['filters', 'numericFilters', 'tagFilters', 'optionalFilters', 'aroundLatLng', 'insideBoundingBox'],
  ...['insidePolygon', 'offset', 'length', 'facetQuery'],
]

export function readRequests(given: AlgoliaRequests, names: FacetNames): ReadRequest[] {
  const requests = 'requests' in given ? given.requests : given
  if (!Array.isArray(requests))
    throw new SelvageError('invalid-argument', 'search: a list of requests is wanted, or { requests: [...] }.')
  return requests.map((request) => readRequest(request, names))
}

function readRequest({ params, ...direct }: AlgoliaRequest, names: FacetNames): ReadRequest {
  const all = { ...direct, ...params }
  for (const name of REFUSED)
    if (isGiven(all[name]))
      throw new SelvageError('invalid-argument', `search: ${name} cannot be done; facetFilters can, as ["version:2"].`)
  return {
    index: readText(all['indexName'], ''),
    query: readText(all['query'], ''),
    page: readCount(all['page'], 'page', 0),
    hitsPerPage: Math.min(readCount(all['hitsPerPage'], 'hitsPerPage', 20), 100),
    filters: filtersOfFacets(all['facetFilters'], names),
    facets: [all['facets'] ?? []].flat().map(String),
    before: readText(all['highlightPreTag'], '<mark>'),
    after: readText(all['highlightPostTag'], '</mark>'),
    ellipsis: readText(all['snippetEllipsisText'], '…'),
    snippetWords: snippetWords(all['attributesToSnippet']),
  }
}

/** `['lang:en', ['version:2', 'version:3']]`: each entry must hold, and of a list any. Errors: `invalid-argument`. */
export function filtersOfFacets(given: unknown, names: FacetNames): Record<string, string[]> {
  const filters: Record<string, string[]> = {}
  for (const entry of given === undefined || given === null ? [] : [given].flat()) {
    const alternatives = (Array.isArray(entry) ? entry : [entry]).map((each) => readFacet(each, given))
    const wanted = alternatives.flatMap(({ name, value }) => {
      const filter = names[name] ?? name
      return filter === false ? [] : [{ filter, value }]
    })
    const [first] = wanted
    if (first === undefined || wanted.length < alternatives.length) continue // one of them is not filtered by: all pass
    const { filter } = first
    if (wanted.some((other) => other.filter !== filter))
      throw refused(given, 'alternatives of different facets', 'different facets must all hold')
    const values = wanted.map(({ value }) => value)
    if (filters[filter] && String(filters[filter]) !== String(values))
      throw refused(given, `"${filter}" is to hold twice`, 'of one facet any of the values holds')
    filters[filter] = values
  }
  return filters
}

function readFacet(facet: unknown, given: unknown): { readonly name: string; readonly value: string } {
  const colon = typeof facet === 'string' ? facet.indexOf(':') : -1
  if (typeof facet !== 'string' || colon < 1) throw refused(given, `${JSON.stringify(facet)}`, 'wanted is "name:value"')
  const value = facet.slice(colon + 1)
  if (facet.startsWith('-') || value.startsWith('-'))
    throw refused(given, `"${facet}" asks for what a page lacks`, 'pages are found by the values they have')
  return { name: facet.slice(0, colon), value: value.replace(/^\\-/, '-') } // Algolia's way to begin a value with -
}

function refused(given: unknown, got: string, wanted: string): SelvageError {
  return new SelvageError('invalid-argument', `facetFilters ${JSON.stringify(given)}: ${got}; ${wanted}.`)
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
}

function readText(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}

function readCount(value: unknown, name: string, otherwise: number): number {
  const count = value ?? otherwise
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0) return count
  throw new SelvageError('invalid-argument', `search: ${name} is ${JSON.stringify(value)}; a whole number is wanted.`)
}

/** `['content:15', …]` → 15; Algolia's default is 10. */
function snippetWords(attributes: unknown): number {
  for (const attribute of Array.isArray(attributes) ? attributes : []) {
    const words = /^(?:content|\*):(\d+)$/.exec(String(attribute))?.[1]
    if (words !== undefined) return Math.max(1, Number(words))
  }
  return 10
}
