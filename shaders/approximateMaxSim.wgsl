// approximateMaxSim: the score of every passage by the centroids of its tokens alone. Letters as in src/ops/ops.ts.
//
// The simple version:
//   for each query b, passage p:  keys[b, p] = 1 + Σ_q max over the tokens t of p of  scores[b][codes[t], q]
//                                 0 where p is empty, or the filter leaves it out
//
// One workgroup of 64 threads per (passage, query): passage = first + x + y · gridWidth, of the part; query = z.
//
//   binding                        what                                   shape
//   0 uniform                      Params                                 see plaid.wgsl
//   1 storage, read                queries                                heads, then rows
//   2 storage, read                scores                                 for query b a block [C, words] of four bytes each
//   3 storage, read                codes                                  [T of the part], two to a u32, or u32
//   4 storage, read                offsets, in tokens                     u32 [passages of the part + 1]
//   5 storage, read                filter                                 bitset of all passages; anything if not filtered
//   6 storage, read_write          keys                                   u32 [B, P]
//
// Departures from the simple version: eight threads take the 32 bytes of a token's row, four each, and eight tokens are
// read at a time; then the maxima of the eight are joined. A row of 32 bytes is one or two cache lines whatever C is.
//
// src/ops/webgpu/kernels.ts appends plaid.wgsl and codes.wgsl.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scores: array<u32>;
@group(0) @binding(3) var<storage, read> codes: array<u32>;
@group(0) @binding(4) var<storage, read> offsets: array<u32>;
@group(0) @binding(5) var<storage, read> passageFilter: array<u32>;
@group(0) @binding(6) var<storage, read_write> keys: array<u32>;

const WORD_LANES = 8u;
const TOKEN_LANES = 8u;

var<workgroup> laneBest: array<vec4<u32>, 64>;  // [token lane, word lane]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let item = group.x + group.y * params.gridWidth;
  if (item >= params.count) { return; }
  let passage = params.first + item;
  let id = params.partFirst + passage;
  let start = offsets[passage];
  let end = offsets[passage + 1u];
  let key = group.z * params.passages + id;
  if (start == end || (params.filtered == 1u && ((passageFilter[id >> 5u] >> (id & 31u)) & 1u) == 0u)) {
    if (thread == 0u) { keys[key] = 0u; }
    return;
  }
  let query = queryOf(group.z);
  let wordLane = thread % WORD_LANES;
  let tokenLane = thread / WORD_LANES;
  var sum = 1u;  // of thread 0

  for (var word = 0u; word < query.words; word += WORD_LANES) {
    var best = vec4<u32>();
    if (word + wordLane < query.words) {
      let column = query.scoresAt + word + wordLane;
      for (var t = start + tokenLane; t < end; t += TOKEN_LANES) {
        best = max(best, unpackBytes(scores[column + codeOf(t) * query.words]));
      }
    }
    workgroupBarrier();
    laneBest[thread] = best;
    for (var half = TOKEN_LANES / 2u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (tokenLane < half) { laneBest[thread] = max(laneBest[thread], laneBest[thread + half * WORD_LANES]); }
    }
    workgroupBarrier();
    if (thread == 0u) {
      var sums = vec4<u32>();
      for (var i = 0u; i < WORD_LANES; i++) { sums += laneBest[i]; }
      sum += sums.x + sums.y + sums.z + sums.w;
    }
  }
  if (thread == 0u) { keys[key] = sum; }
}

fn unpackBytes(x: u32) -> vec4<u32> {
  return (vec4(x) >> vec4(0u, 8u, 16u, 24u)) & vec4(255u);
}
