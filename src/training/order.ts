/** Which examples a step sees: each once an epoch, in an order that seed and step alone decide. Knows no texts. */
import { seeded, shuffled } from '../plaid/random.ts'

export interface OrderOptions {
  readonly batchSize: number
  /** Batches of one step at most. */
  readonly accumulate: number
  readonly epochs: number
  readonly seed: number
}

export class Order {
  readonly #examples: number
  readonly #options: OrderOptions
  readonly #stepsPerEpoch: number
  #shuffled: { readonly epoch: number; readonly order: Uint32Array } | undefined

  constructor(examples: number, options: OrderOptions) {
    this.#examples = examples
    this.#options = options
    this.#stepsPerEpoch = Math.ceil(examples / (options.batchSize * options.accumulate))
  }

  get steps(): number {
    return this.#stepsPerEpoch * this.#options.epochs
  }

  /** Numbers of the examples of each batch. Batches differ in size by one at most: a last small one would weigh too much. */
  batchesOf(step: number): number[][] {
    const epoch = Math.floor(step / this.#stepsPerEpoch)
    if (this.#shuffled?.epoch !== epoch) this.#shuffled = { epoch, order: this.#shuffle(epoch) }
    const own = part(Array.from(this.#shuffled.order), step % this.#stepsPerEpoch, this.#stepsPerEpoch)
    const batches = Math.ceil(own.length / this.#options.batchSize)
    return Array.from({ length: batches }, (_, i) => part(own, i, batches))
  }

  #shuffle(epoch: number): Uint32Array {
    return shuffled(seeded(this.#options.seed * 1_000_003 + epoch + 1), this.#examples)
  }
}

/** The i-th of `parts` equal parts. */
function part<Value>(values: readonly Value[], i: number, parts: number): Value[] {
  return values.slice(Math.floor((i * values.length) / parts), Math.floor(((i + 1) * values.length) / parts))
}
