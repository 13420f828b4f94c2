/**
 * Sources in, index out: pages → sections → passages → token matrices → packs → manifest.
 * Nothing that a reader could take for an index is there before the manifest, which is written last.
 * Knows the encoder and the store as interfaces; not where files come from, nor what runs the model.
 */
import { SelvageError, throwIfAborted } from '../errors.ts'
import { PlaidBuilder, type PlaidOptions } from '../plaid/builder.ts'
import type { AssignCentroids } from '../plaid/kmeans.ts'
import { sumOfPacks } from '../store/packs.ts'
import type { BlobStore } from '../store/store.ts'
import { DocumentsBuilder } from './documents.ts'
import { commitManifest, FORMAT_VERSION, type Manifest, packBytes } from './manifest.ts'
import { chunks, type Plan, type PlanOptions, passageTexts, planPages } from './plan.ts'

export interface BuildOptions extends PlanOptions {
  readonly store: BlobStore
  /** The nearest centroid of every token: Ops.assignCentroids, or what is faster where the build runs. */
  readonly assign: AssignCentroids
  /** How vectors are compressed. */
  readonly plaid?: PlaidOptions
  /** Remembered in the manifest: see Manifest.fingerprint. Default ''. */
  readonly fingerprint?: string
  /** Called when no more is to be encoded: what the encoder holds can go, before the compression takes its own. */
  readonly onEncoded?: () => Promise<void>
}

export interface BuildSummary extends Pick<Plan, 'skipped' | 'problems'> {
  readonly manifest: Manifest
  readonly pages: number
  readonly sections: number
  readonly passages: number
  readonly tokens: number
  readonly bytes: {
    readonly vectors: number
    readonly texts: number
    /** Words, for keyword search. */
    readonly keywords: number
    /** Structure, filters and sort keys. */
    readonly pages: number
    readonly total: number
  }
  readonly elapsedMs: {
    /** Reading files, finding sections and passages. */
    readonly read: number
    readonly encode: number
    /** Centroids, codes and residuals. */
    readonly compress: number
    /** Words, texts and packs. */
    readonly write: number
  }
}

/** Passages encoded in one call: enough for all cores, few enough for progress to be seen and a cache to be kept. */
const ENCODE_CHUNK = 512

/** Errors: `no-documents` when the sources hold no text at all; `aborted`; what parser, encoder and store throw. */
export async function buildIndex(options: BuildOptions): Promise<BuildSummary> {
  const { encoder, store, signal, onProgress, assign, plaid, fingerprint = '', onEncoded, ...planOptions } = options
  const start = performance.now()
  const plan = await planPages({ ...planOptions, encoder, signal, onProgress })
  const total = plan.pages.reduce((sum, page) => sum + page.passages.flat().length, 0)
  if (total === 0) throw nothingToIndex(plan)

  const vectors = new PlaidBuilder(store, { dim: encoder.model.dim, assign, ...plaid })
  const documents = new DocumentsBuilder(store)
  const elapsedMs = { read: performance.now() - start, encode: 0, compress: 0, write: 0 }
  let done = 0
  for (const chunk of chunks(plan.pages, ENCODE_CHUNK)) {
    const inputs = chunk.flatMap(passageTexts)
    const encodeStart = performance.now()
    const onDone = (count: number) => onProgress?.({ stage: 'encode', loaded: done + count, total, unit: 'items' })
    const encoded = await encoder.encodeDocuments(inputs, { ...(signal && { signal }), onDone })
    const writeStart = performance.now()
    elapsedMs.encode += writeStart - encodeStart
    const rowsOf = encoded.map(({ matrix, tokenIds }) => vectors.add(matrix, tokenIds)).values()
    for (const { page, passages } of chunk) {
      const stored = passages.map((ranges) => ranges.map((range) => ({ ...range, rowOf: rowsOf.next().value })))
      await documents.add(page, stored)
    }
    elapsedMs.write += performance.now() - writeStart
    done += inputs.length
    throwIfAborted(signal)
  }

  await onEncoded?.()
  const compressStart = performance.now()
  const header = await vectors.finish({ onProgress, signal })
  const writeStart = performance.now()
  elapsedMs.compress = writeStart - compressStart
  const manifest: Manifest = {
    format: 'selvage',
    version: FORMAT_VERSION,
    model: { name: encoder.model.name, hash: encoder.model.hash },
    // What was left out must be said each time, so such a build is never up to date.
    fingerprint: plan.problems.length > 0 ? '' : fingerprint,
    vectors: header,
    ...(await documents.finish()),
  }
  await commitManifest(store, manifest)
  elapsedMs.write += performance.now() - writeStart
  const bytes = bytesOf(manifest)
  onProgress?.({ stage: 'write', loaded: bytes.total, total: bytes.total, unit: 'bytes' })
  return {
    manifest,
    pages: manifest.texts.pages,
    sections: manifest.texts.sections,
    passages: total,
    tokens: manifest.vectors.tokens,
    bytes,
    elapsedMs,
    skipped: plan.skipped,
    problems: plan.problems,
  }
}

function nothingToIndex({ read }: Plan): SelvageError {
  return new SelvageError(
    'no-documents',
    `There is no text to index: ${read} document${read === 1 ? '' : 's'} read, none with text in it. ` +
      'Give a folder with .md, .mdx, .html or .txt files, or a .jsonl file.',
  )
}

function bytesOf(manifest: Manifest): BuildSummary['bytes'] {
  const { texts, lexical, pages } = manifest
  const total = packBytes(manifest)
  const others = {
    texts: sumOfPacks(texts.packs),
    keywords: sumOfPacks(lexical?.packs ?? []),
    pages: sumOfPacks(pages?.packs ?? []),
  }
  return { ...others, vectors: total - others.texts - others.keywords - others.pages, total }
}
