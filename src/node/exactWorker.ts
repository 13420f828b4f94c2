/** A thread that holds some passages and scores them, for the pool of exactPool.ts, with the same kernel as anybody. */
import { createOps } from '../ops/create.ts'
import type { LoadedPassages, PassageBatch, QueryBatch } from '../ops/ops.ts'
import { answerAll } from './askedThread.ts'

/** First the passages, then queries. */
export type ExactRequest = { readonly passages: PassageBatch } | { readonly query: QueryBatch }

const kernels = createOps({ backend: 'auto' })
let loaded: LoadedPassages | undefined

/** f32 `[P]`; none for passages, which are now loaded. */
answerAll<ExactRequest, Float32Array>(async (request) => {
  const ops = await kernels
  if ('query' in request) return loaded ? (await ops.maxSim(request.query, loaded)).scores : new Float32Array()
  loaded?.release()
  loaded = await ops.load(request.passages)
  return new Float32Array()
})
