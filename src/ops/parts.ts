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
