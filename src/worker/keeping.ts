/**
 * What one load finds out about the browser's database it reads from and writes to: what fails there is told, and never
 * fails the load. Files go past the HTTP cache on their way, or they would lie on the disk twice; except where the database
 * had no room for them the last time, and the HTTP cache is all there is.
 */
import { asSelvageError } from '../errors.ts'
import { fetchBytes, retried } from '../store/http.ts'
import type { SharedStore } from '../store/store.ts'

/** Present where the last write had no room. A byte has room where a model has none. */
const FULL_KEY = 'full'

export type OnBytes = (loaded: number, total: number) => void

export class Keeping {
  readonly #store: SharedStore
  readonly #writes: Promise<unknown>[] = []
  readonly #wasFull: Promise<boolean>
  #isFull = false
  #problem: string | undefined

  constructor(store: SharedStore) {
    this.#store = store
    this.#wasFull = this.tried(store.has([FULL_KEY])).then((found = new Set()) => found.size > 0)
  }

  /** The first thing that failed. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** What the store gives; undefined where it fails. */
  async tried<T>(using: Promise<T>): Promise<T | undefined> {
    try {
      return await using
    } catch (thrown) {
      const error = asSelvageError(thrown, 'storage-failed')
      this.#problem ??= error.message
      this.#isFull ||= error.code === 'storage-full'
      return undefined
    }
  }

  /** A write that nobody waits for before `settle`. */
  behind(writing: Promise<unknown>): void {
    this.#writes.push(this.tried(writing))
  }

  async fetch(url: string, onBytes?: OnBytes): Promise<Uint8Array | undefined> {
    return fetchFile(url, (await this.#wasFull) ? 'no-cache' : 'no-store', onBytes)
  }

  /** Waits for the writes, and remembers whether there was room for them. */
  async settle(): Promise<void> {
    await Promise.all(this.#writes)
    if (this.#isFull) await this.#store.put(FULL_KEY, Uint8Array.of(1)).catch(() => {})
    else if ((await this.#wasFull) && this.#problem === undefined) await this.tried(this.#store.delete(FULL_KEY))
  }
}

export function fetchFile(
  url: string,
  cache: RequestCache,
  onBytes: OnBytes = () => {},
): Promise<Uint8Array | undefined> {
  return retried({}, () => fetchBytes(url, cache, onBytes))
}
