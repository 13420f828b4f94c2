/**
 * Which examples a step sees: each once an epoch, in an order that seed and step alone decide. Examples that choose among the same
 * texts, each another one, stand together: a batch runs each text once, and so two for the price of one.
 */
import { seeded, shuffled } from '../plaid/random.ts'
import type { Example } from './types.ts'

export interface OrderOptions {
  readonly batchSize: number
  /** Batches of one step at most. */
  readonly accumulate: number
  readonly epochs: number
  readonly seed: number
}

export class Order {
  /** Numbers of examples that stand together. */
  readonly #groups: readonly (readonly number[])[]
  readonly #options: OrderOptions
  readonly #stepsPerEpoch: number
  #shuffled: { readonly epoch: number; readonly order: readonly number[] } | undefined

  constructor(examples: readonly Pick<Example, 'positive' | 'negatives'>[], options: OrderOptions) {
    this.#groups = groupsOf(examples)
    this.#options = options
    this.#stepsPerEpoch = Math.ceil(examples.length / (options.batchSize * options.accumulate))
  }

  get steps(): number {
    return this.#stepsPerEpoch * this.#options.epochs
  }

  /** Numbers of the examples of each batch. Batches differ in size by one at most: a last small one would weigh too much. */
  batchesOf(step: number): number[][] {
    const epoch = Math.floor(step / this.#stepsPerEpoch)
    if (this.#shuffled?.epoch !== epoch) this.#shuffled = { epoch, order: this.#shuffle(epoch) }
    const own = part(this.#shuffled.order, step % this.#stepsPerEpoch, this.#stepsPerEpoch)
    const batches = Math.ceil(own.length / this.#options.batchSize)
    return Array.from({ length: batches }, (_, i) => part(own, i, batches))
  }

  #shuffle(epoch: number): number[] {
    const random = seeded(this.#options.seed * 1_000_003 + epoch + 1)
    return [...shuffled(random, this.#groups.length)].flatMap((group) => this.#groups[group]!)
  }
}

/** By their texts, in the order of the first of each. One without negatives stands alone: batches shall not be of one text. */
function groupsOf(examples: readonly Pick<Example, 'positive' | 'negatives'>[]): number[][] {
  const groups = new Map<string, number[]>()
  examples.forEach(({ positive, negatives }, i) => {
    const key = negatives.length === 0 ? `${i}` : JSON.stringify([positive, ...negatives].sort())
    const own = groups.get(key)
    if (own === undefined) groups.set(key, [i])
    else own.push(i)
  })
  return [...groups.values()]
}

/** The i-th of `parts` equal parts. */
function part<Value>(values: readonly Value[], i: number, parts: number): Value[] {
  return values.slice(Math.floor((i * values.length) / parts), Math.floor(((i + 1) * values.length) / parts))
}
