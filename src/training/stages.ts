/**
 * The stages of a BERT and the projection after it (Devlin et al. 2019; transformers' BertModel, PyLate's Dense and
 * normalisation), forward and backward, one after another: of a forward run only what goes into each stage is kept, and its
 * inside is worked out again when its gradients are wanted (Chen et al. 2016, "Training deep nets with sublinear memory
 * cost"). A third more work, for memory that does not grow with the depth, and one layer to compile instead of all. No
 * dropout: the same weights and texts give the same gradients. Knows no embeddings, no texts, no loss.
 *
 * Letters: R texts of a chunk, T tokens of each, H hidden size, E dim of a token vector.
 */
import { SelvageError } from '../errors.ts'
import { LINEARS } from './bertShape.ts'
import { type Formula, Held, lax, np, Program, type Value } from './jax.ts'
import { type BertShape, PROJECTION, type Tensor, type Weights } from './types.ts'

/** Texts of one padded length, their tokens' embeddings summed up. */
export interface Embedded {
  /** `[R·T, H]`. */
  readonly sums: Tensor
  /** `[R, T]`: what is added to the attention to a token. */
  readonly bias: Tensor
}

export interface Pulled {
  /** Of each chunk's sums, `[R·T, H]`. */
  readonly below: readonly Tensor[]
  /** Of the stages' weights, all chunks together. */
  readonly gradients: ReadonlyMap<string, Float32Array<ArrayBuffer>>
}

/** Whoever runs the stages: this thread, or others. */
export interface Runner {
  /** The chunks' vectors, `[R·T, E]`, unit length, those of padding too. @param keep for one `pull` after it */
  encode(weights: Weights, chunks: readonly Embedded[], options: { readonly keep: boolean }): Promise<Tensor[]>
  /** From the gradients of the vectors of the last `encode` that kept, with the weights of then. */
  pull(above: readonly Tensor[]): Promise<Pulled>
  close(): void
}

const FIRST_NORM = ['embeddings.LayerNorm.weight', 'embeddings.LayerNorm.bias']
const NORMS = ['attention.output.LayerNorm', 'output.LayerNorm']
/** Of one layer, in the order that its formula takes them. */
const LAYER = [...LINEARS, ...NORMS].flatMap((name) => [`${name}.weight`, `${name}.bias`])

interface Stage {
  readonly program: Program
  readonly names: readonly string[]
  /** Whether it attends, from one token to another. */
  readonly attends: boolean
}

/** Names of the weights that the stages have. */
export function stageNames({ layers }: Pick<BertShape, 'layers'>): string[] {
  const ofLayers = Array.from({ length: layers }, (_, i) => LAYER.map((name) => `encoder.layer.${i}.${name}`))
  return [...FIRST_NORM, ...ofLayers.flat(), PROJECTION]
}

/** The stages on this thread. */
export class Stages implements Runner {
  readonly #stages: readonly Stage[]
  #kept: { readonly weights: Weights; readonly biases: readonly Tensor[]; readonly inputs: Tensor[][] } | undefined

  constructor({ layers, heads, normEpsilon }: BertShape) {
    const layer = new Program(layerFormula(heads, normEpsilon))
    const first: Formula = ([x, scale, shift]) => norm(x!, scale!, shift!, normEpsilon)
    this.#stages = [
      { program: new Program(first), names: FIRST_NORM, attends: false },
      ...Array.from({ length: layers }, (_, i) => {
        const names = LAYER.map((name) => `encoder.layer.${i}.${name}`)
        return { program: layer, names, attends: true }
      }),
      { program: new Program(projectionFormula), names: [PROJECTION], attends: false },
    ]
  }

  /** A stage at a time, so that its weights are in place once for all chunks. */
  async encode(weights: Weights, chunks: readonly Embedded[], { keep }: { readonly keep: boolean }): Promise<Tensor[]> {
    const biases = chunks.map(({ bias }) => bias)
    const inputs: Tensor[][] = []
    let states = chunks.map(({ sums }) => sums)
    for (const { program, names, attends } of this.#stages) {
      if (keep) inputs.push(states)
      states = await withWeights(weights, names, async (held) => {
        const outputs: Tensor[] = []
        for (const [i, state] of states.entries()) {
          outputs.push(await program.run([state], held, attends ? [biases[i]!] : []))
        }
        return outputs
      })
    }
    if (keep) this.#kept = { weights, biases, inputs }
    return states
  }

  async pull(above: readonly Tensor[]): Promise<Pulled> {
    if (this.#kept === undefined)
      throw new SelvageError('internal', 'Gradients were asked for before a run that keeps.')
    const { weights, biases, inputs } = this.#kept
    this.#kept = undefined
    const gradients = new Map<string, Float32Array<ArrayBuffer>>()
    let pulled = [...above]
    for (const [at, { program, names, attends }] of [...this.#stages.entries()].reverse()) {
      pulled = await withWeights(weights, names, async (held) => {
        const below: Tensor[] = []
        for (const [i, input] of inputs[at]!.entries()) {
          const [, first, ...own] = await program.pull([input], held, attends ? [biases[i]!] : [], pulled[i]!)
          below.push(first!)
          for (const [k, name] of names.entries()) addTo(gradients, name, own[k]!.data)
        }
        return below
      })
    }
    return { below: pulled, gradients }
  }

  close(): void {
    this.#kept = undefined
  }
}

async function withWeights<Result>(
  weights: Weights,
  names: readonly string[],
  run: (held: Held) => Promise<Result>,
): Promise<Result> {
  let held: Held | undefined
  try {
    held = new Held(names.map((name) => weights.get(name)!))
    return await run(held)
  } catch (thrown) {
    throw thrown instanceof RangeError ? noMemory(thrown) : thrown
  } finally {
    held?.release()
  }
}

/** Told so that it survives the way out of a thread. */
export function noMemory(cause: RangeError): SelvageError {
  return new SelvageError(
    'training-failed',
    `There is no memory for it: ${cause.message}. Lower batchSize (and raise accumulate instead) or documentTokens.`,
    { cause },
  )
}

function addTo(sums: Map<string, Float32Array<ArrayBuffer>>, name: string, values: Float32Array<ArrayBuffer>): void {
  const sum = sums.get(name)
  if (sum === undefined) sums.set(name, values)
  else add(sum, values)
}

/** To the first, number by number. */
export function add(sum: Float32Array, values: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += values[i]!
}

function layerFormula(heads: number, epsilon: number): Formula {
  return ([x, ...weights], [bias]) => {
    const [texts, tokens] = bias!.shape as [number, number]
    const hidden = x!.shape[1]!
    const linears = LINEARS.map((_, i) => (y: Value) => linear(y, weights[2 * i]!, weights[2 * i + 1]!))
    const [query, key, value, attended, widened, narrowed] = linears as [Linear, Linear, Linear, Linear, Linear, Linear]
    const [scale1, shift1, scale2, shift2] = weights.slice(2 * LINEARS.length) as [Value, Value, Value, Value]

    const perHead = (y: Value, order: number[]): Value =>
      np.transpose(y.reshape([texts, tokens, heads, hidden / heads]), order)
    const q = perHead(query(x!.ref), [0, 2, 1, 3])
    const k = perHead(key(x!.ref), [0, 2, 3, 1])
    const v = perHead(value(x!.ref), [0, 2, 1, 3])
    const scores = np
      .matmul(q, k)
      .mul((hidden / heads) ** -0.5)
      .add(bias!.reshape([texts, 1, 1, tokens]))
    const highest = lax.stopGradient(np.max(scores.ref, -1, { keepdims: true }))
    const attention = np.exp(scores.sub(highest))
    // A softmax is divided by its sum after it was used: less to divide, and the division lays the numbers out anew. Without
    // that jax-js would read them through the transposed view, 35 times as slow.
    const sums = np.transpose(np.sum(attention.ref, -1, { keepdims: true }), [0, 2, 1, 3])
    const mixed = np
      .transpose(np.matmul(attention, v), [0, 2, 1, 3])
      .div(sums)
      .reshape([texts * tokens, hidden])
    const y = norm(attended(mixed).add(x!), scale1, shift1, epsilon)
    return norm(narrowed(gelu(widened(y.ref))).add(y), scale2, shift2, epsilon)
  }
}

type Linear = (x: Value) => Value

/** To unit length, as torch's `normalize` does it. */
const projectionFormula: Formula = ([x, matrix]) => {
  const y = np.matmul(x!, np.transpose(matrix!))
  const squares = np.sum(y.ref.mul(y.ref), -1, { keepdims: true })
  return y.div(np.sqrt(np.maximum(squares, 1e-24)))
}

function linear(x: Value, matrix: Value, bias: Value): Value {
  return np.matmul(x, np.transpose(matrix)).add(bias)
}

function norm(x: Value, scale: Value, shift: Value, epsilon: number): Value {
  const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }))
  const variance = np.mean(centred.ref.mul(centred.ref), -1, { keepdims: true })
  return centred
    .div(np.sqrt(variance.add(epsilon)))
    .mul(scale)
    .add(shift)
}

/** By erf, not by tanh. */
function gelu(x: Value): Value {
  return x.ref.mul(0.5).mul(lax.erf(x.mul(Math.SQRT1_2)).add(1))
}
