// Products of a query's rows with rows of signed bytes: for scoreCentroids and residualMaxSim. src/ops/integer.ts has the
// formulas.
//
// Vectors are signed bytes: a quad is 16 dimensions, four to a u32, the first in the lowest byte; rows are filled up with
// zeros to `quads` of them. `dotBytes` comes with the variant (src/ops/webgpu/kernels.ts): packed dot products where WGSL
// has them, shifts where not.

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
