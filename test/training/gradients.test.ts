/**
 * Gradients of every kind of weight against finite differences of the loss, in f32 on the tiny checkpoint, through encoder,
 * projection, MaxSim and both losses.
 */
import { expect, test } from 'vitest'
import { loadLayouts } from '../../src/encoder/layouts.ts'
import { seeded } from '../../src/plaid/random.ts'
import { Batch } from '../../src/training/batches.ts'
import { Bert } from '../../src/training/bert.ts'
import { Loss, type LossOptions } from '../../src/training/loss.ts'
import { globalNorm } from '../../src/training/optimizer.ts'
import type { Example, Tensor, Weights } from '../../src/training/types.ts'
import { tinyCheckpoint, tinyFiles } from './support.ts'

const EXAMPLES: readonly Example[] = [
  {
    query: 'how do I rename a column?',
    positive: 'Columns are given other names with rename, which takes a map from old to new.',
    negatives: ['A column of marble stood at the door.', 'Rename the file before the upload.'],
    scores: [9, 1, 3],
  },
  {
    query: 'cardiac disease',
    positive: 'The patient has no history of cardiac disease.',
    negatives: ['Deep learning of networks: the step, the rate, the loss.'],
    scores: [4, 2.5],
  },
]

/** What a step changes the loss by: far above the rounding of f32; and of a weight's length at most, for a straight line. */
const CHANGE = 1e-3
const SHARE = 4e-2

test.each<LossOptions>([
  { kind: 'contrastive', temperature: 0.7 },
  { kind: 'distillation', temperature: 1 },
])('$kind', { timeout: 60_000 }, async (options) => {
  const { shape, weights } = await tinyCheckpoint()
  const random = seeded(5)
  enliven(weights, random)
  const layouts = await loadLayouts(tinyFiles())
  const bert = new Bert({ shape, weights })
  const loss = new Loss(options)
  const batch = new Batch(EXAMPLES, layouts, options.kind, shape.positions)
  const encode = (keep: boolean) => bert.encode(batch.packed.chunks, { keep })
  const lossNow = async () => (await loss.pull(batch.lossBatch(await encode(false)))).loss

  const encoded = await encode(true)
  const gradients = new Map([...weights].map(([name, { data }]) => [name, new Float32Array(data.length)]))
  await bert.pull(encoded, batch.spread(await loss.pull(batch.lossBatch(encoded)), encoded), gradients)

  /** The slope of the loss along a direction, from both sides. */
  const slope = async ({ data }: Tensor, direction: Float32Array, expected: number): Promise<number> => {
    const before = data.slice()
    const length = Math.min(CHANGE / Math.abs(expected), (SHARE * lengthOf(before)) / lengthOf(direction))
    const sides: number[] = []
    for (const sign of [1, -1]) {
      for (let i = 0; i < data.length; i++) data[i] = before[i]! + sign * length * direction[i]!
      sides.push(await lossNow())
    }
    data.set(before)
    return (sides[0]! - sides[1]!) / (2 * length)
  }

  const whole = globalNorm(gradients)
  const errors: [name: string, along: number, across: number][] = []
  for (const [name, weight] of weights) {
    const gradient = gradients.get(name)!
    const length = lengthOf(gradient)
    // Softmax forgets what is added to all scores: the bias of the keys changes nothing.
    if (name.endsWith('key.bias')) {
      expect(length, name).toBeLessThan(1e-5 * whole)
      const noise = gradient.map(() => random() - 0.5)
      expect(Math.abs(await slope(weight, noise, whole)) / lengthOf(noise), name).toBeLessThan(1e-3 * whole)
      continue
    }
    const along = Math.abs((await slope(weight, gradient, length ** 2)) / length ** 2 - 1)
    // Gradient and half as much noise: what the gradient lacks would show here.
    const noise = gradient.map(() => random() - 0.5)
    const scale = (0.5 * length) / lengthOf(noise)
    const mixed = gradient.map((value, i) => value + scale * noise[i]!)
    const wanted = dot(gradient, mixed)
    errors.push([name, along, Math.abs((await slope(weight, mixed, wanted)) / wanted - 1)])
  }
  errors.sort((a, b) => Math.max(b[1], b[2]) - Math.max(a[1], a[2]))
  console.log(options.kind, errors.length, 'weights, worst', errors.slice(0, 6))
  expect(errors.length).toBe(weights.size - shape.layers)
  for (const [name, along, across] of errors) {
    expect(along, name).toBeLessThan(1e-2)
    expect(across, name).toBeLessThan(1e-2)
  }
})

/** As trained weights are: attention that chooses, biases and norms of their own. Fresh ones have next to no gradient there. */
function enliven(weights: Weights, random: () => number): void {
  for (const [name, { data }] of weights) {
    const isChoice = /self\.(query|key)\.weight$/.test(name)
    const isNorm = name.includes('LayerNorm')
    for (let i = 0; i < data.length; i++) {
      if (isChoice) data[i]! *= 8
      else if (isNorm || name.endsWith('.bias')) data[i]! += 0.4 * (random() - 0.5)
    }
  }
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const lengthOf = (values: Float32Array): number => Math.sqrt(dot(values, values))
