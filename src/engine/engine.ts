/**
 * An open index that answers queries with sections: by meaning, by words, or by both. Words can be searched as soon as it is
 * open; vectors are loaded when asked for. It is given a store and kernels; it knows no device, no worker and no DOM.
 */
import { SelvageError } from '../errors.ts'
import { LexicalIndex, type LexicalRanking, type ReadWord } from '../lexical/search.ts'
import type { FailoverOps } from '../ops/failover.ts'
import { plaidPacks } from '../plaid/format.ts'
import { type IndexReader, openPlaid } from '../plaid/search.ts'
import { sumOfPacks } from '../store/packs.ts'
import type { BlobSource } from '../store/store.ts'
import {
  type EngineQuery,
  type FacetCounts,
  FUSIONS,
  type OnProgress,
  type OpsBackend,
  SEARCH_MODES,
  type SearchMode,
} from '../types.ts'
import { lazily, orList } from '../util.ts'
import { countFacets, inOrder, pagesThrough, passagesOfPages } from './facets.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { type PageNumber, PagesReader, pageOf, rangeOfPage, type Structure, structureOf } from './pages.ts'
import { byBoth, byKeywords, byMeaning, type Ranked, type Retrieved, type Wanted } from './retrieve.ts'
import { type StoredPassage, TextsReader } from './texts.ts'

/** A section that answers the query, with its best passage. */
export interface SectionHit extends Omit<Ranked, 'passage' | 'section'> {
  readonly passage: StoredPassage
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
}

/** Sections that each arm gives to a fusion: on labelled sets 50 and 100 are the same. */
export const HYBRID_SECTIONS = 50
/** Of a page that is a hit: its best section, and two more. */
const SECTIONS_OF_PAGE = 3

export class Engine {
  readonly manifest: Manifest
  readonly #source: BlobSource
  readonly #texts: TextsReader
  readonly #pages: PagesReader | undefined
  readonly #lexical: LexicalIndex | undefined
  readonly #structure: () => Promise<Structure>
  #index: IndexReader | undefined

  /** Reads the manifest only. Errors: those of readManifest. */
  static async open(source: BlobSource): Promise<Engine> {
    return new Engine(source, await readManifest(source))
  }

  private constructor(source: BlobSource, manifest: Manifest) {
    const { pages, lexical, texts } = manifest
    this.manifest = manifest
    this.#source = source
    this.#texts = new TextsReader(source, texts)
    const reader = pages && new PagesReader(source, pages)
    this.#pages = reader
    this.#structure = lazily(() => (reader ? reader.structure() : structureOf(this.#texts)))
    this.#lexical = lexical && new LexicalIndex(source, lexical)
  }

  /** Whether the index has words to search; those of version 1 have none. */
  get hasKeywords(): boolean {
    return this.#lexical !== undefined
  }

  /** Loads the vectors. Errors: those of readPack, and of the kernels' `load`. */
  async loadVectors(ops: FailoverOps, onProgress?: OnProgress): Promise<void> {
    const { vectors } = this.manifest
    // Texts and words are read when a query needs them.
    const total = sumOfPacks(plaidPacks(vectors))
    let loaded = 0
    onProgress?.({ stage: 'index', loaded, total, unit: 'bytes' })
    const source = this.#source
    const counted: BlobSource = {
      location: source.location,
      async get(key) {
        const bytes = await source.get(key)
        loaded += bytes?.byteLength ?? 0
        onProgress?.({ stage: 'index', loaded, total, unit: 'bytes' })
        return bytes
      },
    }
    this.#index = await openPlaid(counted, vectors, ops)
  }

  /** Errors: `invalid-argument` for another dim, an unknown filter or sort key, or a mode that the index does not have. */
  async search(query: EngineQuery): Promise<Answer> {
    checkQuery(query)
    const mode = this.#modeOf(query)
    const start = performance.now()
    const [structure, keyword, facets] = await Promise.all([
      this.#structure(),
      mode === 'semantic' ? undefined : this.#lexical?.search({ text: query.text }),
      this.#facetsFor(query),
    ])
    const { filters = {}, sort } = query
    const pages = structure.pages.length
    const isFiltered = Object.values(filters).some((values) => values.length > 0)
    const filter = isFiltered ? passagesOfPages(pagesThrough(facets, filters, pages), structure) : undefined
    const scoreStart = performance.now()
    const retrieved = await this.#retrieve(mode, query, keyword, structure, filter)
    // A filter's own values are counted as if it were not set; the words are not filtered anyhow.
    const isPartial = query.counts && filter !== undefined && mode !== 'keyword'
    const unfiltered = isPartial ? await this.#retrieve(mode, query, keyword, structure, undefined) : undefined
    const found = [...retrieved.sections, ...(unfiltered?.sections ?? [])]
    const ordered = sort ? inOrder(retrieved.sections, (p) => pageOf(structure, p), facets, sort) : retrieved.sections
    const textsStart = performance.now()
    const hits = await this.#withTexts(grouped(ordered, query, (p) => pageOf(structure, p)))
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
      ...(retrieved.backend && { backend: retrieved.backend }),
    }
  }

  /** Names and values of all filters, each with the number of its pages. */
  async filters(): Promise<FacetCounts> {
    const [structure, facets] = await Promise.all([this.#structure(), this.#pages?.facets()])
    return facets ? countFacets(facets, {}, new Uint8Array(structure.pages.length).fill(1)) : {}
  }

  close(): void {
    this.#index?.close()
  }

  #modeOf({ mode, matrix }: EngineQuery): SearchMode {
    const wanted = mode ?? (matrix === undefined ? 'keyword' : this.hasKeywords ? 'hybrid' : 'semantic')
    if (wanted !== 'semantic' && !this.hasKeywords)
      throw new SelvageError(
        'invalid-argument',
        `The index at ${this.#source.location} is of version ${this.manifest.version} and has no words to search, so "${wanted}" is not possible. Build it again, or search with mode "semantic".`,
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
    const { k, fusion, groupBy, sort } = query
    const few = Math.max(groupBy === 'page' ? k * SECTIONS_OF_PAGE : k, mode === 'semantic' ? 0 : HYBRID_SECTIONS)
    const least = sort && mode === 'keyword' ? structure.sections.length : few
    const mostPages = Math.min(k, structure.pages.length)
    for (let sections = least; ; sections *= 4) {
      const retrieved = await this.#gather(mode, query, keyword, structure, { sections, fusion, filter })
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
    const index = this.#vectors()
    if (matrix === undefined || matrix.dim !== index.dim)
      throw new SelvageError(
        'invalid-argument',
        `The query has ${matrix?.dim} dimensions, the index ${index.dim}: they come from different models.`,
      )
    return keyword ? byBoth(index, matrix, keyword, structure, wanted) : byMeaning(index, matrix, structure, wanted)
  }

  #vectors(): IndexReader {
    if (this.#index) return this.#index
    throw new SelvageError('internal', 'The index was searched by meaning before its vectors were loaded.')
  }

  async #facetsFor({ filters = {}, sort, counts }: EngineQuery) {
    for (const name of Object.keys(filters)) this.#checkFacet(name, 'filters')
    if (sort) this.#checkFacet(sort.by, 'sorts')
    const isNeeded = Object.keys(filters).length > 0 || sort !== undefined || counts === true
    const facets = isNeeded ? await this.#pages?.facets() : undefined
    return facets ?? { filters: new Map(), sorts: new Map() }
  }

  #checkFacet(name: string, kind: 'filters' | 'sorts'): void {
    const known = this.manifest.pages?.[kind] ?? []
    if (known.includes(name)) return
    const what = kind === 'filters' ? 'filter' : 'sort key'
    throw new SelvageError(
      'invalid-argument',
      `The index has no ${what} "${name}"; it has ${known.length > 0 ? known.join(', ') : 'none'}.`,
    )
  }

  async #withTexts(groups: readonly (readonly Ranked[])[]): Promise<SectionHit[]> {
    const stored = await this.#texts.passages(groups.flat().map(({ passage }) => passage))
    const passages = new Map(stored.map((passage) => [passage.id, passage]))
    const toHit = ({ section: _, passage, ...rest }: Ranked, more: readonly SectionHit[]): SectionHit => ({
      ...rest,
      passage: passages.get(passage)!,
      more,
    })
    return groups.map(([first, ...more]) =>
      toHit(
        first!,
        more.map((section) => toHit(section, [])),
      ),
    )
  }
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
