/** The suite in a browser, on everything a browser has. */
import { describe, expect, inject, test } from 'vitest'
import { createReferenceOps } from '../../src/ops/reference.ts'
import { createWasmOps } from '../../src/ops/wasm/ops.ts'
import { createWebGpuOps } from '../../src/ops/webgpu/ops.ts'
import { findAdapter } from './gpu.ts'
import { maxSimSuite } from './maxSim.suite.ts'

maxSimSuite('reference', async () => createReferenceOps())
maxSimSuite('wasm', createWasmOps)

const adapter = await findAdapter()
test.runIf(inject('requireWebGpu'))('WebGPU is there, as CI wants', () => expect(adapter).toBeDefined())
describe.skipIf(adapter === undefined)('WebGPU', () => {
  const slowWorkgroups = adapter?.info.isFallbackAdapter ?? false
  maxSimSuite('webgpu', () => createWebGpuOps({ acceptSoftware: true }), { slowWorkgroups })
  // Every limit so low that passages lie in several buffers, calls need several rounds, and dispatches several rows.
  const limits = { maxBindingBytes: 2 ** 18, maxRoundBytes: 2 ** 18, maxGroups: 7 }
  maxSimSuite('webgpu in small pieces', () => createWebGpuOps({ acceptSoftware: true, ...limits }), { slowWorkgroups })
})
