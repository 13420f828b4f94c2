/** Threads that score passages: the scores of one thread, and an error where one of them dies. */
import type { Worker } from 'node:worker_threads'
import { afterEach, expect, test, vi } from 'vitest'
import { exactPool } from '../../src/node/exactPool.ts'
import { createOps } from '../../src/ops/create.ts'
import { toHalves } from '../../src/ops/half.ts'
import { randomPassages, randomQueries, seeded } from '../ops/data.ts'

const threads: Worker[] = []
vi.mock('node:worker_threads', async (original) => {
  const module = await original<typeof import('node:worker_threads')>()
  class Watched extends module.Worker {
    constructor(path: URL) {
      super(path)
      threads.push(this)
    }
  }
  return { ...module, Worker: Watched }
})
afterEach(() => threads.splice(0))

/** Passages of all lengths, some without tokens, and one that is longer than all others. */
const random = seeded(3)
const lengths = [0, 9000, 0, ...Array.from({ length: 900 }, () => Math.floor(random() * 300)), 0]
const { vectors, ...layout } = randomPassages(random, lengths, 48)
const passages = { ...layout, vectors: toHalves(Float32Array.from(vectors)) }
const query = randomQueries(random, [32], 48)

test.each([2, 3])('%i threads give the scores of one', async (count) => {
  const ops = await createOps({ backend: 'wasm' })
  const [alone, together] = [await exactPool(passages, ops, 1), await exactPool(passages, ops, count)]
  try {
    expect(threads).toHaveLength(count - 1)
    const expected = await alone.score(query)
    expect(expected).toHaveLength(lengths.length)
    expect(expected[2]).toBe(Number.NEGATIVE_INFINITY)
    expect(await together.score(query)).toEqual(expected)
    const [first, second] = await Promise.all([together.score(query), together.score(query)])
    expect([first, second]).toEqual([expected, expected])
  } finally {
    await Promise.all([alone.close(), together.close()])
    ops.close()
  }
})

test('few passages stay on this thread; a thread that died is told', async () => {
  const ops = await createOps({ backend: 'wasm' })
  const few = await exactPool(randomPassages(random, [3, 5], 48), ops, 8)
  expect(await few.score(query)).toHaveLength(2)
  expect(threads).toHaveLength(0)
  await few.close()
  const pool = await exactPool(passages, ops, 2)
  await threads[0]?.terminate()
  await expect(pool.score(query)).rejects.toMatchObject({ code: 'worker-died' })
  await pool.close()
  ops.close()
})
