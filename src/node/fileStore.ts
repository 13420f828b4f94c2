/**
 * A store in a folder. Each file is written beside its place and renamed into it, so that no reader and no crash sees
 * half a file. It deletes only files of its own kinds, and refuses a folder that holds something else.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { SelvageError } from '../errors.ts'
import { type BlobSource, type BlobStore, MANIFEST_KEY } from '../store/store.ts'
import { LOCK_FILE } from './lock.ts'
import { reasonOf, shortPath } from './paths.ts'

/** Whether a Selvage index consists of files with such names. */
export function isIndexName(name: string): boolean {
  return /^(manifest\.json|[\w-]+\.pack)$/.test(name)
}

/** Also what a build that was killed has left of them. */
function isOurs(name: string): boolean {
  return isIndexName(name.replace(/\.[\d-]+\.tmp$/, ''))
}

export function fileStore(folder: string): BlobStore {
  const location = resolve(folder)
  return {
    ...folderSource(folder),
    put: (key, bytes) => writeWhole(location, key, bytes),
    async delete(key) {
      if (isOurs(key)) await rm(join(location, key), { force: true })
    },
    async list() {
      return (await listFolder(location)).filter((name) => isOurs(name))
    },
    commit: (manifest) => writeWhole(location, MANIFEST_KEY, manifest),
  }
}

/** Of this process: two that write the same file do not write over each other. */
let writes = 0

/**
 * Writes a file of a folder beside its place, in the folder itself, and renames it into it; folders in the name are made.
 * Errors: `output-conflict`.
 */
export async function writeWhole(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const target = join(folder, name)
  const temporary = join(folder, `${name.replaceAll('/', '-')}.${process.pid}-${writes++}.tmp`)
  try {
    if (name.includes('/')) await mkdir(dirname(target), { recursive: true })
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(bytes)
      // Without it a power cut could leave a manifest that names packs of zeros.
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, target)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}) // what failed first is what is told
    throw new SelvageError(
      'output-conflict',
      `${shortPath(target)} could not be written: ${reasonOf(cause)}. See that its folder may be written and has room.`,
      { cause },
    )
  }
}

/** The files of any folder, by name. */
export function folderSource(folder: string): BlobSource {
  const location = resolve(folder)
  return {
    location,
    get: (key) => unlessMissing(async () => new Uint8Array(await readFile(join(location, key)))),
    slice: (key, start, end) =>
      unlessMissing(async () => {
        const file = await open(join(location, key))
        try {
          const bytes = new Uint8Array(end - start)
          const { bytesRead } = await file.read(bytes, 0, bytes.length, start)
          return bytes.subarray(0, bytesRead)
        } finally {
          await file.close()
        }
      }),
  }
}

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Makes the folder where it is missing, and lists what is in it. Errors: `output-conflict`. */
export async function makeFolder(folder: string): Promise<string[]> {
  const location = resolve(folder)
  try {
    await mkdir(location, { recursive: true })
  } catch (cause) {
    throw new SelvageError(
      'output-conflict',
      `${shortPath(folder)} cannot be made a folder: ${reasonOf(cause)}. Give another one with -o.`,
      { cause },
    )
  }
  return listFolder(location)
}

const SCRIPTS =
  'selvage|engine|encoder|writer|vectors|webgpu|wasm|onnxruntime-webgpu|onnxruntime-wasm|widget|languages|highlight|heatmap|rerank|teach|lessons|docsearch|pagefind|eval'
/** What `--with-runtime` puts beside an index, and what a build that was killed was writing of it. */
const RUNTIME = new RegExp(
  String.raw`^(?:(?:${SCRIPTS})\.js|onnxruntime-[\w-]+\.bin)(?:\.[\d-]+\.tmp)?$|^model(?:-.+\.[\d-]+\.tmp)?$`,
)

/** Whether a name beside an index is one of the runtime's. In a folder without an index it is somebody else's. */
export function isRuntimeName(name: string): boolean {
  return RUNTIME.test(name)
}

/** Makes the folder, or checks that all in it is ours. Errors: `output-conflict`. */
export async function prepareFolder(folder: string): Promise<void> {
  const names = await makeFolder(folder)
  const isIndex = names.includes(MANIFEST_KEY)
  const foreign = names.filter((name) => !isOurs(name) && name !== LOCK_FILE && !(isIndex && isRuntimeName(name)))
  if (foreign.length > 0)
    throw new SelvageError(
      'output-conflict',
      `${shortPath(folder)} holds something that is not a Selvage index (${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ', ...' : ''}). ` +
        'Nothing was written. Give an empty or new folder with -o.',
    )
}

/** A store that remembers what it wrote, so that a job that fails leaves what was there and nothing else. */
export async function undoable(store: BlobStore): Promise<BlobStore & { undo(): Promise<void> }> {
  const before = new Set(await store.list())
  const written = new Set<string>()
  return {
    ...store,
    async put(key, bytes) {
      // Names are hashes of content: a pack that was there is the same, and an earlier index may need it.
      if (!before.has(key)) written.add(key)
      await store.put(key, bytes)
    },
    async commit(manifest) {
      await store.commit(manifest)
      written.clear() // the index has them from here on, whatever fails after
    },
    async undo() {
      for (const key of written) await store.delete(key)
    },
  }
}

/** Deletes packs that no manifest names any more and leftovers of killed builds. */
export async function sweepFolder(store: BlobStore, keep: readonly string[]): Promise<void> {
  const kept = new Set(keep)
  for (const name of await store.list()) if (!kept.has(name)) await store.delete(name)
}

async function listFolder(location: string): Promise<string[]> {
  try {
    return await readdir(location)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
