/**
 * AdamW (Loshchilov and Hutter 2019; torch.optim.AdamW's defaults and order of steps) over plain arrays, and the length that
 * gradients are clipped to. In TypeScript: one pass over the weights, whose memory is then nobody else's. Knows no model.
 */
import type { Weights } from './types.ts'

const BETA1 = 0.9
const BETA2 = 0.999
const EPSILON = 1e-8

export interface Moments {
  /** Running means of the gradients and of their squares, by the names of the weights. */
  readonly first: Weights
  readonly second: Weights
}

export function zeroMoments(weights: Weights): Moments {
  const zeros = (): Weights =>
    new Map([...weights].map(([name, { shape, data }]) => [name, { shape, data: new Float32Array(data.length) }]))
  return { first: zeros(), second: zeros() }
}

export interface UpdateOptions {
  /** 1 for the first step. */
  readonly step: number
  /** What the gradients are multiplied by: see `clipScale`. */
  readonly scale: number
  readonly rateOf: (name: string) => number
  readonly decayOf: (name: string) => number
}

/** Changes weights and moments in place. */
export function update(
  weights: Weights,
  gradients: ReadonlyMap<string, Float32Array>,
  moments: Moments,
  { step, scale, rateOf, decayOf }: UpdateOptions,
): void {
  const unbias1 = 1 / (1 - BETA1 ** step)
  const unbias2 = 1 / (1 - BETA2 ** step)
  for (const [name, { data }] of weights) {
    const gradient = gradients.get(name)
    const first = moments.first.get(name)?.data
    const second = moments.second.get(name)?.data
    if (gradient === undefined || first === undefined || second === undefined) continue // not learned
    const rate = rateOf(name)
    const kept = 1 - rate * decayOf(name)
    for (let i = 0; i < data.length; i++) {
      const g = gradient[i]! * scale
      // A word that no text has had yet: most of the table. It is only drawn towards 0.
      if (g === 0 && second[i] === 0) {
        data[i]! *= kept
        continue
      }
      const m = BETA1 * first[i]! + (1 - BETA1) * g
      const v = BETA2 * second[i]! + (1 - BETA2) * g * g
      first[i] = m
      second[i] = v
      data[i] = data[i]! * kept - (rate * m * unbias1) / (Math.sqrt(v * unbias2) + EPSILON)
    }
  }
}

/** Length of all gradients as one vector. */
export function globalNorm(gradients: ReadonlyMap<string, Float32Array>): number {
  let squares = 0
  for (const values of gradients.values()) for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!
  return Math.sqrt(squares)
}

/** As torch's `clip_grad_norm_`. */
export function clipScale(norm: number, clipNorm: number): number {
  return Math.min(1, clipNorm / (norm + 1e-6))
}

/** Biases and norms are not drawn towards 0. */
export function decays(name: string): boolean {
  return !name.endsWith('.bias') && !name.includes('LayerNorm')
}
