/**
 * Stretches of rows of equal size out of packs in a store, one pack a part: those that lie near each other are read
 * together. Parts of packs cannot be checked by hash: sizes are, of packs and of what was read.
 */
import { SelvageError } from '../errors.ts'
import { type PackRef, readPack } from '../store/packs.ts'
import type { BlobSource } from '../store/store.ts'

/** Rows start .. end of a part. */
export interface Stretch {
  readonly part: number
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

export class PackRows {
  readonly rowBytes: number
  readonly #source: BlobSource
  readonly #packs: readonly PackRef[]
  /** Packs whose size was found to be right. */
  readonly #measured = new Map<number, Promise<void>>()

  constructor(source: BlobSource, packs: readonly PackRef[], rowBytes: number) {
    this.rowBytes = rowBytes
    this.#source = source
    this.#packs = packs
  }

  /**
   * The bytes of each stretch, which are given in ascending order; views of what was read.
   * Errors: `index-invalid`, and what the source throws.
   */
  async read(stretches: readonly Stretch[]): Promise<Uint8Array[]> {
    const cutters = new Map<number, Promise<Cut>>()
    const runs = await Promise.all(
      this.#runsOf(stretches).map(async (run) => {
        const { part, start: first } = run[0]!
        const cutter = cutters.get(part) ?? this.#cutterOf(part)
        cutters.set(part, cutter)
        const cut = await cutter
        const bytes = await cut(first * this.rowBytes, run.at(-1)!.end * this.rowBytes)
        return run.map(({ start, end }) =>
          bytes.subarray((start - first) * this.rowBytes, (end - first) * this.rowBytes),
        )
      }),
    )
    return runs.flat()
  }

  /** What is read at once, of one pack each. */
  #runsOf(stretches: readonly Stretch[]): Stretch[][] {
    const runs: Stretch[][] = []
    for (const stretch of stretches) {
      const last = runs.at(-1)?.at(-1)
      const isNear = last?.part === stretch.part && (stretch.start - last.end) * this.rowBytes <= MOST_GAP_BYTES
      if (isNear) runs.at(-1)!.push(stretch)
      else runs.push([stretch])
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

  /**
   * Each pack once: its last byte is there, and the one behind it is not. Of packs that were checked nothing is behind, and
   * to ask for it would send a store with a network behind it there.
   */
  #measure(part: number, pack: PackRef): Promise<void> {
    const measured = this.#measured.get(part)
    if (measured !== undefined) return measured
    const end = this.#source.isVerified ? pack.bytes : pack.bytes + 1
    const measuring = this.#source.slice!(pack.file, pack.bytes - 1, end).then((bytes) => {
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
