/**
 * The encoder's GPU: whether there is one worth having, the device that onnxruntime is given, and how its loss is told. It
 * knows no runtime: a device of our own, since the one that onnxruntime makes cannot be watched.
 */
import { SelvageError } from '../errors.ts'
import type { EncoderBackend } from '../types.ts'
import type { RuntimeBuild } from './runtime.ts'

/** The build of the runtime that a load with this choice of backends asks for. */
export async function buildFor(backend: 'auto' | EncoderBackend): Promise<RuntimeBuild> {
  const isOnGpu = backend === 'webgpu' || (backend === 'auto' && (await gpuUnavailable(false)) === undefined)
  return isOnGpu ? 'webgpu' : 'wasm'
}

/** Why an encoder cannot run on a GPU here; undefined where it can. */
export async function gpuUnavailable(allowSoftware: boolean): Promise<string | undefined> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu
  if (gpu === undefined) {
    return globalThis.isSecureContext === false
      ? 'WebGPU needs a page on https or localhost'
      : 'there is no WebGPU here'
  }
  const adapter = await requestAdapter()
  if (adapter === null) return 'the browser has WebGPU, but offers no graphics adapter'
  if (!allowSoftware && isSoftware(adapter.info)) {
    return `the only graphics adapter is software (${describe(adapter.info)}), slower than wasm`
  }
  return undefined
}

/** Rejects with `device-lost` when the device goes; never settles otherwise. */
export function lossOf(device: GPUDevice): Promise<never> {
  const lost = device.lost.then(({ reason, message }) => {
    const why = message === '' ? reason : message
    throw new SelvageError('device-lost', `The GPU device of the encoder was lost (${why}). Load the encoder again.`)
  })
  lost.catch(() => {})
  return lost
}

const requestAdapter = (): Promise<GPUAdapter | null> =>
  navigator.gpu.requestAdapter({ powerPreference: 'high-performance' })

/** What ORT's own device asks for where the adapter has it (onnxruntime 1.30, webgpu_context.cc; stack.md §1.3). */
const FEATURES: readonly string[] = ['shader-f16', 'subgroups', 'subgroup-size-control']
const LIMITS = [
  'maxBindGroups',
  'maxStorageBuffersPerShaderStage',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[]

export async function requestDevice(): Promise<{ device: GPUDevice; name: string }> {
  const adapter = await requestAdapter()
  if (adapter === null) throw new SelvageError('runtime-failed', 'The browser offers no graphics adapter any more.')
  const device = await adapter.requestDevice({
    label: 'selvage encoder',
    requiredFeatures: [...adapter.features].filter((name): name is GPUFeatureName => FEATURES.includes(name)),
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
  })
  return { device, name: describe(adapter.info) }
}

/** A fallback adapter, or one known to compute on the CPU: SwiftShader, Mesa's llvmpipe, Windows' WARP. */
function isSoftware(info: GPUAdapterInfo): boolean {
  const words = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`
  return info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i.test(words)
}

function describe(info: GPUAdapterInfo): string {
  const names = [info.description, `${info.vendor} ${info.architecture}`, info.device].map((name) => name.trim())
  return names.find((name) => name !== '') ?? 'unnamed adapter'
}
