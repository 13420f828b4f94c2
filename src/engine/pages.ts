/**
 * Which passages make a section, which sections a page, and what pages can be filtered and sorted by. Read before any text:
 * rankings are made of numbers, and only what is shown is loaded.
 */
import { type BlocksHeader, BlocksReader, BlocksWriter, parseBlocksHeader } from '../store/blocks.ts'
import { headerFields } from '../store/packs.ts'
import type { BlobSource, BlobStore } from '../store/store.ts'
import type { Page } from '../text/document.ts'
import type { PassageId } from '../types.ts'
import { lastAtMost } from '../util.ts'
import type { TextsReader } from './texts.ts'

/** Number of a page in the index, in order of its passages. */
export type PageNumber = number

/** The manifest's part about pages: block 0 is the structure, 1 the values of filters and sort keys, 2 the pages' ids. */
export interface PagesHeader extends BlocksHeader {
  /** Names of what there is to filter and to sort by. */
  readonly filters: readonly string[]
  readonly sorts: readonly string[]
}

const STRUCTURE_BLOCK = 0
const FACETS_BLOCK = 1
const IDS_BLOCK = 2

/** Errors: `index-invalid` naming the field. */
export function parsePagesHeader(value: unknown, location: string): PagesHeader {
  const fields = headerFields(value, 'pages', location)
  return { ...parseBlocksHeader(fields), filters: fields.texts('filters'), sorts: fields.texts('sorts') }
}

/** First passages of sections, and of pages, ascending; and how many passages there are. */
export interface Structure {
  readonly sections: Uint32Array
  readonly pages: Uint32Array
  readonly passages: number
}

/** The section of a passage is called by the id of its first passage. */
export function sectionOf({ sections }: Structure, passage: PassageId): PassageId {
  return sections[lastAtMost(sections, passage)] ?? passage
}

export function pageOf({ pages }: Structure, passage: PassageId): PageNumber {
  return lastAtMost(pages, passage)
}

export function passagesOf({ sections, passages }: Structure, section: PassageId): PassageId[] {
  const end = sections[lastAtMost(sections, section) + 1] ?? passages
  return Array.from({ length: end - section }, (_, i) => section + i)
}

/** Passages of a page: [start, end). */
export function rangeOfPage({ pages, passages }: Structure, page: PageNumber): [start: PassageId, end: PassageId] {
  return [pages[page] ?? passages, pages[page + 1] ?? passages]
}

export interface Facets {
  /** Filter → value → pages, ascending. */
  readonly filters: ReadonlyMap<string, ReadonlyMap<string, readonly PageNumber[]>>
  /** Sort key → the pages that have it, in ascending order of what they say. */
  readonly sorts: ReadonlyMap<string, readonly SortedPage[]>
}

export interface SortedPage {
  readonly page: PageNumber
  readonly value: string
}

/** What a page is known by when it is to be replaced or deleted. */
export function idOf({ id, url }: Pick<Page, 'id' | 'url'>): string {
  return id ?? url
}

export class PagesBuilder {
  readonly #store: BlobStore
  readonly #sections: PassageId[] = []
  readonly #pages: PassageId[] = []
  readonly #filters = new Map<string, Map<string, PageNumber[]>>()
  readonly #sorts = new Map<string, SortedPage[]>()
  readonly #ids: string[] = []
  #passages = 0

  constructor(store: BlobStore) {
    this.#store = store
  }

  /** `passages[i]`: how many passages section i of the page has; sections without any are not in the index. */
  add(page: Page, passages: readonly number[]): void {
    const number = this.#pages.length
    this.#pages.push(this.#passages)
    this.#ids.push(idOf(page))
    for (const count of passages) {
      if (count > 0) this.#sections.push(this.#passages)
      this.#passages += count
    }
    for (const [name, values] of Object.entries(page.filters ?? {}))
      for (const value of new Set(values)) {
        const known = entry(this.#filters, name, () => new Map<string, PageNumber[]>())
        entry(known, value, () => []).push(number)
      }
    for (const [name, value] of Object.entries(page.sort ?? {}))
      entry(this.#sorts, name, () => []).push({ page: number, value })
  }

  async finish(): Promise<PagesHeader> {
    const blocks = new BlocksWriter(this.#store, 'pages')
    const structure = { sections: steps(this.#sections), pages: steps(this.#pages), passages: this.#passages }
    await blocks.add(json(structure))
    const byName = (a: readonly [string, unknown], b: readonly [string, unknown]) => (a[0] < b[0] ? -1 : 1)
    const filters = [...this.#filters].sort(byName)
    const sorts = [...this.#sorts].sort(byName)
    const ordered = sorts.map(([name, values]) => [name, inSortOrder(values)] as const)
    await blocks.add(
      json({
        filters: filters.map(([name, values]) => [
          name,
          [...values].sort(byName).map(([value, pages]) => [value, steps(pages)]),
        ]),
        sorts: ordered.map(([name, pages]) => [name, pages.map(({ page }) => page)]),
        values: ordered.map(([, pages]) => pages.map(({ value }) => value)),
      }),
    )
    await blocks.add(json(this.#ids))
    return {
      ...(await blocks.finish()),
      filters: filters.map(([name]) => name),
      sorts: sorts.map(([name]) => name),
    }
  }
}

/** Numbers before words; numbers by size, words by the alphabet of their code units, equal ones by page. */
export function inSortOrder(values: readonly SortedPage[]): SortedPage[] {
  const key = (value: string) => (value.trim() === '' ? Number.NaN : Number(value))
  const keyed = values.map(({ page, value }) => ({ page, value, number: key(value) }))
  keyed.sort((a, b) => {
    if (Number.isNaN(a.number) !== Number.isNaN(b.number)) return Number.isNaN(a.number) ? 1 : -1
    if (!Number.isNaN(a.number)) return a.number - b.number || a.page - b.page
    return a.value < b.value ? -1 : a.value > b.value ? 1 : a.page - b.page
  })
  return keyed.map(({ page, value }) => ({ page, value }))
}

export class PagesReader {
  readonly #header: PagesHeader
  readonly #structure: BlocksReader<Structure>
  readonly #facets: BlocksReader<Facets>
  readonly #ids: BlocksReader<string[]>

  constructor(source: BlobSource, header: PagesHeader) {
    this.#header = header
    this.#structure = new BlocksReader(source, header, readStructure, 1)
    this.#facets = new BlocksReader(source, header, readFacets, 1)
    this.#ids = new BlocksReader(source, header, readIds, 1)
  }

  structure(): Promise<Structure> {
    return this.#structure.read(STRUCTURE_BLOCK)
  }

  async facets(): Promise<Facets> {
    const { filters, sorts } = this.#header
    if (filters.length + sorts.length === 0) return { filters: new Map(), sorts: new Map() }
    return this.#facets.read(FACETS_BLOCK)
  }

  /** Of each page; undefined where the index was built before ids were written down. */
  async ids(): Promise<readonly string[] | undefined> {
    return this.#ids.count > IDS_BLOCK ? this.#ids.read(IDS_BLOCK) : undefined
  }
}

/** The pages' ids out of the texts, for indexes that have no list of them. */
export async function idsOf(texts: TextsReader): Promise<string[]> {
  const ids: string[] = []
  let before: object | undefined
  for await (const block of texts.all())
    for (const { page } of block.map(({ section }) => section)) {
      if (page !== before && !page.isContinued) ids.push(idOf(page))
      before = page
    }
  return ids
}

/** An index of version 1 says it in its texts only. */
export async function structureOf(texts: TextsReader): Promise<Structure> {
  const sections: PassageId[] = []
  const pages: PassageId[] = []
  let passages = 0
  let page: unknown
  for await (const block of texts.all())
    for (const { id, section } of block) {
      passages++
      if (section.id === id) sections.push(id)
      if (section.page !== page && !section.page.isContinued) pages.push(id)
      page = section.page
    }
  return { sections: Uint32Array.from(sections), pages: Uint32Array.from(pages), passages }
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

// The blocks' checksums were right: these are the bytes that PagesBuilder wrote.

function readStructure(bytes: Uint8Array): Structure {
  const stored: { sections: number[]; pages: number[]; passages: number } = JSON.parse(new TextDecoder().decode(bytes))
  const { sections, pages, passages } = stored
  return { sections: Uint32Array.from(sums(sections)), pages: Uint32Array.from(sums(pages)), passages }
}

function readFacets(bytes: Uint8Array): Facets {
  const stored: StoredFacets = JSON.parse(new TextDecoder().decode(bytes))
  const filters = stored.filters.map(
    ([name, values]) => [name, new Map(values.map(([value, pages]) => [value, sums(pages)]))] as const,
  )
  const sorts = stored.sorts.map(
    ([name, pages], i) =>
      [name, pages.map((page, place) => ({ page, value: stored.values?.[i]?.[place] ?? '' }))] as const,
  )
  return { filters: new Map(filters), sorts: new Map(sorts) }
}

interface StoredFacets {
  filters: [string, [string, number[]][]][]
  sorts: [string, number[]][]
  /** Of each sort key, what its pages say. Indexes built before this was written down sort by themselves only. */
  values?: string[][]
}

function readIds(bytes: Uint8Array): string[] {
  return JSON.parse(new TextDecoder().decode(bytes))
}

/** Ascending numbers by what each adds to the one before: short, and alike, so that they compress. */
function steps(ascending: readonly number[]): number[] {
  return ascending.map((value, i) => value - (ascending[i - 1] ?? 0))
}

function sums(of: readonly number[]): number[] {
  let sum = 0
  return of.map((step) => {
    sum += step
    return sum
  })
}

function entry<Value>(of: Map<string, Value>, name: string, make: () => Value): Value {
  const value = of.get(name) ?? make()
  of.set(name, value)
  return value
}
