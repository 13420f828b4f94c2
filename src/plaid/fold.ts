/**
 * Fresh passages and compressed segments into one segment, with the centroids and the codec that are there. Passages of a
 * segment with this codec are copied bit for bit, fresh ones are compressed as PlaidBuilder compresses; so the result is that
 * of folding the same rows at once, byte for byte. (It is not that of a build, which trains a codec of its own, and compares
 * a token with the centroids of near cells only: here it is with all of them, since there are no cells in a file.)
 *
 * Made for a worker that answers queries meanwhile: a few milliseconds of work, then a pause that the caller gives, and never
 * more than a few packs in memory.
 */
import { SelvageError, throwIfAborted } from '../errors.ts'
import { fromHalves } from '../ops/half.ts'
import type { PlaidCodec, PlaidPart } from '../ops/ops.ts'
import { readPack, writePack } from '../store/packs.ts'
import type { BlobSource, BlobStore } from '../store/store.ts'
import type { PassageId } from '../types.ts'
import { encodeResiduals } from './codec.ts'
import {
  codeBytes,
  PACK_BYTES,
  type PlaidHeader,
  PlaidWriter,
  readCodec,
  readOffsets,
  readPart,
  type Training,
} from './format.ts'
import type { AssignCentroids } from './kmeans.ts'
import { checkFinite, checkShape } from './rows.ts'

/** Fresh passages, f16 bits `[T, E]` each, or passages of a segment with the codec: those to keep, ascending. */
export type FoldInput =
  | { readonly rows: readonly Uint16Array[] }
  | { readonly source: BlobSource; readonly header: PlaidHeader; readonly keep: readonly PassageId[] }

export interface FoldOptions {
  readonly store: Pick<BlobStore, 'put'>
  /** A segment whose centroids and codec are used; none of its passages are, unless it is an input too. */
  readonly codec: { readonly source: BlobSource; readonly header: PlaidHeader }
  /** Passages of the new segment, in order. */
  readonly inputs: readonly FoldInput[]
  readonly assign: AssignCentroids
  readonly signal?: AbortSignal | undefined
  /** Awaited between pieces of work; kernels make pauses of their own within one. */
  readonly breathe?: (() => Promise<void>) | undefined
}

/** Rows of one assignment: enough that bringing the centroids to the kernel, each time, is not what takes long. */
const SLICE_ROWS = 4096

/**
 * Errors: `invalid-argument` for an input of another codec, rows that do not fit it, or passages to keep that are not there;
 * `index-invalid` for damaged packs, `aborted`, and what the store throws.
 */
export async function foldPlaid(options: FoldOptions): Promise<PlaidHeader> {
  const { store, codec, inputs } = options
  checkInputs(codec.header, inputs)
  throwIfAborted(options.signal)
  const trained = await readCodec(codec.source, codec.header)
  const writer = new PlaidWriter(store, trained.codec, trained.training)
  const folder = new Folder(codec.header, trained, writer, options)
  for (const input of inputs) {
    if ('rows' in input) for (const [p, rows] of input.rows.entries()) await folder.add({ rows, p })
    else for await (const kept of passagesOf(input)) await folder.add(kept)
  }
  await folder.flush()
  const header = await writer.finish()
  const { originals } = codec.header
  if (originals === undefined) return header
  return { ...header, originals: await writePack(store, 'originals', await readPack(codec.source, originals)) }
}

/** A passage of the new segment: still to be compressed, the p-th of its input, or as it was. */
type Passage = { readonly rows: Uint16Array; readonly p: number } | Pick<PlaidPart, 'codes' | 'residuals'>

/** The passages to keep, copied out of one pack after the other. */
async function* passagesOf({ source, header, keep }: Exclude<FoldInput, { rows: unknown }>): AsyncGenerator<Passage> {
  const rowBytes = (header.dim * header.bits) / 8
  let first = 0
  let next = 0
  for (const [i, offsets] of (await readOffsets(source, header)).entries()) {
    const end = first + offsets.length - 1
    if (next < keep.length && keep[next]! < end) {
      const { codes, residuals } = await readPart(source, header, i, offsets)
      for (; next < keep.length && keep[next]! < end; next++) {
        const [start, stop] = [offsets[keep[next]! - first]!, offsets[keep[next]! - first + 1]!]
        // Copies, so that a pack of which little is kept does not stay in memory.
        yield { codes: codes.slice(start, stop), residuals: residuals.slice(start * rowBytes, stop * rowBytes) }
      }
    }
    first = end
  }
}

/** Takes passages in order, and writes a pack whenever the next would not fit: where cutIntoParts would cut. */
class Folder {
  readonly #codec: PlaidCodec
  readonly #training: Training
  /** f32 `[C, E]`: what search computes with, as PlaidBuilder compresses against. */
  readonly #centroids: Float32Array
  readonly #wide: boolean
  readonly #rowBytes: number
  readonly #writer: PlaidWriter
  readonly #options: FoldOptions
  #pending: Passage[] = []
  #pendingBytes = 0

  constructor(
    header: PlaidHeader,
    { codec, training }: { readonly codec: PlaidCodec; readonly training: Training },
    writer: PlaidWriter,
    options: FoldOptions,
  ) {
    this.#codec = codec
    this.#training = training
    this.#centroids = new Float32Array(codec.centroids.length)
    // Not `from`: a million values are divided between two pauses.
    for (let i = 0; i < codec.centroids.length; i++) this.#centroids[i] = codec.centroids[i]! / training.scale
    this.#wide = codeBytes(header) === 4
    this.#rowBytes = (codec.dim * codec.bits) / 8
    this.#writer = writer
    this.#options = options
  }

  async add(passage: Passage): Promise<void> {
    const bytes = this.#tokensOf(passage) * this.#rowBytes
    if (this.#pending.length > 0 && this.#pendingBytes + bytes > PACK_BYTES) await this.flush()
    this.#pending.push(passage)
    this.#pendingBytes += bytes
  }

  async flush(): Promise<void> {
    const passages = this.#pending
    if (passages.length === 0) return
    const tokens = this.#pendingBytes / this.#rowBytes
    this.#pending = []
    this.#pendingBytes = 0
    const offsets = new Uint32Array(passages.length + 1)
    const codes = this.#wide ? new Uint32Array(tokens) : new Uint16Array(tokens)
    const residuals = new Uint8Array(tokens * this.#rowBytes)
    for (const [p, passage] of passages.entries()) {
      const at = offsets[p]!
      offsets[p + 1] = at + this.#tokensOf(passage)
      if ('rows' in passage) continue
      codes.set(passage.codes, at)
      residuals.set(passage.residuals, at * this.#rowBytes)
    }
    await this.#breathe()
    await this.#compress(passages, offsets, codes, residuals)
    await this.#writer.add({ codes, residuals, offsets })
    await this.#breathe()
  }

  /** Rows in slices that take no heed of passages: those may be short, and every call reads all centroids. */
  async #compress(
    passages: readonly Passage[],
    offsets: Uint32Array,
    codes: PlaidPart['codes'],
    residuals: Uint8Array,
  ): Promise<void> {
    const { dim } = this.#codec
    const slice = new Uint16Array(SLICE_ROWS * dim)
    const places = new Uint32Array(SLICE_ROWS)
    let filled = 0
    for (const [p, passage] of passages.entries()) {
      if (!('rows' in passage)) continue
      checkFinite(dim, passage.rows, passage.p) // here, where pauses are
      for (let row = 0; row * dim < passage.rows.length; row++) {
        slice.set(passage.rows.subarray(row * dim, (row + 1) * dim), filled * dim)
        places[filled++] = offsets[p]! + row
        if (filled < SLICE_ROWS) continue
        await this.#compressSlice(slice, places, codes, residuals)
        filled = 0
      }
    }
    if (filled > 0)
      await this.#compressSlice(slice.subarray(0, filled * dim), places.subarray(0, filled), codes, residuals)
  }

  async #compressSlice(
    rows: Uint16Array,
    places: Uint32Array,
    codes: PlaidPart['codes'],
    residuals: Uint8Array,
  ): Promise<void> {
    const { dim, bits } = this.#codec
    const tokens = fromHalves(rows)
    const nearest = await this.#options.assign(tokens, this.#centroids, dim, { signal: this.#options.signal })
    const bytes = new Uint8Array(places.length * this.#rowBytes)
    encodeResiduals(tokens, nearest, this.#centroids, dim, bits, this.#training.cutoffs, bytes)
    places.forEach((to, i) => {
      codes[to] = nearest[i]!
      residuals.set(bytes.subarray(i * this.#rowBytes, (i + 1) * this.#rowBytes), to * this.#rowBytes)
    })
    await this.#breathe()
  }

  #tokensOf(passage: Passage): number {
    return 'rows' in passage ? passage.rows.length / this.#codec.dim : passage.codes.length
  }

  async #breathe(): Promise<void> {
    await this.#options.breathe?.()
    throwIfAborted(this.#options.signal)
  }
}

function checkInputs(codec: PlaidHeader, inputs: readonly FoldInput[]): void {
  for (const [i, input] of inputs.entries()) {
    if ('rows' in input) {
      input.rows.forEach((rows, p) => {
        checkShape(codec.dim, rows, p)
      })
      if (codec.centroidCount === 0 && input.rows.some(({ length }) => length > 0))
        throw new SelvageError(
          'invalid-argument',
          `Input ${i} has rows, but the codec comes from an index without tokens and has no centroids. Build an index of the rows.`,
        )
      continue
    }
    const { header, keep } = input
    if (header.codec.sha256 !== codec.codec.sha256 || header.centroids.sha256 !== codec.centroids.sha256)
      throw new SelvageError(
        'invalid-argument',
        `Input ${i} has another codec than the one to fold with: its passages cannot be copied. Build it again from its texts.`,
      )
    const bad = keep.findIndex((id, at) => !(Number.isInteger(id) && id > (keep[at - 1] ?? -1) && id < header.passages))
    if (bad >= 0)
      throw new SelvageError(
        'invalid-argument',
        `Input ${i} is to keep passage ${keep[bad]} at place ${bad}; wanted ascending ids below ${header.passages}.`,
      )
  }
}
