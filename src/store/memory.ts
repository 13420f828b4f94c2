/** A store in memory: for tests, for private windows, for an index that need not outlive the page. */
import { isSame } from '../util.ts'
import { MANIFEST_KEY, type SharedStore } from './store.ts'

export function memoryStore(location = 'memory'): SharedStore {
  const blobs = new Map<string, Uint8Array>()
  return {
    location,
    async get(key) {
      return blobs.get(key)?.slice()
    },
    async slice(key, start, end) {
      return blobs.get(key)?.slice(start, end)
    },
    async put(key, bytes) {
      blobs.set(key, bytes.slice())
    },
    async delete(key) {
      blobs.delete(key)
    },
    async list() {
      return [...blobs.keys()]
    },
    async commit(manifest) {
      blobs.set(MANIFEST_KEY, manifest.slice())
    },
    async swap(held, manifest, { put = new Map(), drop = [] } = {}) {
      if (!isSame(blobs.get(MANIFEST_KEY), held)) return false
      for (const [key, bytes] of put) blobs.set(key, bytes.slice())
      for (const key of drop) blobs.delete(key)
      blobs.set(MANIFEST_KEY, manifest.slice())
      return true
    },
    async has(keys) {
      return new Set(keys.filter((key) => blobs.has(key)))
    },
    close() {},
  }
}
