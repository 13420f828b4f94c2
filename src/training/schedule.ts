/** How the learning rate rises and falls: linearly up in the first steps, linearly down to the end, 0 in no step. */

/** Share of the full rate. @param step from 0 @param warmup steps in which it rises */
export function rateShare(step: number, steps: number, warmup: number): number {
  return step < warmup ? (step + 1) / (warmup + 1) : (steps - step) / Math.max(1, steps - warmup)
}
