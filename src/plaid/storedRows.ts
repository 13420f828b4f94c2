/**
 * What vectors does the index remember of one passage? Read out of the store, a passage at a time, and given as unit rows in
 * floating point: a passage can then be a query itself, without the model that once encoded it. Codes and residuals are
 * decoded by integer.ts's formula, d8 = (c8 << k) + w8, so that they are the very vectors that kernels score. Fresh passages are
 * as they were written. Knows nothing of texts.
 */
import { SelvageError } from '../errors.ts'
import { fromHalves } from '../ops/half.ts'
import { weightsOf } from '../ops/integer.ts'
import type { PlaidCodec } from '../ops/ops.ts'
import type { BlobSource } from '../store/store.ts'
import type { PassageId, TokenMatrix } from '../types.ts'
import { lazily } from '../util.ts'
import { type PlaidHeader, readCodec, readOffsets } from './format.ts'
import { type Passage, PassagePages } from './passagePages.ts'
import { type RowsHeader, readRows, type VectorsHeader } from './rows.ts'

/** Few passages are asked for, often the same one again. */
const CACHE_BYTES = 1 << 20

export interface StoredRows {
  /** Unit rows `[T, E]`. Errors: `index-invalid`, `invalid-argument` for no passage of it, what the source throws. */
  read(id: PassageId): Promise<TokenMatrix>
  /** How many rows the passage has. */
  count(id: PassageId): Promise<number>
}

/** Reads nothing yet. */
export function storedRows(source: BlobSource, header: VectorsHeader): StoredRows {
  const { passages } = header
  const check = (id: PassageId) => {
    if (Number.isInteger(id) && id >= 0 && id < passages) return
    throw new SelvageError('invalid-argument', `Passage ${id}: wanted one of the ${passages} of ${source.location}.`)
  }
  const rows = header.kind === 'rows' ? freshRows(source, header) : plaidRows(source, header)
  return {
    read: async (id) => {
      check(id)
      return rows.read(id)
    },
    count: async (id) => {
      check(id)
      return rows.count(id)
    },
  }
}

function plaidRows(source: BlobSource, header: PlaidHeader): StoredRows {
  const codec = lazily(async () => (await readCodec(source, header)).codec)
  const pages = lazily(
    async () => new PassagePages(source, header, await readOffsets(source, header), CACHE_BYTES), // checks lengths
  )
  return {
    async read(id) {
      const [known, packs] = await Promise.all([codec(), pages()])
      const place = packs.placeOf(id)
      if (place.start === place.end) return { data: new Float32Array(), rows: 0, dim: known.dim } // nothing lies anywhere
      const [passage] = await packs.read([place])
      return decode(known, passage!)
    },
    async count(id) {
      const { start, end } = (await pages()).placeOf(id)
      return end - start
    },
  }
}

function freshRows(source: BlobSource, header: RowsHeader): StoredRows {
  const { dim } = header
  const passages = lazily(() => readRows(source, header)) // small: a large segment is folded
  return {
    async read(id) {
      const data = fromHalves((await passages())[id]!)
      for (let row = 0; row < data.length; row += dim) normalize(data.subarray(row, row + dim))
      return { data, rows: data.length / dim, dim }
    },
    count: async (id) => (await passages())[id]!.length / dim,
  }
}

/** Rows of codes and residuals. */
export function decode(codec: PlaidCodec, passage: Passage): TokenMatrix {
  const { dim, centroids, shift } = codec
  const { codes, residuals } = passage
  const weightOf = weightsOf(codec)
  const data = new Float32Array(codes.length * dim)
  for (let t = 0; t < codes.length; t++) {
    const row = data.subarray(t * dim, (t + 1) * dim)
    const centroid = codes[t]! * dim
    for (let e = 0; e < dim; e++) row[e] = (centroids[centroid + e]! << shift) + weightOf(residuals, t, e)
    normalize(row)
  }
  return { data, rows: codes.length, dim }
}

function normalize(row: Float32Array): void {
  let squares = 0
  for (const value of row) squares += value * value
  const norm = Math.sqrt(squares) || 1 // a row of zeros stays one
  for (let e = 0; e < row.length; e++) row[e]! /= norm
}
