/**
 * The kernels of the engine's worker, whose code is fetched when it is wanted: who searches for words alone never has it.
 */
import { asSelvageError, isWasmBlocked, SelvageError, wasmBlocked } from '../errors.ts'
import type * as Choose from '../ops/choose.ts'
import type { FailoverOps } from '../ops/failover.ts'
import { fetchKernelCode, kernelCode } from '../ops/kernelCode.ts'
import type { OpsBackend } from '../types.ts'

type Backend = OpsBackend | 'auto' | undefined

/** Has all of it fetched ahead, at once. What is wrong is told by `openOps`. */
export function fetchOps(backend: Backend): void {
  chooseCode().catch(() => {})
  void fetchKernelCode(backend)
}

/** Errors: `backend-unavailable`, `wasm-blocked`. */
export async function openOps(backend: Backend = 'auto'): Promise<FailoverOps> {
  const { chooseOps } = await chooseCode()
  try {
    return await chooseOps({ backend }, kernelCode)
  } catch (error) {
    // `auto` goes on without: plain TypeScript is the last in its line.
    const isBlocked = asSelvageError(error).code === 'backend-unavailable' && isWasmBlocked()
    throw isBlocked ? wasmBlocked('Vectors cannot be compared') : error
  }
}

async function chooseCode(): Promise<typeof Choose> {
  try {
    return await import('../ops/choose.ts')
  } catch (cause) {
    const why = `The code that compares vectors could not be loaded (${String(cause)}).`
    throw new SelvageError('backend-unavailable', `${why} Are the library's files served beside each other?`, { cause })
  }
}
