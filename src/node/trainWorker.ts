/**
 * A thread that runs the stages of an encoder in training, for trainPool.ts: some chunks forward, then the same backward, with
 * weights that come with them. What the stages are is training/stages.ts's matter.
 */
import { SelvageError } from '../errors.ts'
import { type Embedded, type Pulled, Stages } from '../training/stages.ts'
import type { BertShape, Tensor, Weights } from '../training/types.ts'
import { answerAll } from './askedThread.ts'

export type TrainRequest =
  | {
      readonly shape: BertShape
      readonly weights: Weights
      readonly chunks: readonly Embedded[]
      readonly keep: boolean
    }
  | { readonly above: readonly Tensor[] }

export type TrainAnswer = { readonly vectors: readonly Tensor[] } | Pulled

let stages: Stages | undefined

answerAll(async (request: TrainRequest): Promise<TrainAnswer> => {
  if ('chunks' in request) {
    stages ??= new Stages(request.shape)
    return { vectors: await stages.encode(request.weights, request.chunks, { keep: request.keep }) }
  }
  if (stages === undefined) throw new SelvageError('internal', 'Gradients were asked for before a run.')
  return stages.pull(request.above)
})
