/** What only WebGPU has: shaders that compile, a device that goes, memory that is full, a software adapter. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createOps } from '../../src/ops/create.ts'
import { createFailover } from '../../src/ops/failover.ts'
import type { LoadedPlaid, QueryBatch } from '../../src/ops/ops.ts'
import { maxSim } from '../../src/ops/reference.ts'
import type { Clock } from '../../src/ops/retry.ts'
import { createWasmOps } from '../../src/ops/wasm/ops.ts'
import { requestGpu } from '../../src/ops/webgpu/device.ts'
import { allShaders, inspectShader } from '../../src/ops/webgpu/kernels.ts'
import { createWebGpuOps } from '../../src/ops/webgpu/ops.ts'
import { batchOf, randomPassages, randomQueries, seeded, Tolerance } from './data.ts'
import { findAdapter, withDevice } from './gpu.ts'
import { randomIndex } from './plaidData.ts'

// That CI has WebGPU is asserted once, in maxSim.browser.test.ts.
const adapter = await findAdapter()
describe.skipIf(adapter === undefined)('WebGPU', () => {
  const queries = batchOf([[[1, 0]]], 2)
  const passages = batchOf([[[3, 4]], [[5, 6]]], 2)
  const software = () => createWebGpuOps({ acceptSoftware: true })
  const backends = [
    { name: 'webgpu', create: software },
    { name: 'wasm', create: createWasmOps },
  ] as const

  /** Destroys the device as soon as work was given to it. */
  const destroyOnSubmit = (device: GPUDevice): void => {
    const { submit } = GPUQueue.prototype
    vi.spyOn(device.queue, 'submit').mockImplementation((commands) => {
      submit.call(device.queue, commands)
      device.destroy()
    })
  }
  afterEach(() => vi.restoreAllMocks())

  test.each(allShaders())('shader $label compiles without a message', async ({ label, code }) => {
    const gpu = await requestGpu({ acceptSoftware: true })
    const { messages } = await inspectShader(gpu, label, code())
    expect(messages.map(({ message }) => message)).toEqual([])
    gpu.close()
  })

  test('an error in a shader is thrown with its place and line', async () => {
    const { createShaderModule } = GPUDevice.prototype
    const { result: ops, device } = await withDevice(software)
    vi.spyOn(device, 'createShaderModule').mockImplementation((descriptor) => {
      const code = descriptor.code.replace('let passage = group.x', 'let passage = grup.x')
      return createShaderModule.call(device, { ...descriptor, code })
    })
    const wanted = /^Shader maxSim f32 does not compile:\n\d+:17 .*grup.*\n {2}let passage = group\.x \+ /
    const message = expect.stringMatching(wanted)
    await expect(ops.load(passages)).rejects.toMatchObject({ code: 'internal', message })
    vi.restoreAllMocks()
    await ops.load(passages) // a failed compilation is not remembered
    ops.close()
  })

  test('a lost device rejects what is pending and what comes later', async () => {
    const { result: ops, device } = await withDevice(software)
    const loaded = await ops.load(passages)
    destroyOnSubmit(device)
    const calls = [ops.maxSim(queries, loaded), ops.maxSim(queries, loaded)]
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'device-lost' })
    await expect(ops.maxSim(queries, loaded)).rejects.toMatchObject({ code: 'device-lost' })
    await expect(ops.load(passages)).rejects.toMatchObject({ code: 'device-lost' })
    ops.close()
    await expect(ops.load(passages)).rejects.toMatchObject({ code: 'closed' })
  })

  test('waiting for the GPU ends when the device goes, also where the promise never settles', async () => {
    const gpu = await requestGpu({ acceptSoftware: true })
    const waiting = gpu.orLost(new Promise(() => {}))
    gpu.device.destroy()
    await expect(waiting).rejects.toMatchObject({ code: 'device-lost' })
  })

  test('close() rejects what is pending', async () => {
    const ops = await software()
    const loaded = await ops.load(passages)
    const call = ops.maxSim(queries, loaded)
    ops.close()
    await expect(call).rejects.toMatchObject({ code: 'closed' })
  })

  test('the call that loses its device is answered by the next backend', async () => {
    const { result: ops, device } = await withDevice(() => createFailover(backends))
    const source = vi.fn(() => passages)
    const loaded = await ops.load(source)
    const bare = await ops.load(passages)
    expect([ops.backend, loaded.backend, ops.refused.length]).toEqual(['webgpu', 'webgpu', 0])
    expect(await ops.maxSim(queries, loaded)).toMatchObject({ backend: 'webgpu' })
    destroyOnSubmit(device)
    const answers = await Promise.all([ops.maxSim(queries, loaded), ops.maxSim(queries, loaded)])
    for (const answer of answers) expect(answer).toMatchObject({ backend: 'wasm', scores: Float32Array.of(3, 5) })
    expect([ops.backend, loaded.backend, source.mock.calls.length]).toEqual(['wasm', 'wasm', 2])
    const reason = expect.stringMatching(/^The GPU was lost/)
    expect(ops.refused).toEqual([{ backend: 'webgpu', reason, isRetried: true }])
    await expect(ops.maxSim(queries, bare)).rejects.toMatchObject({ code: 'device-lost' })
    ops.close()
  })

  test('a search that loses its device is answered by the next backend, with the same hits', async () => {
    const { result: ops, device } = await withDevice(() => createFailover(backends))
    const index = randomIndex({ dim: 16, bits: 2, centroids: 9, parts: [[3, 0, 5, 9]] })
    const loaded = await ops.loadPlaid(() => index)
    const asked = randomQueries(seeded(4), [5], 16)
    const search = () => ops.searchPlaid(asked, loaded, { k: 3, candidates: 3, matches: true })
    const before = await search()
    expect([before.backend, loaded.backend]).toEqual(['webgpu', 'webgpu'])
    destroyOnSubmit(device)
    const after = await search()
    expect([after.backend, loaded.backend]).toEqual(['wasm', 'wasm'])
    expect(after.hits).toEqual(before.hits)
    ops.close()
  })

  test('a device that was lost is asked for again, and answers with the same hits', async () => {
    let askAgain = () => {}
    const clock: Clock = {
      now: () => 0,
      after(_, job) {
        askAgain = job
        return () => {}
      },
    }
    const { result: ops, device } = await withDevice(() => createFailover(backends, { clock }))
    const index = randomIndex({ dim: 16, bits: 2, centroids: 9, parts: [[3, 0, 5, 9]] })
    const loaded = await ops.loadPlaid(() => index)
    const asked = randomQueries(seeded(4), [5], 16)
    const search = () => ops.searchPlaid(asked, loaded, { k: 3, candidates: 3, matches: true })
    const { hits } = await search()
    destroyOnSubmit(device)
    expect(await search()).toMatchObject({ backend: 'wasm', hits })
    expect([loaded.backend, ops.refused.length]).toEqual(['wasm', 1])
    askAgain()
    await vi.waitFor(() => expect(ops.backend).toBe('webgpu'), { timeout: 30_000 })
    expect(await search()).toMatchObject({ backend: 'webgpu', hits })
    expect([loaded.backend, ops.refused]).toEqual(['webgpu', []])
    ops.close()
  })

  test('what is released a moment into a call is told as closed, and the GPU stays', async () => {
    const ops = await createFailover(backends)
    for (const ticks of [0, 1, 2, 3, 4, 8, 16]) {
      const index = await ops.loadPlaid(() => randomIndex({ dim: 16, bits: 2, centroids: 9, parts: [[3, 0, 5, 9]] }))
      const loaded = await ops.load(() => passages)
      const calls = Promise.allSettled([
        ops.searchPlaid(randomQueries(seeded(4), [5], 16), index, { k: 3, candidates: 3 }),
        ops.maxSim(queries, loaded),
      ])
      for (let i = 0; i < ticks; i++) await undefined
      index.release()
      loaded.release()
      for (const call of await calls)
        if (call.status === 'rejected') expect(call.reason).toMatchObject({ code: 'closed' })
      expect([ticks, ops.backend, ops.refused]).toEqual([ticks, 'webgpu', []])
    }
    ops.close()
  })

  test('passages that lie in no buffer are not found by what another search left', async () => {
    // Parts of 512 tokens: the first two passages of `holes` would be a part without any.
    const ops = await createWebGpuOps({ acceptSoftware: true, maxPartBytes: 2048 })
    const shape = { dim: 16, bits: 2, centroids: 5 } as const
    const full = await ops.loadPlaid(randomIndex({ ...shape, parts: [[100, 100, 100]] }))
    const holes = await ops.loadPlaid(randomIndex({ ...shape, parts: [[0, 0, 512]] }))
    const asked = randomQueries(seeded(2), [5], 16)
    await ops.searchPlaid(asked, full, { k: 3, candidates: 3 })
    const { hits } = await ops.searchPlaid(asked, holes, { k: 1, candidates: 1 })
    expect([...hits[0]!.ids]).toEqual([2])
    ops.close()
  })

  test('searches at the same time have times of their own', async () => {
    // In pieces, so that one search has many passes and the other a few.
    const ops = await createWebGpuOps({ acceptSoftware: true, maxWork: 2 ** 18, maxPartBytes: 2 ** 15 })
    const shape = { dim: 64, bits: 2 } as const
    const small = await ops.loadPlaid(randomIndex({ ...shape, centroids: 5, parts: [[1, 1, 1]] }))
    const big = await ops.loadPlaid(
      randomIndex({ ...shape, centroids: 500, parts: [Array.from({ length: 300 }, () => 20)] }),
    )
    const asked = randomQueries(seeded(2), [32], 64)
    const search = (index: LoadedPlaid) => ops.searchPlaid(asked, index, { k: 2, candidates: 100 })
    await Promise.all([search(big), search(small)])
    for (const order of [
      [small, big],
      [big, small],
    ])
      for (const { elapsedMs } of await Promise.all(order.map(search))) {
        const { total, ...stages } = elapsedMs
        expect(Object.values(stages).reduce((sum, ms) => sum + (ms ?? 0), 0)).toBeLessThanOrEqual(total!)
      }
    ops.close()
  })

  test('stages are timed where the device can tell', async () => {
    const ops = await software()
    const loaded = await ops.loadPlaid(randomIndex({ dim: 16, bits: 2, centroids: 9, parts: [[3, 0, 5, 9]] }))
    const { elapsedMs } = await ops.searchPlaid(randomQueries(seeded(4), [5], 16), loaded, { k: 3, candidates: 3 })
    const timed = adapter?.features.has('timestamp-query') ? ['centroids', 'scan', 'select', 'residuals'] : []
    expect(Object.keys(elapsedMs)).toEqual([...timed, 'total'])
    for (const ms of Object.values(elapsedMs)) expect(ms).toBeGreaterThanOrEqual(0)
    ops.close()
  })

  test('full GPU memory is told as such, and leaves nothing behind', async () => {
    const { result: ops, device } = await withDevice(software)
    const buffers: GPUBuffer[] = []
    const { createBuffer } = GPUDevice.prototype
    vi.spyOn(device, 'createBuffer').mockImplementation((descriptor) => {
      const buffer = createBuffer.call(device, descriptor)
      vi.spyOn(buffer, 'destroy')
      buffers.push(buffer)
      return buffer
    })
    const { popErrorScope } = GPUDevice.prototype
    vi.spyOn(device, 'popErrorScope').mockImplementation(async () => {
      await popErrorScope.call(device)
      return new GPUOutOfMemoryError('as the test says')
    })
    const message = "Loading 1 MB of passages: the GPU's memory is full. as the test says"
    await expect(ops.load(passages)).rejects.toMatchObject({ code: 'runtime-failed', message })
    expect(buffers.length).toBeGreaterThan(0)
    for (const buffer of buffers) expect(buffer.destroy).toHaveBeenCalled()
    ops.close()
  })

  test('what exceeds a binding or a round: cut where possible, refused where not', async () => {
    const ops = await createWebGpuOps({ acceptSoftware: true, maxBindingBytes: 1024, maxRoundBytes: 1024 })
    const long = (rows: number): QueryBatch => batchOf([Array(rows).fill([1, 2])], 2)
    await expect(ops.load(long(65))).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: 'Passage 0 has 65 tokens; this GPU takes at most 64 of dim 2 in one.',
    })
    const loaded = await ops.load(long(64))
    await expect(ops.maxSim(long(65), loaded)).rejects.toMatchObject({ code: 'invalid-argument' })
    expect([...(await ops.maxSim(long(64), loaded)).scores]).toEqual([64 * 5])

    // And one query whose results exceed a round, also within a resident buffer: 300 passages in 3 buffers and 5 rounds.
    const random = seeded(8)
    const many = randomPassages(random, Array(300).fill(1), 2, true)
    const two = randomQueries(random, [2], 2)
    const answer = await ops.maxSim(two, await ops.load(many), { positions: true })
    const want = maxSim(two, many, true)
    const tolerance = new Tolerance(two, many)
    want.scores.forEach((score, p) => {
      expect(Math.abs(answer.scores[p]! - score)).toBeLessThanOrEqual(tolerance.ofScore(0, p))
    })
    expect(answer.positions).toEqual(want.positions)
    ops.close()
  })

  const onSoftware = adapter?.info.isFallbackAdapter ?? false
  test.runIf(onSoftware)(
    'by default a software adapter is passed over with the reason, by name it is taken',
    async () => {
      const auto = await createOps()
      expect(auto.backend).toBe('wasm')
      expect(auto.refused).toEqual([
        { backend: 'webgpu', reason: expect.stringMatching(/software .*; WASM is faster/) },
      ])
      auto.close()
      const named = await createOps({ backend: 'webgpu' })
      expect(named).toMatchObject({ backend: 'webgpu', refused: [], device: expect.stringMatching(/\w/) })
      named.close()
    },
  )
})
