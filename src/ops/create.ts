/**
 * Which backends there are, in which order they are tried, and what each needs to be loaded.
 * A backend's code is fetched when it is its turn, in the library's files from webgpu.js or wasm.js beside them: Node never
 * evaluates WebGPU code, a GPU's user no WASM, and who searches for words alone has neither.
 */
import { SelvageError } from '../errors.ts'
import type { OpsBackend } from '../types.ts'
import { orList } from '../util.ts'
import type * as Cpu from './cpu.ts'
import { type Backend, createFailover, type FailoverOps } from './failover.ts'
import type { Ops } from './ops.ts'
import { requestAdapter } from './webgpu/adapter.ts'
import type * as WebGpu from './webgpu/ops.ts'

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
    webgpu: async () => {
      const acceptSoftware = backend === 'webgpu'
      await requestAdapter({ acceptSoftware }) // or the code would be fetched for nothing
      return (await webGpuCode()).createWebGpuOps({ acceptSoftware })
    },
    wasm: async () => (await cpuCode()).createWasmOps(),
    reference: async () => (await cpuCode()).createReferenceOps(),
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

/** Has the code that `createOps` will want fetched ahead of it. Never rejects: `createOps` tells what is wrong. */
export async function fetchOpsCode({ backend = 'auto' }: OpsOptions = {}): Promise<void> {
  try {
    if (backend === 'webgpu' || backend === 'auto') {
      const adapter = await requestAdapter({ acceptSoftware: backend === 'webgpu' }).catch(() => undefined)
      if (adapter !== undefined) return void (await webGpuCode())
    }
    await cpuCode()
  } catch {}
}

function webGpuCode(): Promise<typeof WebGpu> {
  return import('./webgpu/ops.ts').catch(notThere)
}

function cpuCode(): Promise<typeof Cpu> {
  return import('./cpu.ts').catch(notThere)
}

function notThere(cause: unknown): never {
  const message = `Its code could not be loaded (${String(cause)}). Are the library's files served beside each other?`
  throw new SelvageError('backend-unavailable', message, { cause })
}
