/**
 * Sources in, index out: pages → sections → passages → token matrices → packs → manifest, in one stream.
 * Nothing that a reader could take for an index is there before the manifest, which is written last.
 * Knows the encoder and the store as interfaces; not where files come from, nor what runs the model.
 */
import type { Encoder } from '../encoder/encoder.ts'
import { SelvageError, throwIfAborted } from '../errors.ts'
import { PlaidBuilder, type PlaidOptions } from '../plaid/builder.ts'
import type { AssignCentroids } from '../plaid/kmeans.ts'
import type { BlobStore } from '../store/store.ts'
import type { Page, Section, Source } from '../text/document.ts'
import { type ParseOptions, parsePage } from '../text/parse/index.ts'
import { splitSection } from '../text/passages.ts'
import type { CharRange, OnProgress } from '../types.ts'
import { commitManifest, FORMAT_VERSION, type Manifest, packBytes } from './manifest.ts'
import { contextualText, headingLine, TextsBuilder } from './texts.ts'

export interface BuildOptions {
  /** The documents; read one at a time. */
  readonly sources: AsyncIterable<Source> | Iterable<Source>
  /** Number of sources, for progress; 0 when not known. */
  readonly sourceCount?: number
  readonly encoder: Encoder
  readonly store: BlobStore
  /** The nearest centroid of every token: Ops.assignCentroids, or what is faster where the build runs. */
  readonly assign: AssignCentroids
  /** How vectors are compressed. */
  readonly plaid?: PlaidOptions
  readonly parse?: ParseOptions
  /** Remembered in the manifest: see Manifest.fingerprint. Default ''. */
  readonly fingerprint?: string
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

export interface BuildSummary {
  readonly manifest: Manifest
  readonly pages: number
  readonly sections: number
  readonly passages: number
  readonly tokens: number
  readonly bytes: {
    readonly vectors: number
    readonly texts: number
    readonly total: number
  }
  readonly elapsedMs: {
    readonly parse: number
    readonly encode: number
    /** Centroids, codes and residuals. */
    readonly compress: number
    readonly write: number
  }
  /** Sources that became nothing, with the reason: empty, opted out. */
  readonly skipped: readonly {
    readonly path: string
    readonly reason: string
  }[]
}

/** Passages encoded in one call: the encoder sorts them by length inside, so more means less padding. */
const ENCODE_CHUNK = 512

interface PlannedPage {
  readonly page: Page
  /** Per section of the page. */
  readonly passages: readonly (readonly CharRange[])[]
}

/** Errors: `no-documents` when the sources hold no text at all; `aborted`; what parser, encoder and store throw. */
export async function buildIndex(options: BuildOptions): Promise<BuildSummary> {
  const { encoder, store, signal, onProgress } = options
  const plan = await planPages(options)
  const total = plan.pages.reduce((sum, page) => sum + page.passages.flat().length, 0)
  if (total === 0)
    throw new SelvageError(
      'no-documents',
      `There is no text to index: ${plan.read} file${plan.read === 1 ? '' : 's'} read, none with text in it. ` +
        'Give a folder with .md, .mdx, .html or .txt files.',
    )

  const vectors = new PlaidBuilder(store, { dim: encoder.model.dim, assign: options.assign, ...options.plaid })
  const texts = new TextsBuilder(store)
  const elapsedMs = { parse: plan.elapsedMs, encode: 0, compress: 0, write: 0 }
  let done = 0
  for (const chunk of chunks(plan.pages, ENCODE_CHUNK)) {
    const inputs = chunk.flatMap(passageTexts)
    const encodeStart = performance.now()
    const encoded = await encoder.encodeDocuments(inputs, {
      signal,
      onDone: (count) =>
        onProgress?.({
          stage: 'encode',
          loaded: done + count,
          total,
          unit: 'items',
        }),
    })
    const writeStart = performance.now()
    elapsedMs.encode += writeStart - encodeStart
    const rowsOf = encoded.map(({ matrix, tokenIds }) => vectors.add(matrix, tokenIds)).values()
    for (const { page, passages } of chunk) {
      const stored = passages.map((ranges) => ranges.map((range) => ({ ...range, rowOf: rowsOf.next().value })))
      await texts.add(page, stored)
    }
    elapsedMs.write += performance.now() - writeStart
    done += inputs.length
    throwIfAborted(signal)
  }

  const compressStart = performance.now()
  const header = await vectors.finish({ onProgress, signal })
  const writeStart = performance.now()
  elapsedMs.compress = writeStart - compressStart
  const manifest: Manifest = {
    format: 'selvage',
    version: FORMAT_VERSION,
    model: { name: encoder.model.name, hash: encoder.model.hash },
    fingerprint: options.fingerprint ?? '',
    vectors: header,
    texts: await texts.finish(),
  }
  await commitManifest(store, manifest)
  elapsedMs.write += performance.now() - writeStart
  onProgress?.({
    stage: 'write',
    loaded: packBytes(manifest),
    total: packBytes(manifest),
    unit: 'bytes',
  })
  const textBytes = manifest.texts.packs.reduce((sum, ref) => sum + ref.bytes, 0)
  return {
    manifest,
    pages: manifest.texts.pages,
    sections: manifest.texts.sections,
    passages: total,
    tokens: manifest.vectors.tokens,
    bytes: {
      vectors: packBytes(manifest) - textBytes,
      texts: textBytes,
      total: packBytes(manifest),
    },
    elapsedMs,
    skipped: plan.skipped,
  }
}

/** Parses and splits all sources. Texts are small next to vectors: all of them may be held at once. */
async function planPages(options: BuildOptions) {
  const { encoder, signal, onProgress } = options
  const start = performance.now()
  const pages: PlannedPage[] = []
  const skipped: { path: string; reason: string }[] = []
  let read = 0
  for await (const source of options.sources) {
    throwIfAborted(signal)
    read++
    const page = await parsePage(source, options.parse)
    const passages = page?.sections.map((section) => splitPassages(section, page.language, encoder)) ?? []
    if (page === undefined) skipped.push({ path: source.path, reason: 'it asks not to be searched' })
    else if (passages.flat().length === 0) skipped.push({ path: source.path, reason: 'it has no text' })
    else pages.push({ page, passages })
    onProgress?.({
      stage: 'read',
      loaded: read,
      total: options.sourceCount ?? 0,
      unit: 'items',
      label: source.path,
    })
  }
  return { pages, skipped, read, elapsedMs: performance.now() - start }
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
  const ranges = splitSection(section, { maxTokens, countTokens, language })
  return ranges.length > 0 ? ranges : [{ start: 0, end: 0 }]
}

function passageTexts({ page, passages }: PlannedPage): string[] {
  return page.sections.flatMap((section, i) =>
    (passages[i] ?? []).map(
      (range) => contextualText(section.headings, section.text.slice(range.start, range.end)).text,
    ),
  )
}

/** Whole pages, together at least `size` passages a chunk (the last may be smaller). */
function* chunks(pages: readonly PlannedPage[], size: number): Generator<PlannedPage[]> {
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
