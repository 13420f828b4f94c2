/** A store in memory: for tests, for private windows, for an index that need not outlive the page. */
import { type BlobStore, MANIFEST_KEY } from './store.ts'

export function memoryStore(location = 'memory'): BlobStore {
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
  }
}
