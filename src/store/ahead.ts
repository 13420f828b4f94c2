/** Blobs that will be wanted soon are read while whoever wants them is still getting ready. */
import type { BlobSource } from './store.ts'

export interface AheadSource extends BlobSource {
  /** Begins to read; each is held until it is asked for, once. */
  readAhead(keys: readonly string[]): void
}

export function aheadSource(source: BlobSource): AheadSource {
  const held = new Map<string, Promise<Uint8Array | undefined>>()
  return {
    location: source.location,
    isVerified: source.isVerified ?? false,
    readAhead(keys) {
      for (const key of keys) {
        if (held.has(key)) continue
        const reading = source.get(key)
        reading.catch(() => {}) // told to whoever asks
        held.set(key, reading)
      }
    },
    get(key) {
      const reading = held.get(key)
      held.delete(key)
      return reading ?? source.get(key)
    },
    ...(source.slice && { slice: (key, start, end) => source.slice!(key, start, end) }),
  }
}
