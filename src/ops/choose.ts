/**
 * Which backends there are, in which order they are tried, and what each needs. Their code is fetched when it is their turn;
 * from where is not known here.
 */
import { SelvageError } from '../errors.ts'
import type { OpsBackend } from '../types.ts'
import { orList } from '../util.ts'
import { type Backend, createFailover, type FailoverOps } from './failover.ts'
import type { KernelCode } from './kernelCode.ts'
import type { Ops } from './ops.ts'
import { requestAdapter } from './webgpu/adapter.ts'

export interface OpsOptions {
  /**
   * `auto` (default): WebGPU, else WASM, else plain TypeScript; moves on by itself when a backend fails, and back. A software
   * WebGPU adapter is passed over, since WASM is faster. A named backend: that one or an error, software or not.
   */
  readonly backend?: OpsBackend | 'auto'
  /** How soon a backend that was lost is asked for again, in ms. Default 10,000; later each time it fails again. */
  readonly retryAfterMs?: number | undefined
}

/** As createOps does, with kernels from where the caller has them. */
export async function chooseOps(
  { backend = 'auto', retryAfterMs }: OpsOptions,
  code: KernelCode,
): Promise<FailoverOps> {
  const create: Readonly<Record<OpsBackend, () => Promise<Ops>>> = {
    webgpu: async () => {
      const acceptSoftware = backend === 'webgpu'
      await requestAdapter({ acceptSoftware }) // or the code would be fetched for nothing
      return (await code.webGpu()).createWebGpuOps({ acceptSoftware })
    },
    wasm: async () => (await code.cpu()).createWasmOps(),
    reference: async () => (await code.cpu()).createReferenceOps(),
  }
  const order: readonly OpsBackend[] = ['webgpu', 'wasm', 'reference']
  if (backend !== 'auto' && !order.includes(backend)) {
    throw new SelvageError('invalid-argument', `backend: got ${String(backend)}, wanted ${orList(['auto', ...order])}.`)
  }
  if (retryAfterMs !== undefined && !(retryAfterMs > 0 && retryAfterMs < Infinity)) {
    throw new SelvageError('invalid-argument', `retryAfterMs: got ${String(retryAfterMs)}, wanted a number above 0.`)
  }
  const names = backend === 'auto' ? order : [backend]
  return createFailover(
    names.map((name): Backend => ({ name, create: create[name] })),
    { retryAfterMs },
  )
}
