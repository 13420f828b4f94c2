/**
 * A training run: step by step from a checkpoint and examples to other weights. What a run needs to go on is in its state;
 * with it, a run that was stopped gives the very weights of one that was not. Knows no files, no progress bar.
 */
import type { Layouts } from '../encoder/layouts.ts'
import { asSelvageError, SelvageError } from '../errors.ts'
import { accuracy } from './accuracy.ts'
import { Batch } from './batches.ts'
import { Bert } from './bert.ts'
import { checkExamples, hashOf } from './examples.ts'
import { Loss } from './loss.ts'
import { clipScale, decays, globalNorm, type Moments, update, zeroMoments } from './optimizer.ts'
import { agree, complete, type TrainOptions } from './options.ts'
import { Order } from './order.ts'
import { rateShare } from './schedule.ts'
import { noMemory, type Runner } from './stages.ts'
import { type Checkpoint, type Example, PROJECTION, type Tensor, type Weights } from './types.ts'

export type { TrainOptions } from './options.ts'

export interface StepReport {
  /** Steps done, this one included. */
  readonly step: number
  readonly steps: number
  /** Mean over the step's examples, before its update. */
  readonly loss: number
  /** Of the encoder, in this step. */
  readonly learningRate: number
  /** Before clipping. */
  readonly gradientNorm: number
  /** Examples of this step. */
  readonly examples: number
  readonly elapsedMs: number
}

/** All that a run needs to go on bit for bit, in Maps of tensors and plain JSON values. */
export interface TrainState {
  /** Steps done. The place in the order follows from it and the seed. */
  readonly step: number
  readonly options: Required<TrainOptions>
  /** SHA-256 of the examples: a run goes on with the same ones only. */
  readonly examplesHash: string
  readonly weights: Weights
  /** Adam's running means of the gradients and of their squares, by the names of the weights. */
  readonly firstMoments: Weights
  readonly secondMoments: Weights
}

export class Trainer {
  readonly steps: number
  readonly #checkpoint: Checkpoint
  readonly #layouts: Layouts
  readonly #examples: readonly Example[]
  readonly #examplesHash: string
  readonly #options: Required<TrainOptions>
  readonly #order: Order
  readonly #bert: Bert
  readonly #loss: Loss
  readonly #moments: Moments
  readonly #gradients: ReadonlyMap<string, Float32Array>
  /** What the run began with: the caller's, never written to. */
  readonly #start: Weights
  #step: number
  #isFinished = false
  #closed = false

  /**
   * @param state of an earlier run, whose options count where these say nothing
   * @param runner who runs the encoder, closed with the trainer. Default: this thread. Another number of threads rounds
   * otherwise: bit for bit is for the same number.
   */
  static async create(
    checkpoint: Checkpoint,
    layouts: Layouts,
    examples: readonly Example[],
    options: TrainOptions = {},
    state?: TrainState,
    runner?: Runner,
  ): Promise<Trainer> {
    const { queryTokens, documentTokens } = layouts
    const all = complete({ ...state?.options, ...options }, { queryTokens, documentTokens })
    if (state !== undefined) agree(options, state.options)
    checkExamples(examples, all)
    const examplesHash = await hashOf(examples)
    if (state !== undefined && state.examplesHash !== examplesHash) {
      throw new SelvageError(
        'invalid-argument',
        'The run to go on with had other examples. Give the same ones in the same order, or start a run anew.',
      )
    }
    return new Trainer(checkpoint, layouts.within(all), examples, examplesHash, all, state, runner)
  }

  private constructor(
    { shape, weights }: Checkpoint,
    layouts: Layouts,
    examples: readonly Example[],
    examplesHash: string,
    options: Required<TrainOptions>,
    state: TrainState | undefined,
    runner: Runner | undefined,
  ) {
    // Copies: a run that fails leaves what it was given as it was.
    this.#checkpoint = { shape, weights: copy(state?.weights ?? weights) }
    this.#start = weights
    this.#bert = new Bert(this.#checkpoint, runner)
    this.#layouts = layouts
    this.#examples = examples
    this.#examplesHash = examplesHash
    this.#options = options
    this.#order = new Order(examples, options)
    this.#loss = new Loss({ kind: options.loss, temperature: options.temperature })
    this.#moments =
      state === undefined
        ? zeroMoments(this.#checkpoint.weights)
        : { first: copy(state.firstMoments), second: copy(state.secondMoments) }
    this.#gradients = new Map(
      [...this.#checkpoint.weights].map(([name, { data }]) => [name, new Float32Array(data.length)]),
    )
    this.#step = state?.step ?? 0
    this.steps = this.#order.steps
  }

  /** Steps done. */
  get step(): number {
    return this.#step
  }

  /** All of them, with their defaults. */
  get options(): Required<TrainOptions> {
    return this.#options
  }

  /** One step of the optimiser. Where it fails, weights and place in the order are those before it. */
  async next(): Promise<StepReport> {
    this.#checkRunning()
    if (this.#step >= this.steps) {
      throw new SelvageError('invalid-argument', `All ${this.steps} steps are done. Start a run with more epochs.`)
    }
    const start = performance.now()
    const batches = this.#order.batchesOf(this.#step)
    const examples = batches.reduce((sum, { length }) => sum + length, 0)
    for (const gradient of this.#gradients.values()) gradient.fill(0)
    let loss = 0
    for (const [i, batch] of batches.entries()) {
      const where = `step ${this.#step + 1} of ${this.steps}, batch ${i + 1} of ${batches.length}`
      loss += await this.#pull(batch, batch.length / examples, where)
    }
    const gradientNorm = globalNorm(this.#gradients)
    if (!Number.isFinite(gradientNorm)) throw noNumber('length of the gradient', gradientNorm, `step ${this.#step + 1}`)
    const learningRate = this.#update(gradientNorm)
    this.#step++
    const elapsedMs = performance.now() - start
    return { step: this.#step, steps: this.steps, loss, learningRate, gradientNorm, examples, elapsedMs }
  }

  /** Adds a batch's gradients, `share` of them, and gives so much of its loss. */
  async #pull(numbers: readonly number[], share: number, where: string): Promise<number> {
    const { loss: kind } = this.#options
    const examples = numbers.map((i) => this.#examples[i]!)
    const batch = new Batch(examples, this.#layouts, kind, this.#checkpoint.shape.positions)
    try {
      const encoded = await this.#bert.encode(batch.packed.chunks, { keep: true })
      const result = await this.#loss.pull(batch.lossBatch(encoded))
      if (!Number.isFinite(result.loss)) throw noNumber('loss', result.loss, `examples ${numbers.map((i) => i + 1)}`)
      const above = batch.spread(result, encoded)
      for (const { data } of above) for (let i = 0; i < data.length; i++) data[i]! *= share
      await this.#bert.pull(encoded, above, this.#gradients)
      return result.loss * share
    } catch (thrown) {
      const error = thrown instanceof RangeError ? noMemory(thrown) : asSelvageError(thrown)
      if (error.code !== 'training-failed') throw error
      throw new SelvageError(error.code, `In ${where}: ${error.message} The weights are those before the step.`, {
        cause: error,
      })
    }
  }

  #update(gradientNorm: number): number {
    const { learningRate, projectionRate, warmupShare, weightDecay, clipNorm } = this.#options
    const share = rateShare(this.#step, this.steps, Math.floor(warmupShare * this.steps))
    update(this.#checkpoint.weights, this.#gradients, this.#moments, {
      step: this.#step + 1,
      scale: clipScale(gradientNorm, clipNorm),
      rateOf: (name) => share * (name === PROJECTION ? projectionRate : learningRate),
      decayOf: (name) => (decays(name) ? weightDecay : 0),
    })
    return share * learningRate
  }

  /** No more steps: weights go back towards those that the run began with, by what is to be kept of them. */
  finish(): void {
    this.#checkOpen()
    const { keepStart } = this.#options
    if (!this.#isFinished && keepStart > 0)
      for (const [name, { data }] of this.#checkpoint.weights) {
        const before = this.#start.get(name)!.data
        for (let i = 0; i < data.length; i++) data[i]! += keepStart * (before[i]! - data[i]!)
      }
    this.#isFinished = true
  }

  /** To go on from. Errors: `closed` once it is finished. */
  async state(): Promise<TrainState> {
    this.#checkRunning()
    return {
      step: this.#step,
      options: this.#options,
      examplesHash: this.#examplesHash,
      weights: copy(this.#checkpoint.weights),
      firstMoments: copy(this.#moments.first),
      secondMoments: copy(this.#moments.second),
    }
  }

  /** The weights as they are now. */
  async checkpoint(): Promise<Checkpoint> {
    this.#checkOpen()
    return { shape: this.#checkpoint.shape, weights: copy(this.#checkpoint.weights) }
  }

  /**
   * Share of (query, positive, negative) in which the positive comes first, as PyLate's triplet evaluator has it. An example
   * without negatives is held against another example's positive, the same at every call.
   */
  async accuracy(held: readonly Example[]): Promise<number> {
    this.#checkOpen()
    return accuracy(held, this.#layouts, this.#bert, this.#checkpoint.shape.positions)
  }

  close(): void {
    this.#closed = true
    this.#bert.close()
  }

  #checkRunning(): void {
    this.#checkOpen()
    if (this.#isFinished) throw new SelvageError('closed', 'The run is finished: its weights are not those of a step.')
  }

  #checkOpen(): void {
    if (this.#closed) throw new SelvageError('closed', 'The trainer is closed.')
  }
}

function copy(weights: Weights): Map<string, Tensor> {
  return new Map([...weights].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]))
}

function noNumber(what: string, got: number, where: string): SelvageError {
  return new SelvageError(
    'training-failed',
    `The ${what} is ${got}, wanted a number (${where}). Lower the learning rates, or look at these texts.`,
  )
}
