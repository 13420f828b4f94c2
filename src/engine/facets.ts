/**
 * Filters with counts, and orders other than by score. A filter's values are alternatives, different filters must all hold:
 * `{version: ['2', '3'], lang: ['en']}` is English pages of version 2 or 3.
 */
import { bitsetOf } from '../plaid/search.ts'
import type { FacetCounts, PassageId } from '../types.ts'
import { type Facets, type PageNumber, rangeOfPage, type Structure } from './pages.ts'

export type Filters = Readonly<Record<string, readonly string[]>>

/** Pages that all filters let through but `except`. */
export function pagesThrough(facets: Facets, filters: Filters, pages: number, except?: string): Uint8Array {
  const passed = new Uint8Array(pages).fill(1)
  for (const [name, values] of Object.entries(filters)) {
    if (name === except || values.length === 0) continue
    const some = new Uint8Array(pages)
    for (const value of values) for (const page of facets.filters.get(name)?.get(value) ?? []) some[page] = 1
    for (let page = 0; page < pages; page++) passed[page]! &= some[page]!
  }
  return passed
}

/** A bit for each passage of these pages. */
export function passagesOfPages(pages: Uint8Array, structure: Structure): Uint32Array {
  return bitsetOf(passagesIn(pages, structure), structure.passages)
}

function* passagesIn(pages: Uint8Array, structure: Structure): Generator<PassageId> {
  for (let page = 0; page < pages.length; page++) {
    if (pages[page] === 0) continue
    const [start, end] = rangeOfPage(structure, page)
    for (let p = start; p < end; p++) yield p
  }
}

/**
 * Counts of every value among the pages found. A filter that is set does not lessen the counts of its own values: they say
 * what choosing another one would give.
 */
export function countFacets(facets: Facets, filters: Filters, found: Uint8Array): FacetCounts {
  const counts = [...facets.filters].map(([name, values]) => {
    const passed = pagesThrough(facets, filters, found.length, name)
    const count = (pages: readonly PageNumber[]) =>
      pages.filter((page) => found[page] === 1 && passed[page] === 1).length
    return [name, Object.fromEntries([...values].map(([value, pages]) => [value, count(pages)]))] as const
  })
  return Object.fromEntries(counts)
}

export interface Sort {
  /** Name of a sort key. */
  readonly by: string
  /** Largest or latest first. Default false. */
  readonly descending?: boolean
}

/** In the order of a key; pages without it come last, and equals stay as they were. */
export function inOrder<Item extends { readonly passage: PassageId }>(
  items: readonly Item[],
  pageOf: (passage: PassageId) => PageNumber,
  facets: Facets,
  { by, descending = false }: Sort,
): Item[] {
  const places = new Map((facets.sorts.get(by) ?? []).map(({ page }, i) => [page, descending ? -i : i]))
  const place = ({ passage }: Item) => places.get(pageOf(passage)) ?? Number.POSITIVE_INFINITY
  return [...items].sort((a, b) => {
    const [before, after] = [place(a), place(b)]
    return before === after ? 0 : before - after
  })
}
