/** Seeded randomness: the same build twice gives the same bytes. Marsaglia's xorshift32 (2003). */

/** Uniform in [0, 1). */
export type Random = () => number

export function seeded(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** `wanted` of the numbers 0 .. count - 1, ascending, each as likely as any other (Knuth's selection sampling). */
export function sampleOf(random: Random, count: number, wanted: number): Uint32Array {
  const chosen = new Uint32Array(Math.min(wanted, count))
  let at = 0
  for (let i = 0; at < chosen.length; i++) if (random() * (count - i) < chosen.length - at) chosen[at++] = i
  return chosen
}

/** The numbers 0 .. count - 1 in an order, each as likely as any other (Fisher and Yates, from the end). */
export function shuffled(random: Random, count: number): Uint32Array<ArrayBuffer> {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1))
    ;[order[i], order[other]] = [order[other]!, order[i]!]
  }
  return order
}
