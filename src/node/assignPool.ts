/**
 * Nearest centroids on all cores: clustering is next to nothing but these, and tokens do not depend on each other. Each
 * thread takes a share of a call's tokens, this one too; the codes are those that one thread would give.
 */
import { Worker } from 'node:worker_threads'
import { SelvageError } from '../errors.ts'
import type { AssignCentroids } from '../plaid/kmeans.ts'
import { concat } from '../util.ts'
import type { AssignReply, AssignRequest } from './assignWorker.ts'

/** Multiplications that are worth the way to another thread: some 5 ms. */
const WORTH_SHARING = 2 ** 25

export interface AssignPool {
  readonly assign: AssignCentroids
  close(): Promise<void>
}

/** @param own the kernel on this thread. @param threads in all; 1 uses only `own` */
export function assignPool(own: AssignCentroids, threads: number): AssignPool {
  let workers: AssignThread[] = []
  const assign: AssignCentroids = async (tokens, centroids, dim, options) => {
    const rows = tokens.length / dim
    const isLarge = rows >= threads && rows * centroids.length >= WORTH_SHARING * threads
    if (threads === 1 || !isLarge) return own(tokens, centroids, dim, options)
    workers = workers.filter(({ hasEnded }) => !hasEnded) // one that died between two calls answers nothing
    while (workers.length < threads - 1) workers.push(new AssignThread())
    const each = Math.ceil(rows / threads)
    const shareOf = (n: number) => tokens.subarray(n * each * dim, (n + 1) * each * dim)
    const others = workers.map((worker, n) => worker.assign(shareOf(n + 1), centroids, dim))
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

class AssignThread {
  readonly #thread = new Worker(new URL('./assignWorker.ts', import.meta.url))
  readonly #waiting = new Map<number, PromiseWithReject>()
  #requests = 0
  #hasEnded = false

  constructor() {
    this.#thread.unref() // a build that fails elsewhere ends the process all the same
    this.#thread.on('message', (reply: AssignReply) => {
      const waiting = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      if (this.#waiting.size === 0) this.#thread.unref()
      if ('error' in reply) waiting?.reject(SelvageError.fromWire(reply.error))
      else waiting?.resolve(reply.codes)
    })
    this.#thread.on('error', (error) => this.#end(error.message))
    this.#thread.on('exit', (code) => this.#end(`it ended with code ${code}.`))
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  assign(tokens: Float32Array, centroids: Float32Array, dim: number): Promise<Uint32Array> {
    return new Promise((resolve, reject) => {
      const id = this.#requests++
      this.#waiting.set(id, { resolve, reject })
      this.#thread.ref()
      const own = tokens.slice()
      this.#thread.postMessage({ id, tokens: own, centroids, dim } satisfies AssignRequest, [own.buffer])
    })
  }

  async close(): Promise<void> {
    await this.#thread.terminate()
  }

  #end(why: string): void {
    this.#hasEnded = true
    const reason = new SelvageError('worker-died', `A thread that finds centroids stopped: ${why} Try again.`)
    for (const { reject } of this.#waiting.values()) reject(reason)
    this.#waiting.clear()
  }
}

interface PromiseWithReject {
  resolve(codes: Uint32Array): void
  reject(reason: SelvageError): void
}
