/**
 * jax-js, and the only file that runs it: a formula over its arrays becomes a program from tensors to tensors, compiled once
 * for each set of shapes. Outside of formulas nobody holds its arrays, which are counted by hand: what goes in is copied,
 * what comes out is read, and nothing stays but what is held on purpose. Knows no model and no loss.
 *
 * A program takes the memory of all its intermediate results at once, of 4 GiB that there are in all: programs are kept
 * small, a layer each.
 */
import { jit, numpy as np, vjp } from '@jax-js/jax'
import type { Tensor } from './types.ts'

export { lax, nn, numpy as np } from '@jax-js/jax'

/** An array of jax-js within a formula: each use takes one reference, `.ref` gives another. */
export type Value = np.Array

/** What is differentiated, and what is not. Both are used up. */
export type Formula = (learned: Value[], given: Value[]) => Value

/** Tensors that stay in jax-js's memory until they are released: for what several runs need. */
export class Held {
  readonly #values: readonly Value[]

  constructor(tensors: readonly Tensor[]) {
    this.#values = tensors.map(upload)
  }

  /** References to use up. */
  take(): Value[] {
    return this.#values.map((value) => value.ref)
  }

  release(): void {
    for (const value of this.#values) value.dispose()
  }
}

export class Program {
  readonly #forward: (learned: Value[], given: Value[]) => Value
  readonly #backward: (learned: Value[], given: Value[], above: Value) => Value[]

  constructor(formula: Formula) {
    this.#forward = jit(formula)
    this.#backward = jit((learned: Value[], given: Value[], above: Value): Value[] => {
      const [out, pull] = vjp((inputs: Value[]) => formula(inputs, given), [learned])
      const [gradients] = pull(above)
      pull.dispose()
      return [out, ...(gradients as Value[])]
    })
  }

  /** @param held more of what is learned, after `learned` */
  async run(learned: readonly Tensor[], held: Held | undefined, given: readonly Tensor[]): Promise<Tensor> {
    const inputs = [...learned.map(upload), ...(held?.take() ?? [])]
    return download(this.#forward(inputs, given.map(upload)))
  }

  /** The result, and from its gradient those of all that is learned, in order. */
  async pull(
    learned: readonly Tensor[],
    held: Held | undefined,
    given: readonly Tensor[],
    above: Tensor,
  ): Promise<[result: Tensor, ...gradients: Tensor[]]> {
    const inputs = [...learned.map(upload), ...(held?.take() ?? [])]
    const [result, ...gradients] = this.#backward(inputs, given.map(upload), upload(above))
    const tensors: [Tensor, ...Tensor[]] = [await download(result!)]
    for (const gradient of gradients) tensors.push(await download(gradient))
    return tensors
  }
}

function upload({ shape, data }: Tensor): Value {
  return np.array(data, { shape: [...shape] })
}

async function download(value: Value): Promise<Tensor> {
  const { shape } = value
  return { shape, data: (await value.data()) as Tensor['data'] }
}
