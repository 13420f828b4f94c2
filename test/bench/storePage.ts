/**
 * The part of the store's bench that runs in the page: the same packs written by raw IndexedDB, by our store, and by a
 * download that checks each of them. test/bench/store.ts bundles it, calls `runStoreBench` and prints what it gives.
 */
import { downloadPacks } from '../../src/store/download.ts'
import { deleteIdb, idbStore } from '../../src/store/idb.ts'
import { type PackRef, writePack } from '../../src/store/packs.ts'

export interface StoreBenchOptions {
  readonly packBytes: number
  readonly packs: number
  readonly rounds: number
}

/** Milliseconds, one for each round. */
export type StoreTimes = Readonly<Record<(typeof WAYS)[number], readonly number[]>>

const WAYS = ['raw', 'rawBlobs', 'store', 'download', 'readRaw', 'readRawBlobs', 'readStore'] as const

interface Content {
  readonly ref: PackRef
  readonly bytes: Uint8Array<ArrayBuffer>
}

const MANIFEST = new TextEncoder().encode(JSON.stringify({ version: 3, packs: 'as of a small index' }))

export async function runStoreBench({ packBytes, packs, rounds }: StoreBenchOptions): Promise<StoreTimes> {
  const times: Record<(typeof WAYS)[number], number[]> = {
    raw: [],
    rawBlobs: [],
    store: [],
    download: [],
    readRaw: [],
    readRawBlobs: [],
    readStore: [],
  }
  // The first round warms up: files, code, and the database's process.
  for (let round = -1; round < rounds; round++) {
    // New bytes each time: nobody gains from what was written before.
    const contents: Content[] = []
    for (let i = 0; i < packs; i++) contents.push(await randomPack(packBytes))
    // Who is first changes from round to round.
    const steps: (() => Promise<Partial<Record<(typeof WAYS)[number], number>>>)[] = [
      async () => {
        const { writeMs, readMs } = await rawRound(contents, (bytes) => bytes.buffer)
        return { raw: writeMs, readRaw: readMs }
      },
      async () => {
        const { writeMs, readMs } = await rawRound(contents, (bytes) => new Blob([bytes]))
        return { rawBlobs: writeMs, readRawBlobs: readMs }
      },
      () => storeRound(contents),
      async () => ({ download: await downloadRound(contents) }),
    ]
    for (let i = 0; i < steps.length; i++) {
      const took = await steps[(round + 1 + i) % steps.length]!()
      if (round < 0) continue
      for (const way of WAYS) {
        const ms = took[way]
        if (ms !== undefined) times[way].push(ms)
      }
    }
  }
  return times
}

/** The least that one can do: one transaction, relaxed; read back at once, each in a transaction. */
async function rawRound(
  contents: readonly Content[],
  recordOf: (bytes: Uint8Array<ArrayBuffer>) => ArrayBuffer | Blob,
): Promise<{ writeMs: number; readMs: number }> {
  const name = 'raw'
  const opening = indexedDB.open(name, 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore('packs')
  const database = await settled(opening)
  const writeMs = await elapsed(async () => {
    const transaction = database.transaction('packs', 'readwrite', { durability: 'relaxed' })
    const table = transaction.objectStore('packs')
    for (const { ref, bytes } of contents) table.put(recordOf(bytes), ref.file)
    table.put(MANIFEST.buffer, 'manifest.json')
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    })
  })
  const readMs = await elapsed(() =>
    Promise.all(
      contents.map(async ({ ref }) => {
        const record: unknown = await settled(database.transaction('packs').objectStore('packs').get(ref.file))
        return record instanceof Blob ? record.arrayBuffer() : record
      }),
    ),
  )
  database.close()
  await settled(indexedDB.deleteDatabase(name))
  return { writeMs, readMs }
}

async function storeRound(contents: readonly Content[]): Promise<{ store: number; readStore: number }> {
  const target = await idbStore('bench')
  const store = await elapsed(async () => {
    await Promise.all(contents.map(({ ref, bytes }) => target.put(ref.file, bytes)))
    if (!(await target.swap(undefined, MANIFEST))) throw new Error('The manifest was not taken.')
  })
  const readStore = await elapsed(async () => {
    const read = await Promise.all(contents.map(({ ref }) => target.get(ref.file)))
    if (read.some((bytes, i) => bytes?.length !== contents[i]!.bytes.length)) throw new Error('A pack is not whole.')
  })
  target.close()
  await deleteIdb('bench')
  return { store, readStore }
}

/** As the site's index comes, but for the network: each pack hashed, and written while others come. */
async function downloadRound(contents: readonly Content[]): Promise<number> {
  const store = await idbStore('bench')
  const files = new Map(contents.map(({ ref, bytes }) => [ref.file, bytes]))
  const remote = { location: 'memory', get: async (file: string) => files.get(file) }
  const took = await elapsed(async () => {
    await downloadPacks({ remote, store, packs: contents.map(({ ref }) => ref) })
    if (!(await store.swap(undefined, MANIFEST))) throw new Error('The manifest was not taken.')
  })
  store.close()
  await deleteIdb('bench')
  return took
}

async function randomPack(length: number): Promise<Content> {
  const bytes = new Uint8Array(length)
  const most = 65_536 // that getRandomValues gives at once
  for (let at = 0; at < length; at += most) crypto.getRandomValues(bytes.subarray(at, at + most))
  return { ref: await writePack({ put: async () => {} }, 'codes', bytes), bytes }
}

async function elapsed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
