/**
 * Centroids: how many, and where. Assignment, nearly all of the work, is injected: a kernel's business.
 *
 * Comparing every token with every centroid is what makes building a PLAID index slow. Here clustering has two levels: a
 * hundred cells or more first, then centroids within each cell, and a token is compared with the centroids of the cells nearest
 * to its own only. Measured on the Ray documentation (603,219 tokens, 8,192 centroids, 2 bits) that finds as many of the ten
 * best of exact MaxSim as comparing with all, for a tenth of the multiplications.
 * (Two-level quantisers are an old idea: Nistér and Stewénius, 2006.)
 */
import { throwIfAborted } from '../errors.ts'
import { Breather } from '../ops/breather.ts'
import { NARROW_CENTROIDS, type Ops } from '../ops/ops.ts'
import { concat } from '../util.ts'
import { type Random, sampleOf } from './random.ts'

/** tokens f32 `[T, E]`, centroids f32 `[C, E]` → the nearest of each token, u32 `[T]`. */
export type AssignCentroids = Ops['assignCentroids']

export interface ClusterOptions {
  readonly dim: number
  readonly assign: AssignCentroids
  readonly random: Random
  readonly signal?: AbortSignal
  /** Called with the share that is done, 0 .. 1. */
  readonly onShare?: (share: number) => void
}

/** Centroids in cells: a cell owns neighbouring rows. */
export interface Cells {
  /** f32 `[C, E]`, unit length. */
  readonly centroids: Float32Array
  /** f32 `[G, E]`, unit length. */
  readonly cells: Float32Array
  /** u32 `[C]` */
  readonly cellOf: Uint32Array
}

const ITERATIONS = 4
/** Below this many centroids one level is quick enough. */
export const TWO_LEVELS_FROM = 1024
/** Cells whose centroids a token is compared with, its own among them. */
const NEAR_CELLS = 16
/** Rounds over all centroids after those within cells: they mend the borders between cells. */
const REFINEMENTS = 2

/** Centroids of all tokens, and which tokens are nearest to which cell. */
export interface Clustering {
  readonly cells: Cells
  /** Tokens of each cell, ascending. */
  readonly members: readonly Uint32Array[]
}

/** Of what a token takes in codes and residuals at 2 bits, the share that more centroids may add. */
const CENTROID_SHARE = 1 / 8

/**
 * 2^floor(log2(16·sqrt(T))), as ColBERT, fast-plaid and next-plaid take, and no more than there are tokens. Twice as many
 * where they then still take at most an eighth of what the tokens do, and codes stay two bytes: of the ten best of exact
 * MaxSim .883 are found on the Ray documentation instead of .858 (2 bits, 128 candidates), for a byte a token more.
 */
export function centroidCount(tokens: number, dim: number): number {
  if (tokens === 0) return 0
  const usual = 2 ** Math.floor(Math.log2(16 * Math.sqrt(tokens)))
  const affordable = 2 * usual * dim <= CENTROID_SHARE * (2 + dim / 4) * tokens
  return Math.min(tokens, affordable && 2 * usual <= NARROW_CENTROIDS ? 2 * usual : usual)
}

/** Tokens that clustering sees, per centroid. */
export const SAMPLE_PER_CENTROID = 64

/** @param rowsOf gives rows of all tokens. @param count of centroids, about */
export async function clusterByVector(
  rowsOf: RowsOf,
  tokens: number,
  count: number,
  options: ClusterOptions,
): Promise<Clustering> {
  const sample = rowsOf(sampleOf(options.random, tokens, count * SAMPLE_PER_CENTROID))
  const cells = await cluster(sample, count, options)
  return { cells, members: await tokensByCell(rowsOf, tokens, cells.cells, options) }
}

/** @param tokens f32 `[T, E]`, T >= count */
export async function cluster(tokens: Float32Array, count: number, options: ClusterOptions): Promise<Cells> {
  const { dim, onShare } = options
  if (count < TWO_LEVELS_FROM) {
    const centroids = await kmeans(tokens, count, options)
    return { centroids, cells: new Float32Array(dim), cellOf: new Uint32Array(centroids.length / dim) }
  }
  const cellCount = 2 ** Math.round(Math.log2(Math.sqrt(count)))
  const rows = tokens.length / dim
  const sample = gather(tokens, sampleOf(options.random, rows, cellCount * 512), dim)
  const cells = await kmeans(sample, cellCount, options)
  const rowsOf = (ids: Uint32Array) => gather(tokens, ids, dim)
  const members = await tokensByCell(rowsOf, rows, cells, options)
  const found: Float32Array[] = []
  const owners: number[] = []
  for (const [cell, own] of members.entries()) {
    if (own.length === 0) continue
    const share = Math.max(1, Math.round((count * own.length) / rows))
    const centroids = await kmeans(rowsOf(own), Math.min(share, own.length), options)
    found.push(centroids)
    for (let i = 0; i < centroids.length / dim; i++) owners.push(cell)
    onShare?.((0.4 * (cell + 1)) / cellCount)
  }
  let result: Cells = {
    centroids: concat((length) => new Float32Array(length), found),
    cells,
    cellOf: Uint32Array.from(owners),
  }
  for (let round = 0; round < REFINEMENTS; round++) {
    const codes = await assignInCells(
      rowsOf,
      { members, cells: result },
      {
        ...options,
        onShare: (share) => onShare?.(0.4 + (0.6 * (round + share)) / REFINEMENTS),
      },
    )
    const centroids = means(tokens, codes, result.centroids, dim)
    result = { ...result, centroids, cellOf: await options.assign(centroids, cells, dim, options) }
  }
  return result
}

/** Gives f32 rows `[ids, E]` of tokens by their number. */
export type RowsOf = (ids: Uint32Array) => Float32Array

/** Numbers of the tokens that are nearest to each cell, ascending. */
export async function tokensByCell(
  rowsOf: RowsOf,
  tokens: number,
  cells: Float32Array,
  { dim, assign, signal }: ClusterOptions,
): Promise<Uint32Array[]> {
  const cellCount = cells.length / dim
  const all = Uint32Array.from({ length: tokens }, (_, t) => t)
  if (cellCount === 1) return [all]
  const nearest = new Uint32Array(tokens)
  for (const ids of slices(all)) nearest.set(await assign(rowsOf(ids), cells, dim, { signal }), ids[0])
  return groupBy(nearest, cellCount)
}

/** The nearest centroid of every token among those of the cells nearest to its own. */
export async function assignInCells(
  rowsOf: RowsOf,
  { members, cells: { centroids, cells, cellOf } }: Clustering,
  { dim, assign, signal, onShare }: ClusterOptions,
): Promise<Uint32Array> {
  const tokens = members.reduce((sum, { length }) => sum + length, 0)
  const owned = groupBy(cellOf, members.length)
  const allCentroids = Uint32Array.from(cellOf, (_, c) => c)
  const breather = breatherOf(signal)
  const codes = new Uint32Array(tokens)
  let done = 0
  for (const [cell, own] of members.entries()) {
    if (own.length === 0) continue
    const neighbours = nearCells(cells, cell, dim).flatMap((other) => [...owned[other]!])
    // A cell may have lost its centroids to others when they moved.
    const candidates = neighbours.length > 0 ? Uint32Array.from(neighbours).sort() : allCentroids
    const rows = candidates.length === centroids.length / dim ? centroids : gather(centroids, candidates, dim)
    for (const ids of slices(own)) {
      const found = await assign(rowsOf(ids), rows, dim, { signal })
      for (let i = 0; i < ids.length; i++) codes[ids[i]!] = candidates[found[i]!]!
    }
    done += own.length
    onShare?.(done / tokens)
    await breather.breathe()
    throwIfAborted(signal)
  }
  return codes
}

/** Pauses though nobody may be there to abort: a page that builds stays alive. */
export function breatherOf(signal: AbortSignal = new AbortController().signal): Breather {
  return new Breather(signal)
}

/** Tokens handed to the kernel at once: 16 MB at 64 dimensions. */
const SLICE = 1 << 16

function* slices(ids: Uint32Array): Generator<Uint32Array> {
  for (let at = 0; at < ids.length; at += SLICE) yield ids.subarray(at, at + SLICE)
}

/** Lloyd's algorithm on the sphere, from random tokens. Returns `[count, E]`; rows may repeat where tokens do. */
export async function kmeans(tokens: Float32Array, count: number, options: ClusterOptions): Promise<Float32Array> {
  const { dim, assign, random, signal } = options
  const rows = tokens.length / dim
  let centroids = gather(tokens, sampleOf(random, rows, count), dim)
  normalizeRows(centroids, dim)
  for (let round = 0; round < ITERATIONS && count < rows; round++) {
    const codes = await assign(tokens, centroids, dim, { signal })
    const empty = gather(
      tokens,
      Uint32Array.from({ length: count }, () => Math.floor(random() * rows)),
      dim,
    )
    centroids = means(tokens, codes, empty, dim)
    throwIfAborted(signal)
  }
  return centroids
}

/** The direction of the mean of each centroid's tokens; where it has none, the row of `instead`. */
export function means(tokens: Float32Array, codes: Uint32Array, instead: Float32Array, dim: number): Float32Array {
  const sums = new Float64Array(instead.length)
  const counts = new Uint32Array(instead.length / dim)
  for (let t = 0; t < codes.length; t++) {
    const to = codes[t]! * dim
    counts[codes[t]!]!++
    for (let e = 0; e < dim; e++) sums[to + e]! += tokens[t * dim + e]!
  }
  const centroids = Float32Array.from(sums)
  counts.forEach((count, c) => {
    if (count === 0) centroids.set(instead.subarray(c * dim, (c + 1) * dim), c * dim)
  })
  normalizeRows(centroids, dim)
  return centroids
}

/** The cell itself and those closest to it, ties to the lower number. */
function nearCells(cells: Float32Array, cell: number, dim: number): number[] {
  const near = [{ other: cell, closeness: Infinity }]
  for (let other = 0; other < cells.length / dim; other++) {
    if (other === cell) continue
    let closeness = 0
    for (let e = 0; e < dim; e++) closeness += cells[cell * dim + e]! * cells[other * dim + e]!
    if (near.length === NEAR_CELLS && closeness <= near.at(-1)!.closeness) continue
    if (near.length === NEAR_CELLS) near.pop()
    const at = near.findIndex((known) => known.closeness < closeness)
    near.splice(at < 0 ? near.length : at, 0, { other, closeness })
  }
  return near.map(({ other }) => other)
}

/** Numbers of the items of each group, ascending. */
export function groupBy(groups: Uint32Array, count: number): Uint32Array[] {
  const sizes = new Uint32Array(count)
  for (const group of groups) sizes[group]!++
  const lists = Array.from(sizes, (size) => new Uint32Array(size))
  const filled = new Uint32Array(count)
  groups.forEach((group, i) => {
    lists[group]![filled[group]!++] = i
  })
  return lists
}

function gather(rows: Float32Array, ids: Uint32Array, dim: number): Float32Array {
  const chosen = new Float32Array(ids.length * dim)
  ids.forEach((id, i) => {
    chosen.set(rows.subarray(id * dim, (id + 1) * dim), i * dim)
  })
  return chosen
}

function normalizeRows(data: Float32Array, dim: number): void {
  for (let row = 0; row < data.length; row += dim) {
    let sum = 0
    for (let e = 0; e < dim; e++) sum += data[row + e]! ** 2
    const norm = Math.sqrt(sum) || 1
    for (let e = 0; e < dim; e++) data[row + e]! /= norm
  }
}
