/** A store in memory: for tests, for private windows, for an index that need not outlive the page. */
import { SelvageError } from '../errors.ts'
import { isSame } from '../util.ts'
import { MANIFEST_KEY, type SharedStore } from './store.ts'

export function memoryStore(location = 'memory'): SharedStore {
  const held = new Map<string, Uint8Array>()
  let isClosed = false
  const blobs = (): Map<string, Uint8Array> => {
    if (!isClosed) return held
    throw new SelvageError('closed', `The store in ${location} was used after it was closed. Open it again.`)
  }
  return {
    location,
    async get(key) {
      return blobs().get(key)?.slice()
    },
    async slice(key, start, end) {
      return blobs().get(key)?.slice(start, end)
    },
    async put(key, bytes) {
      blobs().set(key, bytes.slice())
    },
    async delete(key) {
      blobs().delete(key)
    },
    async list() {
      return [...blobs().keys()]
    },
    async commit(manifest) {
      blobs().set(MANIFEST_KEY, manifest.slice())
    },
    async swap(expected, manifest, { put = new Map<string, Uint8Array>(), drop = [] } = {}) {
      const all = blobs()
      if (!isSame(all.get(MANIFEST_KEY), expected)) return false
      for (const [key, bytes] of put) all.set(key, bytes.slice())
      for (const key of drop) all.delete(key)
      all.set(MANIFEST_KEY, manifest.slice())
      return true
    },
    async has(keys) {
      const all = blobs()
      return new Set(keys.filter((key) => all.has(key)))
    },
    close() {
      isClosed = true
      held.clear()
    },
  }
}
