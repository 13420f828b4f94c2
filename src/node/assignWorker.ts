/** A thread that finds nearest centroids for the pool of assignPool.ts, with the same kernel as anybody. */
import { parentPort } from 'node:worker_threads'
import { asSelvageError, type WireError } from '../errors.ts'
import { createOps } from '../ops/create.ts'

export interface AssignRequest {
  readonly id: number
  readonly tokens: Float32Array<ArrayBuffer>
  readonly centroids: Float32Array
  readonly dim: number
}

export type AssignReply = { readonly id: number } & ({ readonly codes: Uint32Array } | { readonly error: WireError })

const kernels = createOps({ backend: 'auto' })

parentPort?.on('message', async ({ id, tokens, centroids, dim }: AssignRequest) => {
  let reply: AssignReply
  try {
    reply = { id, codes: await (await kernels).assignCentroids(tokens, centroids, dim) }
  } catch (thrown) {
    reply = { id, error: asSelvageError(thrown).toWire() }
  }
  parentPort?.postMessage(reply)
})
