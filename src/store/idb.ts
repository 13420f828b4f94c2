/**
 * A store in the browser's IndexedDB: one database per index, one table for packs, one for the manifest. Every change is
 * one transaction, so that any number of tabs and workers write without locks.
 *
 * Packs are Blobs: a part is read without the whole, and in Chromium nothing is slower for it. Measured for 20 MiB on
 * disk in packs of 4 MiB, Blob against ArrayBuffer: written in 58 against 60 ms, read whole in 21 against 41 ms, 128 parts
 * of 1.6 kB in 77 against 1075 ms. Where a browser refuses Blobs (Safari's private windows: idb #58, Dexie #1919) they are
 * buffers, and a part costs the whole.
 */
import { type DBSchema, deleteDB } from 'idb'
import { asSelvageError, rejectUnknown, SelvageError } from '../errors.ts'
import { formatBytes, isSame } from '../util.ts'
import { Connection, type DatabaseEvents, type DatabaseShape, storageError, type Transaction } from './database.ts'
import { memoryStore } from './memory.ts'
import { type Changes, LESSON_KEY, MANIFEST_KEY, type SharedStore } from './store.ts'

const PREFIX = 'selvage:'

type Value = Blob | ArrayBuffer
interface Tables extends DBSchema {
  packs: { key: string; value: Value }
  manifest: { key: string; value: Value }
}
type Table = 'packs' | 'manifest'

interface Entry<V extends Value = Value> {
  readonly key: string
  readonly value: V
}

interface WaitingPut {
  readonly entry: Entry<Blob>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** More is spread over several transactions: what one of them wrote stays when the page is left. */
const BATCH_BYTES = 32 << 20

function shapeOf(name: string): DatabaseShape<Tables> {
  return {
    name: PREFIX + name,
    version: 1,
    upgrade(database) {
      database.createObjectStore('packs')
      database.createObjectStore('manifest')
    },
  }
}

/** Errors: `storage-failed` where the browser has no database for this page. */
export async function idbStore(name: string, options: DatabaseEvents = {}): Promise<SharedStore> {
  rejectUnknown(options, ['onBlocked', 'onClosed'], 'idbStore')
  if (name === '')
    throw new SelvageError('invalid-argument', 'A stored index needs a name that is not empty: "docs", for example.')
  return new IdbStore(name, await Connection.open(shapeOf(name), options))
}

/**
 * Deletes the index's database; stores that are open close themselves. Where one does not, it waits until it is closed.
 * Deleting what is not there is no error.
 */
export async function deleteIdb(name: string): Promise<void> {
  try {
    await deleteDB(PREFIX + name)
  } catch (error) {
    throw storageError(error, `Deleting the browser's database ${PREFIX}${name}`)
  }
}

/** Names of the stored indexes, in order. Browsers that do not list their databases (Firefox before 126) have none to tell. */
export async function listIdb(): Promise<string[]> {
  try {
    const databases = (await indexedDB.databases?.()) ?? []
    const names = databases.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []))
    return names.sort()
  } catch (error) {
    throw storageError(error, "Listing the browser's databases")
  }
}

export interface OpenedStore {
  readonly store: SharedStore
  readonly kind: 'indexeddb' | 'memory'
  /** Why it is in memory, for people. */
  readonly reason?: string
}

/** The index's database or, where there is none to be had, a store that goes with the page. */
export async function openStore(name: string, options: DatabaseEvents = {}): Promise<OpenedStore> {
  try {
    return { store: await idbStore(name, options), kind: 'indexeddb' }
  } catch (error) {
    const { code, message } = asSelvageError(error)
    if (code === 'invalid-argument') throw error
    return { store: memoryStore(`memory (${name})`), kind: 'memory', reason: message }
  }
}

class IdbStore implements SharedStore {
  readonly location: string
  readonly isVerified = true
  readonly #connection: Connection<Tables>
  #takesBlobs = true
  #waiting: WaitingPut[] = []
  #isFlushing = false
  readonly #lookups = new Map<string, Promise<Value | undefined>>()

  constructor(name: string, connection: Connection<Tables>) {
    this.location = `IndexedDB ${PREFIX}${name}`
    this.#connection = connection
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#read(key, () => this.#find(key), bytesOf)
  }

  slice(key: string, start: number, end: number): Promise<Uint8Array | undefined> {
    return this.#read(
      key,
      () => this.#findShared(key),
      (value) => bytesOf(value.slice(start, end)),
    )
  }

  /** Puts of the same moment, and those that come while others are written, share a transaction. */
  put(key: string, bytes: Uint8Array): Promise<void> {
    const entry = entryOf(key, bytes)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject })
      if (!this.#isFlushing) this.#flush()
    })
  }

  async delete(key: string): Promise<void> {
    const table = tableOf(key)
    await this.#connection.transaction([table], 'readwrite', `Deleting ${this.#named([key])}`, (transaction) =>
      transaction.objectStore(table).delete(key),
    )
  }

  list(): Promise<string[]> {
    return this.#connection.transaction(['packs', 'manifest'], 'readonly', `Listing ${this.location}`, async (all) => {
      const keys = await Promise.all([all.objectStore('packs').getAllKeys(), all.objectStore('manifest').getAllKeys()])
      return keys.flat()
    })
  }

  async has(keys: readonly string[]): Promise<ReadonlySet<string>> {
    if (keys.length === 0) return new Set()
    const what = `Looking for ${this.#named(keys)}`
    const found = await this.#connection.transaction(tablesOf(keys), 'readonly', what, (transaction) =>
      Promise.all(keys.map((key) => transaction.objectStore(tableOf(key)).getKey(key))),
    )
    return new Set(found.filter((key) => key !== undefined))
  }

  async commit(manifest: Uint8Array): Promise<void> {
    await this.#write([entryOf(MANIFEST_KEY, manifest)], [], putAll)
  }

  swap(held: Uint8Array | undefined, manifest: Uint8Array, changes: Changes = {}): Promise<boolean> {
    const { put = new Map<string, Uint8Array>(), drop = [] } = changes
    // A copy, as of the others: it is compared later.
    const expected = held?.slice()
    const entries = [...put].map(([key, bytes]) => entryOf(key, bytes))
    entries.push(entryOf(MANIFEST_KEY, manifest))
    return this.#write(entries, drop, async (transaction, values) => {
      const current = await transaction.objectStore('manifest').get(MANIFEST_KEY)
      if (!isSame(current && bytesAtOnce(current), expected)) return false
      const dropped = drop.map((key) => transaction.objectStore(tableOf(key)).delete(key))
      // Requests are done in order: what is both put and dropped is gone, and the manifest comes last.
      await Promise.all([putAll(transaction, values.slice(0, -1)), ...dropped, putAll(transaction, values.slice(-1))])
      return true
    })
  }

  close(): void {
    this.#connection.close()
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true
    await undefined // what else is put in this moment
    while (this.#waiting.length > 0) {
      let bytes = 0
      let count = 0
      for (const { entry } of this.#waiting) {
        bytes += entry.value.size
        if (count > 0 && bytes > BATCH_BYTES) break
        count++
      }
      await this.#putBatch(this.#waiting.splice(0, count))
    }
    this.#isFlushing = false
  }

  async #putBatch(batch: readonly WaitingPut[]): Promise<void> {
    try {
      const entries = batch.map(({ entry }) => entry)
      await this.#write(entries, [], putAll)
      for (const { resolve } of batch) resolve()
    } catch (error) {
      // Each has its own outcome: one that has no room must not take others with it.
      if (batch.length === 1) batch[0]!.reject(error)
      else for (const one of batch) await this.#putBatch([one])
    }
  }

  /** `change` in one transaction over all that is put and dropped, with the values in the form that this browser stores. */
  async #write<Result>(
    entries: readonly Entry<Blob>[],
    drop: readonly string[],
    change: (transaction: Transaction<Tables, 'readwrite'>, values: readonly Entry[]) => Promise<Result>,
  ): Promise<Result> {
    const keys = entries.map(({ key }) => key)
    const bytes = entries.reduce((sum, { value }) => sum + value.size, 0)
    const what = `Writing ${this.#named(keys)} (${formatBytes(bytes)})`
    const run = (values: readonly Entry[]) =>
      this.#connection.transaction(tablesOf([...keys, ...drop]), 'readwrite', what, (transaction) =>
        change(transaction, values),
      )
    const mixed = await Promise.all(entries.map(asStored))
    if (!this.#takesBlobs || mixed.every(({ value }) => !(value instanceof Blob))) return run(await buffersOf(mixed))
    try {
      return await run(mixed)
    } catch (error) {
      if (asSelvageError(error).code !== 'storage-failed') throw error
      // A refused Blob looks like many other failures. Where buffers fail as well it was none.
      const result = await run(await buffersOf(mixed))
      this.#takesBlobs = false
      return result
    }
  }

  async #read(
    key: string,
    find: () => Promise<Value | undefined>,
    read: (value: Value) => Promise<Uint8Array>,
  ): Promise<Uint8Array | undefined> {
    for (let attempt = 1; ; attempt++) {
      const value = await find()
      if (value === undefined) return undefined
      try {
        return await read(value)
      } catch (error) {
        // Deleted meanwhile, perhaps: then the second look says so.
        if (attempt > 1) throw storageError(error, `Reading ${this.#named([key])}`)
      }
    }
  }

  #find(key: string): Promise<Value | undefined> {
    const table = tableOf(key)
    return this.#connection.transaction([table], 'readonly', `Reading ${this.#named([key])}`, (transaction) =>
      transaction.objectStore(table).get(key),
    )
  }

  /**
   * Of parts that are wanted at the same time the first looks for the pack. The Blob is not kept longer: what is put or
   * deleted, here or in another tab, is seen by the next.
   */
  #findShared(key: string): Promise<Value | undefined> {
    const running = this.#lookups.get(key)
    if (running !== undefined) return running
    const lookup = this.#find(key).finally(() => this.#lookups.delete(key))
    this.#lookups.set(key, lookup)
    return lookup
  }

  #named(keys: readonly string[]): string {
    const [first = 'nothing', ...others] = keys
    return `${first}${others.length > 0 ? ` and ${others.length} more` : ''} in ${this.location}`
  }
}

/** The bytes are copied: a caller may change or transfer them while they wait to be written. */
function entryOf(key: string, bytes: Uint8Array): Entry<Blob> {
  return { key, value: new Blob([bytes as Uint8Array<ArrayBuffer>]) } // no view of shared memory comes here
}

/** The manifest is a buffer: swap compares it inside a transaction, which must not wait for anything else. */
async function asStored({ key, value }: Entry<Blob>): Promise<Entry> {
  return { key, value: key === MANIFEST_KEY ? await value.arrayBuffer() : value }
}

function buffersOf(entries: readonly Entry[]): Promise<Entry<ArrayBuffer>[]> {
  return Promise.all(
    entries.map(async ({ key, value }) => ({ key, value: value instanceof Blob ? await value.arrayBuffer() : value })),
  )
}

async function bytesOf(value: Value): Promise<Uint8Array> {
  return new Uint8Array(value instanceof Blob ? await value.arrayBuffer() : value)
}

function bytesAtOnce(manifest: Value): Uint8Array | undefined {
  return manifest instanceof Blob ? undefined : new Uint8Array(manifest)
}

async function putAll(transaction: Transaction<Tables, 'readwrite'>, entries: readonly Entry[]): Promise<void> {
  // Async each: where one throws at once, the others' rejections are still looked at.
  await Promise.all(entries.map(async ({ key, value }) => transaction.objectStore(tableOf(key)).put(value, key)))
}

/** A lesson is no pack: older versions that tidy packs do not find it there. */
function tableOf(key: string): Table {
  return key === MANIFEST_KEY || key === LESSON_KEY ? 'manifest' : 'packs'
}

function tablesOf(keys: readonly string[]): Table[] {
  return [...new Set(keys.map(tableOf))]
}
