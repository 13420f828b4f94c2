/** Training on several threads: the vectors of one, its gradients but for rounding, and the same bits each time. */
import { afterEach, expect, test } from 'vitest'
import { loadLayouts } from '../../src/encoder/layouts.ts'
import { TrainPool } from '../../src/node/trainPool.ts'
import { Batch } from '../../src/training/batches.ts'
import { Bert } from '../../src/training/bert.ts'
import { Loss } from '../../src/training/loss.ts'
import { globalNorm } from '../../src/training/optimizer.ts'
import { Stages } from '../../src/training/stages.ts'
import { Trainer } from '../../src/training/trainer.ts'
import type { Checkpoint, Example } from '../../src/training/types.ts'
import { isSameWeights, tinyCheckpoint, tinyFiles } from '../training/support.ts'

const EXAMPLES: readonly Example[] = Array.from({ length: 12 }, (_, i) => ({
  query: `question ${i} of the reader`,
  positive: `The answer to it is ${'long and '.repeat(i)}short.`,
  negatives: [`Nothing about number ${i}: ${'so it goes on. '.repeat(i % 5)}`],
}))

/** Each shape is compiled by each thread: few of them. */
const shortLayouts = async () => (await loadLayouts(tinyFiles())).within({ queryTokens: 16, documentTokens: 32 })

const pools: TrainPool[] = []
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close()
})

function poolOf({ shape }: Checkpoint, threads: number): TrainPool {
  const pool = new TrainPool(shape, threads)
  pools.push(pool)
  return pool
}

interface Run {
  readonly vectors: readonly Float32Array[]
  readonly gradients: ReadonlyMap<string, Float32Array>
}

test('two threads give what one gives', { timeout: 60_000 }, async () => {
  const checkpoint = await tinyCheckpoint()
  const batch = new Batch(EXAMPLES, await shortLayouts(), 'contrastive', checkpoint.shape.positions)
  expect(batch.packed.chunks.length).toBeGreaterThan(3)
  const loss = new Loss({ kind: 'contrastive', temperature: 1 })
  const runs: Run[] = []
  for (const runner of [poolOf(checkpoint, 1), poolOf(checkpoint, 2), new Stages(checkpoint.shape)]) {
    const bert = new Bert(checkpoint, runner)
    const encoded = await bert.encode(batch.packed.chunks, { keep: true })
    const gradients = new Map([...checkpoint.weights].map(([name, { data }]) => [name, new Float32Array(data.length)]))
    await bert.pull(encoded, batch.spread(await loss.pull(batch.lossBatch(encoded)), encoded), gradients)
    runs.push({ vectors: encoded.map(({ vectors }) => vectors.data), gradients })
  }
  const [one, two, here] = runs as [Run, Run, Run]
  expect(two.vectors).toEqual(one.vectors)
  const whole = globalNorm(one.gradients)
  expect(whole).toBeGreaterThan(1)
  // Threads multiply and add in one instruction, and round once where this one rounds twice.
  for (const [other, most] of [
    [two, 1e-6],
    [here, 1e-5],
  ] as const) {
    for (const [name, values] of one.gradients) {
      const difference = values.map((value, i) => value - other.gradients.get(name)![i]!)
      expect(globalNorm(new Map([[name, difference]])) / whole, name).toBeLessThan(most)
    }
  }
})

test('a run on two threads gives the same bits each time', { timeout: 60_000 }, async () => {
  const checkpoint = await tinyCheckpoint()
  const layouts = await shortLayouts()
  const weights = []
  for (let run = 0; run < 2; run++) {
    const options = { batchSize: 6, learningRate: 1e-3 }
    const pool = poolOf(checkpoint, 2)
    const trainer = await Trainer.create(checkpoint, layouts, EXAMPLES, options, undefined, pool)
    while (trainer.step < trainer.steps) await trainer.next()
    expect(await trainer.accuracy(EXAMPLES)).toBeGreaterThan(0)
    weights.push((await trainer.checkpoint()).weights)
    trainer.close()
  }
  expect(isSameWeights(weights[0]!, weights[1]!)).toBe(true)
  expect(isSameWeights(weights[0]!, checkpoint.weights)).toBe(false)
})

test('an error of a thread is told, and the pool goes on', { timeout: 60_000 }, async () => {
  const checkpoint = await tinyCheckpoint()
  const pool = poolOf(checkpoint, 2)
  const chunk = (hidden: number) => ({
    sums: { shape: [32, hidden], data: new Float32Array(32 * hidden).fill(0.1) },
    bias: { shape: [2, 16], data: new Float32Array(32) },
  })
  await expect(pool.pull([])).rejects.toMatchObject({ code: 'internal' })
  const { hidden } = checkpoint.shape
  await expect(pool.encode(checkpoint.weights, [chunk(hidden + 1)], { keep: false })).rejects.toThrow()
  const [vectors] = await pool.encode(checkpoint.weights, [chunk(hidden), chunk(hidden)], { keep: false })
  expect(vectors!.shape).toEqual([32, 16])
})
