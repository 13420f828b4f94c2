/**
 * The texts behind the passages: pages, their sections, and which characters of a section each passage is.
 * Stored as JSON in blocks of sections in the order of passage ids; a hit loads only the block it lies in. What is stored is
 * enough to make the pages again (`pages`), so that an index can be merged with others and encoded anew without its sources.
 * Knows nothing of vectors; a passage is its id.
 */
import { SelvageError } from '../errors.ts'
import { type BlocksHeader, BlocksReader, BlocksWriter, parseBlocksHeader } from '../store/blocks.ts'
import { headerFields } from '../store/packs.ts'
import type { BlobSource, BlobStore } from '../store/store.ts'
import type { Page, Section } from '../text/document.ts'
import type { Block, CharRange, PassageId } from '../types.ts'
import { lastAtMost } from '../util.ts'

/** The manifest's part about the texts. Block i holds the passages from `firstPassages[i]` on. */
export interface TextsHeader extends BlocksHeader {
  readonly pages: number
  readonly sections: number
  readonly passages: number
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
  /** Unique within the index: the id of the section's first passage. */
  readonly id: PassageId
  readonly page: PageFields & {
    /** The page began in the block before. */
    readonly isContinued?: true
  }
  readonly headings: readonly string[]
  readonly url: string
  readonly text: string
  readonly blocks: readonly Block[]
  readonly weight?: number
}

/** What is stored of a page beside its sections. */
type PageFields = Pick<Page, (typeof PAGE_FIELDS)[number]>

const PAGE_FIELDS = ['id', 'url', 'title', 'language', 'meta', 'filters', 'sort', 'weight'] as const

/** A page as it was added, its passages' ids counting on from `first`. */
export interface StoredPage {
  readonly page: Page
  /** Per section. */
  readonly passages: readonly (readonly NewPassage[])[]
  readonly first: PassageId
}

/**
 * A page as it lies in a pack. `passages` are flattened ranges: start, end, ...; `blocks`: kind's number, start, end, ...;
 * `rows`, with pooling: of each passage, the row of each token.
 */
interface PageRecord extends PageFields {
  isContinued?: true
  sections: {
    headings: string[]
    url: string
    text: string
    blocks: number[]
    weight?: number
    passages: number[]
    rows?: number[][]
  }[]
}

/** Their places in this list are part of the format. */
const KINDS: readonly Block['kind'][] = ['paragraph', 'code', 'list-item', 'table', 'quote']

/** Text per block: small enough that one hit costs little, large enough that gzip works. A large page is in several. */
const BLOCK_CHARS = 16 << 10

export class TextsBuilder {
  readonly #blocks: BlocksWriter
  readonly #firstPassages: PassageId[] = []
  #pending: PageRecord[] = []
  #pendingChars = 0
  #pendingFirst = 0
  #pages = 0
  #sections = 0
  #passages = 0

  constructor(store: BlobStore) {
    this.#blocks = new BlocksWriter(store, 'texts')
  }

  /** `passages[i]` are the ranges of `page.sections[i]`; their ids follow those already added. */
  async add(page: Page, passages: readonly (readonly NewPassage[])[]): Promise<void> {
    let record: PageRecord | undefined
    for (const [i, section] of page.sections.entries()) {
      const ranges = passages[i] ?? []
      if (ranges.length === 0) continue
      if (record === undefined) this.#pages++
      if (record === undefined || this.#pendingChars >= BLOCK_CHARS) {
        if (this.#pendingChars >= BLOCK_CHARS) await this.#flush()
        record = recordOf(page, record !== undefined)
        this.#pending.push(record)
      }
      record.sections.push({
        headings: [...section.headings],
        url: section.url,
        text: section.text,
        blocks: section.blocks.flatMap(({ kind, start, end }) => [KINDS.indexOf(kind), start, end]),
        ...(section.weight !== undefined && { weight: section.weight }),
        passages: ranges.flatMap((range) => [range.start, range.end]),
        ...(ranges.some(({ rowOf }) => rowOf) && { rows: ranges.map(({ rowOf }) => Array.from(rowOf ?? [])) }),
      })
      this.#sections++
      this.#passages += ranges.length
      this.#pendingChars += section.text.length
    }
  }

  async finish(): Promise<TextsHeader> {
    if (this.#pending.length > 0) await this.#flush()
    return {
      pages: this.#pages,
      sections: this.#sections,
      passages: this.#passages,
      ...(await this.#blocks.finish()),
      firstPassages: this.#firstPassages,
    }
  }

  async #flush(): Promise<void> {
    await this.#blocks.add(new TextEncoder().encode(JSON.stringify(this.#pending)))
    this.#firstPassages.push(this.#pendingFirst)
    this.#pending = []
    this.#pendingChars = 0
    this.#pendingFirst = this.#passages
  }
}

function recordOf(page: Page, isContinued: boolean): PageRecord {
  const given = PAGE_FIELDS.filter((name) => page[name] !== undefined).map((name) => [name, page[name]] as const)
  const fields: PageFields = { url: page.url, title: page.title, ...Object.fromEntries(given) }
  return { ...fields, sections: [], ...(isContinued && { isContinued }) }
}

/** The header out of parsed JSON. Errors: `index-invalid` naming the field. */
export function parseTextsHeader(value: unknown, location: string): TextsHeader {
  const fields = headerFields(value, 'texts', location)
  return {
    pages: fields.count('pages'),
    sections: fields.count('sections'),
    passages: fields.count('passages'),
    ...parseBlocksHeader(fields),
    firstPassages: fields.counts('firstPassages'),
  }
}

/** Reads texts by passage id; a block is loaded when first needed and kept while it is among the last used. */
export class TextsReader {
  readonly #source: BlobSource
  readonly #header: TextsHeader
  readonly #blocks: BlocksReader<StoredPassage[]>

  constructor(source: BlobSource, header: TextsHeader) {
    this.#source = source
    this.#header = header
    this.#blocks = new BlocksReader(source, header, (bytes, block) =>
      readPages(bytes, header.firstPassages[block] ?? 0),
    )
  }

  async passages(ids: readonly PassageId[]): Promise<StoredPassage[]> {
    return Promise.all(ids.map((id) => this.#passage(id)))
  }

  /** Every passage, block by block. */
  async *all(): AsyncGenerator<readonly StoredPassage[]> {
    for (let block = 0; block < this.#blocks.count; block++) yield await this.#blocks.read(block)
  }

  async #passage(id: PassageId): Promise<StoredPassage> {
    const block = lastAtMost(this.#header.firstPassages, id)
    const found = block < 0 ? undefined : (await this.#blocks.read(block))[id - this.#header.firstPassages[block]!]
    if (found === undefined)
      throw new SelvageError(
        'index-invalid',
        `The index at ${this.#source.location} has no text for passage ${id} of ${this.#header.passages}. Build it again.`,
      )
    return found
  }
}

/** Every page as it was added, one after the other. */
export async function* pagesOf(texts: TextsReader): AsyncGenerator<StoredPage> {
  let open: StoredPages | undefined
  let of: StoredSection['page'] | undefined
  for await (const block of texts.all())
    for (const { id, section, range, rowOf } of block) {
      if (section.page !== of && !(section.page.isContinued && open !== undefined)) {
        if (open !== undefined) yield finished(open)
        open = { page: section.page, sections: [], first: id }
      }
      of = section.page
      if (section.id === id) open?.sections.push({ section, passages: [] })
      open?.sections.at(-1)?.passages.push({ ...range, ...(rowOf && { rowOf }) })
    }
  if (open !== undefined) yield finished(open)
}

interface StoredPages {
  readonly page: StoredSection['page']
  readonly sections: { readonly section: StoredSection; readonly passages: NewPassage[] }[]
  readonly first: PassageId
}

function finished({ page: { isContinued: _, ...page }, sections, first }: StoredPages): StoredPage {
  const whole = sections.map(({ section: { headings, url, text, blocks, weight } }): Section => {
    const anchor = url.includes('#') ? url.slice(url.indexOf('#') + 1) : ''
    return { headings, anchor, url, text, blocks, ...(weight !== undefined && { weight }) }
  })
  return { page: { ...page, sections: whole }, passages: sections.map(({ passages }) => passages), first }
}

/** `first` is the id of the first passage in the block. */
function readPages(bytes: Uint8Array, first: PassageId): StoredPassage[] {
  // The block's checksum was right: these are the bytes that TextsBuilder wrote.
  const pages: PageRecord[] = JSON.parse(new TextDecoder().decode(bytes))
  const passages: StoredPassage[] = []
  let id = first
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
