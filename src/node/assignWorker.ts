/** A thread that finds nearest centroids for the pool of assignPool.ts, with the same kernel as anybody. */
import { createOps } from '../ops/create.ts'
import { answerAll } from './askedThread.ts'

export interface AssignRequest {
  readonly tokens: Float32Array<ArrayBuffer>
  readonly centroids: Float32Array
  readonly dim: number
}

const kernels = createOps({ backend: 'auto' })

answerAll<AssignRequest, Uint32Array>(async ({ tokens, centroids, dim }) =>
  (await kernels).assignCentroids(tokens, centroids, dim),
)
