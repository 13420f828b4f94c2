/**
 * A store whose process is killed at one of its operations: what was written before stays, the operation itself has happened or
 * has not, and nothing works from then on. Swaps are whole, as every store has them; which bytes of a write survive is the
 * store's own affair, and tested with real kills.
 */
import { SelvageError } from '../../src/errors.ts'
import type { SharedStore } from '../../src/store/store.ts'

export interface MortalStore extends SharedStore {
  /** Whether it came to that operation. */
  readonly isDead: boolean
}

/** @param at the operation that is the last, counted from 0. @param isDone whether it still happens. */
export function mortalStore(store: SharedStore, at: number, isDone: boolean): MortalStore {
  let operations = 0
  let isDead = false
  const live = async <T>(run: () => Promise<T>): Promise<T> => {
    if (!isDead && operations++ < at) return run()
    if (!isDead && isDone) await run()
    isDead = true
    throw new SelvageError('storage-failed', 'The process was killed.')
  }
  return {
    location: store.location,
    get isDead() {
      return isDead
    },
    get: (key) => live(() => store.get(key)),
    slice: (key, start, end) => live(async () => store.slice!(key, start, end)),
    put: (key, bytes) => live(() => store.put(key, bytes)),
    delete: (key) => live(() => store.delete(key)),
    list: () => live(() => store.list()),
    commit: (manifest) => live(() => store.commit(manifest)),
    swap: (held, manifest, changes) => live(() => store.swap(held, manifest, changes)),
    has: (keys) => live(() => store.has(keys)),
    close: () => store.close(),
  }
}
