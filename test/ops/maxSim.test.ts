/** The suite in Node, where there is no WebGPU. */
import { createReferenceOps } from '../../src/ops/reference.ts'
import { createWasmOps } from '../../src/ops/wasm/ops.ts'
import { maxSimSuite } from './maxSim.suite.ts'

maxSimSuite('reference', async () => createReferenceOps())
maxSimSuite('wasm', createWasmOps)
maxSimSuite('wasm with passages in many memories', () => createWasmOps({ maxPartBytes: 8192 }))
