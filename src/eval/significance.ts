/**
 * Is a difference between two systems more than chance? Fisher's paired randomisation test, the one that Smucker, Allan and
 * Carterette recommend for retrieval ("A Comparison of Statistical Significance Tests for Information Retrieval Evaluation",
 * CIKM 2007). If both systems were one, each query's two figures could as well be swapped, which turns the sign of their
 * difference: p is the share of all ways to choose the signs whose mean is at least as far from 0 as the one that was measured.
 *
 * And Holm's correction ("A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 1979):
 * of twenty systems that are no better, one looks so at p < 0.05.
 *
 * It sees numbers only. What they measure, and whether a difference matters, it does not know.
 */
import { rejectUnknown, SelvageError } from '../errors.ts'

/** Up to so many queries that differ, all ways of choosing their signs are gone through: 2^16 / 2 sums. */
export const MOST_ENUMERATED = 16

/** Two-sided p values of 0.05 have a standard error of 0.002 then. */
const SAMPLES = 10_000

/** Differences of less come from the order of additions. */
const NO_DIFFERENCE = 1e-9

export interface RandomisationOptions {
  /** How many choices of signs are drawn where there are too many to go through. Default 10,000. */
  readonly samples?: number
  /** An integer; the same one gives the same p. Default 1. */
  readonly seed?: number
}

export interface RandomisationTest {
  /** Two-sided, in (0, 1]. */
  readonly p: number
  /** True where all choices of signs were gone through, false where p is an estimate. */
  readonly isExact: boolean
}

/** A difference that is one: 0 where it comes from rounding alone. */
export function differenceOf(a: number, b: number): number {
  return Math.abs(a - b) < NO_DIFFERENCE ? 0 : a - b
}

/**
 * @param a @param b figures of the same queries in the same order; which one is `a` does not matter
 * Errors: `invalid-argument` where they are not as many, or one is not a number.
 */
export function randomisationTest(
  a: readonly number[],
  b: readonly number[],
  options: RandomisationOptions = {},
): RandomisationTest {
  rejectUnknown(options, ['samples', 'seed'], 'randomisationTest')
  const { samples = SAMPLES, seed = 1 } = options
  if (a.length !== b.length)
    throw new SelvageError(
      'invalid-argument',
      `The randomisation test is of pairs, and got ${a.length} figures against ${b.length}. Give both systems' figures of the same queries.`,
    )
  if (![...a, ...b].every(Number.isFinite))
    throw new SelvageError('invalid-argument', 'The randomisation test got a figure that is not a finite number.')
  if (!Number.isInteger(samples) || samples < 1 || !Number.isInteger(seed))
    throw new SelvageError(
      'invalid-argument',
      `The randomisation test wants a whole number of samples of at least 1 and a whole number as seed, and got ${samples} and ${seed}.`,
    )
  // A query on which both do the same adds nothing, whatever its sign.
  const sizes = Float64Array.from(a, (value, i) => differenceOf(value, b[i]!)).filter((difference) => difference !== 0)
  const measured = Math.abs(sizes.reduce((sum, difference) => sum + difference, 0))
  for (let i = 0; i < sizes.length; i++) sizes[i] = Math.abs(sizes[i]!)
  // Sums that are equal on paper are not in floats, and equal counts as "at least as far".
  const bar = measured - NO_DIFFERENCE
  return sizes.length <= MOST_ENUMERATED
    ? { p: shareOfAll(sizes, bar), isExact: true }
    : { p: shareOfDrawn(sizes, bar, samples, seed), isExact: false }
}

/** Each choice has a mirror image with the same size, so the last sign stays. Gray's code: one sign turns at a time. */
function shareOfAll(sizes: Float64Array, bar: number): number {
  const free = Math.max(0, sizes.length - 1)
  const signs = new Int8Array(sizes.length).fill(1)
  let sum = sizes.reduce((total, size) => total + size, 0)
  let far = Math.abs(sum) >= bar ? 1 : 0
  for (let step = 1; step < 2 ** free; step++) {
    const turned = 31 - Math.clz32(step & -step)
    signs[turned] = -signs[turned]!
    sum += 2 * signs[turned]! * sizes[turned]!
    if (Math.abs(sum) >= bar) far++
  }
  return far / 2 ** free
}

/**
 * The measured choice is one of them too: without it p could be 0, which no sample can show. Simple version: a sign drawn for
 * each size. Here eight signs are one byte, and what eight sizes add up to under each of the 256 is worked out once.
 */
function shareOfDrawn(sizes: Float64Array, bar: number, samples: number, seed: number): number {
  const sums = sumsOfEight(sizes)
  let state = Math.imul(seed, 0x9e3779b1) | 1 // Marsaglia's xorshift32: four bytes a step
  let far = 0
  for (let sample = 0; sample < samples; sample++) {
    let sum = 0
    for (let at = 0; at < sums.length; at += 256) {
      if ((at & 0x3ff) === 0) {
        state ^= state << 13
        state ^= state >>> 17
        state ^= state << 5
      }
      sum += sums[at + ((state >>> ((at & 0x3ff) >> 5)) & 0xff)]!
    }
    if (Math.abs(sum) >= bar) far++
  }
  return (far + 1) / (samples + 1)
}

/** 256 sums for each eight sizes; a size counts as it is where its bit is set, else with a minus. */
function sumsOfEight(sizes: Float64Array): Float64Array {
  const sums = new Float64Array(Math.ceil(sizes.length / 8) * 256)
  sizes.forEach((size, i) => {
    const from = (i >> 3) * 256
    for (let signs = 0; signs < 256; signs++) sums[from + signs]! += (signs >> (i & 7)) & 1 ? size : -size
  })
  return sums
}

/**
 * p values that may be held against one bar together: the smallest times their number, the next times one fewer, and so on,
 * none below the one before it. In the order that was given. Errors: `invalid-argument` for what is no p value.
 */
export function holm(ps: readonly number[]): number[] {
  if (!ps.every((p) => p >= 0 && p <= 1))
    throw new SelvageError(
      'invalid-argument',
      `Holm's correction wants p values from 0 to 1, and got ${ps.join(', ')}.`,
    )
  const order = ps.map((_, i) => i).sort((i, j) => ps[i]! - ps[j]!)
  const corrected = new Array<number>(ps.length).fill(1)
  let least = 0
  order.forEach((i, rank) => {
    least = Math.max(least, Math.min(1, ps[i]! * (ps.length - rank)))
    corrected[i] = least
  })
  return corrected
}
