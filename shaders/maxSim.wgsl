// maxSim: every query of a batch against every passage of a resident buffer. Letters as in src/ops/ops.ts.
//
// The simple version:
//   for each query b, passage p:
//     for each query token q of b:  best = max over the tokens t of p of  Σ_e query[q, e] · token[t, e]
//                                   positions[b][p, q] = the lowest such t
//     scores[b, p] = Σ_q best
//
// One workgroup of 64 threads per (passage, query): passage = x + y · gridWidth, query = z.
// A row has E values, filled up with zeros to R quads (vec4s).
//
//   binding                        what                                   shape
//   0 uniform                      Params
//   1 storage, read                queries                                vec4<f32> [ΣQ, R]
//   2 storage, read                queryOffsets, in rows                  u32 [B + 1]
//   3 storage, read                tokens                                 Packed [ΣT, R], f32 or f16
//   4 storage, read                passageOffsets, in rows                u32 [passages of the buffer + 1]
//   5 storage, read_write          scores                                 f32 [B, P]
//   6 storage, read_write          positions                              u32, for query b a block [P, Q_b]
//
// Departures from the simple version:
// 1. No Q×T matrix: each thread keeps a running maximum for eight query tokens, the 64 threads together for a tile of 32
//    query tokens, while the passage streams by in tiles of 64 tokens. So every token row is read once per query tile.
// 2. Both tiles go through workgroup memory, four quads of their rows at a time (2 + 4 KiB), whatever E is.
// 3. A thread computes 8 query tokens × 4 passage tokens: 32 sums in registers, 12 vec4 reads per 128 multiply-adds.
//    Four tokens share a vec4, one dimension each, so that a sum is one fma; neighbouring threads read neighbouring vec4s.
// 4. Rows past the end of a query or passage are read from its last row. A repeated token cannot win, because ties go
//    to the earlier token; repeated query rows are left out of the sum.
// 5. An empty passage is left to the caller (WGSL has no infinities), which writes -Infinity and NO_POSITION.
//
// src/ops/webgpu/kernels.ts appends `Packed` and its `unpack` for the storage type.

struct Params {
  firstPassage: u32,     // of this dispatch, within the buffer
  passages: u32,         // P, of this dispatch
  gridWidth: u32,        // workgroups in x
  quads: u32,            // R
  writePositions: u32,   // 0 or 1
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> queryOffsets: array<u32>;
@group(0) @binding(3) var<storage, read> tokens: array<Packed>;
@group(0) @binding(4) var<storage, read> passageOffsets: array<u32>;
@group(0) @binding(5) var<storage, read_write> scores: array<f32>;
@group(0) @binding(6) var<storage, read_write> positions: array<u32>;

const THREADS = 64u;
const QUERY_TILE = 32u;                          // query tokens of a tile
const TOKEN_TILE = 64u;                          // passage tokens of a tile
const QUADS_TILE = 4u;                           // quads of each row that are in workgroup memory at a time
const QUERIES_PER_THREAD = 8u;
const TOKENS_PER_THREAD = 4u;
const TOKEN_GROUPS = TOKEN_TILE / TOKENS_PER_THREAD;
const BEST_STRIDE = QUERY_TILE + 1u;             // odd, so that threads of a column write to different memory banks

const LOWEST = -3.4e38;                          // below every dot product of values that check.ts lets through

var<workgroup> queryTile: array<vec4<f32>, QUADS_TILE * QUERY_TILE>;         // [quad, query token]: 4 dimensions
var<workgroup> tokenTile: array<vec4<f32>, QUADS_TILE * 4u * TOKEN_GROUPS>;  // [dimension, token group]: 4 tokens
var<workgroup> groupBest: array<Best, TOKEN_GROUPS * BEST_STRIDE>;           // [token group, query token]
var<workgroup> rowBest: array<f32, QUERY_TILE>;

struct Best {
  score: f32,
  token: u32,  // within the passage
}
const NONE = Best(LOWEST, 0u);

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let passage = group.x + group.y * params.gridWidth;
  if (passage >= params.passages) { return; }
  let firstToken = passageOffsets[params.firstPassage + passage];
  let endToken = passageOffsets[params.firstPassage + passage + 1u];
  if (firstToken == endToken) { return; }
  let firstRow = queryOffsets[group.z];
  let endRow = queryOffsets[group.z + 1u];

  let tokenGroup = thread % TOKEN_GROUPS;
  let queryGroup = thread / TOKEN_GROUPS;
  var score = 0.0;  // of thread 0

  for (var row = firstRow; row < endRow; row += QUERY_TILE) {
    var best = array<Best, 8>(NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE);

    for (var token = firstToken; token < endToken; token += TOKEN_TILE) {
      var sums = array<vec4<f32>, 8>();
      for (var quad = 0u; quad < params.quads; quad += QUADS_TILE) {
        workgroupBarrier();
        stageQueries(thread, row, endRow, quad);
        stageTokens(thread, token, endToken, quad);
        workgroupBarrier();
        for (var k = 0u; k < QUADS_TILE; k++) {
          let t = k * 4u * TOKEN_GROUPS + tokenGroup;
          let d = mat4x4<f32>(tokenTile[t], tokenTile[t + TOKEN_GROUPS], tokenTile[t + 2u * TOKEN_GROUPS],
                              tokenTile[t + 3u * TOKEN_GROUPS]);
          let q = k * QUERY_TILE + queryGroup * QUERIES_PER_THREAD;
          // By hand, here and below: with an index that varies, a driver may put `sums` into slow memory.
          sums[0] = multiplyAdd(sums[0], queryTile[q], d);
          sums[1] = multiplyAdd(sums[1], queryTile[q + 1u], d);
          sums[2] = multiplyAdd(sums[2], queryTile[q + 2u], d);
          sums[3] = multiplyAdd(sums[3], queryTile[q + 3u], d);
          sums[4] = multiplyAdd(sums[4], queryTile[q + 4u], d);
          sums[5] = multiplyAdd(sums[5], queryTile[q + 5u], d);
          sums[6] = multiplyAdd(sums[6], queryTile[q + 6u], d);
          sums[7] = multiplyAdd(sums[7], queryTile[q + 7u], d);
        }
      }
      let position = token - firstToken + tokenGroup * TOKENS_PER_THREAD;
      best[0] = keep(best[0], sums[0], position);
      best[1] = keep(best[1], sums[1], position);
      best[2] = keep(best[2], sums[2], position);
      best[3] = keep(best[3], sums[3], position);
      best[4] = keep(best[4], sums[4], position);
      best[5] = keep(best[5], sums[5], position);
      best[6] = keep(best[6], sums[6], position);
      best[7] = keep(best[7], sums[7], position);
    }

    let to = tokenGroup * BEST_STRIDE + queryGroup * QUERIES_PER_THREAD;
    groupBest[to] = best[0];
    groupBest[to + 1u] = best[1];
    groupBest[to + 2u] = best[2];
    groupBest[to + 3u] = best[3];
    groupBest[to + 4u] = best[4];
    groupBest[to + 5u] = best[5];
    groupBest[to + 6u] = best[6];
    groupBest[to + 7u] = best[7];
    workgroupBarrier();
    let rows = min(QUERY_TILE, endRow - row);
    if (thread < rows) {
      let found = reduceRow(thread);
      rowBest[thread] = found.score;
      if (params.writePositions == 1u) {
        let block = (firstRow - queryOffsets[0]) * params.passages + passage * (endRow - firstRow);
        positions[block + row - firstRow + thread] = found.token;
      }
    }
    workgroupBarrier();
    if (thread == 0u) {
      for (var i = 0u; i < rows; i++) { score += rowBest[i]; }
    }
  }
  if (thread == 0u) { scores[group.z * params.passages + passage] = score; }
}

// Adds four dimensions of four dot products: d[e] holds dimension e of the four tokens.
fn multiplyAdd(sum: vec4<f32>, query: vec4<f32>, d: mat4x4<f32>) -> vec4<f32> {
  return fma(d[3], vec4(query.w), fma(d[2], vec4(query.z), fma(d[1], vec4(query.y), fma(d[0], vec4(query.x), sum))));
}

// Four quads of 32 query rows into queryTile: two reads per thread, neighbouring threads in neighbouring quads.
fn stageQueries(thread: u32, row: u32, endRow: u32, quad: u32) {
  for (var i = thread; i < QUADS_TILE * QUERY_TILE; i += THREADS) {
    let k = i % QUADS_TILE;
    let r = i / QUADS_TILE;
    var value = vec4<f32>();
    if (quad + k < params.quads) { value = queries[min(row + r, endRow - 1u) * params.quads + quad + k]; }
    queryTile[k * QUERY_TILE + r] = value;
  }
}

// Four quads of 64 token rows into tokenTile, turned from "4 dimensions of a token" to "a dimension of 4 tokens".
fn stageTokens(thread: u32, token: u32, endToken: u32, quad: u32) {
  let k = thread % QUADS_TILE;
  let g = thread / QUADS_TILE;
  var d = mat4x4<f32>();
  if (quad + k < params.quads) {
    let first = token + g * TOKENS_PER_THREAD;
    let last = endToken - 1u;
    let column = quad + k;
    d = transpose(mat4x4<f32>(
      unpack(tokens[min(first, last) * params.quads + column]),
      unpack(tokens[min(first + 1u, last) * params.quads + column]),
      unpack(tokens[min(first + 2u, last) * params.quads + column]),
      unpack(tokens[min(first + 3u, last) * params.quads + column]),
    ));
  }
  let to = k * 4u * TOKEN_GROUPS + g;
  tokenTile[to] = d[0];
  tokenTile[to + TOKEN_GROUPS] = d[1];
  tokenTile[to + 2u * TOKEN_GROUPS] = d[2];
  tokenTile[to + 3u * TOKEN_GROUPS] = d[3];
}

// The better of what was kept and four neighbouring tokens, the earlier one on ties.
fn keep(best: Best, sums: vec4<f32>, position: u32) -> Best {
  var kept = best;
  if (sums.x > kept.score) { kept = Best(sums.x, position); }
  if (sums.y > kept.score) { kept = Best(sums.y, position + 1u); }
  if (sums.z > kept.score) { kept = Best(sums.z, position + 2u); }
  if (sums.w > kept.score) { kept = Best(sums.w, position + 3u); }
  return kept;
}

// The best of a query token over all token groups. They hold interleaved tokens, so ties compare positions.
fn reduceRow(row: u32) -> Best {
  var best = groupBest[row];
  for (var g = 1u; g < TOKEN_GROUPS; g++) {
    let other = groupBest[g * BEST_STRIDE + row];
    if (other.score > best.score || (other.score == best.score && other.token < best.token)) { best = other; }
  }
  return best;
}
