/**
 * The embedding cache on disk: what `selvage build --incremental` remembers of earlier builds. A folder for each model and
 * version, with write-once segments (segment.ts), and for each index a list of the keys that it needs, by which the cache
 * knows what it may forget. Files are written whole and never changed, so builds that run at the same time and builds that
 * are killed do no harm, and all of it may be deleted at any time.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { ModelInfo } from '../encoder/encoder.ts'
import type { EmbeddingCache } from '../engine/embeddings.ts'
import { SelvageError } from '../errors.ts'
import { writePack } from '../store/packs.ts'
import type { BlobStore } from '../store/store.ts'
import { fileStore, isMissing } from './fileStore.ts'
import { type Located, packSegment, readIndex, readValue } from './segment.ts'
import { VERSION } from './version.ts'

/** Bytes of new values held in memory; a build that is killed loses these and no others. */
const SEGMENT_BYTES = 4 << 20
/** Small segments, of builds with few new passages, before they are put together. */
const MOST_SMALL = 32
/** An index that was not built for so long is forgotten. */
const FORGOTTEN_MS = 60 * 24 * 3600 * 1000
/** No file is being written for so long. */
const LEFT_OVER_MS = 24 * 3600 * 1000
const KEY = 16

/**
 * Where tools keep such things: SELVAGE_CACHE_DIR if it is set; `node_modules/.cache/selvage` beside the nearest package.json,
 * from the current folder up; else the user's own cache folder.
 */
export function defaultCacheFolder(): string {
  const given = process.env['SELVAGE_CACHE_DIR']
  if (given) return resolve(given)
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return join(folder, 'node_modules', '.cache', 'selvage')
    if (folder === dirname(folder)) break
  }
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'selvage')
}

/** What `--cache-dir` and `--no-cache` come to: undefined for no cache. */
export function chosenCacheFolder(given: string | false | undefined): string | undefined {
  return given === false ? undefined : (given ?? defaultCacheFolder())
}

/** Errors: `output-conflict` where the folder cannot be made or written. */
export async function openEmbeddingCache(
  folder: string,
  { name, hash }: Pick<ModelInfo, 'name' | 'hash'>,
): Promise<DiskCache> {
  // The version, too: another runtime or another cut of the text gives other vectors.
  const location = resolve(folder, `${name.replace(/[^\w.-]/g, '_')}-${hash.slice(0, 16)}-${VERSION}`)
  try {
    await mkdir(location, { recursive: true })
    await writeNew(join(folder, 'CACHEDIR.TAG'), TAG)
    await writeNew(join(folder, '.gitignore'), '*\n')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SelvageError(
      'output-conflict',
      `The cache folder ${resolve(folder)} cannot be used: ${reason}. Give another one with --cache-dir.`,
      { cause },
    )
  }
  return DiskCache.open(location)
}

/** Tells backup programs and people what it is: https://bford.info/cachedir/ */
const TAG = `Signature: 8a477f597d28d172789f06886806bc55
# Vectors of passages, kept by "selvage build --incremental". All of it may be deleted at any time.
`

export class DiskCache implements EmbeddingCache {
  readonly #store: BlobStore
  readonly #entries = new Map<string, Located>()
  /** Bytes of each segment's values. */
  readonly #segments = new Map<string, number>()
  /** Segments that are none. */
  readonly #damaged = new Set<string>()
  #hasBadValues = false
  #pending = new Map<string, Uint16Array>()
  #pendingBytes = 0

  static async open(location: string): Promise<DiskCache> {
    const cache = new DiskCache(fileStore(location))
    for (const name of await readdir(location)) if (/^segment-\w+\.pack$/.test(name)) await cache.#learn(name)
    return cache
  }

  private constructor(store: BlobStore) {
    this.#store = store
  }

  async get(keys: readonly string[]): Promise<readonly (Uint16Array | undefined)[]> {
    const found = new Map<string, Uint16Array>()
    const wanted = keys.flatMap((key) => this.#entries.get(key) ?? [])
    for (const run of runsOf(wanted)) {
      const bytes = await this.#store.slice?.(run.segment, run.start, run.end)
      for (const entry of run.entries) {
        const value = readValue(bytes?.subarray(entry.start - run.start, entry.end - run.start) ?? EMPTY, entry)
        if (value) found.set(entry.key, value)
        else this.#entries.delete(entry.key)
        this.#hasBadValues ||= value === undefined
      }
    }
    return keys.map((key) => this.#pending.get(key) ?? found.get(key))
  }

  async put(entries: ReadonlyMap<string, Uint16Array>): Promise<void> {
    for (const [key, value] of entries) {
      this.#pending.set(key, value)
      this.#pendingBytes += value.byteLength
      if (this.#pendingBytes >= SEGMENT_BYTES) await this.flush()
    }
  }

  /** Writes what is new so far. */
  async flush(): Promise<void> {
    if (this.#pending.size === 0) return
    const { file } = await writePack(this.#store, 'segment', packSegment(this.#pending))
    this.#pending = new Map()
    this.#pendingBytes = 0
    await this.#learn(file)
  }

  /**
   * After a build: `index`, a name of any kind, now needs these keys and no others. Forgets what no index needs once that is
   * more than half of all, and what is damaged.
   */
  async keep(index: string, keys: ReadonlySet<string>): Promise<void> {
    await this.flush()
    const name = createHash('sha256').update(index).digest('hex').slice(0, 16)
    await this.#store.put(`keys-${name}.pack`, Buffer.from([...keys].join(''), 'hex'))
    await this.#sweep()

    const needed = await this.#neededKeys()
    const live = [...this.#entries.values()].filter(({ key }) => needed.has(key))
    const liveBytes = live.reduce((sum, { start, end }) => sum + end - start, 0)
    const bytes = [...this.#segments.values()].reduce((sum, size) => sum + size, 0)
    const isMeagre = liveBytes * 2 < bytes || this.#segments.size > MOST_SMALL + (2 * bytes) / SEGMENT_BYTES
    if (isMeagre || this.#hasBadValues) await this.#rewrite(live.map(({ key }) => key))
  }

  /** Deletes what is damaged, what a killed build has left half written, and the keys of indexes not built for long. */
  async #sweep(): Promise<void> {
    for (const name of this.#damaged) await this.#forget(name)
    this.#damaged.clear()
    for (const name of await this.#store.list()) {
      const most = name.endsWith('.tmp') ? LEFT_OVER_MS : name.startsWith('keys-') ? FORGOTTEN_MS : Infinity
      const info = await stat(join(this.#store.location, name)).catch(() => undefined)
      if (info && Date.now() - info.mtimeMs > most) await this.#forget(name)
    }
  }

  async #rewrite(keys: readonly string[]): Promise<void> {
    const old = [...this.#segments.keys()]
    this.#segments.clear()
    for (let from = 0; from < keys.length; from += 256) {
      const some = keys.slice(from, from + 256)
      const values = await this.get(some)
      await this.put(new Map(some.flatMap((key, i) => (values[i] ? [[key, values[i]] as const] : []))))
    }
    await this.flush()
    for (const name of old) if (!this.#segments.has(name)) await this.#forget(name)
    this.#hasBadValues = false
    for (const [key, { segment }] of this.#entries) if (!this.#segments.has(segment)) this.#entries.delete(key)
  }

  async #neededKeys(): Promise<Set<string>> {
    const needed = new Set<string>()
    for (const name of (await this.#store.list()).filter((file) => /^keys-\w+\.pack$/.test(file))) {
      const keys = Buffer.from((await this.#store.get(name)) ?? EMPTY)
      for (let at = 0; at + KEY <= keys.length; at += KEY) needed.add(keys.toString('hex', at, at + KEY))
    }
    return needed
  }

  async #learn(name: string): Promise<void> {
    const located = await readIndex(join(this.#store.location, name), name).catch((error: unknown) => {
      if (isMissing(error)) return [] // another build has just put it together with others
      throw error
    })
    if (located === undefined) this.#damaged.add(name)
    else this.#segments.set(name, (located.at(-1)?.end ?? 0) - (located[0]?.start ?? 0))
    for (const entry of located ?? []) this.#entries.set(entry.key, entry)
  }

  /** Another build may have the file open, which some systems mind; then it is deleted another time. */
  async #forget(name: string): Promise<void> {
    await this.#store.delete(name).catch(() => {})
  }
}

const EMPTY = new Uint8Array()

interface Run {
  readonly segment: string
  readonly start: number
  end: number
  readonly entries: Located[]
}

/** Neighbours are read together. */
function runsOf(entries: readonly Located[]): Run[] {
  const order = entries.toSorted((a, b) => (a.segment < b.segment ? -1 : a.segment > b.segment ? 1 : a.start - b.start))
  const runs: Run[] = []
  for (const entry of order) {
    const last = runs.at(-1)
    if (last?.segment === entry.segment && last.end === entry.start) {
      last.end = entry.end
      last.entries.push(entry)
    } else runs.push({ ...entry, entries: [entry] })
  }
  return runs
}

/** Leaves a file that is there. */
async function writeNew(path: string, content: string): Promise<void> {
  await writeFile(path, content, { flag: 'wx' }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
}
