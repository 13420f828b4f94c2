/**
 * One segment of an index: vectors, texts, words and structure of some pages, written once. Pages that were deleted or added
 * anew since are hidden in it, by id. Passages and pages are numbered from 0 here; segments.ts counts through all of them.
 */
import type { LexicalHeader } from '../lexical/format.ts'
import type { VectorsHeader } from '../plaid/rows.ts'
import type { BlobSource } from '../store/store.ts'
import { lazily } from '../util.ts'
import { type Facets, idsOf, type PagesHeader, PagesReader, rangeOfPage, type Structure, structureOf } from './pages.ts'
import { type TextsHeader, TextsReader } from './texts.ts'

/** What a manifest says of a segment. */
export interface SegmentParts {
  readonly vectors: VectorsHeader
  readonly texts: TextsHeader
  /** From format version 2 on. */
  readonly pages?: PagesHeader
  /** From format version 2 on; not where an index was imported. */
  readonly lexical?: LexicalHeader
}

export interface SegmentInput {
  readonly source: BlobSource
  readonly parts: SegmentParts
  /** Ids of pages that are not to be found in it any more. */
  readonly hidden?: readonly string[]
  /** Its vectors are another model's: it is searched by its words only. Default false. */
  readonly isForeign?: boolean
}

export class Segment {
  readonly source: BlobSource
  readonly parts: SegmentParts
  readonly texts: TextsReader
  readonly structure: () => Promise<Structure>
  /** Of each page. */
  readonly ids: () => Promise<readonly string[]>
  readonly #pages: PagesReader | undefined

  /** Reads nothing yet. */
  constructor(source: BlobSource, parts: SegmentParts) {
    this.source = source
    this.parts = parts
    this.texts = new TextsReader(source, parts.texts)
    const pages = parts.pages && new PagesReader(source, parts.pages)
    this.#pages = pages
    this.structure = lazily(() => (pages ? pages.structure() : structureOf(this.texts)))
    this.ids = lazily(async () => (await pages?.ids()) ?? (await idsOf(this.texts)))
  }

  get passages(): number {
    return this.parts.texts.passages
  }

  async facets(): Promise<Facets> {
    return (await this.#pages?.facets()) ?? { filters: new Map(), sorts: new Map() }
  }

  /** Pages with one of the ids, ascending. */
  async pagesWith(ids: ReadonlySet<string>): Promise<number[]> {
    if (ids.size === 0) return []
    return [...(await this.ids()).entries()].filter(([, id]) => ids.has(id)).map(([page]) => page)
  }

  /** Passages of these pages: [start, end) each. */
  async passagesOf(pages: readonly number[]): Promise<[start: number, end: number][]> {
    const structure = await this.structure()
    return pages.map((page) => rangeOfPage(structure, page))
  }
}

/** What makes two descriptions the same segment: packs are named by what they hold. */
export function keyOf({ vectors, texts, pages, lexical }: SegmentParts): string {
  const first = vectors.kind === 'rows' ? vectors.packs : [...vectors.codes, vectors.codec]
  // Words too: a site that is built anew by another version may have others for the same texts.
  const rest = [...texts.packs, ...(pages?.packs ?? []), ...(lexical?.packs ?? [])]
  return [...first, ...rest].map(({ file }) => file).join(' ')
}
