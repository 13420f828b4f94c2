/** Where onnxruntime-web's wasm files are installed: the package exports them, but not its package.json, so they are found by a sibling. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { RuntimeBuild } from '../encoder/runtime.ts'

/** By build of onnxruntime-web. */
export const RUNTIMES: Readonly<Record<RuntimeBuild, string>> = {
  webgpu: 'ort-wasm-simd-threaded.asyncify.wasm',
  wasm: 'ort-wasm-simd-threaded.wasm',
}

export function runtimePath(build: RuntimeBuild): string {
  const require = createRequire(import.meta.url)
  return join(dirname(require.resolve('onnxruntime-web/webgpu')), RUNTIMES[build])
}
