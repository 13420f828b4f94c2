/** A store in another worker's memory, through a port: where there is no database that two workers could both open. */

import * as Comlink from 'comlink'
import type { Changes, SharedStore } from '../store/store.ts'
import { type Outcome, outcome, unwrap } from './protocol.ts'

interface StoreApi {
  get(key: string): Promise<Outcome<Uint8Array | undefined>>
  slice(key: string, start: number, end: number): Promise<Outcome<Uint8Array | undefined>>
  put(key: string, bytes: Uint8Array): Promise<Outcome<void>>
  delete(key: string): Promise<Outcome<void>>
  list(): Promise<Outcome<string[]>>
  commit(manifest: Uint8Array): Promise<Outcome<void>>
  swap(held: Uint8Array | undefined, manifest: Uint8Array, changes?: Changes): Promise<Outcome<boolean>>
  has(keys: readonly string[]): Promise<Outcome<ReadonlySet<string>>>
}

export function exposeStore(store: SharedStore, port: MessagePort): void {
  const api: StoreApi = {
    get: (key) => outcome(() => store.get(key)),
    slice: (key, start, end) =>
      outcome(async () => (store.slice ? store.slice(key, start, end) : (await store.get(key))?.subarray(start, end))),
    put: (key, bytes) => outcome(() => store.put(key, bytes)),
    delete: (key) => outcome(() => store.delete(key)),
    list: () => outcome(() => store.list()),
    commit: (manifest) => outcome(() => store.commit(manifest)),
    swap: (held, manifest, changes) => outcome(() => store.swap(held, manifest, changes)),
    has: (keys) => outcome(() => store.has(keys)),
  }
  Comlink.expose(api, port)
}

export function portStore(port: MessagePort): SharedStore {
  const remote = Comlink.wrap<StoreApi>(port)
  return {
    location: 'the memory of this page',
    get: async (key) => unwrap(await remote.get(key)),
    slice: async (key, start, end) => unwrap(await remote.slice(key, start, end)),
    put: async (key, bytes) => unwrap(await remote.put(key, bytes)),
    delete: async (key) => unwrap(await remote.delete(key)),
    list: async () => unwrap(await remote.list()),
    commit: async (manifest) => unwrap(await remote.commit(manifest)),
    swap: async (held, manifest, changes) => unwrap(await remote.swap(held, manifest, changes)),
    has: async (keys) => unwrap(await remote.has(keys)),
    close: () => port.close(),
  }
}
