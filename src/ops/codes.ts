/**
 * The largest code of a pack, looked for once: whoever reads codes checks them, and whoever loads them into a kernel does so
 * again. Codes are not changed once they are read.
 */
type Known = WeakMap<Uint16Array | Uint32Array, number>

/** Files of the library that are loaded one by one have a copy of this module each, and share what is known. */
const SHARED: unique symbol = Symbol.for('selvage.largestCode')
// A name of our own on the global, which no type tells of.
const realm = globalThis as { [SHARED]?: Known }
realm[SHARED] ??= new WeakMap()
const known = realm[SHARED]

/** -1 where there are none. */
export function largestCode(codes: Uint16Array | Uint32Array): number {
  const before = known.get(codes)
  if (before !== undefined) return before
  let largest = -1
  for (let t = 0; t < codes.length; t++) if (codes[t]! > largest) largest = codes[t]!
  known.set(codes, largest)
  return largest
}
