/** AdamW and clipping against torch's own numbers; which weights decay; the rate's way up and down. */
import { expect, test } from 'vitest'
import { clipScale, decays, globalNorm, update, zeroMoments } from '../../src/training/optimizer.ts'
import { rateShare } from '../../src/training/schedule.ts'
import type { Tensor } from '../../src/training/types.ts'

const tensor = (...values: number[]): Tensor => ({ shape: [values.length], data: Float32Array.from(values) })

test('three clipped steps are those of torch.optim.AdamW', () => {
  const weights = new Map([
    ['p', tensor(0.5, -1, 0.25, 2)],
    ['q', tensor(0.1, -0.3)],
  ])
  const moments = zeroMoments(weights)
  // torch 2.8: AdamW([{params: p, lr: .01, weight_decay: .1}, {params: q, lr: .05, weight_decay: 0}]), clip_grad_norm_(1)
  const wanted = [
    [4.596737861633301, 0.4895, -0.989, 0.23975, 1.9880046, 0.15, -0.35],
    [8.109870910644531, 0.4789975, -0.977998, 0.2294972, 1.9760079, 0.1923819, -0.392382],
    [12.071684837341309, 0.4684917, -0.9669933, 0.219241, 1.9640094, 0.2287768, -0.4287768],
  ]
  for (const [k, [norm, ...values]] of wanted.entries()) {
    const gradients = new Map([
      ['p', Float32Array.of(0.3, -0.2, 4, 1e-4).map((g) => g * (k + 1))],
      ['q', Float32Array.of(-1, 2).map((g) => g / (k + 1))],
    ])
    expect(globalNorm(gradients)).toBeCloseTo(norm!, 5)
    update(weights, gradients, moments, {
      step: k + 1,
      scale: clipScale(norm!, 1),
      rateOf: (name) => (name === 'p' ? 0.01 : 0.05),
      decayOf: (name) => (name === 'p' ? 0.1 : 0),
    })
    const got = [...weights.get('p')!.data, ...weights.get('q')!.data]
    for (const [i, value] of values.entries()) expect(got[i], `step ${k + 1}, ${i}`).toBeCloseTo(value, 6)
  }
})

test('a gradient that never was leaves a weight to its decay alone', () => {
  const weights = new Map([['words', tensor(1, 1)]])
  const moments = zeroMoments(weights)
  for (const step of [1, 2]) {
    const gradients = new Map([['words', Float32Array.of(0, step === 1 ? 0.5 : 0)]])
    update(weights, gradients, moments, { step, scale: 1, rateOf: () => 0.1, decayOf: () => 0.5 })
  }
  const [unseen, seen] = weights.get('words')!.data
  expect(unseen).toBeCloseTo(0.95 ** 2, 6)
  // The second step still goes on by what the first left: torch's own 0.7405.
  expect(seen).toBeCloseTo(0.7404942, 6)
})

test('short gradients are not made longer', () => {
  expect(clipScale(0.5, 1)).toBe(1)
  expect(clipScale(4, 1)).toBeCloseTo(0.25, 6)
})

test('biases and norms do not decay', () => {
  const names = ['projection', 'embeddings.word_embeddings.weight', 'encoder.layer.0.output.dense.weight']
  expect(names.every(decays)).toBe(true)
  expect(['encoder.layer.0.output.dense.bias', 'embeddings.LayerNorm.weight'].some(decays)).toBe(false)
})

test('the rate rises, falls, and is never 0', () => {
  const shares = (steps: number, warmup: number) => Array.from({ length: steps }, (_, i) => rateShare(i, steps, warmup))
  expect(shares(6, 2).map((share) => share.toFixed(3))).toEqual(['0.333', '0.667', '1.000', '0.750', '0.500', '0.250'])
  expect(shares(3, 0).map((share) => share.toFixed(3))).toEqual(['1.000', '0.667', '0.333'])
  expect(shares(4, 4).every((share) => share > 0 && share < 1)).toBe(true)
  expect(shares(1, 0)).toEqual([1])
})
