/**
 * The nouns of training: what is learned from and what is learned. Shapes: H hidden size, E dim of a token vector.
 * Knows no file format, no gradients, no optimiser.
 */

/** A query, a text that answers it, and texts that do not. */
export interface Example {
  readonly query: string
  readonly positive: string
  /** May be empty: the other examples of a batch are negatives too. */
  readonly negatives: readonly string[]
  /** A teacher's scores of the positive and then of each negative; for distillation. */
  readonly scores?: readonly number[]
}

/** One weight, row by row as PyTorch keeps it: a linear layer's is `[out, in]`. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array<ArrayBuffer>
}

/**
 * All weights of an encoder by their names in a checkpoint of transformers' BertModel, with no prefix
 * (`embeddings.word_embeddings.weight`, `encoder.layer.0.attention.self.query.weight`, ...), and the projection after it as
 * `PROJECTION`, `[E, H]`.
 */
export type Weights = ReadonlyMap<string, Tensor>

export const PROJECTION = 'projection'

/** What the shape of a BERT is decided by: fields of its config.json. */
export interface BertShape {
  readonly layers: number
  /** H. */
  readonly hidden: number
  readonly heads: number
  readonly intermediate: number
  readonly vocabulary: number
  readonly positions: number
  readonly segments: number
  readonly normEpsilon: number
}

export interface Checkpoint {
  readonly shape: BertShape
  readonly weights: Weights
}
