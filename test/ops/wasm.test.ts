/** What only the WASM backend has: long calls on the caller's own thread. */
import { expect, test } from 'vitest'
import { createWasmOps } from '../../src/ops/wasm/ops.ts'
import { randomPassages, randomQueries, seeded } from './data.ts'

const random = seeded(5)
const passages = randomPassages(random, Array(4000).fill(100), 16)
const queries = randomQueries(random, Array(64).fill(32), 16) // 26 GFLOP: a second or more

test('a call can be aborted while it runs; the next call is answered', async () => {
  const ops = await createWasmOps()
  const loaded = await ops.load(passages)
  const controller = new AbortController()
  const call = ops.maxSim(queries, loaded, { signal: controller.signal })
  const next = ops.maxSim({ ...queries, vectors: queries.vectors.slice(0, 16), offsets: Uint32Array.of(0, 1) }, loaded)
  setTimeout(() => controller.abort(), 5)
  await expect(call).rejects.toMatchObject({ code: 'aborted' })
  expect((await next).scores.every(Number.isFinite)).toBe(true)
})

test('passages released while a call runs end the call', async () => {
  const ops = await createWasmOps()
  const loaded = await ops.load(passages)
  const call = ops.maxSim(queries, loaded, { signal: new AbortController().signal })
  setTimeout(() => loaded.release(), 5)
  await expect(call).rejects.toMatchObject({ code: 'closed' })
})

test('memory that cannot grow is told as such', async () => {
  const ops = await createWasmOps()
  const { grow } = WebAssembly.Memory.prototype
  WebAssembly.Memory.prototype.grow = () => {
    throw new RangeError('as the test says')
  }
  try {
    const message = 'WebAssembly memory cannot grow to 25 MiB for these passages.'
    await expect(ops.load(passages)).rejects.toMatchObject({ code: 'runtime-failed', message })
  } finally {
    WebAssembly.Memory.prototype.grow = grow
  }
})
