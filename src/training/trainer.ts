/**
 * A training run: step by step from a checkpoint and examples to other weights. What a run needs to go on is in its state;
 * with it, a run that was stopped gives the very weights of one that was not. Knows no files, no progress bar.
 */
import type { Layouts } from '../encoder/layouts.ts'
import type { Checkpoint, Example, Weights } from './types.ts'

export interface TrainOptions {
  /** 'contrastive' (default): the positive against all other texts of its batch; 'distillation': a teacher's scores. */
  readonly loss?: 'contrastive' | 'distillation'
  /** What scores are divided by before the softmax of the contrastive loss. Default 1, as PyLate. */
  readonly temperature?: number
  /** Examples that are run together; the others of a batch are negatives. Default 16. */
  readonly batchSize?: number
  /** Batches whose gradients are averaged for one step. Default 1. */
  readonly accumulate?: number
  /** Times that each example is seen. Default 1. */
  readonly epochs?: number
  /** Of the encoder, at its highest. Default 3e-6, for a model that is trained already. */
  readonly learningRate?: number
  /** Of the projection. Default: ten times `learningRate`. */
  readonly projectionRate?: number
  /** Share of all steps in which the rates rise from 0; then they fall to 0. Default 0.1. */
  readonly warmupShare?: number
  /** Default 0.01; biases and LayerNorms have none. */
  readonly weightDecay?: number
  /** The gradient of all weights is scaled down to this length. Default 1. */
  readonly clipNorm?: number
  /** Of the order of examples. Default 0. */
  readonly seed?: number
  /** Tokens of a query and of a document at most; default: the model's own. */
  readonly queryTokens?: number
  readonly documentTokens?: number
}

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

export declare class Trainer {
  /** @param state of an earlier run, whose options count where these say nothing */
  static create(
    checkpoint: Checkpoint,
    layouts: Layouts,
    examples: readonly Example[],
    options?: TrainOptions,
    state?: TrainState,
  ): Promise<Trainer>
  /** Steps in all, and those done. */
  readonly steps: number
  readonly step: number
  /** One step of the optimiser. */
  next(): Promise<StepReport>
  state(): Promise<TrainState>
  /** The weights as they are now. */
  checkpoint(): Promise<Checkpoint>
  /**
   * Share of (query, positive, negative) in which the positive comes first, as PyLate's triplet evaluator has it. An example
   * without negatives is held against another example's positive, the same at every call.
   */
  accuracy(held: readonly Example[]): Promise<number>
  close(): void
}
