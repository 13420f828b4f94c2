// scoreCentroids: how near is every centroid to every query token, in one byte? Letters as in src/ops/ops.ts.
//
// The simple version:
//   for each query b, centroid c, query token q:  S = Σ_e q8[q, e] · c8[c, e]
//                                                 scores[b][c, q] = (clamp(S, 0, bound) · multiplier) >> 16
//
// A thread takes a centroid, 64 a workgroup: centroid = 64 · (x + y · gridWidth) + thread, query = z.
//
//   binding                        what                                   shape
//   0 uniform                      Params                                 see plaid.wgsl
//   1 storage, read                queries                                heads, then vec4<u32> [ΣQ, quads]
//   2 storage, read                centroids                              vec4<u32> [C, quads]
//   3 storage, read_write          scores                                 for query b a block [C, words] of four bytes each
//
// S itself is not kept: residualMaxSim computes what it needs of it again, which reads less memory than S would take.
//
// src/ops/webgpu/kernels.ts appends plaid.wgsl and integers.wgsl.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> centroids: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> scores: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let c = params.first + 64u * (group.x + group.y * params.gridWidth) + thread;
  let end = params.first + params.count;
  let query = queryOf(group.z);
  let row = min(c, end - 1u) * params.quads;

  for (var word = 0u; word < query.words; word += QUERY_TILE / 4u) {
    workgroupBarrier();
    stageQuery(thread, query.firstRow + word * 4u * params.quads);
    workgroupBarrier();
    var sums0 = vec4<i32>();
    var sums1 = vec4<i32>();
    var sums2 = vec4<i32>();
    var sums3 = vec4<i32>();
    for (var quad = 0u; quad < params.quads; quad++) {
      let d = centroids[row + quad];
      sums0 += fourRows(quad, 0u, d);
      sums1 += fourRows(quad, 4u, d);
      sums2 += fourRows(quad, 8u, d);
      sums3 += fourRows(quad, 12u, d);
    }
    if (c < end) {
      let to = query.scoresAt + c * query.words + word;
      let words = query.words - word;
      scores[to] = fourBytes(sums0, query);
      if (words > 1u) { scores[to + 1u] = fourBytes(sums1, query); }
      if (words > 2u) { scores[to + 2u] = fourBytes(sums2, query); }
      if (words > 3u) { scores[to + 3u] = fourBytes(sums3, query); }
    }
  }
}

fn fourBytes(sums: vec4<i32>, query: Query) -> u32 {
  let clamped = vec4<u32>(clamp(sums, vec4(0), vec4(query.bound)));
  let bytes = (clamped * query.multiplier) >> vec4(16u);
  return bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}
