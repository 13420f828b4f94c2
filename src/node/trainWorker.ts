/**
 * A thread that runs the stages of an encoder in training, for trainPool.ts: some chunks forward, then the same backward, with
 * weights that come with them. What the stages are is training/stages.ts's matter.
 */
import { setFlagsFromString } from 'node:v8'
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

/** A module with one f32x4.relaxed_madd in it. */
const FUSED = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b],
  ...[3, 2, 1, 0, 10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 2, 11],
])

// jax-js multiplies and adds in one instruction where WebAssembly has it: a fifth less time. Node 20 has it behind this flag,
// later ones without.
if (!WebAssembly.validate(FUSED)) setFlagsFromString('--experimental-wasm-relaxed-simd')

let stages: Stages | undefined

answerAll(async (request: TrainRequest): Promise<TrainAnswer> => {
  if ('chunks' in request) {
    stages ??= new Stages(request.shape)
    return { vectors: await stages.encode(request.weights, request.chunks, { keep: request.keep }) }
  }
  if (stages === undefined) throw new SelvageError('internal', 'Gradients were asked for before a run.')
  return stages.pull(request.above)
})
