/**
 * Several open indexes as one: ids of each follow those of the one before, and every one of them is searched in turn, for as
 * many candidates as if it were alone. Scores need no care: all indexes have the same scale. Knows nothing of what is loaded.
 */
import { SelvageError } from '../errors.ts'
import { refused, typeName } from '../ops/check.ts'
import type { StageTimes } from '../ops/ops.ts'
import type { OpsBackend, TokenMatrix } from '../types.ts'
import {
  bestOf,
  type Found,
  type IndexReader,
  type Precision,
  type Ranking,
  type SearchOptions,
  summed,
} from './reader.ts'

/**
 * Errors: `invalid-argument` for a reader of another dim. Its `close` closes all of them; a caller who goes on using some
 * leaves it alone.
 * @param dim of all; said, since there may be none
 */
export function joinReaders(readers: readonly IndexReader[], dim: number): IndexReader {
  for (const [i, reader] of readers.entries())
    if (reader.dim !== dim)
      throw new SelvageError('invalid-argument', `Index ${i} has ${reader.dim} dimensions, wanted ${dim}.`)
  return new JoinedReader(readers, dim)
}

class JoinedReader implements IndexReader {
  readonly dim: number
  readonly #readers: readonly IndexReader[]

  constructor(readers: readonly IndexReader[], dim: number) {
    this.dim = dim
    this.#readers = readers
  }

  get passages(): number {
    return sumOf(this.#readers, ({ passages }) => passages)
  }

  get tokens(): number {
    return sumOf(this.#readers, ({ tokens }) => tokens)
  }

  get bytes(): number {
    return sumOf(this.#readers, ({ bytes }) => bytes)
  }

  get precision(): Precision {
    return this.#readers.some(({ precision }) => precision === 'approximate') ? 'approximate' : 'full'
  }

  /** `backend` is the slowest of those that ran, should one have been lost in between; `reference` where there are none. */
  async search(query: TokenMatrix, options: SearchOptions): Promise<Ranking> {
    const { filter } = options
    this.#check(query, filter)
    const found: Found[] = []
    const times: StageTimes[] = []
    const counts = { centroids: 0, scanned: 0, scored: 0, allowed: 0 }
    const backends = new Set<OpsBackend>()
    let first = 0
    for (const [i, reader] of this.#readers.entries()) {
      const own = filter && sliceBits(filter, first, reader.passages)
      // Where nothing may be found nothing need be scored. The last is asked in any case: it tells of wrong options.
      const isNeeded = own === undefined || own.some((word) => word !== 0)
      if (isNeeded || (times.length === 0 && i === this.#readers.length - 1)) {
        const ranking = await reader.search(query, { ...options, ...(own && { filter: own }) })
        for (const hit of ranking.passages) found.push({ ...hit, id: hit.id + first })
        times.push(ranking.elapsedMs)
        for (const of of COUNTS) counts[of] += ranking.counts[of]
        backends.add(ranking.backend)
      }
      first += reader.passages
    }
    const backend = SLOWEST_FIRST.find((name) => backends.has(name)) ?? 'reference'
    return { passages: bestOf(found, options.k), elapsedMs: summed(times), backend, counts }
  }

  close(): void {
    for (const reader of this.#readers) reader.close()
  }

  /** What each reader would not notice: its own filter always fits. */
  #check({ dim }: TokenMatrix, filter: Uint32Array | undefined): void {
    if (dim !== this.dim) throw refused('dim of the queries', dim, `${this.dim}, the dim of the passages`)
    if (filter === undefined) return
    if (!(filter instanceof Uint32Array)) throw refused('filter', typeName(filter), 'a Uint32Array')
    const words = Math.ceil(this.passages / 32)
    if (filter.length !== words) throw refused('filter', `${filter.length} words`, `${words}: a bit for each passage`)
  }
}

const COUNTS = ['centroids', 'scanned', 'scored', 'allowed'] as const

const SLOWEST_FIRST: readonly OpsBackend[] = ['reference', 'wasm', 'webgpu']

/**
 * Bits from .. from + count of a bitset as one of their own, zeros behind them.
 * Simple version: bit by bit; here a word is joined from the two that it lies in.
 */
export function sliceBits(words: Uint32Array, from: number, count: number): Uint32Array {
  const slice = new Uint32Array(Math.ceil(count / 32))
  const start = Math.floor(from / 32)
  const shift = from % 32
  for (let i = 0; i < slice.length; i++) {
    const low = words[start + i] ?? 0
    const high = words[start + i + 1] ?? 0
    slice[i] = shift === 0 ? low : (low >>> shift) | (high << (32 - shift))
  }
  if (count % 32 !== 0) slice[slice.length - 1]! &= 2 ** (count % 32) - 1
  return slice
}

function sumOf(readers: readonly IndexReader[], count: (reader: IndexReader) => number): number {
  return readers.reduce((sum, reader) => sum + count(reader), 0)
}
