// Which centroid a token has: appended to the kernels that bind `codes`, two to a u32 or one.

override WIDE_CODES = false;

fn codeOf(t: u32) -> u32 {
  if (WIDE_CODES) { return codes[t]; }
  return (codes[t >> 1u] >> (16u * (t & 1u))) & 0xffffu;
}
