/**
 * The first half of a build: inputs become pages, and pages passages that fit the model. What needs to have seen the whole
 * site is decided here: which address is taken, and which pages are left out because others are marked.
 * Texts are small next to vectors (a token is 128 bytes of vector and some four characters): all of them are held.
 */
import type { Encoder } from '../encoder/encoder.ts'
import { SelvageError, throwIfAborted } from '../errors.ts'
import { Boilerplate } from '../text/boilerplate.ts'
import { contextualText, headingLine } from '../text/context.ts'
import type { Input, Page, Section } from '../text/document.ts'
import { type ParseOptions, parsePage } from '../text/parse/index.ts'
import { pageOfRecord } from '../text/parse/record.ts'
import { splitSection } from '../text/passages.ts'
import type { CharRange, OnProgress } from '../types.ts'

export interface PlanOptions {
  /** The documents; read one at a time. */
  readonly sources: AsyncIterable<Input> | Iterable<Input>
  /** Number of sources, for progress; 0 when not known. */
  readonly sourceCount?: number
  readonly parse?: ParseOptions
  readonly encoder: Encoder
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}

export interface PlannedPage {
  readonly page: Page
  /** Per section of the page. */
  readonly passages: readonly (readonly CharRange[])[]
}

export interface Plan {
  readonly pages: readonly PlannedPage[]
  /** Sources read. */
  readonly read: number
  /** Sources that became nothing, with the reason: empty, opted out. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
  /** Sources that could not go in as they are; the others did. */
  readonly problems: readonly SelvageError[]
}

/** Errors: `aborted`, and what parsers and sources throw. */
export async function planPages(options: PlanOptions): Promise<Plan> {
  const { encoder, signal, onProgress, parse, sourceCount = 0 } = options
  const parsed: { path: string; page: Page; isRecord: boolean }[] = []
  const skipped: { path: string; reason: string }[] = []
  let read = 0
  for await (const source of options.sources) {
    throwIfAborted(signal)
    read++
    const page = 'record' in source ? await pageOfRecord(source.record, parse) : await parsePage(source, parse)
    if (page === undefined) skipped.push({ path: source.path, reason: 'it asks not to be searched' })
    else if (page.sections.length === 0) skipped.push({ path: source.path, reason: 'it has no text' })
    else parsed.push({ path: source.path, page, isRecord: 'record' in source })
    onProgress?.({ stage: 'read', loaded: read, total: sourceCount, unit: 'items', label: source.path })
  }

  const problems: SelvageError[] = []
  const kept: Page[] = []
  const addresses = new Map<string, string>()
  const boilerplate = new Boilerplate()
  const isMarked = parsed.some(({ page }) => page.isMarked)
  for (const { path, page, isRecord } of parsed) {
    const taken = addresses.get(page.url)
    // Whoever wrote a record down chose it.
    if (isMarked && !page.isMarked && !isRecord)
      skipped.push({ path, reason: 'it marks nothing as its body, and other pages do' })
    else if (taken !== undefined) problems.push(duplicate(path, taken, page.url))
    else {
      addresses.set(page.url, path)
      boilerplate.add(page)
      kept.push(page)
    }
  }
  const pages: PlannedPage[] = []
  for (const whole of kept) {
    throwIfAborted(signal)
    pages.push(planPage(boilerplate.strip(whole), encoder))
  }
  return { pages, read, skipped, problems }
}

/** One page by itself. */
export function planPage(page: Page, encoder: Encoder): PlannedPage {
  return { page, passages: page.sections.map((section) => splitPassages(section, page.language, encoder)) }
}

function duplicate(path: string, taken: string, url: string): SelvageError {
  return new SelvageError(
    'unreadable-document',
    `${path} has the address ${url}, as ${taken} has, which was first. Give it another one, or leave one of them out.`,
  )
}

/**
 * A passage and its heading line together fit the model. A section with only a heading is one empty passage: its title
 * can still be found.
 */
function splitPassages(section: Section, language: string | undefined, encoder: Encoder): CharRange[] {
  const countTokens = (text: string) => encoder.countTokens(text)
  const room = encoder.documentTokens - countTokens(headingLine(section.headings))
  // Headings are at most 160 characters, so only a model for very short documents can get to the second term.
  const maxTokens = Math.max(room, encoder.documentTokens >> 2)
  const ranges = splitSection(section, { maxTokens, countTokens, ...(language !== undefined && { language }) })
  return ranges.length > 0 ? ranges : [{ start: 0, end: 0 }]
}

/** What the encoder is given of a page, in the order of its passages. */
export function passageTexts({ page, passages }: PlannedPage): string[] {
  return page.sections.flatMap((section, i) =>
    (passages[i] ?? []).map(
      (range) => contextualText(section.headings, section.text.slice(range.start, range.end)).text,
    ),
  )
}

/** Whole pages, together at least `size` passages a chunk (the last may be smaller). */
export function* chunks(pages: readonly PlannedPage[], size: number): Generator<PlannedPage[]> {
  let chunk: PlannedPage[] = []
  let count = 0
  for (const page of pages) {
    chunk.push(page)
    count += page.passages.flat().length
    if (count >= size) {
      yield chunk
      chunk = []
      count = 0
    }
  }
  if (chunk.length > 0) yield chunk
}
