/** The page of a site that has no room, or whose records are deleted: an open index and a writer as the workers have them. */
import { pageEncoder } from '../../../src/engine/encodePages.ts'
import { LiveWriter } from '../../../src/engine/live/writer.ts'
import { asSelvageError, type ErrorCode } from '../../../src/errors.ts'
import { createOps } from '../../../src/ops/create.ts'
import { httpStore } from '../../../src/store/http.ts'
import { layeredSource } from '../../../src/store/layered.ts'
import { withLease } from '../../../src/store/lease.ts'
import type { DocumentInput } from '../../../src/types.ts'
import { OpenIndex } from '../../../src/worker/openIndex.ts'
import type { StoredState } from '../../../src/worker/protocol.ts'
import { fakeEncoder } from '../../support/fakeEncoder.ts'

const NAME = 'room'
const indexUrl = new URL('index/', location.href).href

let index: OpenIndex
let writer: LiveWriter

export async function open(): Promise<StoredState> {
  const nothing = () => {}
  const given = { name: NAME, indexUrl, backend: 'wasm', storage: 'browser' } as const
  index = await OpenIndex.open({ ...given, onProgress: nothing, onChange: nothing })
  const { store } = index
  if (store === undefined) return stored()
  const ops = await createOps({ backend: 'wasm' })
  writer = new LiveWriter({
    ...{ store, encoder: pageEncoder(fakeEncoder()), onCommit: nothing },
    source: layeredSource({ store, remote: httpStore({ url: indexUrl }), keep: false }),
    assign: (...call) => ops.assignCentroids(...call),
    lease: (run) => withLease(`${NAME} writer`, run),
  })
  return stored()
}

export function stored(): StoredState {
  return index.describe().stored
}

/** Addresses that are found, the best first: by words, and where `isDeep` by meaning. */
export async function search(text: string, isDeep = true): Promise<{ words: string[]; meaning: string[] }> {
  const asked = { text, k: 3 }
  const words = await index.search({ ...asked, mode: 'keyword' })
  if (!isDeep) return { words: urls(words), meaning: [] }
  await index.load(true)
  const { matrix } = await fakeEncoder().encodeQuery(text)
  return { words: urls(words), meaning: urls(await index.search({ ...asked, k: 100, matrix, mode: 'semantic' })) }
}

function urls({ hits }: Awaited<ReturnType<OpenIndex['search']>>): string[] {
  return hits.map(({ passage }) => passage.section.url).slice(0, 3)
}

export interface Refused {
  readonly code: ErrorCode
  readonly message: string
}

/** What went wrong; undefined: nothing. */
async function refusal(run: () => Promise<unknown>): Promise<Refused | undefined> {
  try {
    await run()
    return undefined
  } catch (thrown) {
    const { code, message } = asSelvageError(thrown)
    return { code, message }
  }
}

export function download(): Promise<Refused | undefined> {
  return refusal(() => index.download(() => {}))
}

/** @param bytes of text that cannot be compressed, beside the document's own words */
export function add(id: string, bytes = 0): Promise<Refused | undefined> {
  const noise = Array.from({ length: Math.ceil(bytes / 1000) }, () => noiseOf(1000)).join(' ')
  const document: DocumentInput = { id, url: `/${id}`, text: `${id}one ${id}two\n\n${noise}` }
  return refusal(async () => {
    await writer.add([document])
    await index.refresh()
  })
}

function noiseOf(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes / 2)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

export async function ids(): Promise<string[]> {
  return (await writer.documents()).map(({ id }) => id)
}

/** Deletes records as a browser would: past the store. Returns how many of their keys begin with one of these. */
export async function deleteRecords(...beginnings: string[]): Promise<number> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = globalThis.indexedDB.open(`selvage:${NAME}`)
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error)
  })
  const transaction = database.transaction('packs', 'readwrite')
  const packs = transaction.objectStore('packs')
  let count = 0
  const keys = packs.getAllKeys()
  keys.onsuccess = () => {
    const chosen = keys.result.map(String).filter((key) => beginnings.some((beginning) => key.startsWith(beginning)))
    for (const key of chosen) packs.delete(key)
    count = chosen.length
  }
  await new Promise((resolve) => {
    transaction.oncomplete = resolve
  })
  database.close()
  return count
}
