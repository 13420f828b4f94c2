/** `selvage build`: a folder of documents becomes an index; an index that is up to date is left alone. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { type BuildSummary, buildIndex } from '../engine/build.ts'
import { FORMAT_VERSION, filesOf, type Manifest, readManifest } from '../engine/manifest.ts'
import { rejectUnknown, SelvageError } from '../errors.ts'
import type { BlobStore } from '../store/store.ts'
import type { ParseOptions } from '../text/parse/index.ts'
import type { OnProgress } from '../types.ts'
import { formatBytes } from '../util.ts'
import { EXIT } from './exit.ts'
import { fileStore, prepareFolder, sweepFolder } from './fileStore.ts'
import { openNodeEncoder } from './model.ts'
import { progressDisplay, seconds } from './progress.ts'
import { type FolderFile, listDocuments, readDocuments } from './readFolder.ts'
import { VERSION } from './version.ts'

export interface BuildFolderOptions {
  /** The documents: .md, .mdx, .html and .txt files in it and below it. */
  readonly folder: string
  /** Where the index goes: an empty or new folder, or an earlier index. */
  readonly output: string
  /** How pages are read and addressed. */
  readonly parse?: ParseOptions
  /** Folder of the model. Default: the one that ships with the package. */
  readonly model?: string
  /** CPU threads for the model. Default: all cores. */
  readonly threads?: number
  /** Build even if documents, options and model are those of the index that is there. Default false. */
  readonly force?: boolean
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

export interface BuildFolderResult {
  readonly manifest: Manifest
  /** What the build did; undefined where the index was up to date. */
  readonly summary: BuildSummary | undefined
  /** Files that could not be read; the rest is in the index. */
  readonly unreadable: readonly SelvageError[]
}

/** Errors: `no-documents`, `output-conflict`, `aborted`, and those of the model. The old index stays until the new is whole. */
export async function buildFolder(options: BuildFolderOptions): Promise<BuildFolderResult> {
  const { folder, output, parse = {}, model, threads, force = false, onProgress, signal } = options
  rejectUnknown(
    options,
    ['folder', 'output', 'parse', 'model', 'threads', 'force', 'onProgress', 'signal'],
    'buildFolder',
  )
  const files = await listDocuments(folder)
  await prepareFolder(output)
  const store = fileStore(output)
  const encoder = await openNodeEncoder({ model, threads, onProgress })
  try {
    const fingerprint = await fingerprintOf(files, { parse, model: encoder.model.hash })
    const current = force ? undefined : await upToDate(store, fingerprint)
    if (current !== undefined) return { manifest: current, summary: undefined, unreadable: [] }
    const unreadable: SelvageError[] = []
    const sources = readDocuments(files, (error) => unreadable.push(error))
    const summary = await buildIndex({
      sources,
      sourceCount: files.length,
      encoder,
      store,
      parse,
      fingerprint,
      onProgress,
      signal,
    })
    await sweepFolder(store, filesOf(summary.manifest))
    return { manifest: summary.manifest, summary, unreadable }
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
  const { manifest, summary, unreadable } = result
  const output = relative('', options.output) || '.'
  if (summary === undefined) {
    process.stdout.write(`${output} is up to date: ${countsOf(manifest)}. Use --force to build it anew.\n`)
    return EXIT.ok
  }
  process.stdout.write(`Built ${output}: ${report(summary, unreadable).join('\n  ')}\n`)
  return unreadable.length > 0 ? EXIT.incomplete : EXIT.ok
}

/** Two builds with the same fingerprint write the same index. */
async function fingerprintOf(files: readonly FolderFile[], options: object): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify({ format: FORMAT_VERSION, version: VERSION, options }))
  for (const { path, absolutePath } of files) {
    // A file that cannot be read is named when it is its turn to be indexed.
    const content = await readFile(absolutePath).catch(() => 'unreadable')
    hash.update(JSON.stringify([path, content.length])).update(content)
  }
  return hash.digest('hex')
}

/** The manifest of an index with this fingerprint and all its files, or undefined where a build is due. */
async function upToDate(store: BlobStore, fingerprint: string): Promise<Manifest | undefined> {
  try {
    const manifest = await readManifest(store)
    const present = new Set(await store.list())
    const whole = filesOf(manifest).every((file) => present.has(file))
    return whole && manifest.fingerprint === fingerprint ? manifest : undefined
  } catch (error) {
    // No index there, or one that cannot be read: building is the remedy for both.
    if (error instanceof SelvageError) return undefined
    throw error
  }
}

function report(
  { manifest, bytes, elapsedMs, skipped, tokens }: BuildSummary,
  unreadable: readonly SelvageError[],
): string[] {
  const skips = new Map<string, string[]>()
  for (const { path, reason } of skipped) skips.set(reason, [...(skips.get(reason) ?? []), path])
  const perToken = (bytes.vectors / Math.max(tokens, 1)).toFixed(1)
  return [
    countsOf(manifest),
    `${formatBytes(bytes.total)}: vectors ${formatBytes(bytes.vectors)} (${perToken} bytes per token), texts ${formatBytes(bytes.texts)}`,
    `read ${seconds(elapsedMs.parse)}, encoded ${seconds(elapsedMs.encode)}, written ${seconds(elapsedMs.write)}`,
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
