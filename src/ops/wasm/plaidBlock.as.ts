/**
 * The rows that two-stage search multiplies: four tokens with their residuals, or four centroids, widened to i16 in one
 * block; and their products with a tile of query rows. An instance holds one index; where its arrays lie is told once by
 * `setIndex`. What the products are for is plaid.as.ts's business.
 *
 * Multiplications are `i32x4.dot_i16x8_s`: a lane pairs two dimensions of one query row with the same two of a token, so
 * that eight products take one instruction and nothing is summed across lanes. d8 fits i16 (|d8| <= 1,143), so t = Σ q8·d8
 * is computed at once; `(S << k) + R` of the design would read S from memory for no fewer multiplications.
 */

/** Query rows of a tile: two vectors of four. Keep equal to QUERY_TILE in layout.ts. */
export const QUERY_TILE: usize = 8
/** Tokens, or centroids, of a block. Keep equal to TOKEN_BLOCK in layout.ts. */
export const TOKEN_BLOCK: u32 = 4
/** Bytes of a row of a block, MAX_DIM i16: a constant, so that four rows are read from one address. */
export const BLOCK_ROW: usize = 512
/** Bytes of a tile for two dimensions: `[8 rows, 2] i16`. */
export const TILE_STEP: usize = 32

/** u16 or u32 `[T]` */
export let codes: usize = 0
export let wideCodes: bool = false
/** u8 `[T, E * bits / 8]`; bits 0: there are none */
let residuals: usize = 0
let rowBytes: usize = 0
/** i8 `[C, width]`: c8, zeros past E */
let centroids: usize = 0
/** i16 `[256, 8 / bits]` */
let table: usize = 0
let bits: i32 = 0
let shift: i32 = 0
/** E, and that rounded up to a multiple of 8 */
let dim: usize = 0
export let width: usize = 0
/** i16 `[4, 256]`: work space, d8 of four tokens or c8 of four centroids; zeros from E to `width` */
let block: usize = 0

export function setIndex(
  codesAt: usize,
  wide: bool,
  residualsAt: usize,
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
  centroids = centroidsAt
  table = tableAt
  bits = bitCount
  shift = weightShift
  dim = dimension
  width = (dimension + 7) & ~7
  block = blockAt
}

/**
 * inv of a row of the block, in every lane: min(65535, floor(2^22 / ‖d8‖ + 0.5)), in f64 as integer.ts has it. Not kept: beside
 * the products with 32 query rows it costs a thirtieth, and of all tokens only those of candidates are ever asked for.
 */
export function inverseOf(row: u32): v128 {
  const squared = squaredNorm(block + <usize>row * BLOCK_ROW)
  const exact = floor<f64>(4194304.0 / sqrt<f64>(<f64>squared) + 0.5)
  return i32x4.splat(exact < 65535.0 ? <i32>exact : 65535)
}

function codeOf(token: u32): u32 {
  return wideCodes ? load<u32>(codes + ((<usize>token) << 2)) : <u32>load<u16>(codes + ((<usize>token) << 1))
}

function squaredNorm(row: usize): i32 {
  let sums = i32x4.splat(0)
  for (const stop = row + (width << 1); row < stop; row += 16) {
    const d = v128.load(row)
    sums = i32x4.add(sums, i32x4.dot_i16x8_s(d, d))
  }
  return sumLanes(sums)
}

export function sumLanes(sums: v128): i32 {
  return (
    i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)
  )
}

/** d8 of four tokens from `token` on into `block`; past `stop` the last one repeats. */
export function expandBlock(token: u32, stop: u32): void {
  for (let i: u32 = 0; i < TOKEN_BLOCK; i++) expandToken(min(token + i, stop - 1), block + <usize>i * BLOCK_ROW)
}

/** d8 of one token, eight dimensions at a time. */
function expandToken(token: u32, to: usize): void {
  let row = centroids + <usize>codeOf(token) * width
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
  } else if (bits === 0) {
    for (; row < stop; row += 8, to += 16) v128.store(to, v128.load_ext<i8>(row))
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

/** c8 of one centroid as row i of the block. */
export function widenCentroid(c: u32, i: u32): void {
  let to = block + <usize>i * BLOCK_ROW
  for (let row = centroids + <usize>c * width, stop = row + width; row < stop; row += 8, to += 16)
    v128.store(to, v128.load_ext<i8>(row))
}

/** Σ c8² of one centroid; what fills its row up is zero. */
export function squares(c: u32): i32 {
  let sum = i32x4.splat(0)
  for (let row = centroids + <usize>c * width, stop = row + width; row < stop; row += 8) {
    const wide = v128.load_ext<i8>(row)
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(wide, wide))
  }
  return sumLanes(sum)
}

// What dotBlock computes: a: rows 0 to 3 of the tile, b: rows 4 to 7; the number is the token of the block.
export let a0: v128 = i32x4.splat(0)
export let a1: v128 = i32x4.splat(0)
export let a2: v128 = i32x4.splat(0)
export let a3: v128 = i32x4.splat(0)
export let b0: v128 = i32x4.splat(0)
export let b1: v128 = i32x4.splat(0)
export let b2: v128 = i32x4.splat(0)
export let b3: v128 = i32x4.splat(0)

/**
 * A tile of eight query rows × the block's four rows: eight accumulators, two query vectors and a splat fit the registers of
 * x86. (Two pairs of dimensions a round measured slower: V8 then spills.)
 */
export function dotBlock(tile: usize): void {
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
