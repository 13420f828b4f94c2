/**
 * The texts behind the passages: pages, their sections, and which characters of a section each passage is.
 * Stored as gzipped JSON packs of whole pages in the order of passage ids; a hit loads only the pack it lies in.
 * Knows nothing of vectors; a passage is its id.
 */
import { SelvageError } from '../errors.ts'
import { headerFields, type PackRef, readPack, writePack } from '../store/packs.ts'
import type { BlobSource, BlobStore } from '../store/store.ts'
import type { Page } from '../text/document.ts'
import type { Block, CharRange, PassageId } from '../types.ts'
import { gunzip, gzip } from '../util.ts'

/** The manifest's part about the texts. `packs[i]` holds the passages from `firstPassages[i]` on. */
export interface TextsHeader {
  readonly pages: number
  readonly sections: number
  readonly passages: number
  readonly packs: readonly PackRef[]
  readonly firstPassages: readonly PassageId[]
}

/** A passage with all that is shown of it. */
export interface StoredPassage {
  readonly id: PassageId
  readonly section: StoredSection
  /** Range within `section.text`. */
  readonly range: CharRange
  /** Where tokens were pooled: the row of the index that each token of the passage went into, `[T]`. */
  readonly rowOf?: readonly number[]
}

/** What is stored of a passage: its range in the section's text, and with pooling `rowOf`. */
export interface NewPassage extends CharRange {
  readonly rowOf?: ArrayLike<number>
}

export interface StoredSection {
  /** Unique within the index, stable for its life: the id of the section's first passage. */
  readonly id: PassageId
  readonly page: {
    readonly url: string
    readonly title: string
    readonly language?: string
  }
  readonly headings: readonly string[]
  readonly url: string
  readonly text: string
  readonly blocks: readonly Block[]
}

/**
 * A page as it lies in a pack. `passages` are flattened ranges: start, end, ...; `blocks`: kind's number, start, end, ...;
 * `rows`, with pooling: of each passage, the row of each token.
 */
interface PageRecord {
  url: string
  title: string
  language?: string
  sections: {
    headings: string[]
    url: string
    text: string
    blocks: number[]
    passages: number[]
    rows?: number[][]
  }[]
}

/** Their places in this list are part of the format. */
const KINDS: readonly Block['kind'][] = ['paragraph', 'code', 'list-item', 'table', 'quote']

/** Raw JSON per pack: small enough that one hit costs little, large enough that gzip works and files stay few. */
const PACK_CHARS = 256 << 10

/**
 * What the encoder is given for a passage: the heading path on a line of its own, then the text. Headings say what a
 * passage is about when its sentences do not ("It accepts two arguments ...").
 * `offset` is where the passage's own text begins in the result.
 */
export function contextualText(headings: readonly string[], passage: string): { text: string; offset: number } {
  const context = headingLine(headings)
  return { text: context + passage, offset: context.length }
}

/** Characters of headings that a passage carries at most: they must leave the model room for the text. */
const HEADING_CHARS = 160

/** The heading path, innermost last. Outer headings are left out first where the path is too long. */
export function headingLine(headings: readonly string[]): string {
  let path = headings.slice(-1).join('').slice(0, HEADING_CHARS)
  for (const heading of headings.slice(0, -1).reverse()) {
    const longer = `${heading} > ${path}`
    if (longer.length > HEADING_CHARS) break
    path = longer
  }
  return `${path}\n`
}

export class TextsBuilder {
  readonly #store: BlobStore
  readonly #packs: PackRef[] = []
  readonly #firstPassages: PassageId[] = []
  #pending: PageRecord[] = []
  #pendingChars = 0
  #pendingFirst = 0
  #pages = 0
  #sections = 0
  #passages = 0

  constructor(store: BlobStore) {
    this.#store = store
  }

  /** `passages[i]` are the ranges of `page.sections[i]`; their ids follow those already added. */
  async add(page: Page, passages: readonly (readonly NewPassage[])[]): Promise<void> {
    const record: PageRecord = {
      url: page.url,
      title: page.title,
      sections: [],
    }
    if (page.language !== undefined) record.language = page.language
    page.sections.forEach((section, i) => {
      const ranges = passages[i] ?? []
      if (ranges.length === 0) return
      record.sections.push({
        headings: [...section.headings],
        url: section.url,
        text: section.text,
        blocks: section.blocks.flatMap(({ kind, start, end }) => [KINDS.indexOf(kind), start, end]),
        passages: ranges.flatMap((range) => [range.start, range.end]),
        ...(ranges.some(({ rowOf }) => rowOf) && { rows: ranges.map(({ rowOf }) => Array.from(rowOf ?? [])) }),
      })
      this.#passages += ranges.length
      this.#pendingChars += section.text.length
    })
    if (record.sections.length === 0) return
    this.#pages++
    this.#sections += record.sections.length
    this.#pending.push(record)
    if (this.#pendingChars >= PACK_CHARS) await this.#flush()
  }

  async finish(): Promise<TextsHeader> {
    if (this.#pending.length > 0) await this.#flush()
    return {
      pages: this.#pages,
      sections: this.#sections,
      passages: this.#passages,
      packs: this.#packs,
      firstPassages: this.#firstPassages,
    }
  }

  async #flush(): Promise<void> {
    const json = new TextEncoder().encode(JSON.stringify(this.#pending))
    this.#packs.push(await writePack(this.#store, 'texts', await gzip(json)))
    this.#firstPassages.push(this.#pendingFirst)
    this.#pending = []
    this.#pendingChars = 0
    this.#pendingFirst = this.#passages
  }
}

/** The header out of parsed JSON. Errors: `index-invalid` naming the field. */
export function parseTextsHeader(value: unknown, location: string): TextsHeader {
  const fields = headerFields(value, 'texts', location)
  return {
    pages: fields.count('pages'),
    sections: fields.count('sections'),
    passages: fields.count('passages'),
    packs: fields.packs('packs'),
    firstPassages: fields.counts('firstPassages'),
  }
}

/** Reads texts by passage id; packs are loaded when first needed and kept while they are among the last used. */
export class TextsReader {
  readonly #source: BlobSource
  readonly #header: TextsHeader
  readonly #packs = new Map<number, Promise<StoredPassage[]>>()
  readonly #keep: number

  constructor(source: BlobSource, header: TextsHeader, keepPacks = 16) {
    this.#source = source
    this.#header = header
    this.#keep = keepPacks
  }

  async passages(ids: readonly PassageId[]): Promise<StoredPassage[]> {
    return Promise.all(ids.map((id) => this.#passage(id)))
  }

  async #passage(id: PassageId): Promise<StoredPassage> {
    const pack = lastAtMost(this.#header.firstPassages, id)
    const found = (await this.#load(pack))[id - (this.#header.firstPassages[pack] ?? 0)]
    if (found === undefined)
      throw new SelvageError(
        'index-invalid',
        `The index at ${this.#source.location} has no text for passage ${id} of ${this.#header.passages}. Build it again.`,
      )
    return found
  }

  #load(pack: number): Promise<StoredPassage[]> {
    let loading = this.#packs.get(pack)
    if (loading === undefined) {
      loading = this.#read(pack)
      // A failed load must not be remembered: the next hit tries again.
      loading.catch(() => this.#packs.delete(pack))
    }
    this.#packs.delete(pack)
    this.#packs.set(pack, loading)
    for (const oldest of this.#packs.keys()) {
      if (this.#packs.size <= this.#keep) break
      this.#packs.delete(oldest)
    }
    return loading
  }

  async #read(pack: number): Promise<StoredPassage[]> {
    const ref = this.#header.packs[pack]
    if (ref === undefined) return []
    const json = new TextDecoder().decode(await gunzip(await readPack(this.#source, ref)))
    // The pack's hash was checked: these are the bytes that TextsBuilder wrote.
    const pages: PageRecord[] = JSON.parse(json)
    const passages: StoredPassage[] = []
    let id = this.#header.firstPassages[pack] ?? 0
    for (const { sections, ...page } of pages)
      for (const { passages: ranges, blocks, rows, ...rest } of sections) {
        const section: StoredSection = { id, page, ...rest, blocks: unflatten(blocks) }
        for (let i = 0; i + 1 < ranges.length; i += 2) {
          const rowOf = rows?.[i / 2]
          const range = { start: ranges[i]!, end: ranges[i + 1]! }
          passages.push({ id: id++, section, range, ...(rowOf && { rowOf }) })
        }
      }
    return passages
  }
}

function unflatten(flat: readonly number[]): Block[] {
  const blocks: Block[] = []
  for (let i = 0; i + 2 < flat.length; i += 3)
    blocks.push({ kind: KINDS[flat[i]!] ?? 'paragraph', start: flat[i + 1]!, end: flat[i + 2]! })
  return blocks
}

/** The part of a section that is one passage: its text, and its blocks in the passage's own coordinates. */
export function passageText({ section, range }: StoredPassage): { text: string; blocks: Block[] } {
  const blocks = section.blocks
    .filter(({ start, end }) => start < range.end && end > range.start)
    .map(({ kind, start, end }) => ({
      kind,
      start: Math.max(start, range.start) - range.start,
      end: Math.min(end, range.end) - range.start,
    }))
  return { text: section.text.slice(range.start, range.end), blocks }
}

/** Index of the last element <= value in an ascending list; 0 where all are greater. */
function lastAtMost(ascending: readonly number[], value: number): number {
  let low = 0
  let high = ascending.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (ascending[middle]! <= value) low = middle
    else high = middle
  }
  return low
}
