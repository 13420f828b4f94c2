/**
 * Two-stage search in AssemblyScript: see ../integer.ts for the formulas and ../plaidReference.ts for the simple version.
 * Like kernels.as.ts: memory is laid out by plaidMemory.ts, no allocation, one thread, no relaxed SIMD.
 * An instance holds one index; where its arrays lie is told once by `setIndex`.
 *
 * Multiplications are `i32x4.dot_i16x8_s`: a lane pairs two dimensions of one query row with the same two of a token, so
 * that eight products take one instruction and nothing is summed across lanes. d8 fits i16 (|d8| <= 1,143), so t = Σ q8·d8
 * is computed at once; `(S << k) + R` of the design would read S from memory for no fewer multiplications.
 */

/** Query rows of a tile: two vectors of four. Keep equal to QUERY_TILE in layout.ts. */
const QUERY_TILE: usize = 8
/** Tokens, or centroids, of a block. Keep equal to TOKEN_BLOCK in layout.ts. */
const TOKEN_BLOCK: u32 = 4
/** Bytes of a row of a block, MAX_DIM i16: a constant, so that four rows are read from one address. */
const BLOCK_ROW: usize = 512
/** Bytes of a tile for two dimensions: `[8 rows, 2] i16`. */
const TILE_STEP: usize = 32

/** u16 or u32 `[T]` */
let codes: usize = 0
let wideCodes: bool = false
/** u8 `[T, E * bits / 8]` */
let residuals: usize = 0
let rowBytes: usize = 0
/** u16 `[T]` */
let inverse: usize = 0
/** i8 `[C, width]`: c8, zeros past E */
let centroids: usize = 0
/** i16 `[256, 8 / bits]` */
let table: usize = 0
let bits: i32 = 0
let shift: i32 = 0
/** E, and that rounded up to a multiple of 8 */
let dim: usize = 0
let width: usize = 0
/** i16 `[4, 256]`: work space, d8 of four tokens or c8 of four centroids; zeros from E to `width` */
let block: usize = 0

export function setIndex(
  codesAt: usize,
  wide: bool,
  residualsAt: usize,
  inverseAt: usize,
  centroidsAt: usize,
  tableAt: usize,
  blockAt: usize,
  dimension: usize,
  bitCount: i32,
  weightShift: i32,
): void {
  codes = codesAt
  wideCodes = wide
  residuals = residualsAt
  rowBytes = (dimension * <usize>bitCount) >> 3
  inverse = inverseAt
  centroids = centroidsAt
  table = tableAt
  bits = bitCount
  shift = weightShift
  dim = dimension
  width = (dimension + 7) & ~7
  block = blockAt
}

/**
 * inv of tokens first .. end: min(65535, floor(2^22 / ‖d8‖ + 0.5)), in f64 as integer.ts has it.
 */
export function inverseNorms(first: u32, end: u32): void {
  for (let token = first; token < end; token += TOKEN_BLOCK) {
    expandBlock(token, end)
    storeInverse(token, end, squaredNorm(block))
    storeInverse(token + 1, end, squaredNorm(block + BLOCK_ROW))
    storeInverse(token + 2, end, squaredNorm(block + 2 * BLOCK_ROW))
    storeInverse(token + 3, end, squaredNorm(block + 3 * BLOCK_ROW))
  }
}

function squaredNorm(row: usize): i32 {
  let sums = i32x4.splat(0)
  for (const stop = row + (width << 1); row < stop; row += 16) {
    const d = v128.load(row)
    sums = i32x4.add(sums, i32x4.dot_i16x8_s(d, d))
  }
  return (
    i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)
  )
}

function storeInverse(token: u32, end: u32, squared: i32): void {
  if (token >= end) return
  const exact = Math.floor(4194304.0 / Math.sqrt(<f64>squared) + 0.5)
  store<u16>(inverse + ((<usize>token) << 1), exact < 65535.0 ? <u16>(<u32>exact) : 65535)
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
    for (let i: u32 = 0; i < TOKEN_BLOCK; i++) widenCentroid(c + i, block + <usize>i * BLOCK_ROW)
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

function widenCentroid(c: u32, to: usize): void {
  for (let row = centroids + <usize>c * width, stop = row + width; row < stop; row += 8, to += 16)
    v128.store(to, v128.load_ext<i8>(row))
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
  const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes))
  return (
    i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)
  )
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
      if (positions === 0) keepBest(token, stop, tiles, rows, best)
      else keepBestAndWhere(token, stop, token - start, tiles, rows, best, bestAt)
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
function keepBest(token: u32, stop: u32, tiles: usize, rows: u32, best: usize): void {
  const inv0 = inverseOf(token, stop)
  const inv1 = inverseOf(token + 1, stop)
  const inv2 = inverseOf(token + 2, stop)
  const inv3 = inverseOf(token + 3, stop)
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
function keepBestAndWhere(
  token: u32,
  stop: u32,
  position: u32,
  tiles: usize,
  rows: u32,
  best: usize,
  bestAt: usize,
): void {
  const inv0 = inverseOf(token, stop)
  const inv1 = inverseOf(token + 1, stop)
  const inv2 = inverseOf(token + 2, stop)
  const inv3 = inverseOf(token + 3, stop)
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

function inverseOf(token: u32, stop: u32): v128 {
  return i32x4.splat(load<u16>(inverse + ((<usize>min(token, stop - 1)) << 1)))
}

/** floor(t·inv / 65536) in 32 bits. */
function normed(t: v128, inv: v128): v128 {
  const high = i32x4.mul(i32x4.shr_s(t, 16), inv)
  const low = i32x4.mul(v128.and(t, i32x4.splat(0xffff)), inv)
  return i32x4.add(high, i32x4.shr_u(low, 16))
}

// What dotBlock computes: a: rows 0 to 3 of the tile, b: rows 4 to 7; the number is the token of the block.
let a0: v128 = i32x4.splat(0)
let a1: v128 = i32x4.splat(0)
let a2: v128 = i32x4.splat(0)
let a3: v128 = i32x4.splat(0)
let b0: v128 = i32x4.splat(0)
let b1: v128 = i32x4.splat(0)
let b2: v128 = i32x4.splat(0)
let b3: v128 = i32x4.splat(0)

/**
 * A tile of eight query rows × the block's four rows: eight accumulators, two query vectors and a splat fit the registers of
 * x86. (Two pairs of dimensions a round measured slower: V8 then spills.)
 */
function dotBlock(tile: usize): void {
  let c0 = i32x4.splat(0)
  let c1 = i32x4.splat(0)
  let c2 = i32x4.splat(0)
  let c3 = i32x4.splat(0)
  let e0 = i32x4.splat(0)
  let e1 = i32x4.splat(0)
  let e2 = i32x4.splat(0)
  let e3 = i32x4.splat(0)
  for (let d = block, stop = block + (width << 1); d < stop; d += 4, tile += TILE_STEP) {
    const q = v128.load(tile)
    const r = v128.load(tile, 16)
    let t = v128.load_splat<u32>(d)
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(q, t))
    e0 = i32x4.add(e0, i32x4.dot_i16x8_s(r, t))
    t = v128.load_splat<u32>(d, BLOCK_ROW)
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(q, t))
    e1 = i32x4.add(e1, i32x4.dot_i16x8_s(r, t))
    t = v128.load_splat<u32>(d, 2 * BLOCK_ROW)
    c2 = i32x4.add(c2, i32x4.dot_i16x8_s(q, t))
    e2 = i32x4.add(e2, i32x4.dot_i16x8_s(r, t))
    t = v128.load_splat<u32>(d, 3 * BLOCK_ROW)
    c3 = i32x4.add(c3, i32x4.dot_i16x8_s(q, t))
    e3 = i32x4.add(e3, i32x4.dot_i16x8_s(r, t))
  }
  a0 = c0
  a1 = c1
  a2 = c2
  a3 = c3
  b0 = e0
  b1 = e1
  b2 = e2
  b3 = e3
}

/** d8 of four tokens from `token` on into `block`; past `stop` the last one repeats. */
function expandBlock(token: u32, stop: u32): void {
  for (let i: u32 = 0; i < TOKEN_BLOCK; i++) expandToken(min(token + i, stop - 1), block + <usize>i * BLOCK_ROW)
}

/** d8 of one token, eight dimensions at a time. */
function expandToken(token: u32, to: usize): void {
  const code: u32 = wideCodes ? load<u32>(codes + ((<usize>token) << 2)) : <u32>load<u16>(codes + ((<usize>token) << 1))
  let row = centroids + <usize>code * width
  const stop = row + width
  let byte = residuals + <usize>token * rowBytes
  const end = to + (dim << 1)
  if (bits === 2) {
    for (; row < stop; row += 8, byte += 2, to += 16) {
      const low = v128.load64_zero(table + ((<usize>load<u8>(byte)) << 3))
      storeEight(row, v128.load64_lane(table + ((<usize>load<u8>(byte, 1)) << 3), low, 1), to)
    }
  } else if (bits === 4) {
    for (; row < stop; row += 8, byte += 4, to += 16) {
      let w = v128.load32_zero(table + ((<usize>load<u8>(byte)) << 2))
      w = v128.load32_lane(table + ((<usize>load<u8>(byte, 1)) << 2), w, 1)
      w = v128.load32_lane(table + ((<usize>load<u8>(byte, 2)) << 2), w, 2)
      storeEight(row, v128.load32_lane(table + ((<usize>load<u8>(byte, 3)) << 2), w, 3), to)
    }
  } else if (bits === 1) {
    for (; row < stop; row += 8, byte++, to += 16)
      storeEight(row, v128.load(table + ((<usize>load<u8>(byte)) << 4)), to)
  } else {
    for (; row < stop; row += 8, byte += 8, to += 16) {
      let w = v128.load16_lane(table + ((<usize>load<u8>(byte)) << 1), i16x8.splat(0), 0)
      w = v128.load16_lane(table + ((<usize>load<u8>(byte, 1)) << 1), w, 1)
      w = v128.load16_lane(table + ((<usize>load<u8>(byte, 2)) << 1), w, 2)
      w = v128.load16_lane(table + ((<usize>load<u8>(byte, 3)) << 1), w, 3)
      w = v128.load16_lane(table + ((<usize>load<u8>(byte, 4)) << 1), w, 4)
      w = v128.load16_lane(table + ((<usize>load<u8>(byte, 5)) << 1), w, 5)
      w = v128.load16_lane(table + ((<usize>load<u8>(byte, 6)) << 1), w, 6)
      storeEight(row, v128.load16_lane(table + ((<usize>load<u8>(byte, 7)) << 1), w, 7), to)
    }
  }
  // What was read past the end of an odd row is the next token's.
  for (let tail = end; tail < to; tail += 2) store<i16>(tail, 0)
}

/** (c8 << shift) + w8 of eight dimensions. */
function storeEight(row: usize, w: v128, to: usize): void {
  v128.store(to, i16x8.add(i16x8.shl(v128.load_ext<i8>(row), shift), w))
}
