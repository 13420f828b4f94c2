// residualMaxSim: the score of candidates with their residuals, and where each query token found its best.
//
// The simple version (src/ops/integer.ts explains the formulas):
//   for each query b, candidate in slot i, query token q:
//     for each token t of the passage:  d8 = (centroids[codes[t]] << shift) + weights[bucket], dimension by dimension
//                                       v = floor(Σ_e q8[q, e] · d8[e] · inv / 2^16),  inv = round(2^22 / ‖d8‖)
//     best = the largest v, at the lowest t
//   keys[b, i] = Σ_q best, plus 2^31 so that it sorts as unsigned
//
// One workgroup of 64 threads per (candidate, query): slot = first + x + y · gridWidth, query = z. An index in several
// parts gets a dispatch for each, which leaves the candidates of other parts alone.
//
//   binding                        what                                   shape
//   0 uniform                      Params                                 see plaid.wgsl
//   1 storage, read                queries                                heads, then vec4<u32> [ΣQ, quads]
//   2 storage, read                centroids                              vec4<u32> [C, quads]
//   3 uniform                      table: what residual bytes stand for   u32 [256], four to a vec4; see `expandQuad`
//   4 storage, read                codes                                  [T of the part], two to a u32, or u32
//   5 storage, read                residuals                              u32 [T of the part, rowWords]; anything if none
//   6 storage, read                offsets, in tokens                     u32 [passages of the part + 1]
//   7 storage, read                candidates                             u32 [B] how many, then ids [B, slots]
//   8 storage, read_write          keys, u32 [B, slots]; or, if MATCHES, for query b a block of positions
//                                  [slots, Q] and one of v, i32 [slots, Q]
//
// Departures from the simple version:
// 1. A thread takes a token: it unpacks 16 dimensions at a time, once for 16 query tokens. No vector is ever whole.
// 2. Σ q8·d8 = (Σ q8·c8 << shift) + Σ q8·w8: sums of products of bytes, which GPUs have an instruction for.
// 3. ‖d8‖² is summed on the way, so norms need no memory. `inverseNorm` is exact: no result depends on a GPU's rounding.
//
// src/ops/webgpu/kernels.ts appends plaid.wgsl, integers.wgsl, codes.wgsl, and `expandQuad` for the bits per dimension.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> centroids: array<vec4<u32>>;
@group(0) @binding(3) var<uniform> table: array<vec4<u32>, 64>;
@group(0) @binding(4) var<storage, read> codes: array<u32>;
@group(0) @binding(5) var<storage, read> residuals: array<u32>;
@group(0) @binding(6) var<storage, read> offsets: array<u32>;
@group(0) @binding(7) var<storage, read> candidates: array<u32>;
@group(0) @binding(8) var<storage, read_write> keys: array<u32>;

override MATCHES = false;

const THREADS = 64u;
const LOWEST = -0x7fffffff;
const BEST_STRIDE = QUERY_TILE + 1u;  // odd, so that threads of a column write to different memory banks

var<workgroup> weightOf: array<u32, 256>;
var<workgroup> threadBest: array<i32, THREADS * BEST_STRIDE>;  // [thread, row]
var<workgroup> threadAt: array<u32, THREADS * BEST_STRIDE>;
var<workgroup> partBest: array<i32, THREADS>;                  // [row, quarter of the threads]
var<workgroup> partAt: array<u32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let item = group.x + group.y * params.gridWidth;
  let slot = params.first + item;
  if (item >= params.count || slot >= candidates[group.z]) { return; }
  // Passages of earlier parts wrap around and are past the end too.
  let passage = candidates[params.batch + group.z * params.slots + slot] - params.partFirst;
  if (passage >= params.partPassages) { return; }
  let start = offsets[passage];
  let end = offsets[passage + 1u];
  let query = queryOf(group.z);
  let row = thread / 4u;      // of the tile, when threads are joined
  let quarter = thread % 4u;
  var sum = 0;                // of quarter 0

  for (var i = thread; i < 256u; i += THREADS) { weightOf[i] = table[i / 4u][i % 4u]; }
  for (var tile = 0u; tile < query.rows; tile += QUERY_TILE) {
    workgroupBarrier();
    stageQuery(thread, query.firstRow + tile * params.quads);
    workgroupBarrier();
    bestOfTokens(thread, start, end);
    workgroupBarrier();
    var best = threadBest[quarter * BEST_STRIDE + row];
    var at = threadAt[quarter * BEST_STRIDE + row];
    for (var i = quarter + 4u; i < THREADS; i += 4u) {
      let other = threadBest[i * BEST_STRIDE + row];
      let otherAt = threadAt[i * BEST_STRIDE + row];
      if (other > best || (other == best && otherAt < at)) { best = other; at = otherAt; }
    }
    partBest[thread] = best;
    partAt[thread] = at;
    workgroupBarrier();
    if (quarter == 0u && tile + row < query.rows) {
      for (var i = thread + 1u; i < thread + 4u; i++) {
        if (partBest[i] > best || (partBest[i] == best && partAt[i] < at)) { best = partBest[i]; at = partAt[i]; }
      }
      sum += best;
      if (MATCHES) {
        let to = query.matchesAt + slot * query.rows + tile + row;
        keys[to] = at;
        keys[to + params.slots * query.rows] = bitcast<u32>(best);
      }
    }
  }
  if (MATCHES) { return; }
  workgroupBarrier();
  partBest[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    for (var i = 4u; i < THREADS; i += 4u) { sum += partBest[i]; }
    keys[group.z * params.slots + slot] = bitcast<u32>(sum) ^ 0x80000000u;
  }
}

// The best v of the thread's tokens for each row of the tile, into threadBest and threadAt.
fn bestOfTokens(thread: u32, start: u32, end: u32) {
  var best0 = vec4(LOWEST);
  var best1 = vec4(LOWEST);
  var best2 = vec4(LOWEST);
  var best3 = vec4(LOWEST);
  var at0 = vec4<u32>();
  var at1 = vec4<u32>();
  var at2 = vec4<u32>();
  var at3 = vec4<u32>();
  for (var t = start + thread; t < end; t += THREADS) {
    let centroid = codeOf(t) * params.quads;
    let residual = t * params.rowWords;
    var s0 = vec4<i32>();
    var s1 = vec4<i32>();
    var s2 = vec4<i32>();
    var s3 = vec4<i32>();
    var r0 = vec4<i32>();
    var r1 = vec4<i32>();
    var r2 = vec4<i32>();
    var r3 = vec4<i32>();
    var cc = 0;
    var cw = 0;
    var ww = 0;
    for (var quad = 0u; quad < params.quads; quad++) {
      let c = centroids[centroid + quad];
      let w = expandQuad(residual, quad) & maskOf(quad);
      cc += dotQuads(c, c);
      cw += dotQuads(c, w);
      ww += dotQuads(w, w);
      s0 += fourRows(quad, 0u, c);
      r0 += fourRows(quad, 0u, w);
      s1 += fourRows(quad, 4u, c);
      r1 += fourRows(quad, 4u, w);
      s2 += fourRows(quad, 8u, c);
      r2 += fourRows(quad, 8u, w);
      s3 += fourRows(quad, 12u, c);
      r3 += fourRows(quad, 12u, w);
    }
    let k = params.shift;
    let inverse = inverseNorm(u32((cc << (2u * k)) + (cw << (k + 1u)) + ww));
    let v0 = normed((s0 << vec4(k)) + r0, inverse);
    let v1 = normed((s1 << vec4(k)) + r1, inverse);
    let v2 = normed((s2 << vec4(k)) + r2, inverse);
    let v3 = normed((s3 << vec4(k)) + r3, inverse);
    let position = vec4(t - start);
    at0 = select(at0, position, v0 > best0);
    at1 = select(at1, position, v1 > best1);
    at2 = select(at2, position, v2 > best2);
    at3 = select(at3, position, v3 > best3);
    best0 = max(best0, v0);
    best1 = max(best1, v1);
    best2 = max(best2, v2);
    best3 = max(best3, v3);
  }
  keepFour(thread, 0u, best0, at0);
  keepFour(thread, 4u, best1, at1);
  keepFour(thread, 8u, best2, at2);
  keepFour(thread, 12u, best3, at3);
}

fn keepFour(thread: u32, row: u32, best: vec4<i32>, at: vec4<u32>) {
  let to = thread * BEST_STRIDE + row;
  for (var i = 0u; i < 4u; i++) {
    threadBest[to + i] = best[i];
    threadAt[to + i] = at[i];
  }
}

// Bytes of a quad that are dimensions and no filling.
fn maskOf(quad: u32) -> vec4<u32> {
  let left = vec4<i32>(i32(params.dim) - i32(16u * quad)) - vec4(0, 4, 8, 12);
  return select(select(vec4(0u), (vec4(1u) << vec4<u32>(8 * clamp(left, vec4(0), vec4(3)))) - vec4(1u), left > vec4(0)),
                vec4(0xffffffffu), left >= vec4(4));
}

// floor(t · inverse / 2^16) in 32 bits.
fn normed(t: vec4<i32>, inverse: u32) -> vec4<i32> {
  let low = (vec4<u32>(t & vec4(0xffff)) * inverse) >> vec4(16u);
  return (t >> vec4(16u)) * i32(inverse) + vec4<i32>(low);
}

// min(65535, floor(2^22 / √squared + 1/2)): the largest n with (2n - 1)² · squared <= 2^46. Floating point guesses it to
// within one, integers decide.
fn inverseNorm(squared: u32) -> u32 {
  if (squared <= 4096u) { return 65535u; }
  let guess = u32(4194304.0 * inverseSqrt(f32(squared)) + 0.5);
  if (isTooLarge(guess, squared)) { return guess - 1u; }
  return select(guess + 1u, guess, isTooLarge(guess + 1u, squared));
}

fn isTooLarge(n: u32, squared: u32) -> bool {
  let odd = 2u * n - 1u;
  let once = multiply(odd, squared);
  let twice = multiply(once.x, odd);
  let high = twice.y + once.y * odd;
  return high > 0x4000u || (high == 0x4000u && twice.x > 0u);
}

// The 64 bits of a product: low, high.
fn multiply(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let cross = (a >> 16u) * (b & 0xffffu);
  let other = (a & 0xffffu) * (b >> 16u);
  let middle = (low >> 16u) + (cross & 0xffffu) + (other & 0xffffu);
  return vec2((low & 0xffffu) | (middle << 16u), (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u) + (middle >> 16u));
}
