/**
 * The kernels in AssemblyScript: TypeScript's syntax, compiled to WebAssembly with fixed-width SIMD by plugin.ts.
 * Memory is laid out by instance.ts; everything comes as an address. No allocation, no runtime, one thread, and no
 * relaxed SIMD, so that every machine computes the same bits.
 * Letters as in ../ops.ts. `usize` is an address in bytes.
 */

/** Rows of a query tile: two vectors of four lanes. Keep equal to QUERY_TILE in layout.ts. */
const QUERY_TILE: usize = 8
/** Tokens of a block. Keep equal to TOKEN_BLOCK in layout.ts. */
const TOKEN_BLOCK: usize = 4

/** As in ../ops.ts. */
const NO_POSITION: u32 = 0xffffffff

/**
 * MaxSim of all queries of a chunk against passages first .. end:
 *
 *   for p, q:  best = max over t of Σ_e query[q, e] · token[t, e],  the first t on ties
 *   for p, b:  scores[b, p] = Σ over q of query b of best
 *
 * What differs from that, and why:
 * 1. Lanes are query rows, not dimensions. A tile `[E, 8]` holds eight query rows of any queries, so there is no sum
 *    across lanes, no tail for odd E, and the maximum over tokens is one SIMD instruction.
 * 2. Eight rows × four tokens are computed at once: eight accumulators, two query vectors and one splat fit the 16
 *    registers of x86. Tokens lie in blocks `[E, 4]`, so an inner step reads from two addresses that only count up.
 *    (Tried: 8 × 5, 8 × 6, 12 × 3, 12 × 4, 4 × 8, unrolled by 2 and by 4: all slower in V8, by 10 to 40 %.)
 * 3. A passage's last block repeats its last token; a repeat never wins, since ties go to the earlier token.
 * 4. f16 blocks are widened into `wide` just before use, once for all queries of the chunk: half the memory of widening
 *    at load, for about 5 % of the time of one 32-token query.
 *
 * blocks        f32 or f16 `[ΣT/4, E, 4]`        blockOffsets   u32 `[P + 1]`, in blocks
 * wide          f32 `[E, 4]`, only for f16
 * tiles         f32 `[rows/8, E, 8]`             rowOffsets     u32 `[B + 1]`
 * best          f32 `[rows]`, rows a multiple of 8; bestAt u32 `[rows]`: work space
 * scores        f32 `[B, end - first]`
 * positions     u32, for query b a block `[end - first, Q_b]`; 0: not wanted
 */
export function maxSim(
  blocks: usize,
  half: bool,
  blockOffsets: usize,
  first: i32,
  end: i32,
  dim: i32,
  wide: usize,
  tiles: usize,
  rows: i32,
  rowOffsets: usize,
  batch: i32,
  best: usize,
  bestAt: usize,
  scores: usize,
  positions: usize,
): void {
  const count = end - first
  const blockBytes = <usize>dim * TOKEN_BLOCK * (half ? 2 : 4)
  for (let p = first; p < end; p++) {
    const firstBlock = load<u32>(blockOffsets + ((<usize>p) << 2))
    const endBlock = load<u32>(blockOffsets + ((<usize>p) << 2), 4)
    for (let row: usize = 0; row < <usize>rows; row += 4) {
      v128.store(best + (row << 2), f32x4.splat(-Infinity))
      v128.store(bestAt + (row << 2), i32x4.splat(NO_POSITION))
    }
    for (let block = firstBlock; block < endBlock; block++) {
      let tokens = blocks + <usize>block * blockBytes
      if (half) {
        widen(tokens, wide, dim)
        tokens = wide
      }
      scanBlock(tokens, (block - firstBlock) * <u32>TOKEN_BLOCK, tiles, rows, dim, best, bestAt)
    }
    const start: f32 = firstBlock < endBlock ? 0 : -Infinity // an empty passage, also for a query without tokens
    collect(start, rowOffsets, batch, best, bestAt, p - first, count, scores, positions)
  }
}

/** One block of four tokens, the first at `position` in its passage, against every query tile. */
function scanBlock(tokens: usize, position: u32, tiles: usize, rows: i32, dim: i32, best: usize, bestAt: usize): void {
  const p0 = i32x4.splat(position)
  const p1 = i32x4.splat(position + 1)
  const p2 = i32x4.splat(position + 2)
  const p3 = i32x4.splat(position + 3)
  const endBest = best + ((<usize>rows) << 2)
  const tileBytes = (<usize>dim * QUERY_TILE) << 2
  let tile = tiles
  for (; best < endBest; best += QUERY_TILE << 2, bestAt += QUERY_TILE << 2) {
    let a0 = f32x4.splat(0)
    let a1 = f32x4.splat(0)
    let a2 = f32x4.splat(0)
    let a3 = f32x4.splat(0)
    let b0 = f32x4.splat(0)
    let b1 = f32x4.splat(0)
    let b2 = f32x4.splat(0)
    let b3 = f32x4.splat(0)
    let token = tokens
    for (const endTile = tile + tileBytes; tile < endTile; tile += QUERY_TILE << 2, token += TOKEN_BLOCK << 2) {
      const a = v128.load(tile)
      const b = v128.load(tile, 16)
      let d = v128.load_splat<f32>(token)
      a0 = f32x4.add(a0, f32x4.mul(a, d))
      b0 = f32x4.add(b0, f32x4.mul(b, d))
      d = v128.load_splat<f32>(token, 4)
      a1 = f32x4.add(a1, f32x4.mul(a, d))
      b1 = f32x4.add(b1, f32x4.mul(b, d))
      d = v128.load_splat<f32>(token, 8)
      a2 = f32x4.add(a2, f32x4.mul(a, d))
      b2 = f32x4.add(b2, f32x4.mul(b, d))
      d = v128.load_splat<f32>(token, 12)
      a3 = f32x4.add(a3, f32x4.mul(a, d))
      b3 = f32x4.add(b3, f32x4.mul(b, d))
    }
    keep(best, bestAt, a0, a1, a2, a3, p0, p1, p2, p3)
    keep(best + 16, bestAt + 16, b0, b1, b2, b3, p0, p1, p2, p3)
  }
}

/** Keeps the larger of the stored best and four candidates, and where it was; the earlier one on ties. */
function keep(
  best: usize,
  bestAt: usize,
  s0: v128,
  s1: v128,
  s2: v128,
  s3: v128,
  p0: v128,
  p1: v128,
  p2: v128,
  p3: v128,
): void {
  let score = v128.load(best)
  let at = v128.load(bestAt)
  at = v128.bitselect(p0, at, f32x4.gt(s0, score))
  score = f32x4.pmax(score, s0)
  at = v128.bitselect(p1, at, f32x4.gt(s1, score))
  score = f32x4.pmax(score, s1)
  at = v128.bitselect(p2, at, f32x4.gt(s2, score))
  score = f32x4.pmax(score, s2)
  at = v128.bitselect(p3, at, f32x4.gt(s3, score))
  score = f32x4.pmax(score, s3)
  v128.store(best, score)
  v128.store(bestAt, at)
}

/** Sums the best scores per query, from `start` on, and copies the positions out. */
function collect(
  start: f32,
  rowOffsets: usize,
  batch: i32,
  best: usize,
  bestAt: usize,
  index: i32,
  count: i32,
  scores: usize,
  positions: usize,
): void {
  for (let b = 0; b < batch; b++) {
    const firstRow = load<u32>(rowOffsets + ((<usize>b) << 2))
    const endRow = load<u32>(rowOffsets + ((<usize>b) << 2), 4)
    let score = start
    for (let row = firstRow; row < endRow; row++) score += load<f32>(best + ((<usize>row) << 2))
    store<f32>(scores + ((<usize>(b * count + index)) << 2), score)
    if (positions !== 0) {
      const to = positions + ((<usize>(firstRow * count + index * (endRow - firstRow))) << 2)
      memory.copy(to, bestAt + ((<usize>firstRow) << 2), (<usize>(endRow - firstRow)) << 2)
    }
  }
}

/**
 * f16 `[E, 4]` → f32 `[E, 4]`, exact. A half's fifteen low bits, shifted to where a float has them, are the value times
 * 2^-112, subnormals too; sign extension puts the sign where it belongs.
 */
function widen(halves: usize, floats: usize, dim: i32): void {
  const keepMask = i32x4.splat(0x8fffe000)
  const rebias = f32x4.splat(5.192296858534828e33) // 2^112
  for (let e = 0; e < dim; e++) {
    const bits = v128.and(i32x4.shl(v128.load_ext<i16>(halves), 13), keepMask)
    v128.store(floats, f32x4.mul(bits, rebias))
    halves += 8
    floats += 16
  }
}
