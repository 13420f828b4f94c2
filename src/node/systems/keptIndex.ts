/**
 * Vectors' indexes that an evaluation has made, in the cache folder: clustering a set takes longer than asking it all its
 * questions, and the next comparison asks the same index. A folder for each set of texts, model and options, with the time it
 * took; all of it may be deleted at any time, and what nobody asked for in sixty days is.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SelvageError } from '../../errors.ts'
import type { PlaidOptions } from '../../plaid/builder.ts'
import { type PlaidHeader, parsePlaidHeader } from '../../plaid/format.ts'
import { type BlobStore, MANIFEST_KEY } from '../../store/store.ts'
import { fileStore } from '../fileStore.ts'
import { reasonOf, shortPath } from '../paths.ts'
import { VERSION } from '../version.ts'

const FORGOTTEN_MS = 60 * 24 * 3600 * 1000

export interface BuiltIndex {
  readonly store: BlobStore
  readonly header: PlaidHeader
  /** Of the build. */
  readonly seconds: number
}

export interface IndexKey {
  /** The model's hash. */
  readonly model: string
  readonly texts: readonly string[]
  readonly plaid: PlaidOptions
}

/**
 * The index as it was kept, opened; built and kept where there is none, or one that cannot be opened.
 * Errors: `output-conflict` where the folder cannot be written; those of `build` and `open`.
 */
export async function keptIndex<Opened>(
  cacheFolder: string,
  key: IndexKey,
  build: (store: BlobStore) => Promise<Omit<BuiltIndex, 'store'>>,
  open: (index: BuiltIndex) => Promise<Opened>,
): Promise<Opened> {
  const all = resolve(cacheFolder, 'eval-indexes')
  const location = join(all, nameOf(key))
  const store = fileStore(location)
  const found = await read(store)
  const opened = found && (await open(found).catch(onlyInvalid))
  if (opened) {
    await utimes(join(location, MANIFEST_KEY), new Date(), new Date()).catch(() => {})
    return opened
  }
  try {
    await mkdir(location, { recursive: true })
  } catch (cause) {
    throw new SelvageError(
      'output-conflict',
      `The cache folder ${shortPath(cacheFolder)} cannot be used: ${reasonOf(cause)}. Give another one with --cache-dir, or say --no-cache.`,
      { cause },
    )
  }
  await forgetOld(all)
  const made = await build(store)
  const text = JSON.stringify({ vectors: made.header, seconds: made.seconds })
  await store.commit(new TextEncoder().encode(text))
  return open({ store, ...made })
}

/** A damaged index is built anew. */
function onlyInvalid(error: unknown): undefined {
  if (!(error instanceof SelvageError && error.code === 'index-invalid')) throw error
}

function nameOf({ model, texts, plaid }: IndexKey): string {
  const { bits = 2, pool = 1, clustering = 'vectors', seed = 42, centroids } = plaid
  const options = { version: VERSION, model, bits, pool, clustering, seed, centroids }
  const hash = createHash('sha256').update(JSON.stringify(options))
  for (const text of texts) hash.update(`\0${text.length}\0${text}`)
  return hash.digest('hex').slice(0, 32)
}

/** Undefined where there is none, or none that is whole. */
async function read(store: BlobStore): Promise<BuiltIndex | undefined> {
  try {
    const bytes = await store.get(MANIFEST_KEY)
    if (bytes === undefined) return undefined
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof json !== 'object' || json === null || !('vectors' in json && 'seconds' in json)) return undefined
    if (typeof json.seconds !== 'number') return undefined
    return { store, header: parsePlaidHeader(json.vectors, store.location), seconds: json.seconds }
  } catch {
    return undefined
  }
}

async function forgetOld(all: string): Promise<void> {
  for (const name of await readdir(all)) {
    const folder = join(all, name)
    // One without a manifest is being built, or was left by a build that was killed: its folder's own time tells.
    const info = await stat(join(folder, MANIFEST_KEY)).catch(() => stat(folder).catch(() => undefined))
    if (info && Date.now() - info.mtimeMs > FORGOTTEN_MS) await rm(folder, { recursive: true, force: true })
  }
}
