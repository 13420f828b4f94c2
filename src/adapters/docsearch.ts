/**
 * `selvage/docsearch`: what DocSearch's `transformSearchClient` wants, so that its button and dialog, of version 3, 4 or 5,
 * search a Selvage index. Algolia is not asked; `appId` and `apiKey` are wanted by DocSearch itself, and may be any text.
 */
import { asSelvageError, rejectUnknown, type SelvageError } from '../errors.ts'
import type { FacetCounts, Hit, SearchMode } from '../types.ts'
import { type AlgoliaRequests, type FacetNames, type ReadRequest, readRequests } from './algolia.ts'
import { type DocSearchRecord, type GroupName, type RecordOptions, recordOf } from './docsearchRecord.ts'
import { type Answer, ENGINE_OPTIONS, type EngineOptions, type ModelState, type Open, SharedEngine } from './shared.ts'

export { type ErrorCode, SelvageError } from '../errors.ts'
export type { DocSearchRecord } from './docsearchRecord.ts'

export interface DocSearchClientOptions extends EngineOptions {
  /** What a group of hits is called: a text for all, or one for each hit. Default: hits are grouped by page. */
  readonly group?: GroupName
  /** What DocSearch's facets are called in the index; `false` for those that it has not: `{ docusaurus_tag: false }`. */
  readonly facets?: FacetNames
}

export interface AlgoliaResult {
  readonly index: string
  readonly query: string
  readonly params: string
  readonly hits: DocSearchRecord[]
  /** Those that are known: Selvage looks no further than it is asked to. */
  readonly nbHits: number
  readonly nbPages: number
  readonly page: number
  readonly hitsPerPage: number
  readonly exhaustiveNbHits: boolean
  readonly processingTimeMS: number
  /** Filter → value → pages found. */
  readonly facets?: FacetCounts
  /** How was searched: by words where the model is not there yet. */
  readonly mode: SearchMode
  readonly model: ModelState
  readonly modelError?: SelvageError
}

type Answers = Promise<{ results: AlgoliaResult[] }>

export interface AlgoliaSearch {
  search(requests: AlgoliaRequests): Answers
}

/** Sections that a search may give at most. */
const MOST = 100

/**
 * A function for `transformSearchClient`. Nothing is loaded before the first query. Errors: `invalid-argument`, and of
 * searches those of `Selvage.open`.
 */
export function docSearchClient(
  { group, facets = {}, ...options }: DocSearchClientOptions = {},
  /** @internal */
  open?: Open,
): <Client extends object>(searchClient: Client) => Client & AlgoliaSearch {
  rejectUnknown(options, [...ENGINE_OPTIONS, 'group', 'facets'], 'docSearchClient')
  const engine = new SharedEngine(options, open)
  return (searchClient) => {
    const how = { group, hasBreadcrumbs: versionOf(searchClient) >= 5, facets }
    return { ...searchClient, search: latestOnly(facets, (request, signal) => answerTo(engine, request, how, signal)) }
  }
}

/**
 * DocSearch asks at every keystroke, and takes an error for the end of the search: a query that was overtaken is dropped before
 * it costs anything, and gets the newer one's answer.
 */
function latestOnly(
  facets: FacetNames,
  answer: (request: ReadRequest, signal: AbortSignal) => Promise<AlgoliaResult>,
): AlgoliaSearch['search'] {
  let newest: { readonly key: string; readonly stop: AbortController; readonly answers: Answers } | undefined
  return async (given) => {
    const requests = readRequests(given, facets)
    const stop = new AbortController()
    const all = async () => ({ results: await Promise.all(requests.map((request) => answer(request, stop.signal))) })
    // Requests for counts, and of other indexes, are no newer form of this query.
    if (requests.some(({ query }) => query.trim() === '')) return all()
    const key = JSON.stringify(requests.map(({ index, page }) => [index, page]))
    if (newest?.key === key) newest.stop.abort()
    const answers: Answers = all().catch((error: unknown) => {
      const isOvertaken = stop.signal.aborted && asSelvageError(error).code === 'aborted'
      if (isOvertaken && newest) return newest.answers
      throw error
    })
    newest = { key, stop, answers }
    return answers
  }
}

async function answerTo(
  engine: SharedEngine,
  request: ReadRequest,
  how: RecordOptions & { readonly facets: FacetNames },
  signal: AbortSignal,
): Promise<AlgoliaResult> {
  const { query, page, hitsPerPage, filters } = request
  const start = performance.now()
  const k = Math.min((page + 1) * hitsPerPage, MOST)
  const counts = request.facets.length > 0
  const answer =
    query.trim() === '' || k === 0
      ? undefined
      : await engine.search(query, { k, filters, signal, ...(counts && { counts }) })
  const found = answer?.result.hits ?? []
  const all = counts ? (answer?.result.counts ?? (await engine.filters())) : undefined
  return {
    index: request.index,
    query,
    params: '',
    hits: records(found, request, how).slice(page * hitsPerPage),
    nbHits: found.length,
    nbPages: hitsPerPage === 0 ? 0 : Math.ceil(found.length / hitsPerPage),
    page,
    hitsPerPage,
    exhaustiveNbHits: found.length < k,
    processingTimeMS: Math.round(performance.now() - start),
    ...(all && { facets: facetsAsked(all, request.facets, how.facets) }),
    ...modeOf(answer),
  }
}

function modeOf(answer: Answer | undefined): Pick<AlgoliaResult, 'mode' | 'model' | 'modelError'> {
  if (answer === undefined) return { mode: 'keyword', model: 'none' }
  const { result, ...how } = answer
  return { mode: result.mode, ...how }
}

/** DocSearch writes its version into the client before it is transformed. Without one: the oldest that this is known to serve. */
function versionOf(searchClient: object): number {
  const { transporter }: { transporter?: { algoliaAgent?: { value?: unknown } } } = searchClient
  return Number(/docsearch[\w.-]* \((\d+)\./.exec(String(transporter?.algoliaAgent?.value))?.[1] ?? 3)
}

/** Ids tell records apart, also sections of a page without anchors. */
function records(hits: readonly Hit[], request: ReadRequest, how: RecordOptions): DocSearchRecord[] {
  const seen = new Map<string, number>()
  return hits.map((hit) => {
    const count = (seen.get(hit.url) ?? 0) + 1
    seen.set(hit.url, count)
    return recordOf(hit, count === 1 ? hit.url : `${hit.url}~${count}`, request, how)
  })
}

/** By the names they were asked for by. */
function facetsAsked(counts: FacetCounts, asked: readonly string[], names: FacetNames): FacetCounts {
  const wanted = asked.includes('*') ? Object.keys(counts) : asked
  return Object.fromEntries(
    wanted.flatMap((facet) => {
      const filter = names[facet] ?? facet
      const values = filter === false ? undefined : counts[filter]
      return values ? [[facet, values] as const] : []
    }),
  )
}
