/** A training run on the tiny checkpoint: it learns, goes on bit for bit, leaves alone what it was given, and says what is wrong. */
import { describe, expect, test } from 'vitest'
import { type Layouts, loadLayouts } from '../../src/encoder/layouts.ts'
import { type Runner, Stages } from '../../src/training/stages.ts'
import { Trainer, type TrainOptions, type TrainState } from '../../src/training/trainer.ts'
import type { Checkpoint, Example } from '../../src/training/types.ts'
import { isSameWeights, tinyCheckpoint, tinyFiles } from './support.ts'

const checkpoint = await tinyCheckpoint()
const layouts: Layouts = await loadLayouts(tinyFiles())

const THINGS = ['column', 'patient', 'server', 'network', 'disease', 'model', 'table', 'window', 'cluster', 'protein']
const EXAMPLES: readonly Example[] = THINGS.map((thing, i) => ({
  query: `what does the ${thing} need?`,
  positive: `A ${thing} asks for care: keep it dry, and count it ${'twice '.repeat(i % 4)}a year.`,
  negatives: [`Nothing is said here of number ${i}, nor of what was wanted.`],
}))
const TAUGHT = EXAMPLES.map((example, i) => ({
  ...example,
  negatives: [...example.negatives, `A ${THINGS[(i + 1) % THINGS.length]} is another thing.`],
  scores: [3 + (i % 3), 0, 2],
}))
const OPTIONS: TrainOptions = { batchSize: 4, epochs: 2, learningRate: 1e-3, seed: 3 }

const create = (options: TrainOptions = OPTIONS, state?: TrainState, examples = EXAMPLES, from = checkpoint) =>
  Trainer.create(from, layouts, examples, options, state)

async function finish(trainer: Trainer): Promise<{ checkpoint: Checkpoint; losses: number[] }> {
  const losses: number[] = []
  while (trainer.step < trainer.steps) losses.push((await trainer.next()).loss)
  return { checkpoint: await trainer.checkpoint(), losses }
}

describe('learning', () => {
  test.each([
    ['contrastive', EXAMPLES],
    ['distillation', TAUGHT],
  ] as const)('%s: the loss falls and the positives come first', { timeout: 60_000 }, async (loss, examples) => {
    const trainer = await create({ loss, batchSize: 5, epochs: 8, learningRate: 2e-3 }, undefined, examples)
    const before = await trainer.accuracy(examples)
    const { losses } = await finish(trainer)
    const after = await trainer.accuracy(examples)
    console.log(loss, 'loss', losses[0], losses.at(-1), 'accuracy', before, after)
    expect(losses.length).toBe(16)
    const floor = loss === 'contrastive' ? 0 : lowest(examples)
    expect(losses.at(-1)! - floor).toBeLessThan((losses[0]! - floor) / 2)
    expect(after).toBe(1)
  })

  test('what it was given is left as it was', async () => {
    const trainer = await create()
    await finish(trainer)
    expect(isSameWeights(checkpoint.weights, (await tinyCheckpoint()).weights)).toBe(true)
    expect(isSameWeights(checkpoint.weights, (await trainer.checkpoint()).weights)).toBe(false)
  })

  test('of what it began with so much is kept as is said, and then it is over', async () => {
    const trained = await finish(await create())
    const trainer = await create({ ...OPTIONS, keepStart: 0.25 })
    const { checkpoint: before } = await finish(trainer)
    expect(isSameWeights(before.weights, trained.checkpoint.weights)).toBe(true)
    trainer.finish()
    trainer.finish() // once is enough
    for (const [name, { data }] of (await trainer.checkpoint()).weights) {
      const [start, end] = [checkpoint.weights.get(name)!.data, trained.checkpoint.weights.get(name)!.data]
      const wanted = end.map((value, i) => 0.75 * value + 0.25 * start[i]!)
      // Two ways to round in f32.
      for (const [i, value] of data.entries()) expect(Math.abs(value - wanted[i]!)).toBeLessThan(2 ** -22)
    }
    expect(await trainer.accuracy(EXAMPLES)).toBeGreaterThan(0)
    for (const call of [trainer.next(), trainer.state()]) await expect(call).rejects.toMatchObject({ code: 'closed' })
    await expect(create({ keepStart: 1 })).rejects.toThrow(/keepStart is 1, wanted a share, from 0 to below 1/)
  })

  test('all is reported', async () => {
    const trainer = await create({ ...OPTIONS, warmupShare: 0.4 })
    expect([trainer.step, trainer.steps]).toEqual([0, 6])
    const rates: number[] = []
    for (let step = 1; step <= 6; step++) {
      const report = await trainer.next()
      expect(report).toMatchObject({ step, steps: 6 })
      expect(report.gradientNorm).toBeGreaterThan(0)
      expect(report.elapsedMs).toBeGreaterThan(0)
      expect([3, 4]).toContain(report.examples)
      rates.push(report.learningRate / 1e-3)
    }
    expect(rates.map((rate) => rate.toFixed(3))).toEqual(['0.333', '0.667', '1.000', '0.750', '0.500', '0.250'])
    await expect(trainer.next()).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('batches that are added up give the step of one large batch where no negative is shared', async () => {
    // Distillation looks at an example's own documents only: then it is the same mean.
    const step = async (options: TrainOptions) => {
      const trainer = await create({ ...OPTIONS, loss: 'distillation', ...options }, undefined, TAUGHT)
      const report = await trainer.next()
      return { report, weights: (await trainer.checkpoint()).weights }
    }
    const one = await step({ batchSize: 8 })
    const several = await step({ batchSize: 2, accumulate: 4 })
    expect(several.report.loss).toBeCloseTo(one.report.loss, 5)
    expect(several.report.gradientNorm / one.report.gradientNorm).toBeCloseTo(1, 4)
  })
})

describe('going on', () => {
  test('a run that stopped gives the weights of one that did not, bit for bit', { timeout: 60_000 }, async () => {
    const whole = await finish(await create({ ...OPTIONS, accumulate: 2, batchSize: 2 }))
    const first = await create({ ...OPTIONS, accumulate: 2, batchSize: 2 })
    await first.next()
    await first.next()
    const kept = await first.state()
    await first.next() // what comes after the state is lost
    first.close()
    // Through plain values, as a file would keep them.
    const resumed = await create({}, structuredClone(kept))
    expect(resumed.step).toBe(2)
    const rest = await finish(resumed)
    expect(rest.losses).toEqual(whole.losses.slice(2))
    expect(isSameWeights(rest.checkpoint.weights, whole.checkpoint.weights)).toBe(true)
  })

  test('with other examples or options it is refused', async () => {
    const trainer = await create()
    await trainer.next()
    const state = await trainer.state()
    await expect(create({}, state, EXAMPLES.slice(1))).rejects.toThrow(/other examples/)
    await expect(create({ batchSize: 5 }, state)).rejects.toThrow(/batchSize is 5, but the run to go on with has 4/)
    await expect(create({ batchSize: 4 }, state)).resolves.toBeInstanceOf(Trainer)
  })
})

describe('what goes wrong', () => {
  test('a loss that is no number names step and batch, and changes nothing', async () => {
    const broken = await tinyCheckpoint()
    const trainer = await create(
      { ...OPTIONS, learningRate: 0.9, projectionRate: 0.9, clipNorm: 1e9 },
      undefined,
      EXAMPLES,
      {
        shape: broken.shape,
        weights: new Map(
          [...broken.weights].map(([name, { shape, data }]) => [
            name,
            { shape, data: name === 'embeddings.LayerNorm.weight' ? data.map(() => 3e38) : data },
          ]),
        ),
      },
    )
    const before = await trainer.checkpoint()
    await expect(trainer.next()).rejects.toMatchObject({ code: 'training-failed' })
    await expect(trainer.next()).rejects.toThrow(/^In step 1 of 6, batch 1 of 1: The loss is (NaN|Infinity)/)
    expect(trainer.step).toBe(0)
    expect(isSameWeights((await trainer.checkpoint()).weights, before.weights)).toBe(true)
  })

  test('no memory says what to lower, and the next step may go through', async () => {
    const stages = new Stages(checkpoint.shape)
    let isShort = true
    const runner: Runner = {
      encode(...asked) {
        if (isShort) throw new RangeError('Array buffer allocation failed')
        return stages.encode(...asked)
      },
      pull: (above) => stages.pull(above),
      close: () => {},
    }
    const trainer = await Trainer.create(checkpoint, layouts, EXAMPLES, OPTIONS, undefined, runner)
    await expect(trainer.next()).rejects.toMatchObject({ code: 'training-failed' })
    await expect(trainer.next()).rejects.toThrow(/^In step 1 of 6.*no memory.*Lower batchSize.*or documentTokens/)
    expect(isSameWeights((await trainer.checkpoint()).weights, checkpoint.weights)).toBe(true)
    isShort = false
    const { loss } = await trainer.next()
    expect(loss).toBe((await (await create()).next()).loss)
  })

  test.each<[what: string, example: Partial<Example>, options: TrainOptions, message: RegExp]>([
    ['an empty text', { positive: ' ' }, {}, /Example 2 has an empty text/],
    ['its positive as a negative', { negatives: [EXAMPLES[1]!.positive] }, {}, /Example 2 has its positive among/],
    ['no negative in a batch of one', { negatives: [] }, { batchSize: 1 }, /Example 2 has no negative/],
    ['no scores', {}, { loss: 'distillation' }, /Example 1 has no scores; distillation wants 2 numbers/],
    ['an unknown option', {}, { rate: 1 } as TrainOptions, /unknown option "rate"/],
    ['a batch of none', {}, { batchSize: 0 }, /batchSize is 0, wanted a whole number/],
    ['a rate that is none', {}, { learningRate: Number.NaN }, /learningRate is NaN, wanted/],
    ['more tokens than there are', {}, { documentTokens: 65 }, /documentTokens is 65, wanted 4 to 64/],
  ])('%s', async (_, change, options, message) => {
    const examples = EXAMPLES.map((example, i) => (i === 1 ? { ...example, ...change } : example))
    await expect(create({ ...OPTIONS, ...options }, undefined, examples)).rejects.toThrow(message)
  })

  test('nothing to learn from, and use after close', async () => {
    await expect(create(OPTIONS, undefined, [])).rejects.toThrow(/no example/)
    const trainer = await create()
    trainer.close()
    await expect(trainer.next()).rejects.toMatchObject({ code: 'closed' })
  })
})

test('a step leaves nothing behind', { timeout: 60_000 }, async () => {
  const trainer = await create({ ...OPTIONS, epochs: 12 })
  const sizes: number[] = []
  for (let step = 0; step < 30; step++) {
    await trainer.next()
    sizes.push(process.memoryUsage().rss)
  }
  const grown = sizes.at(-1)! - sizes[9]!
  console.log(`${Math.round(grown / 1e6)} MB more after 20 more steps`)
  expect(grown).toBeLessThan(60e6)
})

/** The lowest loss of distillation: a query's scores are brought to 0 .. 1, however far apart the teacher's are. */
function lowest(examples: readonly Example[]): number {
  const softmax = (scores: readonly number[]) => {
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0)
    return scores.map((score) => Math.exp(score) / total)
  }
  const losses = examples.map(({ scores = [] }) => {
    const teacher = softmax(scores)
    const middles = Array.from({ length: 1001 }, (_, i) => softmax([1, 0, i / 1000]))
    return Math.min(...middles.map((own) => teacher.reduce((sum, p, i) => sum + p * Math.log(p / own[i]!), 0)))
  })
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
}
