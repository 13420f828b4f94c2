/**
 * BERT and the projection after it (Devlin et al. 2019; transformers' BertModel, PyLate's Dense and normalisation), forward
 * and backward, a layer at a time: of a forward run only the input of each layer is kept, and a layer's inside is worked
 * out again when its gradients are wanted (Chen et al. 2016, "Training deep nets with sublinear memory cost"). A third more
 * work, for memory that does not grow with the depth, and one layer to compile instead of all. No dropout: the same weights
 * and texts give the same gradients. Knows no texts, no loss.
 *
 * Letters: R texts of a chunk, T tokens of each, H hidden size, E dim of a token vector.
 */
import { SelvageError } from '../errors.ts'
import { checkWeights, LINEARS } from './bertShape.ts'
import { type Formula, Held, lax, np, Program, type Value } from './jax.ts'
import { type Checkpoint, PROJECTION, type Tensor } from './types.ts'

/** Texts that run together, padded to one length. */
export interface Chunk {
  /** R and T. */
  readonly texts: number
  readonly tokens: number
  /** `[R, T]`. */
  readonly ids: Int32Array
  /** `[R, T]`: what is added to a token's attention: 0, or -10000 where nobody attends to it. */
  readonly bias: Float32Array<ArrayBuffer>
}

/** A chunk as it went through. */
export interface Encoded {
  readonly chunk: Chunk
  /** `[R·T, E]`, unit vectors, those of padding too. */
  readonly vectors: Tensor
  /** What went into the first norm, the layers, and the projection; empty where no gradients will be wanted. */
  readonly inputs: readonly Tensor[]
}

/** Gradients by the names of the weights, to be added to. */
export type Gradients = ReadonlyMap<string, Float32Array>

const WORDS = 'embeddings.word_embeddings.weight'
const POSITIONS = 'embeddings.position_embeddings.weight'
const SEGMENTS = 'embeddings.token_type_embeddings.weight'
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

export class Bert {
  readonly #checkpoint: Checkpoint
  readonly #stages: readonly Stage[]

  /** @param checkpoint whose numbers may change between two runs */
  constructor(checkpoint: Checkpoint) {
    checkWeights(checkpoint, 'The checkpoint')
    if (!checkpoint.weights.has(PROJECTION)) {
      throw new SelvageError('model-invalid', 'The checkpoint has no projection. Give it a fresh one to start from.')
    }
    const { layers, heads, normEpsilon } = checkpoint.shape
    const layer = new Program(layerFormula(heads, normEpsilon))
    const first: Formula = ([x, scale, shift]) => norm(x!, scale!, shift!, normEpsilon)
    this.#checkpoint = checkpoint
    this.#stages = [
      { program: new Program(first), names: FIRST_NORM, attends: false },
      ...Array.from({ length: layers }, (_, i) => {
        const names = LAYER.map((name) => `encoder.layer.${i}.${name}`)
        return { program: layer, names, attends: true }
      }),
      { program: new Program(projectionFormula), names: [PROJECTION], attends: false },
    ]
  }

  /** @param keep what gradients need. A stage at a time, so that its weights are there once for all chunks. */
  async encode(chunks: readonly Chunk[], { keep }: { readonly keep: boolean }): Promise<Encoded[]> {
    let states = chunks.map((chunk) => this.#embed(chunk))
    const inputs: Tensor[][] = chunks.map(() => [])
    for (const { program, names, attends } of this.#stages) {
      if (keep) for (const [i, state] of states.entries()) inputs[i]!.push(state)
      const held = this.#hold(names)
      try {
        const outputs: Tensor[] = []
        for (const [i, state] of states.entries()) {
          outputs.push(await program.run([state], held, attends ? [biasOf(chunks[i]!)] : []))
        }
        states = outputs
      } finally {
        held.release()
      }
    }
    return chunks.map((chunk, i) => ({ chunk, vectors: states[i]!, inputs: inputs[i]! }))
  }

  /** Adds to the gradients of all weights. @param above the gradient of each chunk's vectors, `[R·T, E]` */
  async pull(encoded: readonly Encoded[], above: readonly Tensor[], gradients: Gradients): Promise<void> {
    let pulled = [...above]
    for (const [at, { program, names, attends }] of [...this.#stages.entries()].reverse()) {
      const held = this.#hold(names)
      try {
        const below: Tensor[] = []
        for (const [i, { chunk, inputs }] of encoded.entries()) {
          const given = attends ? [biasOf(chunk)] : []
          const [, first, ...own] = await program.pull([inputs[at]!], held, given, pulled[i]!)
          below.push(first!)
          for (const [k, name] of names.entries()) add(gradients.get(name)!, own[k]!.data)
        }
        pulled = below
      } finally {
        held.release()
      }
    }
    for (const [i, { chunk }] of encoded.entries()) this.#pullEmbeddings(chunk, pulled[i]!.data, gradients)
  }

  /** Word, position and segment (always the first) of each token, `[R·T, H]`. */
  #embed({ texts, tokens, ids }: Chunk): Tensor {
    const { hidden, vocabulary } = this.#checkpoint.shape
    const [words, positions, segments] = [WORDS, POSITIONS, SEGMENTS].map((name) => this.#weight(name).data)
    const data = new Float32Array(texts * tokens * hidden)
    for (const [row, id] of ids.entries()) {
      if (id < 0 || id >= vocabulary) {
        throw new SelvageError(
          'model-mismatch',
          `The tokenizer gives token ${id}; the checkpoint has ${vocabulary} of them.`,
        )
      }
      const [from, word, position] = [row * hidden, id * hidden, (row % tokens) * hidden]
      for (let h = 0; h < hidden; h++) data[from + h] = words![word + h]! + segments![h]! + positions![position + h]!
    }
    return { shape: [texts * tokens, hidden], data }
  }

  #pullEmbeddings({ tokens, ids }: Chunk, above: Float32Array, gradients: Gradients): void {
    const { hidden } = this.#checkpoint.shape
    const [words, positions, segments] = [WORDS, POSITIONS, SEGMENTS].map((name) => gradients.get(name)!)
    for (const [row, id] of ids.entries()) {
      const [from, word, position] = [row * hidden, id * hidden, (row % tokens) * hidden]
      for (let h = 0; h < hidden; h++) {
        const value = above[from + h]!
        words![word + h]! += value
        positions![position + h]! += value
        segments![h]! += value
      }
    }
  }

  #weight(name: string): Tensor {
    return this.#checkpoint.weights.get(name)!
  }

  #hold(names: readonly string[]): Held {
    return new Held(names.map((name) => this.#weight(name)))
  }
}

function biasOf({ texts, tokens, bias }: Chunk): Tensor {
  return { shape: [texts, tokens], data: bias }
}

function add(sum: Float32Array, values: Float32Array): void {
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
