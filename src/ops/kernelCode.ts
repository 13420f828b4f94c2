/**
 * Where the kernels' code is: in the library's files in webgpu.js and wasm.js beside them, fetched when wanted. Node never
 * evaluates WebGPU code, a GPU's user no WASM, and who searches for words alone has neither.
 * In builds only a worker's script may hold this file: bundlers rename what lies beside it, and change the names in no
 * file that they only copy, as they do those that are fetched late.
 */
import { SelvageError } from '../errors.ts'
import type { OpsBackend } from '../types.ts'
import type * as Cpu from './cpu.ts'
import { requestAdapter } from './webgpu/adapter.ts'
import type * as WebGpu from './webgpu/ops.ts'

export interface KernelCode {
  webGpu(): Promise<typeof WebGpu>
  cpu(): Promise<typeof Cpu>
}

/** Errors: `backend-unavailable`. */
export const kernelCode: KernelCode = {
  webGpu: () => import('./webgpu/ops.ts').catch(notThere),
  cpu: () => import('./cpu.ts').catch(notThere),
}

/** Fetches what the first backend will want, ahead of it. Never rejects: what is wrong is told when it is used. */
export async function fetchKernelCode(backend: OpsBackend | 'auto' = 'auto'): Promise<void> {
  try {
    if (backend === 'webgpu' || backend === 'auto') {
      const adapter = await requestAdapter({ acceptSoftware: backend === 'webgpu' }).catch(() => undefined)
      if (adapter !== undefined) return void (await kernelCode.webGpu())
    }
    await kernelCode.cpu()
  } catch {}
}

function notThere(cause: unknown): never {
  const message = `Its code could not be loaded (${String(cause)}). Are the library's files served beside each other?`
  throw new SelvageError('backend-unavailable', message, { cause })
}
