/**
 * How does a model open without a network? Its files lie in a store under their hashes, its selvage.json as the manifest.
 * The server's selvage.json is asked for first, and only files whose hash is not here are fetched. The manifest is swapped
 * once a load has succeeded with it: until then the one before, and all its files, stay. A folder without selvage.json is
 * read over HTTP as it always was. Knows no worker and no database.
 */
import type { ModelFiles } from '../encoder/encoder.ts'
import { parseJsonObject } from '../encoder/json.ts'
import { type FileEntry, MANIFEST_FILE, type ModelManifest, parseManifest } from '../encoder/manifest.ts'
import { SelvageError, throwIfAborted } from '../errors.ts'
import { httpStore } from '../store/http.ts'
import { packFault } from '../store/packs.ts'
import { MANIFEST_KEY, type SharedStore } from '../store/store.ts'
import type { OnProgress } from '../types.ts'
import { isSame } from '../util.ts'
import { abortable } from './abortable.ts'
import { httpModelFiles } from './httpModel.ts'
import { fetchFile, Keeping, type OnBytes } from './keeping.ts'
import type { KeptFiles, StorageStatus } from './protocol.ts'

export interface KeptModelOptions {
  /** Address of the model's folder, absolute. */
  readonly url: string
  /** Nothing but this model lies in it. */
  readonly store: SharedStore
  /** How long the server may think about its selvage.json before the kept one is taken. Default 2000. */
  readonly patienceMs?: number
}

export interface ModelLoad {
  readonly files: ModelFiles
  /** After a load that succeeded: what it read is kept, what no manifest names any more goes. Never fails. */
  settle(): Promise<StorageStatus>
}

export interface KeptModel {
  load(): ModelLoad
  /** Keeps every file that selvage.json lists. Errors: as `EncoderApi.download`. */
  download(options?: {
    readonly signal?: AbortSignal | undefined
    readonly onProgress?: OnProgress | undefined
  }): Promise<KeptFiles>
  /** By what is here; the server is not asked. */
  kept(): Promise<KeptFiles>
}

/** A manifest in force, and the store's at that time: what it may replace. */
interface Version {
  readonly bytes: Uint8Array
  readonly manifest: ModelManifest
  readonly held: Uint8Array | undefined
}

/** A file that came. `fault`: what is wrong with it; then it is not written. */
interface Fetched {
  readonly bytes: Uint8Array | undefined
  readonly fault: string | undefined
  readonly written: Promise<void>
}

export function keptModel({ url, store, patienceMs = 2000 }: KeptModelOptions): KeptModel {
  const plain = httpModelFiles(url)
  const { location } = plain
  /** By hash: a load and a download at the same time share what is on its way. */
  const underWay = new Map<string, Promise<Fetched>>()

  function parse(bytes: Uint8Array): ModelManifest {
    const where = location + MANIFEST_FILE
    return parseManifest(parseJsonObject(bytes, where), where)
  }

  function parseHeld(held: Uint8Array | undefined): ModelManifest | undefined {
    try {
      return held && parse(held)
    } catch {
      return undefined // damaged: as good as none
    }
  }

  /** The server's, or the kept one where it cannot be had in time. Undefined: the server has none. */
  async function findVersion(held: Uint8Array | undefined): Promise<Version | undefined> {
    const fallback = parseHeld(held)
    let bytes: Uint8Array | undefined
    if (held === undefined || fallback === undefined) bytes = await plain.read(MANIFEST_FILE)
    else {
      try {
        const remote = httpStore({ url, revalidate: true, tries: 1 })
        bytes = await remote.get(MANIFEST_FILE, { signal: AbortSignal.timeout(patienceMs) })
      } catch {
        return { bytes: held, manifest: fallback, held }
      }
    }
    return bytes && { bytes, manifest: parse(bytes), held }
  }

  async function readKept(path: string, entry: FileEntry): Promise<Uint8Array | undefined> {
    const bytes = await store.get(entry.sha256)
    return bytes && (await packFault(bytes, { file: path, ...entry })) === undefined ? bytes : undefined
  }

  function fetchOne(
    path: string,
    entry: FileEntry,
    fetchIt: (url: string, onBytes?: OnBytes) => Promise<Uint8Array | undefined>,
    onBytes?: OnBytes,
  ): Promise<Fetched> {
    const running = underWay.get(entry.sha256)
    if (running !== undefined) return running
    const fetching = (async () => {
      const bytes = await fetchIt(new URL(path, location).href, onBytes)
      const fault = bytes === undefined ? 'is not there' : await packFault(bytes, { file: path, ...entry })
      const isKept = bytes !== undefined && fault === undefined
      return { bytes, fault, written: isKept ? store.put(entry.sha256, bytes) : Promise.resolve() }
    })()
    underWay.set(entry.sha256, fetching)
    const forget = () => underWay.delete(entry.sha256)
    fetching.then(({ written }) => written).then(forget, forget)
    return fetching
  }

  /** Replaces the manifest, unless somebody was faster: then theirs is as good. */
  async function adopt({ bytes, manifest, held }: Version): Promise<void> {
    if (isSame(bytes, held)) return
    const named = new Set([MANIFEST_KEY, ...Object.values(manifest.files).map(({ sha256 }) => sha256)])
    const drop = (await store.list()).filter((key) => !named.has(key))
    await store.swap(held, bytes, { drop })
  }

  function load(): ModelLoad {
    const keeping = new Keeping(store)
    let version: Version | undefined
    return {
      files: {
        location,
        async read(path, onBytes) {
          if (path === MANIFEST_FILE) {
            version = await findVersion(await keeping.tried(store.get(MANIFEST_KEY)))
            return version?.bytes
          }
          const entry = version?.manifest.files[path]
          if (entry === undefined) return plain.read(path, onBytes)
          const kept = await keeping.tried(readKept(path, entry))
          if (kept !== undefined) return kept
          // With a fault too: whoever reads it says what to do about it.
          const { bytes, written } = await fetchOne(path, entry, (from, told) => keeping.fetch(from, told), onBytes)
          keeping.behind(written)
          return bytes
        },
      },
      async settle() {
        await keeping.settle()
        if (version !== undefined && keeping.problem === undefined) await keeping.tried(adopt(version))
        const missing =
          version === undefined ? `${location} has no ${MANIFEST_FILE} to say what is to be kept.` : undefined
        const reason = keeping.problem ?? missing
        return reason === undefined ? { kind: 'browser' } : { kind: 'none', reason }
      },
    }
  }

  return {
    load,

    async download({ signal, onProgress } = {}) {
      throwIfAborted(signal)
      const version = await abortable(store.get(MANIFEST_KEY).then(findVersion), signal, 'The download')
      if (version === undefined) {
        const remedy = 'Without it nobody knows what belongs to the model: write it with `selvage model`.'
        throw new SelvageError('model-missing', `${location} has no ${MANIFEST_FILE}. ${remedy}`)
      }
      // Where there was none, nothing is lost; and what has come when the download is stopped can be told.
      const isFirst = parseHeld(version.held) === undefined
      if (isFirst) await adopt(version)
      const files = distinctFiles(version.manifest)
      const total = sumOf(files)
      let done = 0
      for (const [path, entry] of files) {
        throwIfAborted(signal)
        const report = (loaded: number) =>
          onProgress?.({ stage: 'model', loaded: done + loaded, total, unit: 'bytes', label: path })
        if ((await readKept(path, entry)) === undefined) {
          const fetching = fetchOne(path, entry, (from, told) => fetchFile(from, 'no-store', told), report)
          const { fault, written } = await abortable(fetching, signal, 'The download')
          if (fault !== undefined) {
            const remedy = 'Try again; if it stays, copy the model to that place again in full.'
            throw new SelvageError('model-invalid', `${location}${path} ${fault}. ${remedy}`)
          }
          await written
        }
        report(entry.bytes)
        done += entry.bytes
      }
      if (!isFirst) await adopt(version)
      return { bytes: total, isComplete: true }
    },

    async kept() {
      const manifest = parseHeld(await store.get(MANIFEST_KEY))
      if (manifest === undefined) return { bytes: 0, isComplete: false }
      const files = distinctFiles(manifest)
      const here = await store.has(files.map(([, { sha256 }]) => sha256))
      const present = files.filter(([, { sha256 }]) => here.has(sha256))
      return { bytes: sumOf(present), isComplete: present.length === files.length }
    },
  }
}

type Files = readonly (readonly [path: string, entry: FileEntry])[]

/** Two of the same content lie in the store once. */
function distinctFiles({ files }: ModelManifest): Files {
  return [...new Map(Object.entries(files).map((file) => [file[1].sha256, file] as const)).values()]
}

function sumOf(files: Files): number {
  return files.reduce((sum, [, { bytes }]) => sum + bytes, 0)
}
