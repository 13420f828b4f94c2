/**
 * The flat index: every token vector as f16, scored whole by exact MaxSim. It is small, simple and the standard that
 * a compressed index is measured by. This file alone knows its bytes:
 *   lengths pack  u16 LE [P]            tokens of each passage
 *   vectors packs f16 LE [rows, E]      rows of consecutive passages; cut at passage borders, about 4 MiB each
 * Knows vectors and stores only: no texts, no models.
 */
import { SelvageError } from '../errors.ts'
import { toHalves } from '../ops/half.ts'
import type { PassageBatch } from '../ops/ops.ts'
import { headerFields, type PackRef, readPack, writePack } from '../store/packs.ts'
import type { BlobSource, BlobStore } from '../store/store.ts'
import type { TokenMatrix } from '../types.ts'

/** The manifest's part about the vectors. */
export interface FlatHeader {
  readonly kind: 'flat'
  readonly dim: number
  readonly passages: number
  readonly tokens: number
  readonly lengths: PackRef
  readonly vectors: readonly PackRef[]
}

const PACK_BYTES = 4 << 20
const MAX_TOKENS = 0xffff

/** Takes passages one by one, in the order of their ids, and writes packs as they fill. */
export class FlatBuilder {
  readonly #store: BlobStore
  readonly #dim: number
  readonly #lengths: number[] = []
  readonly #packs: PackRef[] = []
  #rows: Uint16Array[] = []
  #pendingBytes = 0
  #tokens = 0

  constructor(store: BlobStore, dim: number) {
    this.#store = store
    this.#dim = dim
  }

  /** `passage` is `[T, E]`; T = 0 is allowed and never a hit. Errors: `invalid-argument` on another dim. */
  async add(passage: TokenMatrix): Promise<void> {
    if (passage.dim !== this.#dim || passage.data.length !== passage.rows * passage.dim)
      throw new SelvageError(
        'invalid-argument',
        `A passage has ${passage.data.length} values for ${passage.rows} x ${passage.dim}; the index wants rows of ${this.#dim}.`,
      )
    if (passage.rows > MAX_TOKENS)
      throw new SelvageError('invalid-argument', `A passage has ${passage.rows} tokens; at most ${MAX_TOKENS} fit.`)
    const half = toHalves(passage.data)
    this.#lengths.push(passage.rows)
    this.#tokens += passage.rows
    this.#rows.push(half)
    this.#pendingBytes += half.byteLength
    if (this.#pendingBytes >= PACK_BYTES) await this.#flush()
  }

  async finish(): Promise<FlatHeader> {
    if (this.#pendingBytes > 0) await this.#flush()
    const lengths = await writePack(this.#store, 'lengths', littleEndian16(Uint16Array.from(this.#lengths)))
    return {
      kind: 'flat',
      dim: this.#dim,
      passages: this.#lengths.length,
      tokens: this.#tokens,
      lengths,
      vectors: this.#packs,
    }
  }

  async #flush(): Promise<void> {
    const all = new Uint16Array(this.#pendingBytes / 2)
    let at = 0
    for (const half of this.#rows) {
      all.set(half, at)
      at += half.length
    }
    this.#packs.push(await writePack(this.#store, 'vectors', littleEndian16(all)))
    this.#rows = []
    this.#pendingBytes = 0
  }
}

/** The header out of parsed JSON. Errors: `index-invalid` naming the field. */
export function parseFlatHeader(value: unknown, location: string): FlatHeader {
  const fields = headerFields(value, 'vectors', location)
  const kind = fields.text('kind')
  if (kind !== 'flat')
    throw new SelvageError(
      'index-version',
      `The index at ${location} is of kind "${kind}"; this Selvage reads "flat". Update Selvage, or build the index again.`,
    )
  return {
    kind,
    dim: fields.count('dim'),
    passages: fields.count('passages'),
    tokens: fields.count('tokens'),
    lengths: fields.pack('lengths'),
    vectors: fields.packs('vectors'),
  }
}

/** Reads the whole index as one batch of passages. Errors: `index-invalid` where packs and header disagree. */
export async function readFlat(source: BlobSource, header: FlatHeader): Promise<PassageBatch> {
  const { dim, passages, tokens } = header
  const lengths = fromLittleEndian16(await readPack(source, header.lengths))
  if (lengths.length !== passages) throw disagree(source, `${lengths.length} lengths for ${passages} passages`)
  const offsets = new Uint32Array(passages + 1)
  for (let p = 0; p < passages; p++) offsets[p + 1] = offsets[p]! + lengths[p]!
  if (offsets[passages] !== tokens)
    throw disagree(source, `lengths sum to ${offsets[passages]}, not to ${tokens} tokens`)
  const vectors = new Uint16Array(tokens * dim)
  let at = 0
  const packs = await Promise.all(header.vectors.map((ref) => readPack(source, ref)))
  for (const pack of packs) {
    const half = fromLittleEndian16(pack)
    if (at + half.length > vectors.length) throw disagree(source, 'there are more vectors than tokens')
    vectors.set(half, at)
    at += half.length
  }
  if (at !== vectors.length) throw disagree(source, `there are ${at / dim} vectors for ${tokens} tokens`)
  return { vectors, offsets, dim }
}

function disagree(source: BlobSource, what: string): SelvageError {
  return new SelvageError(
    'index-invalid',
    `The index at ${source.location} contradicts itself: ${what}. Build it again.`,
  )
}

/** Files are little endian; so is every machine that runs WebGPU or Node today, and this is checked, not hoped. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function littleEndian16(values: Uint16Array): Uint8Array {
  if (!LITTLE_ENDIAN) throw new SelvageError('internal', 'Big-endian machines are not supported.')
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

function fromLittleEndian16(bytes: Uint8Array): Uint16Array {
  if (!LITTLE_ENDIAN) throw new SelvageError('internal', 'Big-endian machines are not supported.')
  return new Uint16Array(bytes.slice().buffer, 0, bytes.byteLength >> 1)
}
