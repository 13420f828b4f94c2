/**
 * Cutting a run of passages into parts that each fit somewhere: a GPU binding, a WASM memory, one call's output.
 */

/** Items first .. end. */
export interface Part {
  readonly first: number
  readonly end: number
}

/** Items of each group: offsets `[n + 1]` → lengths `[n]`. */
export function lengthsOf(offsets: Uint32Array): number[] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => offsets[i + 1]! - offsets[i]!)
}

/**
 * Consecutive parts over items first .. end, each as long as its cost stays within `maxCost` and its length within
 * `maxItems`. An item that costs more than `maxCost` alone gets a part of its own: the caller decides what that means.
 */
export function cutIntoParts(
  { first, end }: Part,
  costOf: (item: number) => number,
  maxCost: number,
  maxItems = Infinity,
): Part[] {
  const parts: Part[] = []
  let start = first
  let cost = 0
  for (let item = first; item < end; item++) {
    const itemCost = costOf(item)
    if (item > start && (cost + itemCost > maxCost || item - start >= maxItems)) {
      parts.push({ first: start, end: item })
      start = item
      cost = 0
    }
    cost += itemCost
  }
  if (start < end) parts.push({ first: start, end })
  return parts
}

/** The stretches of `parts` that items of `range` lie in, numbered within their part; items count on through all parts. */
export function* piecesOf<Piece extends { readonly offsets: Uint32Array }>(parts: readonly Piece[], range: Part) {
  let base = 0
  for (const part of parts) {
    const count = part.offsets.length - 1
    const first = Math.max(0, range.first - base)
    const end = Math.min(count, range.end - base)
    if (first < end) yield { part, first, end }
    base += count
  }
}

/** Offsets of the items of `range`, from 0. */
export function offsetsWithin(parts: readonly { readonly offsets: Uint32Array }[], range: Part): Uint32Array {
  const offsets = new Uint32Array(range.end - range.first + 1)
  let item = 0
  for (const { part, first, end } of piecesOf(parts, range))
    for (let i = first; i < end; i++, item++)
      offsets[item + 1] = offsets[item]! + part.offsets[i + 1]! - part.offsets[i]!
  return offsets
}
