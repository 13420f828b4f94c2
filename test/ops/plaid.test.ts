/** The suite of two-stage search in Node, where there is no WebGPU. */
import { createReferenceOps } from '../../src/ops/reference.ts'
import { createWasmOps } from '../../src/ops/wasm/ops.ts'
import { plaidSuite } from './plaid.suite.ts'

plaidSuite('reference', async () => createReferenceOps())
plaidSuite('wasm', createWasmOps)
plaidSuite('wasm with passages in many memories', () => createWasmOps({ maxPartBytes: 300 }))
