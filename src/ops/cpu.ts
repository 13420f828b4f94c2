/** The backends that run on the CPU: one file in builds, for plain TypeScript is a few kB and takes over where WASM fails. */
export { createReferenceOps } from './reference.ts'
export { createWasmOps } from './wasm/ops.ts'
