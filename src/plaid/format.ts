/**
 * The bytes of a compressed index, which this file alone knows. Little endian, write-once packs:
 *   codec      f64 scale of the centroids, f64 shift; f32 cutoffs [2^bits - 1], weights [2^bits], mean |residual| [E],
 *              cluster threshold; i8 weights [2^bits]
 *   centroids  i8 [C, E]
 *   originals  f32 [C, E]               of an import only: its centroids before they were rounded, for export
 *   lengths    u16 [P]                  tokens of each passage
 *   codes      u16 [T], u32 where C > 65,536; cut at passage borders
 *   residuals  u8 [T, E * bits / 8]; cut where the codes are, about 4 MiB each
 * Knows vectors and stores only: no texts, no models.
 */
import { SelvageError } from '../errors.ts'
import { quantizeCentroids } from '../ops/integer.ts'
import type { PlaidBits, PlaidCodec, PlaidIndex, PlaidPart } from '../ops/ops.ts'
import { cutIntoParts } from '../ops/parts.ts'
import { headerFields, type PackRef, readPack, writePack } from '../store/packs.ts'
import type { BlobSource, BlobStore } from '../store/store.ts'
import { type PlaidData, toIndex } from './data.ts'

/** The manifest's part about the vectors. */
export interface PlaidHeader {
  readonly kind: 'plaid'
  readonly dim: number
  readonly bits: PlaidBits
  readonly passages: number
  readonly tokens: number
  readonly centroidCount: number
  readonly codec: PackRef
  readonly centroids: PackRef
  readonly originals?: PackRef
  readonly lengths: PackRef
  readonly codes: readonly PackRef[]
  readonly residuals: readonly PackRef[]
}

/** Bytes of residuals after which a pack is written. */
export const PACK_BYTES = 4 << 20
export const MAX_PASSAGE_TOKENS = 0xffff
/** Codes of up to this many centroids take two bytes. */
export const NARROW_CENTROIDS = 65_536

/** What a codec pack holds besides the integers that kernels want. */
export type Training = Pick<PlaidData, 'cutoffs' | 'weights' | 'averageResidual' | 'clusterThreshold'> & {
  /** Centroid times scale is its integer. */
  readonly scale: number
}

/** The header out of parsed JSON. Errors: `index-invalid` naming the field; `index-version` for another kind. */
export function parsePlaidHeader(value: unknown, location: string): PlaidHeader {
  const fields = headerFields(value, 'vectors', location)
  const kind = fields.text('kind')
  if (kind !== 'plaid')
    throw new SelvageError(
      'index-version',
      `The index at ${location} is of kind "${kind}"; this Selvage reads "plaid". Build the index again, or update Selvage.`,
    )
  const bits = ([1, 2, 4, 8] as const).find((allowed) => allowed === fields.count('bits'))
  if (bits === undefined)
    throw new SelvageError(
      'index-invalid',
      `The manifest at ${location} says ${fields.count('bits')} bits, wanted 1, 2, 4 or 8.`,
    )
  return {
    kind,
    bits,
    dim: fields.count('dim'),
    passages: fields.count('passages'),
    tokens: fields.count('tokens'),
    centroidCount: fields.count('centroidCount'),
    codec: fields.pack('codec'),
    centroids: fields.pack('centroids'),
    ...(fields.has('originals') && { originals: fields.pack('originals') }),
    lengths: fields.pack('lengths'),
    codes: fields.packs('codes'),
    residuals: fields.packs('residuals'),
  }
}

export function plaidPacks({ codec, centroids, originals, lengths, codes, residuals }: PlaidHeader): PackRef[] {
  return [codec, centroids, ...(originals ? [originals] : []), lengths, ...codes, ...residuals]
}

/** Writes parts as they come; `finish` names them. */
export class PlaidWriter {
  readonly #store: BlobStore
  readonly #codec: PlaidCodec
  readonly #training: Training
  readonly #lengths: Uint16Array[] = []
  readonly #codes: PackRef[] = []
  readonly #residuals: PackRef[] = []
  #tokens = 0

  constructor(store: BlobStore, codec: PlaidCodec, training: Training) {
    this.#store = store
    this.#codec = codec
    this.#training = training
  }

  async add({ codes, residuals, offsets }: PlaidPart): Promise<void> {
    const long = offsets.findIndex((at, p) => p > 0 && at - offsets[p - 1]! > MAX_PASSAGE_TOKENS)
    if (long > 0)
      throw new SelvageError(
        'invalid-argument',
        `A passage has ${offsets[long]! - offsets[long - 1]!} tokens; at most ${MAX_PASSAGE_TOKENS} fit.`,
      )
    this.#lengths.push(Uint16Array.from({ length: offsets.length - 1 }, (_, p) => offsets[p + 1]! - offsets[p]!))
    this.#tokens += codes.length
    if (codes.length === 0) return
    const narrow = this.#centroidCount <= NARROW_CENTROIDS
    const stored = narrow ? Uint16Array.from(codes) : Uint32Array.from(codes)
    this.#codes.push(await writePack(this.#store, 'codes', bytesOf(stored)))
    this.#residuals.push(await writePack(this.#store, 'residuals', residuals))
  }

  async finish(): Promise<PlaidHeader> {
    const { dim, bits, centroids, weights: integers, shift } = this.#codec
    const { scale, cutoffs, weights, averageResidual, clusterThreshold } = this.#training
    const codec = concat([
      bytesOf(Float64Array.of(scale, shift)),
      ...[cutoffs, weights, averageResidual, Float32Array.of(clusterThreshold)].map(bytesOf),
      bytesOf(integers),
    ])
    return {
      kind: 'plaid',
      dim,
      bits,
      passages: this.#lengths.reduce((sum, { length }) => sum + length, 0),
      tokens: this.#tokens,
      centroidCount: this.#centroidCount,
      codec: await writePack(this.#store, 'codec', codec),
      centroids: await writePack(this.#store, 'centroids', bytesOf(centroids)),
      lengths: await writePack(this.#store, 'lengths', concat(this.#lengths.map(bytesOf))),
      codes: this.#codes,
      residuals: this.#residuals,
    }
  }

  get #centroidCount(): number {
    return this.#codec.centroids.length / this.#codec.dim
  }
}

/** The index as kernels want it. Errors: `index-invalid`, a sentence for each cause. */
export async function readPlaidIndex(source: BlobSource, header: PlaidHeader): Promise<PlaidIndex> {
  const { dim, bits, passages, tokens, centroidCount } = header
  const [codecBytes, centroidBytes, lengthBytes] = await Promise.all(
    [header.codec, header.centroids, header.lengths].map((ref) => readPack(source, ref)),
  )
  const count = 2 ** bits
  const wanted = 16 + 4 * (2 * count - 1 + dim + 1) + count
  if (codecBytes!.length !== wanted) throw disagree(source, `the codec has ${codecBytes!.length} bytes, not ${wanted}`)
  if (centroidBytes!.length !== centroidCount * dim)
    throw disagree(source, `there are ${centroidBytes!.length} centroid values for ${centroidCount} × ${dim}`)
  const lengths = new Uint16Array(aligned(lengthBytes!))
  if (lengths.length !== passages) throw disagree(source, `${lengths.length} lengths for ${passages} passages`)
  const sum = lengths.reduce((total, length) => total + length, 0)
  if (sum !== tokens) throw disagree(source, `lengths sum to ${sum}, not to ${tokens} tokens`)
  if (header.codes.length !== header.residuals.length)
    throw disagree(source, `${header.codes.length} packs of codes for ${header.residuals.length} of residuals`)

  const parts: PlaidPart[] = []
  let first = 0
  for (const [i, ref] of header.codes.entries()) {
    const [codeBytes, residuals] = await Promise.all([readPack(source, ref), readPack(source, header.residuals[i]!)])
    const codes = centroidCount <= NARROW_CENTROIDS ? new Uint16Array(aligned(codeBytes)) : wide(source, codeBytes)
    if (residuals.length !== (codes.length * dim * bits) / 8)
      throw disagree(source, `${residuals.length} bytes of residuals for ${codes.length} codes`)
    const bad = codes.findIndex((code) => code >= centroidCount)
    if (bad >= 0) throw disagree(source, `a token has code ${codes[bad]}, but there are ${centroidCount} centroids`)
    const last = i === header.codes.length - 1
    const offsets = [0]
    while (first < passages && (last || offsets.at(-1)! < codes.length))
      offsets.push(offsets.at(-1)! + lengths[first++]!)
    if (offsets.at(-1) !== codes.length)
      throw disagree(source, `${codes.length} codes for passages of ${offsets.at(-1)} tokens`)
    parts.push({ codes, residuals, offsets: Uint32Array.from(offsets) })
  }
  if (parts.length === 0)
    parts.push({ codes: new Uint16Array(), residuals: new Uint8Array(), offsets: new Uint32Array(passages + 1) })
  const shift = new Float64Array(aligned(codecBytes!.subarray(0, 16)))[1]!
  const codec: PlaidCodec = {
    dim,
    bits,
    centroids: new Int8Array(aligned(centroidBytes!)),
    weights: new Int8Array(aligned(codecBytes!.subarray(wanted - count))),
    shift,
  }
  return { codec, parts }
}

/** A part of any size in pieces for packs. */
function cut({ codes, residuals, offsets }: PlaidPart, rowBytes: number): PlaidPart[] {
  const all = { first: 0, end: offsets.length - 1 }
  return cutIntoParts(all, (p) => (offsets[p + 1]! - offsets[p]!) * rowBytes, PACK_BYTES).map(({ first, end }) => {
    const [start, stop] = [offsets[first]!, offsets[end]!]
    return {
      codes: codes.subarray(start, stop),
      residuals: residuals.subarray(start * rowBytes, stop * rowBytes),
      offsets: offsets.slice(first, end + 1).map((at) => at - start),
    }
  })
}

/** An imported index as a native one. Keeps its centroids as they were: what is exported is what came in. */
export async function writePlaid(store: BlobStore, data: PlaidData): Promise<PlaidHeader> {
  const { codec, parts } = toIndex(data)
  const writer = new PlaidWriter(store, codec, { ...data, scale: quantizeCentroids(data.centroids).scale })
  for (const part of parts) for (const piece of cut(part, (data.dim * data.bits) / 8)) await writer.add(piece)
  return { ...(await writer.finish()), originals: await writePack(store, 'originals', bytesOf(data.centroids)) }
}

/** The index with what it was trained to, for export. Errors: as readPlaidIndex. */
export async function readPlaidData(source: BlobSource, header: PlaidHeader): Promise<PlaidData> {
  const { dim, bits } = header
  const { codec, parts } = await readPlaidIndex(source, header)
  const bytes = await readPack(source, header.codec)
  const scale = new Float64Array(aligned(bytes.subarray(0, 8)))[0]!
  const trained = new Float32Array(aligned(bytes.subarray(16, bytes.length - 2 ** bits)))
  const cut = 2 ** bits - 1
  const originals = header.originals && new Float32Array(aligned(await readPack(source, header.originals)))
  if (originals !== undefined && originals.length !== codec.centroids.length)
    throw disagree(source, `there are ${originals.length} original centroid values for ${codec.centroids.length}`)
  return {
    dim,
    bits,
    centroids: originals ?? Float32Array.from(codec.centroids, (value) => value / scale),
    cutoffs: trained.slice(0, cut),
    weights: trained.slice(cut, 2 * cut + 1),
    averageResidual: trained.slice(2 * cut + 1, 2 * cut + 1 + dim),
    clusterThreshold: trained.at(-1)!,
    parts,
  }
}

function wide(source: BlobSource, bytes: Uint8Array): Uint32Array {
  if (bytes.length % 4 !== 0) throw disagree(source, `a pack of codes has ${bytes.length} bytes, not a multiple of 4`)
  return new Uint32Array(aligned(bytes))
}

function disagree(source: BlobSource, what: string): SelvageError {
  return new SelvageError(
    'index-invalid',
    `The index at ${source.location} contradicts itself: ${what}. Build it again.`,
  )
}

/** Files are little endian; so is every machine that runs WebGPU or Node today, and this is checked, not hoped. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  if (!LITTLE_ENDIAN) throw new SelvageError('internal', 'Big-endian machines are not supported.')
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** A copy that a typed array of any kind may lie on. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  if (!LITTLE_ENDIAN) throw new SelvageError('internal', 'Big-endian machines are not supported.')
  return new Uint8Array(bytes).buffer
}

function concat(arrays: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const bytes of arrays) {
    all.set(bytes, at)
    at += bytes.length
  }
  return all
}
