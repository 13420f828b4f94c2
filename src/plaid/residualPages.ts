/**
 * Residuals of single passages out of a store: which bytes of which pack they are, read together where they are near each
 * other, and kept as long as there is room. Parts of packs cannot be checked by hash: sizes are, of packs and of what was read.
 */
import { SelvageError } from '../errors.ts'
import { type PackRef, readPack } from '../store/packs.ts'
import type { BlobSource } from '../store/store.ts'
import { lastAtMost } from '../util.ts'
import type { PlaidCodes, PlaidHeader } from './format.ts'

/** Where a passage lies. */
export interface Place {
  readonly id: number
  readonly part: number
  /** Its tokens, in the part. */
  readonly start: number
  readonly end: number
}

/**
 * Bytes that are read though nobody asked for them, rather than reading twice: a read from IndexedDB takes as long as some
 * tens of kilobytes of it do.
 */
const MOST_GAP_BYTES = 16 << 10

/** Gives bytes start .. end of a pack. */
type Cut = (start: number, end: number) => Promise<Uint8Array>

export class ResidualPages {
  readonly #source: BlobSource
  readonly #packs: readonly PackRef[]
  readonly #parts: PlaidCodes['parts']
  /** Of each part the id of its first passage. */
  readonly #firsts: number[] = []
  readonly #rowBytes: number
  readonly #cache: ByteCache
  /** Packs whose size was found to be right. */
  readonly #measured = new Map<number, Promise<void>>()

  constructor(source: BlobSource, header: PlaidHeader, parts: PlaidCodes['parts'], cacheBytes: number) {
    this.#source = source
    this.#packs = header.residuals
    this.#parts = parts
    let first = 0
    for (const { offsets } of parts) {
      this.#firsts.push(first)
      first += offsets.length - 1
    }
    this.#rowBytes = (header.dim * header.bits) / 8
    this.#cache = new ByteCache(cacheBytes)
  }

  /** Held of what was read. */
  get bytes(): number {
    return this.#cache.bytes
  }

  placeOf(id: number): Place {
    const part = lastAtMost(this.#firsts, id)
    const p = id - this.#firsts[part]!
    const { offsets } = this.#parts[part]!
    return { id, part, start: offsets[p]!, end: offsets[p + 1]! }
  }

  bytesOf({ start, end }: Place): number {
    return (end - start) * this.#rowBytes
  }

  /** Residuals of passages, given in ascending order of id. Errors: `index-invalid`, and what the source throws. */
  async read(places: readonly Place[]): Promise<Uint8Array[]> {
    const found = places.map(({ id }) => this.#cache.get(id))
    const missing = places.flatMap((place, i) => (found[i] ? [] : [{ ...place, i }]))
    const cutters = new Map<number, Promise<Cut>>()
    await Promise.all(
      this.#runsOf(missing).map(async (run) => {
        const { part, start: first } = run[0]!
        const cutter = cutters.get(part) ?? this.#cutterOf(part)
        cutters.set(part, cutter)
        const cut = await cutter
        const bytes = await cut(first * this.#rowBytes, run.at(-1)!.end * this.#rowBytes)
        for (const { i, id, start, end } of run) {
          // A copy: a view would keep alive all that was read with it.
          const own = bytes.slice((start - first) * this.#rowBytes, (end - first) * this.#rowBytes)
          found[i] = own
          this.#cache.set(id, own)
        }
      }),
    )
    return found.map((bytes, i) => {
      if (bytes === undefined)
        throw new SelvageError('internal', `Residuals of passage ${places[i]?.id} were not read.`)
      return bytes
    })
  }

  clear(): void {
    this.#cache.clear()
  }

  /** What is read at once, of one pack each. */
  #runsOf<One extends Place>(places: readonly One[]): One[][] {
    const runs: One[][] = []
    for (const place of places) {
      const last = runs.at(-1)?.at(-1)
      const isNear = last?.part === place.part && (place.start - last.end) * this.#rowBytes <= MOST_GAP_BYTES
      if (isNear) runs.at(-1)!.push(place)
      else runs.push([place])
    }
    return runs
  }

  /** Gives bytes of a pack. Where the source cannot read a part of it, it is read whole, and once. */
  async #cutterOf(part: number): Promise<Cut> {
    const pack = this.#packs[part]!
    if (this.#source.slice === undefined) {
      const whole = await readPack(this.#source, pack)
      return async (start, end) => whole.subarray(start, end)
    }
    await this.#measure(part, pack)
    return (start, end) => this.#slice(pack, start, end)
  }

  /** Each pack once: its last byte is there, and the one behind it is not. */
  #measure(part: number, pack: PackRef): Promise<void> {
    const measured = this.#measured.get(part)
    if (measured !== undefined) return measured
    const measuring = this.#source.slice!(pack.file, pack.bytes - 1, pack.bytes + 1).then((bytes) => {
      if (bytes?.length !== 1) throw this.#damaged(pack, bytes && `has other than ${pack.bytes} bytes`)
    })
    this.#measured.set(part, measuring)
    // The next one looks again.
    measuring.catch(() => this.#measured.delete(part))
    return measuring
  }

  async #slice(pack: PackRef, start: number, end: number): Promise<Uint8Array> {
    const bytes = await this.#source.slice!(pack.file, start, end)
    if (bytes?.length !== end - start)
      throw this.#damaged(pack, bytes && `gave ${bytes.length} bytes where bytes ${start} to ${end} were asked for`)
    return bytes
  }

  #damaged(pack: PackRef, what = 'is missing'): SelvageError {
    return new SelvageError(
      'index-invalid',
      `${pack.file} of the index at ${this.#source.location} ${what}. Build the index again, or copy it again in full.`,
    )
  }
}

/** Byte arrays by id; the one that was not asked for longest goes first when there are too many bytes. */
class ByteCache {
  readonly #most: number
  readonly #entries = new Map<number, Uint8Array>()
  #bytes = 0

  constructor(most: number) {
    this.#most = most
  }

  get bytes(): number {
    return this.#bytes
  }

  get(id: number): Uint8Array | undefined {
    const bytes = this.#entries.get(id)
    if (bytes === undefined) return undefined
    this.#entries.delete(id)
    this.#entries.set(id, bytes)
    return bytes
  }

  set(id: number, bytes: Uint8Array): void {
    if (bytes.length > this.#most) return // it would drive out all others, and itself
    this.#drop(id) // two searches may have read it at the same time
    this.#entries.set(id, bytes)
    this.#bytes += bytes.length
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#most) break
      this.#drop(oldest)
    }
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }

  #drop(id: number): void {
    this.#bytes -= this.#entries.get(id)?.length ?? 0
    this.#entries.delete(id)
  }
}
