// What the kernels of a compressed index share; appended to each of them. src/ops/integer.ts has the formulas.
//
// Vectors are signed bytes: a quad is 16 dimensions, four to a u32, the first in the lowest byte; rows are filled up with
// zeros to `quads` of them. `dotBytes` comes with the variant (src/ops/webgpu/kernels.ts): packed dot products where WGSL
// has them, shifts where not.

struct Params {
  first: u32,          // of this dispatch: centroids, passages of the part, or slots of the candidate lists
  count: u32,
  gridWidth: u32,      // workgroups in x
  batch: u32,          // B
  quads: u32,
  dim: u32,            // E
  shift: u32,          // weights are 2^shift finer than centroids
  rowWords: u32,       // u32s of a row of residuals
  passages: u32,       // P, of the whole index
  partFirst: u32,      // the part at hand: its first passage, and how many it has
  partPassages: u32,
  slots: u32,          // of a candidate list
  filtered: u32,       // 0 or 1
}

// `queries` starts with two quads for each query, then come their rows, each query's filled up with zeros to whole tiles.
struct Query {
  firstRow: u32,       // in `queries`
  rows: u32,           // Q
  words: u32,          // ceil(Q / 4): bytes of centroid scores, as u32s
  scoresAt: u32,       // its block of centroid scores
  bound: i32,
  multiplier: u32,
  matchesAt: u32,      // its block of matches
}

fn queryOf(b: u32) -> Query {
  let head = queries[2u * b];
  let more = queries[2u * b + 1u];
  return Query(head.x, head.y, head.z, head.w, i32(more.x), more.y, more.z);
}

// Rows of a query that are in workgroup memory at a time. Keep equal to QUERY_TILE in src/ops/webgpu/plaidPlan.ts.
const QUERY_TILE = 16u;
const MAX_QUADS = 16u;

var<workgroup> queryTile: array<vec4<u32>, QUERY_TILE * MAX_QUADS>;  // [quad, row]

// Sixteen rows from `firstRow` on. To be called by 64 threads, between barriers.
fn stageQuery(thread: u32, firstRow: u32) {
  for (var i = thread; i < QUERY_TILE * params.quads; i += 64u) {
    queryTile[(i % params.quads) * QUERY_TILE + i / params.quads] = queries[firstRow + i];
  }
}

// Sums of products with four rows of the tile, over one quad.
fn fourRows(quad: u32, row: u32, d: vec4<u32>) -> vec4<i32> {
  let at = quad * QUERY_TILE + row;
  return vec4(dotQuads(queryTile[at], d), dotQuads(queryTile[at + 1u], d),
              dotQuads(queryTile[at + 2u], d), dotQuads(queryTile[at + 3u], d));
}

fn dotQuads(a: vec4<u32>, b: vec4<u32>) -> i32 {
  return dotBytes(a.x, b.x) + dotBytes(a.y, b.y) + dotBytes(a.z, b.z) + dotBytes(a.w, b.w);
}
