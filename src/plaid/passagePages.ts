/**
 * Single passages out of a store: where they lie in packs of codes and of residuals, and those that were read, kept as long
 * as there is room. What reads are made is packRows.ts's business.
 */
import type { PlaidPart } from '../ops/ops.ts'
import type { BlobSource } from '../store/store.ts'
import { lastAtMost } from '../util.ts'
import { codeBytes, codesOf, type PlaidHeader } from './format.ts'
import { PackRows } from './packRows.ts'

/** Where a passage lies. */
export interface Place {
  readonly id: number
  readonly part: number
  /** Its tokens, in the part. */
  readonly start: number
  readonly end: number
}

/** Its tokens. */
export type Passage = Pick<PlaidPart, 'codes' | 'residuals'>

export class PassagePages {
  readonly #source: BlobSource
  readonly #header: PlaidHeader
  /** Of each part. */
  readonly #offsets: readonly Uint32Array[]
  /** Of each part the id of its first passage. */
  readonly #firsts: number[] = []
  readonly #codes: PackRows
  readonly #residuals: PackRows
  readonly #cache: PassageCache

  constructor(source: BlobSource, header: PlaidHeader, offsets: readonly Uint32Array[], cacheBytes: number) {
    this.#source = source
    this.#header = header
    this.#offsets = offsets
    let first = 0
    for (const { length } of offsets) {
      this.#firsts.push(first)
      first += length - 1
    }
    this.#codes = new PackRows(source, header.codes, codeBytes(header))
    this.#residuals = new PackRows(source, header.residuals, (header.dim * header.bits) / 8)
    this.#cache = new PassageCache(cacheBytes)
  }

  /** Held: offsets, and what was read. */
  get bytes(): number {
    return this.#offsets.reduce((sum, { byteLength }) => sum + byteLength, this.#cache.bytes)
  }

  placeOf(id: number): Place {
    const part = lastAtMost(this.#firsts, id)
    const p = id - this.#firsts[part]!
    const offsets = this.#offsets[part]!
    return { id, part, start: offsets[p]!, end: offsets[p + 1]! }
  }

  bytesOf({ start, end }: Place): number {
    return (end - start) * (this.#codes.rowBytes + this.#residuals.rowBytes)
  }

  /** Passages, given in ascending order of id. Errors: `index-invalid`, and what the source throws. */
  async read(places: readonly Place[]): Promise<Passage[]> {
    const kept = places.map(({ id }) => this.#cache.get(id))
    const missing = places.filter((_, i) => kept[i] === undefined)
    const [codes, residuals] = await Promise.all([this.#codes.read(missing), this.#residuals.read(missing)])
    let next = 0
    return places.map(({ id }, i) => {
      const known = kept[i]
      if (known !== undefined) return known
      // Copies: views would keep alive all that was read with them.
      const read = {
        codes: codesOf(this.#source, this.#header, codes[next]!),
        residuals: new Uint8Array(residuals[next]!),
      }
      next++
      this.#cache.set(id, read)
      return read
    })
  }

  clear(): void {
    this.#cache.clear()
  }
}

/** Passages by id; the one that was not asked for longest goes first when there are too many bytes. */
class PassageCache {
  readonly #most: number
  readonly #entries = new Map<number, Passage>()
  #bytes = 0

  constructor(most: number) {
    this.#most = most
  }

  get bytes(): number {
    return this.#bytes
  }

  get(id: number): Passage | undefined {
    const passage = this.#entries.get(id)
    if (passage === undefined) return undefined
    this.#entries.delete(id)
    this.#entries.set(id, passage)
    return passage
  }

  set(id: number, passage: Passage): void {
    if (sizeOf(passage) > this.#most) return // it would drive out all others, and itself
    this.#drop(id) // two searches may have read it at the same time
    this.#entries.set(id, passage)
    this.#bytes += sizeOf(passage)
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
    const passage = this.#entries.get(id)
    if (passage !== undefined) this.#bytes -= sizeOf(passage)
    this.#entries.delete(id)
  }
}

function sizeOf({ codes, residuals }: Passage): number {
  return codes.byteLength + residuals.byteLength
}
