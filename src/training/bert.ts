/**
 * The encoder that is trained: it sums up each token's embeddings, gives them to the stages, and takes the gradients of all
 * weights back. Embeddings are looked up and their gradients added up here, in plain loops: of a table of 30,000 words a
 * batch has some hundreds. Knows no texts, no loss, nor who runs the stages.
 *
 * Letters: R texts of a chunk, T tokens of each, H hidden size, E dim of a token vector.
 */
import { SelvageError } from '../errors.ts'
import { checkWeights } from './bertShape.ts'
import { add, type Embedded, type Runner, Stages, stageNames } from './stages.ts'
import { type Checkpoint, PROJECTION, type Tensor, type Weights } from './types.ts'

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
}

/** Gradients by the names of the weights, to be added to. */
export type Gradients = ReadonlyMap<string, Float32Array>

const WORDS = 'embeddings.word_embeddings.weight'
const POSITIONS = 'embeddings.position_embeddings.weight'
const SEGMENTS = 'embeddings.token_type_embeddings.weight'

export class Bert {
  readonly #checkpoint: Checkpoint
  readonly #stageWeights: Weights
  readonly #runner: Runner

  /** @param checkpoint whose numbers may change between two runs */
  constructor(checkpoint: Checkpoint, runner: Runner = new Stages(checkpoint.shape)) {
    checkWeights(checkpoint, 'The checkpoint')
    if (!checkpoint.weights.has(PROJECTION)) {
      throw new SelvageError('model-invalid', 'The checkpoint has no projection. Give it a fresh one to start from.')
    }
    this.#checkpoint = checkpoint
    this.#stageWeights = new Map(stageNames(checkpoint.shape).map((name) => [name, this.#weight(name)]))
    this.#runner = runner
  }

  /** @param keep for one `pull` after it */
  async encode(chunks: readonly Chunk[], options: { readonly keep: boolean }): Promise<Encoded[]> {
    const embedded = chunks.map((chunk) => this.#embed(chunk))
    const vectors = await this.#runner.encode(this.#stageWeights, embedded, options)
    return chunks.map((chunk, i) => ({ chunk, vectors: vectors[i]! }))
  }

  /** Adds to the gradients of all weights. @param above the gradient of each chunk's vectors, `[R·T, E]` */
  async pull(encoded: readonly Encoded[], above: readonly Tensor[], gradients: Gradients): Promise<void> {
    const pulled = await this.#runner.pull(above)
    for (const [name, values] of pulled.gradients) add(gradients.get(name)!, values)
    for (const [i, { chunk }] of encoded.entries()) this.#pullEmbeddings(chunk, pulled.below[i]!.data, gradients)
  }

  close(): void {
    this.#runner.close()
  }

  /** Word, position and segment (always the first) of each token, `[R·T, H]`. */
  #embed({ texts, tokens, ids, bias }: Chunk): Embedded {
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
    return { sums: { shape: [texts * tokens, hidden], data }, bias: { shape: [texts, tokens], data: bias } }
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
}
