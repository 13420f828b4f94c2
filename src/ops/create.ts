/**
 * Which backends there are, in which order they are tried, and what each needs to be loaded.
 * A backend's code is fetched when it is its turn: Node never evaluates WebGPU code, a GPU's user no WASM.
 */
import { SelvageError } from '../errors.ts'
import type { OpsBackend } from '../types.ts'
import { orList } from '../util.ts'
import { type Backend, createFailover, type FailoverOps } from './failover.ts'
import type { Ops } from './ops.ts'

export interface OpsOptions {
  /**
   * `auto` (default): WebGPU, else WASM, else plain TypeScript; moves on by itself when a backend fails, and back. A software
   * WebGPU adapter is passed over, since WASM is faster. A named backend: that one or an error, software or not.
   */
  readonly backend?: OpsBackend | 'auto'
  /** How soon a backend that was lost is asked for again, in ms. Default 10,000; later each time it fails again. */
  readonly retryAfterMs?: number | undefined
}

/** The numeric kernels on the best backend at hand. `ops.refused` tells why others were passed over. */
export async function createOps({ backend = 'auto', retryAfterMs }: OpsOptions = {}): Promise<FailoverOps> {
  const create: Readonly<Record<OpsBackend, () => Promise<Ops>>> = {
    webgpu: () => createWebGpu(backend === 'webgpu'),
    wasm: async () => (await import('./wasm/ops.ts')).createWasmOps(),
    reference: async () => (await import('./reference.ts')).createReferenceOps(),
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

async function createWebGpu(acceptSoftware: boolean): Promise<Ops> {
  // Types say that it is always there; older browsers, pages without https and Node say otherwise.
  const gpu: GPU | undefined = globalThis.navigator?.gpu
  if (gpu === undefined) {
    throw new SelvageError(
      'backend-unavailable',
      'There is no WebGPU: an older browser, a page without https, or Node.',
    )
  }
  return (await import('./webgpu/ops.ts')).createWebGpuOps({ acceptSoftware })
}
