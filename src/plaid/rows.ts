/**
 * Fresh passages: rows as the encoder gave them, not yet folded into a PLAID segment, and what a manifest says of a segment's
 * vectors, of whichever kind. Stored as f16, so that folding them later gives what a build from the same vectors does.
 *
 * Searched as int8 rows, each on its own scale, as an index of one centroid that is all zeros and of 8-bit residuals: then
 * d8 of integer.ts is the row itself, S is 0, and every backend's kernels score it on the scale of any other index.
 *
 *   pack   u32 passages P; u16 lengths [P]; u16 rows, f16 bits [ΣT, E]
 */
import { SelvageError } from '../errors.ts'
import { fromHalf, fromHalves } from '../ops/half.ts'
import { MAX_DIM, type PlaidBits, type PlaidCodec, type PlaidIndex } from '../ops/ops.ts'
import { cutIntoParts } from '../ops/parts.ts'
import { headerFields, type PackRef, readPack, writePack } from '../store/packs.ts'
import type { BlobSource, BlobStore } from '../store/store.ts'
import { alignedTo, bytesOf, disagree, joined } from './bytes.ts'
import { packingTable } from './codec.ts'
import { MAX_PASSAGE_TOKENS } from './data.ts'
import { PACK_BYTES, type PlaidHeader, parsePlaidHeader, plaidPacks } from './format.ts'

/** A manifest's part about the vectors of fresh passages. */
export interface RowsHeader {
  readonly kind: 'rows'
  readonly dim: number
  readonly passages: number
  readonly tokens: number
  readonly packs: readonly PackRef[]
}

/** What a manifest says of a segment's vectors. */
export type VectorsHeader = PlaidHeader | RowsHeader

/** The header out of parsed JSON, by its kind. Errors: `index-invalid` naming the field; `index-version` for another kind. */
export function parseVectorsHeader(value: unknown, location: string): VectorsHeader {
  const kind = headerFields(value, 'vectors', location).text('kind')
  return kind === 'rows' ? parseRowsHeader(value, location) : parsePlaidHeader(value, location)
}

export function packsOfVectors(header: VectorsHeader): readonly PackRef[] {
  return header.kind === 'rows' ? header.packs : plaidPacks(header)
}

/** Errors: as parseVectorsHeader. */
export function parseRowsHeader(value: unknown, location: string): RowsHeader {
  const fields = headerFields(value, 'vectors', location)
  const kind = fields.text('kind')
  if (kind !== 'rows')
    throw new SelvageError(
      'index-version',
      `The vectors at ${location} are of kind "${kind}", wanted "rows". Build the index again, or update Selvage.`,
    )
  return {
    kind,
    dim: fields.count('dim'),
    passages: fields.count('passages'),
    tokens: fields.count('tokens'),
    packs: fields.packs('packs'),
  }
}

/** @param passages f16 bits `[T, E]` each; T = 0 is allowed and never a hit. Errors: `invalid-argument`. */
export async function writeRows(
  store: Pick<BlobStore, 'put'>,
  dim: number,
  passages: readonly Uint16Array[],
): Promise<RowsHeader> {
  checkDim(dim)
  checkRows(dim, passages)
  const packs: PackRef[] = []
  const all = { first: 0, end: passages.length }
  for (const { first, end } of cutIntoParts(all, (p) => passages[p]!.byteLength, PACK_BYTES)) {
    const own = passages.slice(first, end)
    const lengths = Uint16Array.from(own, ({ length }) => length / dim)
    const bytes = joined([Uint32Array.of(own.length), lengths, ...own].map(bytesOf))
    packs.push(await writePack(store, 'rows', bytes))
  }
  return { kind: 'rows', dim, passages: passages.length, tokens: tokensOf(dim, passages), packs }
}

/** f16 bits `[T, E]` of each passage, views of what was read. Errors: `index-invalid`, a sentence for each cause. */
export async function readRows(source: BlobSource, header: RowsHeader): Promise<Uint16Array[]> {
  const { dim } = header
  if (!(dim >= 1 && dim <= MAX_DIM)) throw disagree(source, `rows of ${dim} dimensions are none that can be searched`)
  const packs = await Promise.all(header.packs.map((ref) => readPack(source, ref)))
  const passages = packs.flatMap((bytes) => rowsOfPack(source, dim, bytes))
  if (passages.length !== header.passages)
    throw disagree(source, `its packs have rows of ${passages.length} passages, not of ${header.passages}`)
  const tokens = tokensOf(dim, passages)
  if (tokens !== header.tokens) throw disagree(source, `its packs have ${tokens} rows for ${header.tokens} tokens`)
  return passages
}

function rowsOfPack(source: BlobSource, dim: number, bytes: Uint8Array): Uint16Array[] {
  const halves = new Uint16Array(alignedTo(2, source, bytes))
  const count = halves.length < HEAD_HALVES ? -1 : halves[0]! + halves[1]! * 65_536
  if (count < 0 || HEAD_HALVES + count > halves.length)
    throw disagree(source, `a pack of ${bytes.length} bytes is too short for the lengths of its passages`)
  let at = HEAD_HALVES + count
  const passages: Uint16Array[] = []
  for (let p = 0; p < count; p++) {
    const end = at + halves[HEAD_HALVES + p]! * dim
    passages.push(halves.subarray(at, end))
    at = end
  }
  if (at !== halves.length) throw disagree(source, `a pack has ${2 * halves.length} bytes for rows that take ${2 * at}`)
  const bad = passages.findIndex((rows) => firstInfinite(rows) >= 0)
  if (bad >= 0) throw disagree(source, `the rows of passage ${bad} of a pack are no finite numbers`)
  return passages
}

/** The number of passages, in halves. */
const HEAD_HALVES = 2

/** As one index: search it with `candidates: Infinity`, since its centroid tells nothing. */
export function rowsIndex(dim: number, passages: readonly Uint16Array[]): PlaidIndex<PlaidBits> {
  checkDim(dim)
  checkRows(dim, passages)
  const tokens = tokensOf(dim, passages)
  const residuals = new Uint8Array(tokens * dim)
  const offsets = new Uint32Array(passages.length + 1)
  passages.forEach((rows, p) => {
    toBuckets(rows, dim, residuals.subarray(offsets[p]! * dim, offsets[p]! * dim + rows.length))
    offsets[p + 1] = offsets[p]! + rows.length / dim
  })
  return { codec: rowsCodec(dim), parts: [{ codes: new Uint16Array(tokens), residuals, offsets }] }
}

/** A bucket stands for its number as a signed byte; -128 is not allowed, and no row has it. */
export function rowsCodec(dim: number): PlaidCodec {
  const weights = Int8Array.from({ length: 256 }, (_, bucket) => bucket)
  weights[128] = 0
  return { dim, bits: 8, shift: 0, centroids: new Int8Array(dim), weights }
}

/** The byte that stands for a bucket. */
const BYTE_OF_BUCKET = packingTable(8)

/**
 * Rows as int8, packed. Simple version: packBuckets of quantizeCentroids(row).values, row by row; this makes no arrays for
 * each row, and looks up what halves are worth: a tenth of the time, which is a loading page's.
 */
function toBuckets(rows: Uint16Array, dim: number, bytes: Uint8Array): void {
  const values = halfValues()
  for (let row = 0; row < rows.length; row += dim) {
    let largest = 0 // magnitudes of halves are ordered as their bits are
    for (let i = row; i < row + dim; i++) largest = Math.max(largest, rows[i]! & MAGNITUDE)
    if (largest === 0) continue // byte 0 is 0
    const scale = 127 / values[largest]!
    for (let i = row; i < row + dim; i++) {
      const rounded = Math.floor(values[rows[i]! & MAGNITUDE]! * scale + 0.5)
      bytes[i] = BYTE_OF_BUCKET[(rows[i]! > MAGNITUDE ? -rounded : rounded) & 255]! // halves away from zero
    }
  }
}

/** Bits of a half but for its sign. */
const MAGNITUDE = 0x7fff

/** What every half without a sign is worth: made when first needed. */
function halfValues(): Float32Array {
  worth ??= fromHalves(Uint16Array.from({ length: MAGNITUDE + 1 }, (_, bits) => bits))
  return worth
}
let worth: Float32Array | undefined

/** What may be written and searched. Errors: `invalid-argument`. */
function checkRows(dim: number, passages: readonly Uint16Array[]): void {
  passages.forEach((rows, p) => {
    checkShape(dim, rows, p)
    checkFinite(dim, rows, p)
  })
}

/** Of passage `p`, in no time. Errors: `invalid-argument`. */
export function checkShape(dim: number, rows: Uint16Array, p: number): void {
  if (!(rows instanceof Uint16Array) || rows.length % dim !== 0)
    throw new SelvageError(
      'invalid-argument',
      `Passage ${p} has ${rows.length} values; wanted a Uint16Array of f16 bits, rows of ${dim}.`,
    )
  if (rows.length / dim > MAX_PASSAGE_TOKENS)
    throw new SelvageError(
      'invalid-argument',
      `Passage ${p} has ${rows.length / dim} tokens; at most ${MAX_PASSAGE_TOKENS} fit.`,
    )
}

/** Of passage `p`, value by value. Errors: `invalid-argument`. */
export function checkFinite(dim: number, rows: Uint16Array, p: number): void {
  const bad = firstInfinite(rows)
  if (bad >= 0)
    throw new SelvageError(
      'invalid-argument',
      `Passage ${p}, token ${Math.floor(bad / dim)}: got ${fromHalf(rows[bad]!)}, wanted numbers up to 65,504. The model's output is broken.`,
    )
}

function checkDim(dim: number): void {
  if (!(Number.isInteger(dim) && dim >= 1 && dim <= MAX_DIM))
    throw new SelvageError('invalid-argument', `Rows of dim ${dim}: wanted 1 to ${MAX_DIM} dimensions.`)
}

/** Place of the first half that is infinite or no number; -1 where there is none. */
function firstInfinite(halves: Uint16Array): number {
  for (let i = 0; i < halves.length; i++) if ((halves[i]! & 0x7c00) === 0x7c00) return i
  return -1
}

function tokensOf(dim: number, passages: readonly Uint16Array[]): number {
  return passages.reduce((sum, { length }) => sum + length / dim, 0)
}
