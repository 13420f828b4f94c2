// selectTop: the n largest of many keys, in ascending order of their place; the lower place wins ties. No result depends on
// the order in which threads run.
//
// The simple version:
//   for each query b:  list[b] = the n places with the largest keys[b, place]; a key of 0 is never chosen
//
// Radix selection: the key of the n-th best is found eight bits at a time, from a histogram of each byte; then places are
// counted block by block, so that every block knows where to write. Run in turn, block = x + y · gridWidth, query = z:
//   `histogram` once for each byte, from the highest on · `count` · `place`
//
//   binding                        what                                   shape
//   0 uniform                      Params
//   1 storage, read                keys                                   u32 [B, places]
//   2 storage, read_write          histograms, zero at first              u32 [B, 4, 256]
//   3 storage, read_write          blocks: keys above and at the n-th     u32 [B, blocks, 2]
//   4 storage, read                source: with `indirect` what the places stand for, a list as below; else anything
//   5 storage, read_write          list                                   u32 [B] how many, then [B, n] what was chosen
//   6 storage, read_write          chosen keys, with `writeKeys`          u32 [B, n]

struct Params {
  gridWidth: u32,      // workgroups in x
  places: u32,
  wanted: u32,         // n
  batch: u32,          // B
  blocks: u32,
  bytes: u32,          // of a key that can differ from 0
  byte: u32,           // of `histogram`: 0 is the highest of them
  indirect: u32,       // 0 or 1
  writeKeys: u32,      // 0 or 1
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> histograms: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> blocks: array<u32>;
@group(0) @binding(4) var<storage, read> source: array<u32>;
@group(0) @binding(5) var<storage, read_write> list: array<u32>;
@group(0) @binding(6) var<storage, read_write> chosenKeys: array<u32>;

const THREADS = 256u;
const KEYS_PER_THREAD = 8u;
const BLOCK = THREADS * KEYS_PER_THREAD;  // keep equal to SELECT_BLOCK in src/ops/webgpu/plaidPlan.ts

var<workgroup> bins: array<atomic<u32>, THREADS>;
var<workgroup> running: array<vec2<u32>, THREADS>;
var<workgroup> threshold: u32;   // the bytes found so far of the n-th best key
var<workgroup> remaining: u32;   // how many keys with these bytes are to be chosen
var<workgroup> before: array<atomic<u32>, 2>;

@compute @workgroup_size(THREADS)
fn histogram(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let block = group.x + group.y * params.gridWidth;
  if (block >= params.blocks) { return; }
  findThreshold(thread, group.z, params.byte);
  atomicStore(&bins[thread], 0u);
  workgroupBarrier();
  let shift = 8u * (params.bytes - 1u - params.byte);
  let end = min(params.places, (block + 1u) * BLOCK);
  for (var place = block * BLOCK + thread; place < end; place += THREADS) {
    let key = keys[group.z * params.places + place] >> shift;
    if (params.byte == 0u || (key >> 8u) == threshold) { atomicAdd(&bins[key & 255u], 1u); }
  }
  workgroupBarrier();
  let found = atomicLoad(&bins[thread]);
  if (found > 0u) { atomicAdd(&histograms[(4u * group.z + params.byte) * 256u + thread], found); }
}

@compute @workgroup_size(THREADS)
fn count(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let block = group.x + group.y * params.gridWidth;
  if (block >= params.blocks) { return; }
  findThreshold(thread, group.z, params.bytes);
  let own = countKeys(group.z, firstOf(block, thread));
  let counts = sumBefore(thread, own) + own;
  if (thread == THREADS - 1u) {
    let to = 2u * (group.z * params.blocks + block);
    blocks[to] = counts.x;
    blocks[to + 1u] = counts.y;
  }
}

@compute @workgroup_size(THREADS)
fn place(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let block = group.x + group.y * params.gridWidth;
  if (block >= params.blocks) { return; }
  findThreshold(thread, group.z, params.bytes);
  if (thread < 2u) { atomicStore(&before[thread], 0u); }
  workgroupBarrier();
  for (var i = thread; i < block; i += THREADS) {
    let at = 2u * (group.z * params.blocks + i);
    atomicAdd(&before[0], blocks[at]);
    atomicAdd(&before[1], blocks[at + 1u]);
  }
  workgroupBarrier();
  let first = firstOf(block, thread);
  var seen = vec2(atomicLoad(&before[0]), atomicLoad(&before[1])) + sumBefore(thread, countKeys(group.z, first));
  // A threshold of 0: all keys but those of 0 are chosen, fewer than wanted.
  let ties = select(remaining, 0u, threshold == 0u);
  for (var i = first; i < min(params.places, first + KEYS_PER_THREAD); i++) {
    let key = keys[group.z * params.places + i];
    if (key > threshold || (key == threshold && seen.y < ties)) {
      let to = group.z * params.wanted + seen.x + min(seen.y, ties);
      var chosen = i;
      if (params.indirect == 1u) { chosen = source[params.batch + group.z * params.places + i]; }
      list[params.batch + to] = chosen;
      if (params.writeKeys == 1u) { chosenKeys[to] = key; }
    }
    seen += vec2(u32(key > threshold), u32(key == threshold));
  }
  if (block == params.blocks - 1u && thread == THREADS - 1u) { list[group.z] = seen.x + min(seen.y, ties); }
}

// The first place of a thread that takes neighbouring ones.
fn firstOf(block: u32, thread: u32) -> u32 {
  return block * BLOCK + thread * KEYS_PER_THREAD;
}

// Of the thread's keys, how many are above the threshold, and how many equal it.
fn countKeys(query: u32, first: u32) -> vec2<u32> {
  var counts = vec2<u32>();
  for (var i = first; i < min(params.places, first + KEYS_PER_THREAD); i++) {
    let key = keys[query * params.places + i];
    counts += vec2(u32(key > threshold), u32(key == threshold));
  }
  return counts;
}

// Sum over the threads before this one.
fn sumBefore(thread: u32, own: vec2<u32>) -> vec2<u32> {
  running[thread] = own;
  for (var step = 1u; step < THREADS; step *= 2u) {
    workgroupBarrier();
    var sum = running[thread];
    if (thread >= step) { sum += running[thread - step]; }
    workgroupBarrier();
    running[thread] = sum;
  }
  workgroupBarrier();
  return running[thread] - own;
}

// The highest `bytes` bytes of the n-th best key, out of their histograms.
fn findThreshold(thread: u32, query: u32, bytes: u32) {
  if (thread == 0u) {
    threshold = 0u;
    remaining = min(params.wanted, params.places);
  }
  for (var byte = 0u; byte < bytes; byte++) {
    // Thread i looks at byte value 255 - i, so that sums over the threads before count the larger values.
    let own = atomicLoad(&histograms[(4u * query + byte) * 256u + 255u - thread]);
    let larger = sumBefore(thread, vec2(own, 0u)).x;
    let wanted = workgroupUniformLoad(&remaining);
    if (larger < wanted && wanted <= larger + own) {
      threshold = (threshold << 8u) | (255u - thread);
      remaining = wanted - larger;
    }
    workgroupBarrier();
  }
  workgroupBarrier();
}
