// What a dispatch and its queries are: appended to the kernels that read a compressed index.

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
