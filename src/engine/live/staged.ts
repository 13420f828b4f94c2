/** A store that only holds what is put into it, until it goes into the real one together with the record that names it. */
import { memoryStore } from '../../store/memory.ts'
import type { BlobStore } from '../../store/store.ts'

export interface Staged {
  readonly store: BlobStore
  readonly put: ReadonlyMap<string, Uint8Array>
}

export function stage(): Staged {
  const put = new Map<string, Uint8Array>()
  const store: BlobStore = {
    ...memoryStore('staged'),
    async put(key, bytes) {
      put.set(key, bytes)
    },
  }
  return { store, put }
}
