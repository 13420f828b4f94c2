/** Median and spread of times. Knows numbers only. */
import type { Spread } from './types.ts'

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: at(sorted, 0.5), low: at(sorted, 0.1), high: at(sorted, 0.9) }
}

/** Between two neighbours in proportion, as most programs have it. 0 of nothing. */
function at(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1)
  const below = sorted[Math.floor(place)] ?? 0
  const above = sorted[Math.ceil(place)] ?? below
  return below + (above - below) * (place - Math.floor(place))
}
