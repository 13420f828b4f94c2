import { describe, expect, test, vi } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import { createOps } from '../../src/ops/create.ts'
import { type Backend, createFailover } from '../../src/ops/failover.ts'
import type { Ops } from '../../src/ops/ops.ts'
import { createReferenceOps } from '../../src/ops/reference.ts'
import type { OpsBackend } from '../../src/types.ts'
import { batchOf } from './data.ts'

const queries = batchOf([[[1, 0]]], 2)
const passages = batchOf([[[3, 4]], [[5, 6]]], 2)
const answer = { scores: Float32Array.of(3, 5) }

/** A backend that computes rightly under another name, until `fail` is set: then load and maxSim reject with it. */
class Fragile {
  fail: Error | undefined
  readonly close = vi.fn()
  readonly name: OpsBackend
  created = 0

  constructor(name: OpsBackend) {
    this.name = name
  }

  get backend(): Backend {
    return { name: this.name, create: async () => this.#create() }
  }

  #create(): Ops {
    this.created++
    const inner = createReferenceOps()
    const guarded = async <T>(work: Promise<T>): Promise<T> => {
      const result = await work
      await new Promise((resume) => setTimeout(resume)) // mid-query
      if (this.fail !== undefined) throw this.fail
      return result
    }
    return {
      backend: this.name,
      device: `a ${this.name}`,
      load: async (batch) => {
        const loaded = await guarded(inner.load(batch))
        return Object.assign(loaded, {})
      },
      maxSim: async (...call) => ({ ...(await guarded(inner.maxSim(...call))), backend: this.name }),
      assignCentroids: (...call) => guarded(inner.assignCentroids(...call)),
      loadPlaid: (index) => guarded(inner.loadPlaid(index)),
      searchPlaid: (...call) => guarded(inner.searchPlaid(...call)),
      close: this.close,
    }
  }
}

const lost = new SelvageError('device-lost', 'The GPU was lost: it fell off.')

describe('creation', () => {
  test('takes the first that works and tells why not the others', async () => {
    const webgpu = { name: 'webgpu', create: () => Promise.reject(new Error('no adapter')) } as const
    const wasm = new Fragile('wasm')
    const reference = new Fragile('reference')
    const ops = await createFailover([webgpu, wasm.backend, reference.backend])
    expect(ops).toMatchObject({ backend: 'wasm', device: 'a wasm' })
    expect(ops.refused).toEqual([{ backend: 'webgpu', reason: 'no adapter' }])
    expect(reference.created).toBe(0)
  })

  test('none works: one error with all reasons; the only one: its own error', async () => {
    const failing = (name: OpsBackend) => ({ name, create: () => Promise.reject(new SelvageError('internal', name)) })
    await expect(createFailover([failing('webgpu'), failing('wasm')])).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: 'No backend works here. webgpu: webgpu · wasm: wasm',
    })
    await expect(createFailover([failing('wasm')])).rejects.toMatchObject({ code: 'internal' })
  })
})

describe('a backend that goes', () => {
  const start = async () => {
    const webgpu = new Fragile('webgpu')
    const wasm = new Fragile('wasm')
    const ops = await createFailover([webgpu.backend, wasm.backend])
    const source = vi.fn(async () => passages)
    return { webgpu, wasm, ops, source }
  }

  test('during calls: all are answered by the next, created once, loaded once', async () => {
    const { webgpu, wasm, ops, source } = await start()
    const loaded = await ops.load(source)
    expect(await ops.maxSim(queries, loaded)).toEqual({ ...answer, backend: 'webgpu' })
    const calls = [ops.maxSim(queries, loaded), ops.maxSim(queries, loaded)]
    webgpu.fail = lost
    for (const call of calls) expect(await call).toEqual({ ...answer, backend: 'wasm' })
    expect(ops.refused).toEqual([{ backend: 'webgpu', reason: lost.message, isRetried: true }])
    expect([wasm.created, source.mock.calls.length, webgpu.close.mock.calls.length]).toEqual([1, 2, 1])
    expect(ops.backend).toBe('wasm')
    expect(await ops.maxSim(queries, await ops.load(passages))).toEqual({ ...answer, backend: 'wasm' })
  })

  test('during load, a bare batch too', async () => {
    const { webgpu, ops } = await start()
    webgpu.fail = new SelvageError('runtime-failed', 'memory is full')
    expect(await ops.maxSim(queries, await ops.load(passages))).toEqual({ ...answer, backend: 'wasm' })
    expect(ops.refused).toEqual([{ backend: 'webgpu', reason: 'memory is full', isRetried: true }])
  })

  test('takes bare batches with it, and says so', async () => {
    const { webgpu, ops } = await start()
    const bare = await ops.load(passages)
    webgpu.fail = lost
    const message = expect.stringMatching(/went with the backend .*Load them again/)
    for (let i = 0; i < 2; i++) {
      await expect(ops.maxSim(queries, bare)).rejects.toMatchObject({ code: 'device-lost', message })
    }
    bare.release()
  })

  test('takes bare batches with it, which is no fault of the next', async () => {
    const [webgpu, wasm, reference] = [new Fragile('webgpu'), new Fragile('wasm'), new Fragile('reference')]
    const ops = await createFailover([webgpu.backend, wasm.backend, reference.backend])
    const bare = await ops.load(passages)
    webgpu.fail = lost
    await expect(ops.maxSim(queries, bare)).rejects.toMatchObject({ code: 'device-lost' })
    expect([ops.backend, ops.refused.length, reference.created]).toEqual(['wasm', 1, 0])
    ops.close()
  })

  test('is the last one: its error is the answer', async () => {
    const { webgpu, wasm, ops, source } = await start()
    const loaded = await ops.load(source)
    webgpu.fail = lost
    wasm.fail = new SelvageError('runtime-failed', 'also full')
    await expect(ops.maxSim(queries, loaded)).rejects.toBe(wasm.fail)
    wasm.fail = undefined
    expect(await ops.maxSim(queries, loaded)).toEqual({ ...answer, backend: 'wasm' })
  })

  test('a source that fails is the caller’s error, and is asked again by the next call', async () => {
    const { webgpu, ops, source } = await start()
    const loaded = await ops.load(source)
    webgpu.fail = lost
    const failure = new SelvageError('index-missing', 'the file is gone')
    source.mockRejectedValueOnce(failure)
    await expect(ops.maxSim(queries, loaded)).rejects.toBe(failure)
    expect(await ops.maxSim(queries, loaded)).toEqual({ ...answer, backend: 'wasm' })
    expect(ops.refused.length).toBe(1)
  })
})

test('a caller’s mistake or abort moves nothing', async () => {
  const webgpu = new Fragile('webgpu')
  const ops = await createFailover([webgpu.backend, new Fragile('wasm').backend])
  const loaded = await ops.load(passages)
  const aborted = ops.maxSim(queries, loaded, { signal: AbortSignal.abort() })
  await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
  await expect(ops.maxSim(batchOf([[[1]]], 1), loaded)).rejects.toMatchObject({ code: 'invalid-argument' })
  loaded.release()
  await expect(ops.maxSim(queries, loaded)).rejects.toMatchObject({ code: 'closed' })
  expect([ops.backend, ops.refused.length]).toEqual(['webgpu', 0])
  ops.close()
  await expect(ops.load(passages)).rejects.toMatchObject({ code: 'closed' })
  await vi.waitFor(() => expect(webgpu.close).toHaveBeenCalled())
})

describe('createOps in Node', () => {
  test('takes WASM and says why not WebGPU', async () => {
    const ops = await createOps()
    expect(ops).toMatchObject({ backend: 'wasm', device: 'SIMD, one thread' })
    expect(ops.refused).toEqual([{ backend: 'webgpu', reason: expect.stringMatching(/^There is no WebGPU/) }])
    expect(await ops.maxSim(queries, await ops.load(passages))).toEqual({ ...answer, backend: 'wasm' })
  })

  test('a named backend or an error', async () => {
    expect(await createOps({ backend: 'reference' })).toMatchObject({ backend: 'reference', refused: [] })
    await expect(createOps({ backend: 'webgpu' })).rejects.toMatchObject({ code: 'backend-unavailable' })
    const options = JSON.parse('{"backend":"cuda"}') // as a caller without types would
    const message = 'backend: got cuda, wanted auto, webgpu, wasm or reference.'
    await expect(createOps(options)).rejects.toMatchObject({ code: 'invalid-argument', message })
    for (const retryAfterMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const message = `retryAfterMs: got ${retryAfterMs}, wanted a number above 0.`
      await expect(createOps({ retryAfterMs })).rejects.toMatchObject({ code: 'invalid-argument', message })
    }
  })
})
