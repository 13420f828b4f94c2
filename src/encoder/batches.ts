/**
 * Groups texts of like length into batches for the model. Padding costs as much as text, and memory grows with padded
 * tokens, so a batch has a budget of tokens rather than a fixed count. It knows lengths, not texts.
 */

export interface BatchLimits {
  /** Padded tokens of one batch; a longer single text is a batch of its own. */
  readonly tokens: number
  readonly texts: number
}

/** Batches of indices into `lengths`, longest texts first: memory runs out at once or never. */
export function planBatches(lengths: readonly number[], limits: BatchLimits, allowPadding: boolean): number[][] {
  const lengthOf = (index: number): number => lengths[index] ?? 0
  const order = [...lengths.keys()].sort((a, b) => lengthOf(b) - lengthOf(a) || a - b)
  const batches: number[][] = []
  let batch: number[] = []
  for (const index of order) {
    const padded = lengthOf(batch[0] ?? index)
    const isFull = batch.length >= limits.texts || padded * (batch.length + 1) > limits.tokens
    if (batch.length > 0 && (isFull || (!allowPadding && lengthOf(index) !== padded))) {
      batches.push(batch)
      batch = []
    }
    batch.push(index)
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
