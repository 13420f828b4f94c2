/** From values to places in a plot, and which values deserve a line. Numbers only. */

export interface Scale {
  readonly place: (value: number) => number
  readonly ticks: readonly number[]
}

/** 1, 2 or 5 times a power of ten, so that there are about `wanted` steps. */
function niceStep(span: number, wanted: number): number {
  const rough = span / Math.max(1, wanted)
  const power = 10 ** Math.floor(Math.log10(rough))
  const digit = rough / power
  return power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10)
}

/** Shares, with some air at both ends, but never below 0 or above 1. @param from @param to places of least and greatest */
export function shareScale(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const air = Math.max(0.02, (high - low) * 0.18)
  const [least, most] = [Math.max(0, low - air), Math.min(1, high + air)]
  const step = niceStep(most - least, 5)
  const ticks: number[] = []
  for (let n = Math.ceil(least / step - 1e-9); n * step <= most + 1e-9; n++) ticks.push(n * step)
  return { place: (value) => from + ((value - least) / (most - least)) * (to - from), ticks }
}

/** Positive values by their logarithm; ticks are 1, 2, 5 times a power of ten, or fewer where those are many. */
export function logScale(values: readonly number[], from: number, to: number, most: number): Scale {
  const logs = values.map(Math.log10)
  const [low, high] = [Math.min(...logs), Math.max(...logs)]
  const air = Math.max(0.15, (high - low) * 0.1)
  const [least, greatest] = [low - air, high + air]
  const ticksOf = (digits: readonly number[], every = 1) => {
    const ticks: number[] = []
    for (let power = Math.ceil(Math.floor(least) / every) * every; power <= greatest; power += every)
      for (const digit of digits) {
        const log = power + Math.log10(digit)
        if (log >= least && log <= greatest) ticks.push(Number(`${digit}e${power}`))
      }
    return ticks
  }
  const sets = [ticksOf([1, 2, 5]), ticksOf([1, 3]), ...[1, 2, 3, 4, 6, 12].map((every) => ticksOf([1], every))]
  const ticks = sets.find(({ length }) => length <= most) ?? []
  return { place: (value) => from + ((Math.log10(value) - least) / (greatest - least)) * (to - from), ticks }
}

/** A place in a plot as it is written: tenths of a pixel. */
export function round(place: number): number {
  return Math.round(place * 10) / 10
}
