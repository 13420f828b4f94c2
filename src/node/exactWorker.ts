/** A thread that holds some passages and scores them, for the pool of exactPool.ts, with the same kernel as anybody. */
import { parentPort } from 'node:worker_threads'
import { asSelvageError, type WireError } from '../errors.ts'
import { createOps } from '../ops/create.ts'
import type { LoadedPassages, PassageBatch, QueryBatch } from '../ops/ops.ts'

/** First the passages, then queries. */
export type ExactRequest = { readonly id: number } & (
  | { readonly passages: PassageBatch }
  | { readonly query: QueryBatch }
)

/** f32 `[P]`; none for passages, which are now loaded. */
export type ExactReply = { readonly id: number } & ({ readonly scores: Float32Array } | { readonly error: WireError })

const kernels = createOps({ backend: 'auto' })
let loaded: LoadedPassages | undefined

async function answer(request: ExactRequest): Promise<Float32Array> {
  const ops = await kernels
  if ('query' in request) return loaded ? (await ops.maxSim(request.query, loaded)).scores : new Float32Array()
  loaded?.release()
  loaded = await ops.load(request.passages)
  return new Float32Array()
}

parentPort?.on('message', async (request: ExactRequest) => {
  let reply: ExactReply
  try {
    reply = { id: request.id, scores: await answer(request) }
  } catch (thrown) {
    reply = { id: request.id, error: asSelvageError(thrown).toWire() }
  }
  parentPort?.postMessage(reply)
})
