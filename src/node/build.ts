/** `selvage build`: a folder of documents becomes an index; an index that is up to date is left alone. */
import { createHash } from 'node:crypto'
import { relative, resolve } from 'node:path'
import { type BuildSummary, buildIndex } from '../engine/build.ts'
import { cachedEncoder } from '../engine/embeddings.ts'
import { FORMAT_VERSION, filesOf, type Manifest, packsOf, readManifest } from '../engine/manifest.ts'
import { rejectUnknown, SelvageError } from '../errors.ts'
import { createOps } from '../ops/create.ts'
import type { PlaidOptions } from '../plaid/builder.ts'
import { readPack } from '../store/packs.ts'
import type { BlobStore } from '../store/store.ts'
import type { ParseOptions } from '../text/parse/index.ts'
import type { OnProgress } from '../types.ts'
import { formatBytes } from '../util.ts'
import { defaultCacheFolder, openEmbeddingCache } from './embeddingCache.ts'
import { EXIT } from './exit.ts'
import { fileStore, prepareFolder, sweepFolder, undoable } from './fileStore.ts'
import { openNodeEncoder } from './model.ts'
import { progressDisplay, seconds } from './progress.ts'
import { type FolderFile, listDocuments, readDocuments } from './readFolder.ts'
import { VERSION } from './version.ts'

export interface BuildFolderOptions {
  /** The documents: .md, .mdx, .html and .txt files in it and below it; or one .jsonl or .jsonl.gz file of records. */
  readonly folder: string
  /** Where the index goes: an empty or new folder, or an earlier index. */
  readonly output: string
  /** How pages are read and addressed. */
  readonly parse?: ParseOptions
  /** How vectors are compressed: bits, pooling, clustering. Default: 2 bits, every token its own vector. */
  readonly plaid?: PlaidOptions
  /** Folder of the model. Default: the one that ships with the package. */
  readonly model?: string
  /** Passages encoded at a time. Default: one for each core. */
  readonly threads?: number
  /**
   * Take the vectors of passages that an earlier incremental build has encoded from a cache; the index is the same, to the
   * byte. A build that is stopped keeps what it has encoded, and the next goes on from there. Default false.
   */
  readonly incremental?: boolean
  /**
   * Where incremental builds keep vectors; it may be deleted at any time. Default: SELVAGE_CACHE_DIR of the environment, else
   * `node_modules/.cache/selvage` beside the nearest package.json, else `selvage` in the user's cache folder.
   */
  readonly cacheFolder?: string
  /** Build even if documents, options and model are those of the index that is there. Default false. */
  readonly force?: boolean
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

export interface BuildFolderResult {
  readonly manifest: Manifest
  /** What the build did; undefined where the index was up to date. */
  readonly summary: BuildSummary | undefined
  /** Passages whose vectors came from the cache; undefined where none was used. */
  readonly cached: number | undefined
  /** Files that could not be read; the rest is in the index. */
  readonly unreadable: readonly SelvageError[]
}

const OPTIONS: readonly string[] = [
  ...(['folder', 'output', 'parse', 'plaid', 'model', 'threads'] as const),
  ...(['incremental', 'cacheFolder', 'force', 'onProgress', 'signal'] as const),
] satisfies (keyof BuildFolderOptions)[]

/** Errors: `no-documents`, `output-conflict`, `aborted`, and those of the model. The old index stays until the new is whole. */
export async function buildFolder(options: BuildFolderOptions): Promise<BuildFolderResult> {
  const { folder, output, parse = {}, plaid = {}, model, threads, force = false, onProgress, signal } = options
  const { incremental = false, cacheFolder } = options
  rejectUnknown(options, OPTIONS, 'buildFolder')
  if (cacheFolder !== undefined && !incremental)
    throw new SelvageError(
      'invalid-argument',
      `buildFolder: a cache folder (${cacheFolder}) is for incremental builds, and this one is not: say incremental too.`,
    )
  const closed: SelvageError[] = []
  const files = await listDocuments(folder, (error) => closed.push(error))
  await prepareFolder(output)
  const store = await undoable(fileStore(output))
  const encoder = await openNodeEncoder({ model, threads, onProgress })
  try {
    const { fingerprint, unreadable, count } = await fingerprintOf(files, closed, {
      parse,
      plaid,
      model: encoder.model.hash,
    })
    const current = force ? undefined : await upToDate(store, fingerprint)
    if (current !== undefined) return { manifest: current, summary: undefined, cached: undefined, unreadable }
    const sources = readDocuments(files, () => {}) // named already, by the first reading
    const cache = incremental ? await openEmbeddingCache(cacheFolder ?? defaultCacheFolder(), encoder.model) : undefined
    const cached = cache && cachedEncoder(encoder, cache)
    const ops = await createOps({ backend: 'auto' })
    const summary = await buildIndex({
      sources,
      sourceCount: count,
      encoder: cached ?? encoder,
      store,
      assign: ops.assignCentroids.bind(ops),
      plaid,
      parse,
      fingerprint,
      onProgress,
      signal,
    }).finally(async () => {
      ops.close()
      await cache?.flush()
    })
    await sweepFolder(store, filesOf(summary.manifest))
    // The index is whole: a cache that cannot be tidied up is no reason to say otherwise.
    if (cached) await cache?.keep(resolve(output), cached.keys).catch(() => {})
    return { manifest: summary.manifest, summary, cached: cached?.hits(), unreadable }
  } catch (error) {
    await store.undo()
    throw error
  } finally {
    await encoder.close()
  }
}

export async function buildCommand(options: Omit<BuildFolderOptions, 'onProgress' | 'signal'>): Promise<number> {
  const display = progressDisplay()
  let result: BuildFolderResult
  try {
    result = await buildFolder({ ...options, onProgress: display.onProgress })
  } finally {
    display.done()
  }
  const { manifest, summary, cached, unreadable } = result
  const output = relative('', options.output) || '.'
  if (summary === undefined) {
    const left = unreadable.map((error) => `\n  left out: ${error.message}`).join('')
    process.stdout.write(`${output} is up to date: ${countsOf(manifest)}. Use --force to build it anew.${left}\n`)
    return unreadable.length > 0 ? EXIT.incomplete : EXIT.ok
  }
  process.stdout.write(`Built ${output}: ${report(summary, cached, unreadable).join('\n  ')}\n`)
  return unreadable.length > 0 ? EXIT.incomplete : EXIT.ok
}

/** Two builds with the same fingerprint write the same index. Files that cannot be read as text are named on the way. */
async function fingerprintOf(files: readonly FolderFile[], closed: readonly SelvageError[], options: object) {
  const hash = createHash('sha256').update(JSON.stringify({ format: FORMAT_VERSION, version: VERSION, options }))
  const unreadable = [...closed]
  let count = 0
  for await (const input of readDocuments(files, (error) => unreadable.push(error))) {
    hash.update(JSON.stringify(input))
    count++
  }
  hash.update(JSON.stringify(unreadable.map(({ message }) => message)))
  return { fingerprint: hash.digest('hex'), unreadable, count }
}

/** The manifest of a whole index with this fingerprint, or undefined where a build is due: a damaged one is built anew. */
async function upToDate(store: BlobStore, fingerprint: string): Promise<Manifest | undefined> {
  try {
    const manifest = await readManifest(store)
    if (manifest.fingerprint !== fingerprint) return undefined
    for (const pack of packsOf(manifest)) await readPack(store, pack)
    return manifest
  } catch (error) {
    // No index there, or one that cannot be read: building is the remedy for both.
    if (error instanceof SelvageError) return undefined
    throw error
  }
}

function report(
  { manifest, bytes, elapsedMs, skipped, tokens, passages }: BuildSummary,
  cached: number | undefined,
  unreadable: readonly SelvageError[],
): string[] {
  const skips = new Map<string, string[]>()
  for (const { path, reason } of skipped) skips.set(reason, [...(skips.get(reason) ?? []), path])
  const perToken = (bytes.vectors / Math.max(tokens, 1)).toFixed(1)
  return [
    countsOf(manifest),
    `${formatBytes(bytes.total)}: vectors ${formatBytes(bytes.vectors)} (${perToken} bytes per token), texts ${formatBytes(bytes.texts)}`,
    `read ${seconds(elapsedMs.parse)}, encoded ${seconds(elapsedMs.encode)}, compressed ${seconds(elapsedMs.compress)}, written ${seconds(elapsedMs.write)}`,
    ...(cached === undefined
      ? []
      : [`${cached.toLocaleString('en')} of ${passages.toLocaleString('en')} passages from the cache`]),
    ...[...skips].map(([reason, paths]) => `left out, ${reason}: ${listed(paths)}`),
    ...unreadable.map((error) => `left out: ${error.message}`),
  ]
}

function countsOf({ texts, vectors }: Manifest): string {
  const count = (n: number, noun: string) => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
  return [
    count(texts.pages, 'page'),
    count(texts.sections, 'section'),
    count(texts.passages, 'passage'),
    count(vectors.tokens, 'token'),
  ].join(', ')
}

function listed(paths: readonly string[]): string {
  return paths.slice(0, 5).join(', ') + (paths.length > 5 ? ` and ${paths.length - 5} more` : '')
}
