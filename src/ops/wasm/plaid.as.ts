/**
 * Two-stage search in AssemblyScript: see ../integer.ts for the formulas and ../plaidReference.ts for the simple version.
 * Like kernels.as.ts: memory is laid out by plaidMemory.ts, no allocation, one thread, no relaxed SIMD.
 * How tokens become rows, and rows meet the query, is plaidBlock.as.ts.
 */
import {
  a0,
  a1,
  a2,
  a3,
  b0,
  b1,
  b2,
  b3,
  codes,
  dotBlock,
  expandBlock,
  inverseOf,
  QUERY_TILE,
  squares,
  sumLanes,
  TILE_STEP,
  TOKEN_BLOCK,
  wideCodes,
  widenCentroid,
  width,
} from './plaidBlock.as'

export { setIndex } from './plaidBlock.as'

/** The largest Σ c8² of so many centroids. */
export function largestSquares(count: u32): i32 {
  let largest: i32 = 0
  for (let c: u32 = 0; c < count; c++) largest = max(largest, squares(c))
  return largest
}

/**
 * scoreCentroids: u8 `[C, columns]`, `u = (clamp(Σ q8·c8, 0, bound) * multiplier) >> 16`.
 * @param end where it is no multiple of 4, up to three rows past it are read and written
 * @param tiles i16 `[rows / 8, width / 2, 8, 2]`
 * @param rows a multiple of 8
 * @param columns >= rows, a multiple of 16; those past the rows are left alone
 */
export function scoreCentroids(
  first: u32,
  end: u32,
  tiles: usize,
  rows: u32,
  bound: i32,
  multiplier: i32,
  scores: usize,
  columns: usize,
): void {
  const tileBytes = (width >> 1) * TILE_STEP
  const low = i32x4.splat(0)
  const high = i32x4.splat(bound)
  const scale = i32x4.splat(multiplier)
  for (let c = first; c < end; c += TOKEN_BLOCK) {
    for (let i: u32 = 0; i < TOKEN_BLOCK; i++) widenCentroid(c + i, i)
    let to = scores + <usize>c * columns
    for (let tile = tiles, stop = tiles + <usize>(rows >> 3) * tileBytes; tile < stop; tile += tileBytes, to += 8) {
      dotBlock(tile)
      storeScores(to, a0, b0, low, high, scale)
      storeScores(to + columns, a1, b1, low, high, scale)
      storeScores(to + 2 * columns, a2, b2, low, high, scale)
      storeScores(to + 3 * columns, a3, b3, low, high, scale)
    }
  }
}

function storeScores(to: usize, a: v128, b: v128, low: v128, high: v128, scale: v128): void {
  const left = i32x4.shr_u(i32x4.mul(i32x4.min_s(i32x4.max_s(a, low), high), scale), 16)
  const right = i32x4.shr_u(i32x4.mul(i32x4.min_s(i32x4.max_s(b, low), high), scale), 16)
  const words = i16x8.narrow_i32x4_s(left, right)
  v128.store64_lane(to, i8x16.narrow_i16x8_u(words, words), 0)
}

/**
 * approximateMaxSim: for each passage the sum over columns of the largest u8 of its tokens' rows; -1 for a passage that is
 * empty or filtered out.
 * @param offsets u32 `[P + 1]`
 * @param scores u8 `[C, columns]`, from scoreCentroids
 * @param filter bitset of all passages, or 0; the part's passage p is bit `p + base`
 * @param sums i32 `[P]`
 */
export function approximateMaxSim(
  offsets: usize,
  first: u32,
  end: u32,
  scores: usize,
  columns: usize,
  filter: usize,
  base: u32,
  sums: usize,
): void {
  for (let p = first; p < end; p++) {
    const start = load<u32>(offsets + ((<usize>p) << 2))
    const stop = load<u32>(offsets + ((<usize>p) << 2), 4)
    const bit = p + base
    const wanted = filter === 0 || ((load<u32>(filter + ((<usize>(bit >> 5)) << 2)) >> (bit & 31)) & 1) === 1
    let sum: i32 = -1
    if (wanted && stop > start) {
      sum = 0
      let column: usize = 0
      for (; column + 32 <= columns; column += 32) {
        sum += wideCodes
          ? widest<u32>(start, stop, scores + column, columns)
          : widest<u16>(start, stop, scores + column, columns)
      }
      if (column < columns) {
        sum += wideCodes
          ? narrowest<u32>(start, stop, scores + column, columns)
          : narrowest<u16>(start, stop, scores + column, columns)
      }
    }
    store<i32>(sums + ((<usize>p) << 2), sum)
  }
}

/** Σ over 32 columns of the largest of the tokens' rows. */
function widest<Code>(start: u32, stop: u32, scores: usize, columns: usize): i32 {
  let left = i32x4.splat(0)
  let right = i32x4.splat(0)
  const shift = sizeof<Code>() === 4 ? 2 : 1
  for (
    let at = codes + ((<usize>start) << shift), end = codes + ((<usize>stop) << shift);
    at < end;
    at += sizeof<Code>()
  ) {
    const row = scores + <usize>load<Code>(at) * columns
    left = i8x16.max_u(left, v128.load(row))
    right = i8x16.max_u(right, v128.load(row, 16))
  }
  return sumBytes(left) + sumBytes(right)
}

/** As `widest`, for 16 columns. */
function narrowest<Code>(start: u32, stop: u32, scores: usize, columns: usize): i32 {
  let left = i32x4.splat(0)
  const shift = sizeof<Code>() === 4 ? 2 : 1
  for (
    let at = codes + ((<usize>start) << shift), end = codes + ((<usize>stop) << shift);
    at < end;
    at += sizeof<Code>()
  ) {
    left = i8x16.max_u(left, v128.load(scores + <usize>load<Code>(at) * columns))
  }
  return sumBytes(left)
}

function sumBytes(bytes: v128): i32 {
  return sumLanes(i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes)))
}

/**
 * residualMaxSim: passages of a list, with residuals: for each query row the best v and, where wanted, the first token
 * that has it.
 *
 *   for each passage p of the list, row q:  best = max over tokens t of floor(t·inv / 65536)
 *   sums[i] = Σ over q < queryRows of best
 *
 * Four tokens are unpacked at a time, once for all query rows.
 * @param list u32 `[count]`: passages of this part
 * @param best i32 `[rows]`, bestAt u32 `[rows]`: work space
 * @param sums i32 `[count]`
 * @param positions u32 `[count, queryRows]`, similarities i32 of that shape; 0: not wanted
 */
export function residualMaxSim(
  offsets: usize,
  list: usize,
  count: u32,
  tiles: usize,
  rows: u32,
  queryRows: u32,
  best: usize,
  bestAt: usize,
  sums: usize,
  positions: usize,
  similarities: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const p = load<u32>(list + ((<usize>i) << 2))
    const start = load<u32>(offsets + ((<usize>p) << 2))
    const stop = load<u32>(offsets + ((<usize>p) << 2), 4)
    for (let row: usize = 0; row < <usize>rows; row += 4) {
      v128.store(best + (row << 2), i32x4.splat(i32.MIN_VALUE))
      v128.store(bestAt + (row << 2), i32x4.splat(0))
    }
    for (let token = start; token < stop; token += TOKEN_BLOCK) {
      expandBlock(token, stop)
      if (positions === 0) keepBest(tiles, rows, best)
      else keepBestAndWhere(token - start, tiles, rows, best, bestAt)
    }
    let sum: i32 = 0
    for (let row: usize = 0; row < <usize>queryRows; row++) sum += load<i32>(best + (row << 2))
    store<i32>(sums + ((<usize>i) << 2), sum)
    if (positions !== 0) {
      const to = (<usize>(i * queryRows)) << 2
      memory.copy(positions + to, bestAt, (<usize>queryRows) << 2)
      memory.copy(similarities + to, best, (<usize>queryRows) << 2)
    }
  }
}

/** The block at hand against every query tile. */
function keepBest(tiles: usize, rows: u32, best: usize): void {
  const inv0 = inverseOf(0)
  const inv1 = inverseOf(1)
  const inv2 = inverseOf(2)
  const inv3 = inverseOf(3)
  const tileBytes = (width >> 1) * TILE_STEP
  for (let row: u32 = 0; row < rows; row += <u32>QUERY_TILE, tiles += tileBytes, best += 32) {
    dotBlock(tiles)
    let score = v128.load(best)
    score = i32x4.max_s(score, normed(a0, inv0))
    score = i32x4.max_s(score, normed(a1, inv1))
    score = i32x4.max_s(score, normed(a2, inv2))
    v128.store(best, i32x4.max_s(score, normed(a3, inv3)))
    score = v128.load(best, 16)
    score = i32x4.max_s(score, normed(b0, inv0))
    score = i32x4.max_s(score, normed(b1, inv1))
    score = i32x4.max_s(score, normed(b2, inv2))
    v128.store(best, i32x4.max_s(score, normed(b3, inv3)), 16)
  }
}

/** As keepBest, and remembers the token; `position` is the block's first. Repeats of the last token never win. */
function keepBestAndWhere(position: u32, tiles: usize, rows: u32, best: usize, bestAt: usize): void {
  const inv0 = inverseOf(0)
  const inv1 = inverseOf(1)
  const inv2 = inverseOf(2)
  const inv3 = inverseOf(3)
  const tileBytes = (width >> 1) * TILE_STEP
  for (let row: u32 = 0; row < rows; row += <u32>QUERY_TILE, tiles += tileBytes, best += 32, bestAt += 32) {
    dotBlock(tiles)
    keepFour(best, bestAt, normed(a0, inv0), normed(a1, inv1), normed(a2, inv2), normed(a3, inv3), position)
    keepFour(best + 16, bestAt + 16, normed(b0, inv0), normed(b1, inv1), normed(b2, inv2), normed(b3, inv3), position)
  }
}

function keepFour(best: usize, bestAt: usize, v0: v128, v1: v128, v2: v128, v3: v128, position: u32): void {
  let score = v128.load(best)
  let at = v128.load(bestAt)
  at = v128.bitselect(i32x4.splat(position), at, i32x4.gt_s(v0, score))
  score = i32x4.max_s(score, v0)
  at = v128.bitselect(i32x4.splat(position + 1), at, i32x4.gt_s(v1, score))
  score = i32x4.max_s(score, v1)
  at = v128.bitselect(i32x4.splat(position + 2), at, i32x4.gt_s(v2, score))
  score = i32x4.max_s(score, v2)
  at = v128.bitselect(i32x4.splat(position + 3), at, i32x4.gt_s(v3, score))
  score = i32x4.max_s(score, v3)
  v128.store(best, score)
  v128.store(bestAt, at)
}

/** floor(t·inv / 65536) in 32 bits. */
function normed(t: v128, inv: v128): v128 {
  const high = i32x4.mul(i32x4.shr_s(t, 16), inv)
  const low = i32x4.mul(v128.and(t, i32x4.splat(0xffff)), inv)
  return i32x4.add(high, i32x4.shr_u(low, 16))
}
