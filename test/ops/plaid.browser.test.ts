/** Two-stage search in a browser, on everything a browser has. */
import { describe } from 'vitest'
import { createWasmOps } from '../../src/ops/wasm/ops.ts'
import { createWebGpuOps } from '../../src/ops/webgpu/ops.ts'
import { findAdapter } from './gpu.ts'
import { plaidSuite } from './plaid.suite.ts'

plaidSuite('wasm', createWasmOps)

// That CI has WebGPU is asserted once, in maxSim.browser.test.ts.
const adapter = await findAdapter()
describe.skipIf(adapter === undefined)('WebGPU', () => {
  const slow = adapter?.info.isFallbackAdapter ?? false
  plaidSuite('webgpu', () => createWebGpuOps({ acceptSoftware: true }), { slow })
  // Without packed dot products, and every limit so low that an index lies in several buffers, a call needs several rounds,
  // a round several submits and a dispatch several rows.
  const limits = { maxPartBytes: 2 ** 13, maxRoundBytes: 2 ** 15, maxGroups: 7, maxWork: 2 ** 16 }
  const inPieces = () => createWebGpuOps({ acceptSoftware: true, shiftedDot: true, ...limits })
  plaidSuite('webgpu in small pieces, dot products by shifts', inPieces, { slow, inPieces: true })
})
