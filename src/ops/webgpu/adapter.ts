/**
 * Which graphics adapter there is, in words, and whether it is worth using: asked before any WebGPU code is fetched.
 * Devices and kernels are other files'.
 */
import { SelvageError } from '../../errors.ts'

export interface GpuRequest {
  /** Take a software adapter too. It computes rightly, on the CPU and slower than WASM: for tests. */
  readonly acceptSoftware: boolean
}

export interface Adapter {
  readonly adapter: GPUAdapter
  readonly description: string
  readonly software: boolean
}

/** Rejects with `backend-unavailable` and the reason in words. */
export async function requestAdapter({ acceptSoftware }: GpuRequest): Promise<Adapter> {
  // Types say that it is always there; older browsers, pages without https and Node say otherwise.
  const gpu: GPU | undefined = globalThis.navigator?.gpu
  if (gpu === undefined) throw unavailable('There is no WebGPU: an older browser, a page without https, or Node.')
  // No power preference: Chrome on Windows ignores it with a warning in the console.
  const adapter = await gpu.requestAdapter()
  if (adapter === null) throw unavailable('WebGPU is there, but offers no adapter.')
  const description = describe(adapter.info)
  const software = isSoftware(adapter.info)
  if (software && !acceptSoftware) {
    throw unavailable(`The WebGPU adapter is software (${description}); WASM is faster.`)
  }
  return { adapter, description, software }
}

/** "nvidia ada-lovelace", with the driver's own words where the browser gives them. */
function describe({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  const words = [vendor, architecture, device].filter((word) => word !== '').join(' ')
  return description === '' ? words || 'unnamed GPU' : description
}

/** `isFallbackAdapter` is what the standard says; the names are for drivers that do not admit it. */
function isSoftware(info: GPUAdapterInfo): boolean {
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`
  return info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(names)
}

export function unavailable(message: string, cause?: unknown): SelvageError {
  return new SelvageError('backend-unavailable', message, { cause })
}
