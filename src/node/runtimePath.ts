/** Where onnxruntime-web's wasm file is installed: the package exports it, but not its package.json, so it is found by its sibling. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export const RUNTIME = 'ort-wasm-simd-threaded.asyncify.wasm'

export function runtimePath(): string {
  const require = createRequire(import.meta.url)
  return join(dirname(require.resolve('onnxruntime-web/webgpu')), RUNTIME)
}
