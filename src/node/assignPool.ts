/**
 * Nearest centroids on all cores: clustering is next to nothing but these, and tokens do not depend on each other. Each
 * thread takes a share of a call's tokens, this one too; the codes are those that one thread would give.
 */
import { Worker } from 'node:worker_threads'
import type { AssignCentroids } from '../plaid/kmeans.ts'
import { concat } from '../util.ts'
import { AskedThread } from './askedThread.ts'
import type { AssignRequest } from './assignWorker.ts'

/** Multiplications that are worth the way to another thread: some 5 ms. */
const WORTH_SHARING = 2 ** 25

export interface AssignPool {
  readonly assign: AssignCentroids
  close(): Promise<void>
}

/** @param own the kernel on this thread. @param threads in all; 1 uses only `own` */
export function assignPool(own: AssignCentroids, threads: number): AssignPool {
  let workers: ReturnType<typeof startThread>[] = []
  const assign: AssignCentroids = async (tokens, centroids, dim, options) => {
    const rows = tokens.length / dim
    const isLarge = rows >= threads && rows * centroids.length >= WORTH_SHARING * threads
    if (threads === 1 || !isLarge) return own(tokens, centroids, dim, options)
    workers = workers.filter(({ hasEnded }) => !hasEnded) // one that died between two calls answers nothing
    while (workers.length < threads - 1) workers.push(startThread())
    const each = Math.ceil(rows / threads)
    const shareOf = (n: number) => tokens.subarray(n * each * dim, (n + 1) * each * dim)
    const others = workers.map((worker, n) => {
      const share = shareOf(n + 1).slice()
      return worker.ask({ tokens: share, centroids, dim }, [share.buffer])
    })
    const shares = await Promise.all([own(shareOf(0), centroids, dim, options), ...others])
    return concat((length) => new Uint32Array(length), shares)
  }
  return {
    assign,
    async close() {
      await Promise.all(workers.map((worker) => worker.close()))
    },
  }
}

function startThread(): AskedThread<AssignRequest, Uint32Array> {
  return new AskedThread(new Worker(new URL('./assignWorker.ts', import.meta.url)), 'finds centroids')
}
