/** A folder of documents becomes an index; an index that is up to date is left alone. */
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { type BuildOptions, type BuildSummary, buildIndex } from '../engine/build.ts'
import { cachedEncoder } from '../engine/embeddings.ts'
import { FORMAT_VERSION, filesOf, type Manifest, packsOf, readManifest } from '../engine/manifest.ts'
import { rejectUnknown, SelvageError, throwIfAborted } from '../errors.ts'
import { createOps } from '../ops/create.ts'
import type { PlaidOptions } from '../plaid/builder.ts'
import { readPack } from '../store/packs.ts'
import type { BlobStore } from '../store/store.ts'
import type { Input } from '../text/document.ts'
import { checkOptions, type ParseOptions } from '../text/parse/options.ts'
import type { OnProgress } from '../types.ts'
import { assignPool } from './assignPool.ts'
import { defaultCacheFolder, openEmbeddingCache } from './embeddingCache.ts'
import { fileStore, prepareFolder, sweepFolder, undoable } from './fileStore.ts'
import { withLock } from './lock.ts'
import { defaultWorkers, openNodeEncoder } from './model.ts'
import { reasonOf, shortPath } from './paths.ts'
import { listDocuments, readDocuments } from './readFolder.ts'
import { runtimeFiles } from './runtimeFiles.ts'
import { VERSION } from './version.ts'
import { writeRuntime } from './writeRuntime.ts'

/** How documents become an index. */
export interface IndexingOptions {
  /** How pages are read and addressed. */
  readonly parse?: ParseOptions
  /** How vectors are compressed: bits, pooling, clustering. Default: 2 bits, every token its own vector. */
  readonly plaid?: PlaidOptions
  /** Folder of the model. Default: the one that ships with the package. */
  readonly model?: string
  /** Passages encoded at a time, each by a process of some 300 MB. Default: one for each core and each GB of memory. */
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
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

export interface BuildFolderOptions extends IndexingOptions {
  /** The documents: .md, .mdx, .html and .txt files in it and below it; or one .jsonl or .jsonl.gz file. */
  readonly folder: string
  /** Where the index goes: an empty or new folder, or an earlier index. */
  readonly output: string
  /** Also write what a page needs to search it: the library's browser files and the model. Default false. */
  readonly withRuntime?: boolean
  /** Build even if documents, options and model are those of the index that is there. Default false. */
  readonly force?: boolean
}

export interface BuildFolderResult {
  readonly manifest: Manifest
  /** What the build did; undefined where the index was up to date. */
  readonly summary: BuildSummary | undefined
  /** Passages whose vectors came from the cache; undefined where none was used. */
  readonly cached: number | undefined
  /** Documents that could not go in, each named; the rest is in the index. */
  readonly unreadable: readonly SelvageError[]
  /** Why vectors could not be kept for the next build; this one's index is whole all the same. */
  readonly cacheError?: SelvageError
}

export const INDEXING = [
  ...(['parse', 'plaid', 'model', 'threads', 'incremental', 'cacheFolder', 'onProgress', 'signal'] as const),
] satisfies (keyof IndexingOptions)[]

const OPTIONS: readonly (keyof BuildFolderOptions)[] = ['folder', 'output', 'withRuntime', 'force', ...INDEXING]

/** Errors: `no-documents`, `output-conflict`, `aborted`, and those of the model. The old index stays until the new is whole. */
export async function buildFolder(options: BuildFolderOptions): Promise<BuildFolderResult> {
  rejectUnknown(options, OPTIONS, 'buildFolder')
  checkIndexing(options, 'buildFolder')
  const closed: SelvageError[] = []
  const files = await listDocuments(options.folder, (error) => closed.push(error))
  return buildInto({
    ...options,
    read(onUnreadable) {
      closed.forEach(onUnreadable)
      return readDocuments(files, onUnreadable)
    },
  })
}

/** A build of documents from wherever. */
export interface BuildJob extends IndexingOptions {
  /** The documents. Called twice, for the fingerprint and to index them; what cannot be read is told each time. */
  read(onUnreadable: (error: SelvageError) => void): AsyncIterable<Input>
}

/** Builds into a folder. Errors: as buildFolder. */
export async function buildInto(
  job: BuildJob & Pick<BuildFolderOptions, 'output' | 'withRuntime' | 'force'>,
): Promise<BuildFolderResult> {
  const { output, model, withRuntime = false, force = false } = job
  const runtime = withRuntime ? await runtimeFiles(model) : []
  await prepareFolder(output)
  return withLock(output, async () => {
    const result = await buildStore({ ...job, force, store: fileStore(output), owner: resolve(output) })
    if (withRuntime) await writeRuntime(output, runtime)
    return result
  })
}

interface StoreJob extends BuildJob {
  readonly store: BlobStore
  /** Build even if nothing changed. */
  readonly force: boolean
  /** Whose vectors these are, for the cache: an output folder. */
  readonly owner: string
}

/** One build, with what it needs opened and closed around it. What fails leaves the store as it was. */
export async function buildStore(job: StoreJob): Promise<BuildFolderResult> {
  const { read, model, threads, onProgress, force } = job
  const store = await undoable(job.store)
  const encoder = await openNodeEncoder({ model, threads, onProgress })
  try {
    const { fingerprint, unreadable, count } = await fingerprintOf(job, encoder.model.hash)
    const current = force ? undefined : await upToDate(store, fingerprint)
    if (current !== undefined) return { manifest: current, summary: undefined, cached: undefined, unreadable }
    const sources = read(() => {}) // named already, by the first reading
    const building = runBuild({ ...job, sources, sourceCount: count, fingerprint, encoder, store })
    const { summary, ...fromCache } = await building.catch((error: unknown) => {
      throw withReason(error, unreadable)
    })
    await sweepFolder(store, filesOf(summary.manifest))
    return { manifest: summary.manifest, summary, ...fromCache, unreadable: [...unreadable, ...summary.problems] }
  } catch (error) {
    await store.undo().catch(() => {}) // what failed first is what is told
    throw error
  } finally {
    await encoder.close()
  }
}

/** That there is nothing to index is seldom meant: a file that could not be read says more. */
function withReason(error: unknown, [first, ...others]: readonly SelvageError[]): unknown {
  if (!(error instanceof SelvageError && error.code === 'no-documents' && first !== undefined)) return error
  const more = others.length > 0 ? `, with ${others.length} more` : ''
  return new SelvageError('no-documents', `${error.message} Left out${more}: ${first.message}`, { cause: first })
}

/** The build itself, with cache and kernels around it. */
async function runBuild(
  job: StoreJob & Pick<BuildOptions, 'sources' | 'sourceCount' | 'fingerprint' | 'encoder'>,
): Promise<{ summary: BuildSummary } & Pick<BuildFolderResult, 'cached' | 'cacheError'>> {
  const { sources, sourceCount, fingerprint, store, encoder, owner, parse, plaid, onProgress, signal } = job
  const folder = job.cacheFolder ?? defaultCacheFolder()
  const cache = job.incremental ? await openEmbeddingCache(folder, encoder.model) : undefined
  // An index does not need the cache: one that cannot be written is told, and given no more.
  let cacheError: SelvageError | undefined
  const written = async (writing: Promise<void> | undefined) => {
    await writing?.catch((cause: unknown) => {
      cacheError ??= new SelvageError(
        'output-conflict',
        `The cache folder ${shortPath(folder)} could not be written: ${reasonOf(cause)}. What is not in it is encoded again ` +
          'by the next build.',
        { cause },
      )
    })
  }
  const keeping = cache && {
    get: cache.get.bind(cache),
    put: async (entries: ReadonlyMap<string, Uint16Array>) => {
      if (cacheError === undefined) await written(cache.put(entries))
    },
  }
  const cached = keeping && cachedEncoder(encoder, keeping)
  const ops = await createOps({ backend: 'auto' })
  const pool = assignPool(ops.assignCentroids.bind(ops), job.threads ?? defaultWorkers())
  const onEncoded = () => encoder.close()
  const given = { sources, sourceCount, fingerprint, store, parse, plaid, onProgress, signal, onEncoded }
  const building = buildIndex({ ...given, encoder: cached ?? encoder, assign: pool.assign })
  const summary = await building.finally(async () => {
    ops.close()
    await Promise.all([pool.close(), written(cache?.flush())])
  })
  if (cached) await written(cache?.keep(owner, cached.keys))
  return { summary, cached: cached?.hits(), ...(cacheError && { cacheError }) }
}

/** Errors: `invalid-argument` for a cache folder that nothing will use, and for options of `parse`. */
export function checkIndexing({ incremental = false, cacheFolder, parse = {} }: IndexingOptions, where: string): void {
  checkOptions(parse)
  if (cacheFolder === undefined || incremental) return
  throw new SelvageError(
    'invalid-argument',
    `${where}: a cache folder (${cacheFolder}) is for incremental builds, and this one is not: say incremental too.`,
  )
}

/**
 * Two builds with the same fingerprint write the same index; a default is the same whether it is said or not. Documents
 * that cannot be read as text are named on the way.
 */
async function fingerprintOf({ read, parse = {}, plaid = {}, signal }: BuildJob, model: string) {
  const { bits = 2, pool = 1, clustering = 'vectors', seed = 42, centroids } = plaid
  const options = { parse: checkOptions(parse), plaid: { bits, pool, clustering, seed, centroids }, model }
  const hash = createHash('sha256').update(JSON.stringify({ format: FORMAT_VERSION, version: VERSION, options }))
  const unreadable: SelvageError[] = []
  let count = 0
  for await (const input of read((error) => unreadable.push(error))) {
    throwIfAborted(signal)
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
