/**
 * Exact MaxSim on all cores: each thread holds a share of the passages, this one too, and scores it for every query. The scores
 * are those that one thread would give: passages do not depend on each other. Who asks, and what for, it does not know.
 */
import { Worker } from 'node:worker_threads'
import type { FailoverOps } from '../ops/failover.ts'
import type { PassageBatch, QueryBatch } from '../ops/ops.ts'
import { concat } from '../util.ts'
import { AskedThread } from './askedThread.ts'
import type { ExactRequest } from './exactWorker.ts'

/** Values that are worth a thread of their own: a query of 32 tokens takes some 5 ms over them. */
const WORTH_A_THREAD = 2 ** 21

export interface ExactPool {
  /** f32 `[P]`, of one query; -Infinity for a passage without tokens. Errors: `worker-died`, and those of the kernel. */
  score(query: QueryBatch): Promise<Float32Array>
  close(): Promise<void>
}

/** @param threads in all, at most; few passages take fewer */
export async function exactPool(passages: PassageBatch, ops: FailoverOps, threads: number): Promise<ExactPool> {
  const wanted = Math.min(threads, Math.floor(passages.vectors.length / WORTH_A_THREAD))
  const [own, ...others] = sharesOf(passages, Math.max(1, wanted))
  const workers = others.map(startThread)
  const close = async () => {
    await Promise.all(workers.map((worker) => worker.close()))
  }
  try {
    // A view would be sent with all that lies behind it.
    const loading = others.map((share, n) =>
      workers[n]!.ask({ passages: { ...share, vectors: share.vectors.slice() } }),
    )
    const [loaded] = await Promise.all([ops.load(own!), ...loading])
    return {
      async score(query) {
        const asked = workers.map((worker) => worker.ask({ query }))
        const [{ scores }, ...rest] = await Promise.all([ops.maxSim(query, loaded), ...asked])
        return rest.length === 0 ? scores : concat((length) => new Float32Array(length), [scores, ...rest])
      },
      async close() {
        loaded.release()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Neighbouring passages in so many shares, of about as many tokens each. */
function sharesOf({ vectors, offsets, dim }: PassageBatch, count: number): PassageBatch[] {
  const tokens = offsets.at(-1) ?? 0
  let from = 0
  return Array.from({ length: count }, (_, n) => {
    const end = (tokens * (n + 1)) / count
    let to = from
    while (to < offsets.length - 1 && (n === count - 1 || offsets[to + 1]! <= end)) to++
    const start = offsets[from]!
    const share = {
      vectors: vectors.subarray(start * dim, offsets[to]! * dim),
      offsets: offsets.slice(from, to + 1).map((offset) => offset - start),
      dim,
    }
    from = to
    return share
  })
}

function startThread(): AskedThread<ExactRequest, Float32Array> {
  return new AskedThread(new Worker(new URL('./exactWorker.ts', import.meta.url)), 'scores passages')
}
