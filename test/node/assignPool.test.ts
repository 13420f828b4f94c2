/** Threads that find centroids: the codes of one thread, also after one of them has died. */
import type { Worker } from 'node:worker_threads'
import { expect, test, vi } from 'vitest'
import { assignPool } from '../../src/node/assignPool.ts'
import { createOps } from '../../src/ops/create.ts'

const threads: Worker[] = []
/** Whether what is sent to a thread stays on the way: it is then in a call for as long as the test wants. */
let isHeld = false
vi.mock('node:worker_threads', async (original) => {
  const module = await original<typeof import('node:worker_threads')>()
  class Watched extends module.Worker {
    constructor(path: URL) {
      super(path)
      threads.push(this)
    }
    override postMessage(...message: Parameters<Worker['postMessage']>): void {
      if (!isHeld) super.postMessage(...message)
    }
  }
  return { ...module, Worker: Watched }
})

test('a thread that died between two calls is replaced; one that dies during a call is told', async () => {
  const ops = await createOps({ backend: 'wasm' })
  const own = ops.assignCentroids.bind(ops)
  const pool = assignPool(own, 2)
  const [dim, rows] = [16, 2 ** 14]
  const tokens = Float32Array.from({ length: rows * dim }, (_, i) => Math.sin(i))
  const centroids = Float32Array.from({ length: 256 * dim }, (_, i) => Math.cos(i * 3))
  const assign = () => pool.assign(tokens, centroids, dim)
  const expected = await own(tokens, centroids, dim)
  try {
    expect(await assign()).toEqual(expected)
    await threads[0]?.terminate()
    expect(await assign()).toEqual(expected)
    expect(threads).toHaveLength(2)
    isHeld = true
    const dying = expect(assign()).rejects.toMatchObject({ code: 'worker-died' })
    await threads[1]?.terminate()
    await dying
    isHeld = false
    expect(await assign()).toEqual(expected)
  } finally {
    await pool.close()
    ops.close()
  }
})
