/**
 * One WASM memory with some passages of a compressed index, and the calls into its kernels (plaid.as.ts).
 * It knows the memory's layout and nothing of handles, checks or scheduling (plaid.ts does). As with WasmPart, each part has
 * an instance of its own, so that dropping it gives the memory back.
 *
 *   layout: [ offsets | codes | residuals | centroids | byte table | token block |
 *             filter, query tiles, centroid scores, sums, work space of a query: see #query ]
 */
import { SelvageError } from '../../errors.ts'
import { byteWeights, type IntegerQuery } from '../integer.ts'
import { type LoadedBits, MAX_DIM, NARROW_CENTROIDS, type PlaidCodec, type PlaidIndex } from '../ops.ts'
import { offsetsWithin, type Part, piecesOf } from '../parts.ts'
import { grow } from './instance.ts'
import { QUERY_TILE, TOKEN_BLOCK } from './layout.ts'

/** The exports of plaid.as.ts; numbers are addresses in bytes unless named otherwise. */
interface Kernels {
  readonly memory: WebAssembly.Memory
  setIndex(
    codes: number,
    wide: boolean,
    residuals: number,
    centroids: number,
    table: number,
    block: number,
    dim: number,
    bits: number,
    shift: number,
  ): void
  largestSquares(count: number): number
  scoreCentroids(
    first: number,
    end: number,
    tiles: number,
    rows: number,
    bound: number,
    multiplier: number,
    scores: number,
    columns: number,
  ): void
  approximateMaxSim(
    offsets: number,
    first: number,
    end: number,
    scores: number,
    columns: number,
    filter: number,
    base: number,
    sums: number,
  ): void
  residualMaxSim(
    offsets: number,
    list: number,
    count: number,
    tiles: number,
    rows: number,
    queryRows: number,
    best: number,
    bestAt: number,
    sums: number,
    positions: number,
    similarities: number,
  ): void
}

/** What each token takes of the memory. */
export function tokenBytes(codec: PlaidCodec<LoadedBits>): number {
  return codeBytes(codec) + (codec.dim * codec.bits) / 8
}

function codeBytes({ centroids, dim }: PlaidCodec<LoadedBits>): number {
  return centroids.length / dim <= NARROW_CENTROIDS ? 2 : 4
}

/** What residualMaxSim found; views into the memory, valid until the next call. */
export interface Scored {
  readonly sums: Int32Array
  /** `[count, Q]`, empty unless asked for. */
  readonly positions: Uint32Array
  readonly similarities: Int32Array
}

/** Addresses of the query at hand. */
interface QueryPlaces {
  readonly rows: number
  /** Rows filled up to whole tiles. */
  readonly tileRows: number
  readonly columns: number
  readonly filter: number
  readonly tiles: number
  readonly scores: number
  readonly sums: number
  readonly best: number
  readonly bestAt: number
  readonly end: number
}

export class PlaidMemory {
  /** Global ids of its passages. */
  readonly range: Part
  readonly centroids: number
  readonly #kernels: Kernels
  readonly #dim: number
  /** Dimensions, filled up to what kernels take at once. */
  readonly #width: number
  readonly #offsets: Uint32Array
  readonly #offsetsAt: number
  readonly #workAt: number
  #query: QueryPlaces | undefined

  /** Copies the passages in. */
  constructor(module: WebAssembly.Module, index: PlaidIndex, range: Part) {
    // The compiler made these exports from plaid.as.ts, out of the type checker's sight.
    this.#kernels = new WebAssembly.Instance(module).exports as unknown as Kernels
    const { codec } = index
    const { dim, bits, weights } = codec
    this.range = range
    this.#dim = dim
    this.centroids = codec.centroids.length / dim
    this.#width = Math.ceil(dim / DIM_GROUP) * DIM_GROUP
    this.#offsets = offsetsWithin(index.parts, range)
    const tokens = this.#offsets.at(-1)!
    const rowBytes = (dim * bits) / 8
    const wide = codeBytes(codec) === 4
    const table = bits === 0 ? new Int8Array() : byteWeights({ bits, weights })

    const place = placer(FIRST_ADDRESS)
    this.#offsetsAt = place(this.#offsets.byteLength)
    const codesAt = place(tokens * codeBytes(codec))
    const residualsAt = place(tokens * rowBytes + DIM_GROUP) // the kernel reads past the last row where it is odd
    const centroidsAt = place(this.#centroidRows * this.#width)
    const tableAt = place(table.length * 2)
    const blockAt = place(TOKEN_BLOCK * MAX_DIM * 2)
    this.#workAt = place(0)
    const buffer = grow(this.#kernels.memory, this.#workAt)

    new Uint32Array(buffer, this.#offsetsAt, this.#offsets.length).set(this.#offsets)
    const codes = wide ? new Uint32Array(buffer, codesAt, tokens) : new Uint16Array(buffer, codesAt, tokens)
    const residuals = new Uint8Array(buffer, residualsAt, tokens * rowBytes)
    let at = 0
    for (const { part, first, end } of piecesOf(index.parts, range)) {
      const [start, stop] = [part.offsets[first]!, part.offsets[end]!]
      codes.set(part.codes.subarray(start, stop), at)
      residuals.set(part.residuals.subarray(start * rowBytes, stop * rowBytes), at * rowBytes)
      at += stop - start
    }
    new Int16Array(buffer, tableAt, table.length).set(table)
    const rows = new Int8Array(buffer, centroidsAt, this.#centroidRows * this.#width)
    if (dim === this.#width) rows.set(codec.centroids)
    else
      for (let c = 0; c < this.centroids; c++)
        rows.set(codec.centroids.subarray(c * dim, (c + 1) * dim), c * this.#width)
    const { setIndex } = this.#kernels
    setIndex(codesAt, wide, residualsAt, centroidsAt, tableAt, blockAt, dim, bits, codec.shift)
  }

  /** With those that fill the last block. */
  get #centroidRows(): number {
    return Math.ceil(this.centroids / TOKEN_BLOCK) * TOKEN_BLOCK
  }

  get bytes(): number {
    return this.#kernels.memory.buffer.byteLength
  }

  /** max‖c8‖, as `maxNorm` has it: in JavaScript that runs for the first time it takes twenty times as long. */
  get centroidNorm(): number {
    return Math.sqrt(this.#kernels.largestSquares(this.centroids))
  }

  get passages(): number {
    return this.#offsets.length - 1
  }

  /** Tokens of passage `p` of this part. */
  tokensOf(p: number): number {
    return this.#offsets[p + 1]! - this.#offsets[p]!
  }

  /** Puts the query and the filter (of all passages of the index) into the memory: what the next calls are about. */
  setQuery({ values, rows }: IntegerQuery, filter: Uint32Array | undefined): void {
    const dim = this.#dim
    const tileRows = Math.ceil(rows / QUERY_TILE) * QUERY_TILE
    const columns = Math.ceil(rows / COLUMN_GROUP) * COLUMN_GROUP
    const place = placer(this.#workAt)
    const filterAt = place(filter?.byteLength ?? 0)
    const tilesAt = place(tileRows * this.#width * 2)
    const scores = place(this.#centroidRows * columns)
    const sums = place(this.passages * 4)
    const best = place(tileRows * 4)
    const bestAt = place(tileRows * 4)
    const end = place(0)
    const buffer = grow(this.#kernels.memory, end)
    if (filter !== undefined) new Uint32Array(buffer, filterAt, filter.length).set(filter)
    const tiles = new Int16Array(buffer, tilesAt, tileRows * this.#width)
    tiles.fill(0)
    for (let row = 0; row < rows; row++)
      for (let e = 0; e < dim; e++) tiles[tilePlace(row, e, this.#width)] = values[row * dim + e]!
    // Columns past the rows are never written by the kernel, and must not count.
    if (columns > tileRows) new Uint8Array(buffer, scores, this.centroids * columns).fill(0)
    const filterPlace = filter === undefined ? 0 : filterAt
    this.#query = { rows, tileRows, columns, filter: filterPlace, tiles: tilesAt, scores, sums, best, bestAt, end }
  }

  /** u8 scores of centroids first .. end; `first` is a multiple of 4. */
  scoreCentroids(first: number, end: number, { bound, multiplier }: IntegerQuery): void {
    const { tiles, tileRows, scores, columns } = this.#places
    this.#kernels.scoreCentroids(first, end, tiles, tileRows, bound, multiplier, scores, columns)
  }

  /** Approximate scores of passages first .. end of this part, for `sums`. */
  approximate(first: number, end: number): void {
    const { scores, columns, filter, sums } = this.#places
    this.#kernels.approximateMaxSim(this.#offsetsAt, first, end, scores, columns, filter, this.range.first, sums)
  }

  /** `[P]` of this part; a view. */
  get sums(): Int32Array {
    return new Int32Array(this.#kernels.memory.buffer, this.#places.sums, this.passages)
  }

  /** Scores with residuals. @param list passages of this part, none of them empty */
  residual(list: Uint32Array, wantMatches: boolean): Scored {
    const { rows, tileRows, tiles, best, bestAt, end } = this.#places
    const matchCount = wantMatches ? list.length * rows : 0
    const place = placer(end)
    const listAt = place(list.byteLength)
    const sumsAt = place(list.length * 4)
    const positionsAt = place(matchCount * 4)
    const similaritiesAt = place(matchCount * 4)
    const buffer = grow(this.#kernels.memory, place(0))
    new Uint32Array(buffer, listAt, list.length).set(list)
    this.#kernels.residualMaxSim(
      this.#offsetsAt,
      listAt,
      list.length,
      tiles,
      tileRows,
      rows,
      best,
      bestAt,
      sumsAt,
      wantMatches ? positionsAt : 0,
      similaritiesAt,
    )
    return {
      sums: new Int32Array(buffer, sumsAt, list.length),
      positions: new Uint32Array(buffer, positionsAt, matchCount),
      similarities: new Int32Array(buffer, similaritiesAt, matchCount),
    }
  }

  get #places(): QueryPlaces {
    if (this.#query === undefined) throw new SelvageError('internal', 'A kernel was called before setQuery.')
    return this.#query
  }
}

/** Address 0 stays free: it means "not wanted". */
const FIRST_ADDRESS = 16
/** Dimensions that the kernels take at once. */
const DIM_GROUP = 8
/** Query rows whose u8 scores fill a vector. */
const COLUMN_GROUP = 16

/** Gives out addresses one behind the other, each a multiple of 16. */
function placer(first: number): (bytes: number) => number {
  let next = first
  return (bytes) => {
    const at = next
    next = Math.ceil((next + bytes) / 16) * 16
    return at
  }
}

/** Place of value (row, e) in tiles `[rows / 8, width / 2, 8, 2]`. */
function tilePlace(row: number, e: number, width: number): number {
  const tile = Math.floor(row / QUERY_TILE)
  return ((tile * (width >> 1) + (e >> 1)) * QUERY_TILE + (row % QUERY_TILE)) * 2 + (e & 1)
}
