/**
 * How much was read of an index to answer: bytes that sources gave, whoever asked, until somebody takes the count. What is
 * loaded for all answers is left out by its kind. It knows names of packs; not which query a read was for.
 */
import type { BlobSource } from './store.ts'

/** What is read whole for a query too. Manifests are opened and vectors loaded once; parts of those are read for a query. */
const BLOCKS = /^(texts|pages|lexical)-/

export class ReadMeter {
  #bytes = 0

  /** The same source, watched. */
  of(source: BlobSource): BlobSource {
    const count = (bytes: Uint8Array | undefined) => {
      this.#bytes += bytes?.byteLength ?? 0
      return bytes
    }
    return {
      location: source.location,
      isVerified: source.isVerified ?? false,
      get: (key) => (BLOCKS.test(key) ? source.get(key).then(count) : source.get(key)),
      ...(source.slice && { slice: (key, start, end) => source.slice!(key, start, end).then(count) }),
    }
  }

  /** Bytes since the last time. */
  take(): number {
    const bytes = this.#bytes
    this.#bytes = 0
    return bytes
  }
}
