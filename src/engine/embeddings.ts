/**
 * An encoder with a memory: a text that was encoded before is taken from a cache, by the hash of the text; the cache is one
 * model's. The vectors it gives are always those of the cache, rounded to f16, whether a text was found or encoded: so an
 * index is the same, to the byte, however much was found. An index rounds to f16 first thing anyhow (plaid/builder.ts).
 * Where a cache lies and how long it keeps things is its own matter.
 */
import { type EncodeOptions, type Encoder, withDocuments } from '../encoder/encoder.ts'
import { throwIfAborted } from '../errors.ts'
import { fromHalves, toHalves } from '../ops/half.ts'
import type { EncodedText } from '../types.ts'
import { sha256Hex } from '../util.ts'

/** Keys are 32 hex digits; values f16 `[rows, E]`, as bits. */
export interface EmbeddingCache {
  /** Undefined where a key is not known, or no longer. */
  get(keys: readonly string[]): Promise<readonly (Uint16Array | undefined)[]>
  put(entries: ReadonlyMap<string, Uint16Array>): Promise<void>
}

export interface CachedEncoder extends Encoder {
  /** Keys of all documents that were asked for. */
  readonly keys: ReadonlySet<string>
  /** Documents that came from the cache. */
  hits(): number
}

/** Texts encoded between two writes: what a call that is stopped has done before is kept. */
const PORTION = 128

export function cachedEncoder(encoder: Encoder, cache: EmbeddingCache): CachedEncoder {
  const keys = new Set<string>()
  let hits = 0

  async function encodeDocuments(
    texts: readonly string[],
    { signal, onDone }: EncodeOptions = {},
  ): Promise<EncodedText[]> {
    throwIfAborted(signal)
    const keyOf = await Promise.all(texts.map(hashOf))
    const byKey = new Map(texts.map((text, i) => [keyOf[i] ?? '', text]))
    for (const key of byKey.keys()) keys.add(key)
    const known = await findAll(byKey)
    const missing = [...byKey].filter(([key]) => !known.has(key))
    hits += keyOf.filter((key) => known.has(key)).length

    const settled = texts.length - missing.length
    if (settled > 0) onDone?.(settled)
    for (let from = 0; from < missing.length; from += PORTION) {
      const portion = missing.slice(from, from + PORTION)
      const encoded = await encoder.encodeDocuments(
        portion.map(([, text]) => text),
        { signal, onDone: (done) => onDone?.(settled + from + done) },
      )
      const fresh = new Map<string, Uint16Array>()
      for (const [i, { matrix, ...layout }] of encoded.entries()) {
        const halves = toHalves(matrix.data)
        const key = portion[i]?.[0] ?? ''
        fresh.set(key, halves)
        known.set(key, { ...layout, matrix: { ...matrix, data: fromHalves(halves) } })
      }
      await cache.put(fresh)
    }
    return keyOf.flatMap((key) => known.get(key) ?? [])
  }

  async function findAll(byKey: ReadonlyMap<string, string>): Promise<Map<string, EncodedText>> {
    const { dim } = encoder.model
    const found = await cache.get([...byKey.keys()])
    const known = new Map<string, EncodedText>()
    for (const [i, [key, text]] of [...byKey].entries()) {
      const halves = found[i]
      if (halves === undefined) continue
      const layout = encoder.layoutDocument(text)
      const rows = layout.tokenIds.length
      if (halves.length === rows * dim) known.set(key, { ...layout, matrix: { data: fromHalves(halves), rows, dim } })
    }
    return known
  }

  const close = () => encoder.close()
  return { ...withDocuments(encoder, { encodeDocuments, close }), keys, hits: () => hits }
}

/** Half of a SHA-256 is enough: among a billion texts two with the same are not to be expected. */
async function hashOf(text: string): Promise<string> {
  return (await sha256Hex(new TextEncoder().encode(text))).slice(0, 32)
}
