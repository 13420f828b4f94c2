/** PyLate's own losses and gradients on the same weights and texts: test/fixtures/training/make.py. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadLayouts } from '../../src/encoder/layouts.ts'
import { Batch } from '../../src/training/batches.ts'
import { Bert } from '../../src/training/bert.ts'
import { Loss, type LossOptions } from '../../src/training/loss.ts'
import { globalNorm } from '../../src/training/optimizer.ts'
import { type Example, PROJECTION } from '../../src/training/types.ts'
import { GOLDEN_BERTS, goldenCheckpoint, goldenFiles } from './goldenWeights.ts'

interface Result {
  readonly loss: number
  /** Of all gradients together, and of some weights'. */
  readonly gradientNorm: number
  readonly norms: Readonly<Record<string, number>>
  /** First row of the projection's gradient. */
  readonly projection: readonly number[]
}

interface Golden extends Readonly<Record<'contrastive' | 'cooler' | 'pairs' | 'distillation', Result>> {
  readonly examples: readonly Example[]
}

const LOSSES: readonly [keyof Omit<Golden, 'examples'>, LossOptions, { readonly negatives: boolean }][] = [
  ['contrastive', { kind: 'contrastive', temperature: 1 }, { negatives: true }],
  ['cooler', { kind: 'contrastive', temperature: 0.05 }, { negatives: true }],
  ['pairs', { kind: 'contrastive', temperature: 1 }, { negatives: false }],
  ['distillation', { kind: 'distillation', temperature: 1 }, { negatives: true }],
]

describe.each(GOLDEN_BERTS)('%s', (model) => {
  const file = new URL(`../fixtures/training/pylate/${model}.json`, import.meta.url)
  const golden: Golden = JSON.parse(readFileSync(file, 'utf8'))

  test.each(LOSSES)('%s', async (name, options, { negatives }) => {
    const examples = negatives ? golden.examples : golden.examples.map((example) => ({ ...example, negatives: [] }))
    const checkpoint = await goldenCheckpoint(model)
    const layouts = await loadLayouts(goldenFiles(model))
    const bert = new Bert(checkpoint)
    const batch = new Batch(examples, layouts, options.kind, checkpoint.shape.positions)
    const encoded = await bert.encode(batch.packed.chunks, { keep: true })
    const result = await new Loss(options).pull(batch.lossBatch(encoded))
    const gradients = new Map([...checkpoint.weights].map(([key, { data }]) => [key, new Float32Array(data.length)]))
    await bert.pull(encoded, batch.spread(result, encoded), gradients)

    const wanted = golden[name]
    console.log(
      model,
      name,
      'loss',
      result.loss,
      'PyLate',
      wanted.loss,
      'gradient',
      globalNorm(gradients),
      wanted.gradientNorm,
    )
    expect(Math.abs(result.loss / wanted.loss - 1)).toBeLessThan(1e-4)
    expect(Math.abs(globalNorm(gradients) / wanted.gradientNorm - 1)).toBeLessThan(1e-3)
    for (const [weight, norm] of Object.entries(wanted.norms)) {
      expect(Math.abs(globalNorm(new Map([[weight, gradients.get(weight)!]])) / norm - 1), weight).toBeLessThan(1e-3)
    }
    const row = gradients.get(PROJECTION)!.subarray(0, wanted.projection.length)
    const largest = Math.max(...wanted.projection.map(Math.abs))
    for (const [i, value] of wanted.projection.entries()) expect(Math.abs(row[i]! - value) / largest).toBeLessThan(1e-3)
  })
})
