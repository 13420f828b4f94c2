/**
 * All segments of an index as one: passages and pages are numbered through them, the first segment's first. A snapshot: it
 * never changes, and what is hidden in it is hidden in every answer.
 */
import { SelvageError } from '../errors.ts'
import { LexicalIndex, type LexicalSegment } from '../lexical/search.ts'
import type { PassageId } from '../types.ts'
import { lastAtMost, lazily } from '../util.ts'
import { type Facets, inSortOrder, type PageNumber, type SortedPage, type Structure } from './pages.ts'
import { keyOf, Segment, type SegmentInput } from './segment.ts'
import type { StoredPassage } from './texts.ts'

export class Segments {
  readonly all: readonly Segment[]
  /** Of each segment the id of its first passage. */
  readonly firsts: readonly PassageId[]
  /** Undefined where no segment has words. */
  readonly lexical: LexicalIndex | undefined
  /** Names of what there is to filter and to sort by. */
  readonly filters: readonly string[]
  readonly sorts: readonly string[]
  readonly structure: () => Promise<Structure>
  readonly facets: () => Promise<Facets>
  /** What is not hidden; undefined: all. */
  readonly visible: () => Promise<Visible | undefined>
  /** Of each segment, whether its vectors are another model's. */
  readonly isForeign: readonly boolean[]
  readonly #hidden: readonly ReadonlySet<string>[]

  /** Segments of `before` that are still there are kept, with what they have read. */
  constructor(inputs: readonly SegmentInput[], before?: Segments) {
    const known = new Map(before?.all.map((segment) => [keyOf(segment.parts), segment]))
    this.all = inputs.map(({ source, parts }) => known.get(keyOf(parts)) ?? new Segment(source, parts))
    this.isForeign = inputs.map(({ isForeign = false }) => isForeign)
    this.#hidden = inputs.map(({ hidden = [] }) => new Set(hidden))
    this.firsts = startsOf(this.all.map(({ passages }) => passages))
    const parts = this.all.map((segment) => segment.parts)
    this.filters = namesIn(parts.map(({ pages }) => pages?.filters ?? []))
    this.sorts = namesIn(parts.map(({ pages }) => pages?.sorts ?? []))
    this.lexical = parts.some(({ lexical }) => lexical) ? lexicalOf(this.all, before?.lexical) : undefined
    this.structure = lazily(async () => joinStructures(await Promise.all(this.all.map((one) => one.structure()))))
    this.facets = lazily(async () => this.#joinFacets())
    this.visible = lazily(async () => this.#findVisible())
  }

  get passages(): number {
    return this.all.reduce((sum, { passages }) => sum + passages, 0)
  }

  /** Reads what every query needs: structure, and the table of words' passages. */
  async warm(): Promise<void> {
    await Promise.all([this.structure(), this.visible(), this.lexical?.search({ text: '' })])
  }

  /** Passages with their texts, in the order asked for. */
  async texts(ids: readonly PassageId[]): Promise<StoredPassage[]> {
    return Promise.all(
      ids.map(async (id) => {
        const at = lastAtMost(this.firsts, id)
        const first = this.firsts[at]!
        const [passage] = (await this.all[at]?.texts.passages([id - first])) ?? []
        if (passage === undefined)
          throw new SelvageError('internal', `Passage ${id} of ${this.passages} was asked for.`)
        if (first === 0) return passage
        return { ...passage, id, section: { ...passage.section, id: passage.section.id + first } }
      }),
    )
  }

  /** Whose passage it is, and its number there. */
  segmentOf(id: PassageId): { segment: Segment | undefined; own: PassageId; isForeign: boolean } {
    const at = lastAtMost(this.firsts, id)
    return { segment: this.all[at], own: id - (this.firsts[at] ?? 0), isForeign: this.isForeign[at] ?? false }
  }

  async #joinFacets(): Promise<Facets> {
    const [facets, structures] = await Promise.all([
      Promise.all(this.all.map((segment) => segment.facets())),
      Promise.all(this.all.map((segment) => segment.structure())),
    ])
    if (facets.length === 1) return facets[0]!
    const firsts = startsOf(structures.map(({ pages }) => pages.length))
    const filters = new Map<string, Map<string, PageNumber[]>>()
    const sorts = new Map<string, SortedPage[]>()
    for (const [i, of] of facets.entries()) {
      const first = firsts[i]!
      for (const [name, values] of of.filters) {
        const joined = filters.get(name) ?? new Map<string, PageNumber[]>()
        filters.set(name, joined)
        for (const [value, pages] of values)
          joined.set(value, [...(joined.get(value) ?? []), ...pages.map((page) => page + first)])
      }
      for (const [name, pages] of of.sorts)
        sorts.set(name, [
          ...(sorts.get(name) ?? []),
          ...pages.map(({ page, value }) => ({ page: page + first, value })),
        ])
    }
    return { filters, sorts: new Map([...sorts].map(([name, pages]) => [name, inSortOrder(pages)])) }
  }

  async #findVisible(): Promise<Visible | undefined> {
    if (this.#hidden.every(({ size }) => size === 0)) return undefined
    const structure = await this.structure()
    const pages = new Uint8Array(structure.pages.length).fill(1)
    const passages = new Uint8Array(structure.passages).fill(1)
    let firstPage = 0
    for (const [i, segment] of this.all.entries()) {
      const hidden = await segment.pagesWith(this.#hidden[i]!)
      for (const page of hidden) pages[firstPage + page] = 0
      const first = this.firsts[i]!
      for (const [start, end] of await segment.passagesOf(hidden)) passages.fill(0, first + start, first + end)
      firstPage += (await segment.structure()).pages.length
    }
    return { pages, passages }
  }
}

/** 1 for what may be found. */
export interface Visible {
  readonly pages: Uint8Array
  readonly passages: Uint8Array
}

function lexicalOf(segments: readonly Segment[], before: LexicalIndex | undefined): LexicalIndex {
  const inputs = segments.map(({ source, parts, passages }): LexicalSegment => {
    return { source, passages, header: parts.lexical }
  })
  return new LexicalIndex(inputs, before)
}

function joinStructures(structures: readonly Structure[]): Structure {
  if (structures.length === 1) return structures[0]!
  const firsts = startsOf(structures.map(({ passages }) => passages))
  const joined = (pick: (structure: Structure) => Uint32Array) =>
    Uint32Array.from(structures.flatMap((structure, i) => Array.from(pick(structure), (id) => id + firsts[i]!)))
  return {
    sections: joined(({ sections }) => sections),
    pages: joined(({ pages }) => pages),
    passages: structures.reduce((sum, { passages }) => sum + passages, 0),
  }
}

/** Where each of them begins, one behind the other. */
function startsOf(lengths: readonly number[]): number[] {
  let sum = 0
  return lengths.map((length) => {
    sum += length
    return sum - length
  })
}

function namesIn(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort()
}
