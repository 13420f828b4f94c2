/**
 * One query on one snapshot of an index: which passages may be found, what each arm says of them, and the hits with their
 * texts. Knows segments only as one; it loads nothing but texts and words.
 */
import { SelvageError } from '../errors.ts'
import type { LexicalRanking, ReadWord } from '../lexical/search.ts'
import type { IndexReader } from '../plaid/search.ts'
import {
  type EngineQuery,
  type FacetCounts,
  FUSIONS,
  isListing,
  type OpsBackend,
  type PassageId,
  SEARCH_MODES,
  type SearchMode,
  type SearchWork,
} from '../types.ts'
import { orList } from '../util.ts'
import { countFacets, inOrder, pagesThrough, passagesOfPages } from './facets.ts'
import { type PageNumber, pageOf, rangeOfPage, type Structure } from './pages.ts'
import {
  byBoth,
  byKeywords,
  byMeaning,
  type Matches,
  matchesOf,
  type Ranked,
  type Retrieved,
  type Wanted,
} from './retrieve.ts'
import type { Segments, Visible } from './segments.ts'
import type { StoredPassage } from './texts.ts'

/** A section that answers the query, with its best passage. */
export interface SectionHit extends Omit<Ranked, 'passage' | 'section'> {
  readonly passage: StoredPassage
  /** Where vectors were scored. */
  readonly matches?: Matches
  /** Of the same page, where hits are pages. */
  readonly more: readonly SectionHit[]
}

export interface Answer {
  readonly mode: SearchMode
  readonly hits: readonly SectionHit[]
  /** What became of the query's words; empty without the keyword arm. */
  readonly words: readonly ReadWord[]
  readonly counts?: FacetCounts
  readonly elapsedMs: { readonly keyword: number; readonly score: number; readonly texts: number }
  /** Where vectors were scored, if they were. */
  readonly backend?: OpsBackend
  /** `approximate` while residuals are on their way: by centroids alone. */
  readonly precision?: IndexReader['precision']
  /** Of the search that found the hits; what only counts filters' values is not in it. */
  readonly work: Omit<SearchWork, 'bytesRead'>
}

/** Sections that each arm gives to a fusion: on labelled sets 50 and 100 are the same. */
export const HYBRID_SECTIONS = 50
/** Of a page that is a hit: its best section, and two more. */
const SECTIONS_OF_PAGE = 3

/** What is searched. */
export interface Searched {
  /** The place in words, for messages. */
  readonly location: string
  readonly version: number
  readonly segments: Segments
  /** Undefined until vectors are loaded. */
  readonly vectors: IndexReader | undefined
}

/** Whether there are words to search: indexes of version 1 have none. An empty index has all the words of its texts. */
export function hasKeywords(segments: Segments): boolean {
  return segments.lexical !== undefined || segments.all.length === 0
}

/** One query on one snapshot. */
export class Search {
  readonly #searched: Searched
  readonly #segments: Segments

  constructor(searched: Searched) {
    this.#searched = searched
    this.#segments = searched.segments
  }

  /** Errors: `invalid-argument` for another dim, an unknown filter or sort key, or a mode that the index does not have. */
  async run(query: EngineQuery): Promise<Answer> {
    checkQuery(query)
    const mode = this.#modeOf(query)
    if (this.#segments.passages === 0)
      return {
        mode,
        hits: [],
        words: [],
        elapsedMs: { keyword: 0, score: 0, texts: 0 },
        work: {},
        ...(query.counts && { counts: {} }),
      }
    const start = performance.now()
    const segments = this.#segments
    const [structure, keyword, facets, visible] = await Promise.all([
      segments.structure(),
      mode === 'semantic' ? undefined : segments.lexical?.search({ text: query.text }),
      this.#facetsFor(query),
      segments.visible(),
    ])
    const isListed = isListing({ ...query, mode })
    if (keyword && isListed) keyword.scores.fill(1) // all alike: they stay in the index's order
    if (keyword && visible) hide(keyword.scores, visible)
    const { filters = {}, sort } = query
    const pages = structure.pages.length
    const isFiltered = Object.values(filters).some((values) => values.length > 0)
    const { without = [] } = query
    const allowed = (bits: Uint32Array | undefined) => except(bits, without, structure.passages)
    const shown = allowed(visible && passagesOfPages(visible.pages, structure))
    const through = isFiltered ? pagesThrough(facets, filters, pages) : undefined
    const filter = through
      ? allowed(passagesOfPages(visible ? through.map((is, page) => is & visible.pages[page]!) : through, structure))
      : shown
    const scoreStart = performance.now()
    const retrieved = await this.#retrieve(mode, query, keyword, structure, filter)
    // A filter's own values are counted as if it were not set; the words are not filtered anyhow.
    const isPartial = query.counts && isFiltered && mode !== 'keyword'
    const unfiltered = isPartial ? await this.#retrieve(mode, query, keyword, structure, shown) : undefined
    const found = [...retrieved.sections, ...(unfiltered?.sections ?? [])]
    const ordered = sort ? inOrder(retrieved.sections, (p) => pageOf(structure, p), facets, sort) : retrieved.sections
    const textsStart = performance.now()
    const hits = await this.#filled(
      grouped(ordered, query, (p) => pageOf(structure, p)),
      query,
    )
    return {
      mode,
      hits,
      words: keyword?.words ?? [],
      ...(query.counts && { counts: countFacets(facets, filters, pagesFound(found, keyword, structure)) }),
      elapsedMs: {
        keyword: scoreStart - start,
        score: textsStart - scoreStart,
        texts: performance.now() - textsStart,
      },
      work: isListed ? {} : retrieved.work,
      ...(retrieved.backend && { backend: retrieved.backend, precision: this.#loaded().precision }),
    }
  }

  #modeOf({ mode, matrix }: EngineQuery): SearchMode {
    const wanted = mode ?? (matrix === undefined ? 'keyword' : hasKeywords(this.#segments) ? 'hybrid' : 'semantic')
    if (wanted !== 'semantic' && !hasKeywords(this.#segments))
      throw new SelvageError(
        'invalid-argument',
        `The index at ${this.#searched.location} is of version ${this.#searched.version} and has no words to search, so "${wanted}" is not possible. Build it again, or search with mode "semantic".`,
      )
    if (wanted !== 'keyword' && matrix === undefined)
      throw new SelvageError('internal', `A ${wanted} search needs the query's vectors.`)
    return wanted
  }

  /** Where hits are pages, and few pages have all the sections that were gathered, more are. */
  async #retrieve(
    mode: SearchMode,
    query: EngineQuery,
    keyword: LexicalRanking | undefined,
    structure: Structure,
    filter: Uint32Array | undefined,
  ): Promise<Retrieved> {
    const { k, fusion, groupBy, sort, candidates } = query
    const few = Math.max(groupBy === 'page' ? k * SECTIONS_OF_PAGE : k, mode === 'semantic' ? 0 : HYBRID_SECTIONS)
    const least = sort && mode === 'keyword' ? structure.sections.length : few
    const mostPages = Math.min(k, structure.pages.length)
    for (let sections = least; ; sections *= 4) {
      const retrieved = await this.#gather(mode, query, keyword, structure, { sections, fusion, filter, candidates })
      const pages = new Set(retrieved.sections.map(({ passage }) => pageOf(structure, passage)))
      if (groupBy !== 'page' || pages.size >= mostPages || retrieved.sections.length < sections) return retrieved
    }
  }

  #gather(
    mode: SearchMode,
    { matrix }: EngineQuery,
    keyword: LexicalRanking | undefined,
    structure: Structure,
    wanted: Wanted,
  ): Promise<Retrieved> | Retrieved {
    if (mode === 'keyword' && keyword) return byKeywords(keyword, structure, wanted)
    const index = this.#loaded()
    if (matrix === undefined || matrix.dim !== index.dim)
      throw new SelvageError(
        'invalid-argument',
        `The query has ${matrix?.dim} dimensions, the index ${index.dim}: they come from different models.`,
      )
    return keyword ? byBoth(index, matrix, keyword, structure, wanted) : byMeaning(index, matrix, structure, wanted)
  }

  #loaded(): IndexReader {
    const { vectors } = this.#searched
    if (vectors) return vectors
    throw new SelvageError('internal', 'The index was searched by meaning before its vectors were loaded.')
  }

  async #facetsFor({ filters = {}, sort, counts }: EngineQuery) {
    for (const name of Object.keys(filters)) this.#checkFacet(name, 'filters')
    if (sort) this.#checkFacet(sort.by, 'sorts')
    const isNeeded = Object.keys(filters).length > 0 || sort !== undefined || counts === true
    return isNeeded ? this.#segments.facets() : { filters: new Map(), sorts: new Map() }
  }

  #checkFacet(name: string, kind: 'filters' | 'sorts'): void {
    const known = this.#segments[kind]
    if (known.includes(name)) return
    const what = kind === 'filters' ? 'filter' : 'sort key'
    throw new SelvageError(
      'invalid-argument',
      `The index has no ${what} "${name}"; it has ${known.length > 0 ? known.join(', ') : 'none'}.`,
    )
  }

  /** With their texts, and with what matched where meaning was asked for. */
  async #filled(groups: readonly (readonly Ranked[])[], { matrix }: EngineQuery): Promise<SectionHit[]> {
    const ranked = groups.flat()
    const scored = ranked.filter(({ ranking }) => ranking.semantic).map(({ passage }) => passage)
    const [stored, matches] = await Promise.all([
      this.#segments.texts(ranked.map(({ passage }) => passage)),
      matrix && scored.length > 0 ? matchesOf(this.#loaded(), matrix, scored) : new Map<number, Matches>(),
    ])
    const passages = new Map(stored.map((passage) => [passage.id, passage]))
    const toHit = ({ section: _, passage, ...rest }: Ranked, more: readonly SectionHit[]): SectionHit => {
      const matched = matches.get(passage)
      return { ...rest, passage: passages.get(passage)!, ...(matched && { matches: matched }), more }
    }
    return groups.map(([first, ...more]) =>
      toHit(
        first!,
        more.map((section) => toHit(section, [])),
      ),
    )
  }
}

/** What is hidden has no word of any query. */
function hide(scores: Float64Array, { passages }: Visible): void {
  for (let p = 0; p < passages.length; p++) if (passages[p] === 0) scores[p] = 0
}

/** The filter without these passages. */
function except(
  filter: Uint32Array | undefined,
  without: readonly PassageId[],
  passages: number,
): Uint32Array | undefined {
  if (without.length === 0) return filter
  const bits = filter?.slice() ?? new Uint32Array(Math.ceil(passages / 32)).fill(0xffffffff)
  for (const id of without) bits[id >> 5]! &= ~(1 << (id & 31))
  return bits
}

const CHOICES: Readonly<Record<'mode' | 'fusion' | 'groupBy', readonly string[]>> = {
  mode: SEARCH_MODES,
  fusion: FUSIONS,
  groupBy: ['section', 'page'],
}

/** Programs without types say what types would not let them: it is refused, not read as something else. */
function checkQuery(query: EngineQuery): void {
  const { k, filters = {} } = query
  if (!Number.isInteger(k) || k < 0)
    throw new SelvageError('invalid-argument', `search: k is ${k}; it must be a whole number, and not below 0.`)
  for (const name of ['mode', 'fusion', 'groupBy'] as const) {
    const chosen = query[name]
    if (chosen !== undefined && !CHOICES[name].includes(chosen))
      throw new SelvageError('invalid-argument', `search: ${name} is "${chosen}", wanted ${orList(CHOICES[name])}.`)
  }
  for (const [name, values] of Object.entries(filters))
    if (!Array.isArray(values))
      throw new SelvageError(
        'invalid-argument',
        `search: the filter "${name}" is ${JSON.stringify(values)}, wanted a list of values, as ["${values}"].`,
      )
}

/** The first k sections, each alone, or those of the first k pages, a few of each page together. */
function grouped(
  sections: readonly Ranked[],
  { k, groupBy }: EngineQuery,
  page: (passage: number) => PageNumber,
): Ranked[][] {
  if (groupBy !== 'page') return sections.slice(0, k).map((section) => [section])
  const groups = new Map<PageNumber, Ranked[]>()
  for (const section of sections) {
    const of = page(section.passage)
    const known = groups.get(of)
    if (known === undefined && groups.size < k) groups.set(of, [section])
    else if (known !== undefined && known.length < SECTIONS_OF_PAGE) known.push(section)
  }
  return [...groups.values()]
}

/** Those with one of the query's words, and those of the sections that came nearest in meaning. */
function pagesFound(
  sections: readonly Ranked[],
  keyword: LexicalRanking | undefined,
  structure: Structure,
): Uint8Array {
  const found = new Uint8Array(structure.pages.length)
  for (const { passage } of sections) found[pageOf(structure, passage)] = 1
  if (keyword === undefined) return found
  for (let page = 0; page < found.length; page++) {
    const [start, end] = rangeOfPage(structure, page)
    for (let p = start; p < end && found[page] === 0; p++) if (keyword.scores[p]! > 0) found[page] = 1
  }
  return found
}
