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
import { largestCode } from '../ops/codes.ts'
import {
  MAX_DIM,
  MAX_SHIFT,
  NARROW_CENTROIDS,
  PLAID_BITS,
  type PlaidBits,
  type PlaidCodec,
  type PlaidIndex,
  type PlaidPart,
} from '../ops/ops.ts'
import { cutIntoParts, lengthsOf, type Part } from '../ops/parts.ts'
import { headerFields, type PackRef, readPack, writePack } from '../store/packs.ts'
import type { BlobSource, BlobStore } from '../store/store.ts'
import { aligned, alignedTo, bytesOf, countOf, disagree, joined } from './bytes.ts'
import { MAX_PASSAGE_TOKENS, type PlaidData, quantize, slicePart } from './data.ts'

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
  const told = fields.count('bits')
  const bits = PLAID_BITS.find((allowed) => allowed === told)
  if (bits === undefined)
    throw new SelvageError('index-invalid', `The manifest at ${location} says ${told} bits, wanted 1, 2, 4 or 8.`)
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
  readonly #store: Pick<BlobStore, 'put'>
  readonly #codec: PlaidCodec
  readonly #training: Training
  readonly #lengths: Uint16Array[] = []
  readonly #codes: PackRef[] = []
  readonly #residuals: PackRef[] = []
  #tokens = 0

  constructor(store: Pick<BlobStore, 'put'>, codec: PlaidCodec, training: Training) {
    this.#store = store
    this.#codec = codec
    this.#training = training
  }

  async add({ codes, residuals, offsets }: PlaidPart): Promise<void> {
    const lengths = lengthsOf(offsets)
    const long = lengths.find((length) => length > MAX_PASSAGE_TOKENS)
    if (long !== undefined)
      throw new SelvageError('invalid-argument', `A passage has ${long} tokens; at most ${MAX_PASSAGE_TOKENS} fit.`)
    this.#lengths.push(Uint16Array.from(lengths))
    this.#tokens += codes.length
    if (codes.length === 0) return
    const narrow = codeBytes({ centroidCount: this.#centroidCount }) === 2
    const stored = narrow ? new Uint16Array(codes) : new Uint32Array(codes)
    this.#codes.push(await writePack(this.#store, 'codes', bytesOf(stored)))
    this.#residuals.push(await writePack(this.#store, 'residuals', residuals))
  }

  async finish(): Promise<PlaidHeader> {
    const { dim, bits, centroids, weights: integers, shift } = this.#codec
    const { scale, cutoffs, weights, averageResidual, clusterThreshold } = this.#training
    const codec = joined([
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
      lengths: await writePack(this.#store, 'lengths', joined(this.#lengths.map(bytesOf))),
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
  const { codec, parts } = await readCodecAndParts(source, header)
  return { codec, parts }
}

/** The index with what it was trained to, for export. Errors: as readPlaidIndex. */
export async function readPlaidData(source: BlobSource, header: PlaidHeader): Promise<PlaidData> {
  const { codec, training, parts } = await readCodecAndParts(source, header)
  const { scale, ...trained } = training
  const originals = header.originals && new Float32Array(alignedTo(4, source, await readPack(source, header.originals)))
  if (originals !== undefined && originals.length !== codec.centroids.length)
    throw disagree(source, `there are ${originals.length} original centroid values for ${codec.centroids.length}`)
  const centroids = originals ?? Float32Array.from(codec.centroids, (value) => value / scale)
  return { dim: codec.dim, bits: codec.bits, centroids, ...trained, parts }
}

/** An index but for its residuals. */
export interface PlaidCodes {
  readonly codec: PlaidCodec
  readonly parts: readonly Pick<PlaidPart, 'codes' | 'offsets'>[]
}

/** Reads no residuals, but checks how many there are. Errors: as readPlaidIndex. */
export async function readPlaidCodes(source: BlobSource, header: PlaidHeader): Promise<PlaidCodes> {
  const all = await readAll(source, header, (i) => readCodes(source, header, i))
  return { codec: all.codec, parts: all.parts.map(({ content, offsets }) => ({ codes: content, offsets })) }
}

async function readCodecAndParts(source: BlobSource, header: PlaidHeader) {
  const all = await readAll(source, header, (i) => readPacks(source, header, i))
  return { ...all, parts: all.parts.map(({ content, offsets }): PlaidPart => ({ ...content, offsets })) }
}

/** All at once; of several errors always the codec's, then the lengths', so that the same damage is told the same way. */
async function readAll<Content>(source: BlobSource, header: PlaidHeader, read: (i: number) => Promise<Content>) {
  const reading = Promise.all(Array.from({ length: Math.max(1, header.codes.length) }, (_, i) => read(i)))
  const measuring = readOffsets(source, header)
  reading.catch(() => {})
  measuring.catch(() => {})
  const trained = await readCodec(source, header)
  const offsets = await measuring
  const contents = await reading
  return { ...trained, parts: contents.map((content, i) => ({ content, offsets: offsets[i]! })) }
}

/** Errors: as readPlaidIndex. */
export async function readCodec(
  source: BlobSource,
  header: PlaidHeader,
): Promise<{ codec: PlaidCodec; training: Training }> {
  const { dim, bits, centroidCount } = header
  if (!canStore(header)) throw disagree(source, `${dim} dimensions of ${bits} bits are none that can be searched`)
  const [bytes, centroids] = await Promise.all([readPack(source, header.codec), readPack(source, header.centroids)])
  const buckets = 2 ** bits
  const integersAt = codecIntegersAt(header)
  if (bytes.length !== codecBytes(header))
    throw disagree(source, `the codec has ${bytes.length} bytes, not ${codecBytes(header)}`)
  if (centroids.length !== centroidCount * dim)
    throw disagree(source, `there are ${centroids.length} centroid values for ${centroidCount} × ${dim}`)
  const [scale, shift] = new Float64Array(aligned(bytes.subarray(0, 16)))
  if (!(scale! > 0 && Number.isFinite(scale) && Number.isInteger(shift) && shift! >= 0 && shift! <= MAX_SHIFT))
    throw disagree(source, `its codec has scale ${scale} and shift ${shift}`)
  const floats = new Float32Array(aligned(bytes.subarray(16, integersAt)))
  const weightsAt = buckets - 1
  const averageAt = weightsAt + buckets
  return {
    codec: {
      dim,
      bits,
      centroids: new Int8Array(aligned(centroids)),
      weights: new Int8Array(aligned(bytes.subarray(integersAt))),
      shift: shift!,
    },
    training: {
      scale: scale!,
      cutoffs: floats.slice(0, weightsAt),
      weights: floats.slice(weightsAt, averageAt),
      averageResidual: floats.slice(averageAt, averageAt + dim),
      clusterThreshold: floats.at(-1)!,
    },
  }
}

/**
 * Offsets of the passages of each part: a part is a pack of codes with its pack of residuals. Where there are no packs it is
 * one part without tokens. Errors: as readPlaidIndex.
 */
export async function readOffsets(source: BlobSource, header: PlaidHeader): Promise<Uint32Array[]> {
  const { dim, bits, passages, tokens } = header
  if (header.codes.length !== header.residuals.length)
    throw disagree(source, `${header.codes.length} packs of codes for ${header.residuals.length} of residuals`)
  const counts = header.codes.map(({ bytes }, i) => {
    const count = countOf(codeBytes(header), source, bytes)
    const residuals = header.residuals[i]!
    if (residuals.bytes !== (count * dim * bits) / 8)
      throw disagree(source, `${residuals.bytes} bytes of residuals for ${count} codes`)
    return count
  })
  const lengths = new Uint16Array(alignedTo(2, source, await readPack(source, header.lengths)))
  if (lengths.length !== passages) throw disagree(source, `${lengths.length} lengths for ${passages} passages`)
  const sum = lengths.reduce((total, length) => total + length, 0)
  if (sum !== tokens) throw disagree(source, `lengths sum to ${sum}, not to ${tokens} tokens`)
  if (counts.length === 0) counts.push(0)
  let first = 0
  return counts.map((count, i) => {
    const last = i === counts.length - 1
    const offsets = [0]
    while (first < passages && (last || offsets.at(-1)! < count)) offsets.push(offsets.at(-1)! + lengths[first++]!)
    if (offsets.at(-1) !== count) throw disagree(source, `${count} codes for passages of ${offsets.at(-1)} tokens`)
    return Uint32Array.from(offsets)
  })
}

/** Part i, whose offsets readOffsets gave. Errors: as readPlaidIndex. */
export async function readPart(
  source: BlobSource,
  header: PlaidHeader,
  i: number,
  offsets: Uint32Array,
): Promise<PlaidPart> {
  return { ...(await readPacks(source, header, i)), offsets }
}

async function readPacks(source: BlobSource, header: PlaidHeader, i: number): Promise<Omit<PlaidPart, 'offsets'>> {
  const ref = header.residuals[i]
  const [codes, residuals] = await Promise.all([
    readCodes(source, header, i),
    ref ? readPack(source, ref) : new Uint8Array(),
  ])
  return { codes, residuals }
}

async function readCodes(source: BlobSource, header: PlaidHeader, i: number): Promise<PlaidPart['codes']> {
  const ref = header.codes[i]
  if (ref === undefined) return new Uint16Array()
  return codesOf(source, header, await readPack(source, ref))
}

/** A copy, in numbers. Errors: `index-invalid`, also for codes of no centroid. */
export function codesOf(
  source: BlobSource,
  header: Pick<PlaidHeader, 'centroidCount'>,
  bytes: Uint8Array,
): PlaidPart['codes'] {
  const size = codeBytes(header)
  const codes = size === 2 ? new Uint16Array(alignedTo(2, source, bytes)) : new Uint32Array(alignedTo(4, source, bytes))
  const largest = largestCode(codes)
  if (largest >= header.centroidCount)
    throw disagree(source, `a token has code ${largest}, but there are ${header.centroidCount} centroids`)
  return codes
}

/** Of a code in a pack. */
export function codeBytes({ centroidCount }: Pick<PlaidHeader, 'centroidCount'>): 2 | 4 {
  return centroidCount <= NARROW_CENTROIDS ? 2 : 4
}

type Shape = Pick<PlaidHeader, 'dim' | 'bits'>

/** Of a token's residual in a pack. */
export function residualBytes({ dim, bits }: Shape): number {
  return (dim * bits) / 8
}

/** Whether there can be an index like that: kernels take so many dimensions, and residuals are whole bytes. */
export function canStore(shape: Shape): boolean {
  const { dim, bits } = shape
  const isWhole = Number.isInteger(dim) && Number.isInteger(residualBytes(shape))
  return isWhole && dim >= 1 && dim <= MAX_DIM && PLAID_BITS.includes(bits)
}

/** Of the pack of the codec: its integers are behind its floats. */
export function codecBytes(shape: Shape): number {
  return codecIntegersAt(shape) + 2 ** shape.bits
}

function codecIntegersAt({ dim, bits }: Shape): number {
  const buckets = 2 ** bits
  return 16 + 4 * (buckets - 1 + buckets + dim + 1)
}

/** Passages of each pack of codes, and of the one of residuals beside it. @param tokensOf a passage */
export function cutIntoPacks(passages: number, tokensOf: (passage: number) => number, shape: Shape): Part[] {
  const rowBytes = residualBytes(shape)
  return cutIntoParts({ first: 0, end: passages }, (p) => tokensOf(p) * rowBytes, PACK_BYTES)
}

/** An imported index as a native one. Keeps its centroids as they were: what is exported is what came in. */
export async function writePlaid(store: BlobStore, data: PlaidData): Promise<PlaidHeader> {
  const { codec, scale } = quantize(data)
  const writer = new PlaidWriter(store, codec, { ...data, scale })
  for (const part of data.parts) {
    const lengths = lengthsOf(part.offsets)
    for (const { first, end } of cutIntoPacks(lengths.length, (p) => lengths[p]!, data))
      await writer.add(slicePart(part, first, end))
  }
  return { ...(await writer.finish()), originals: await writePack(store, 'originals', bytesOf(data.centroids)) }
}
