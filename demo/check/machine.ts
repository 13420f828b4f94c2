/**
 * What this machine has to check: its graphics adapter, and whether that is a processor's work in disguise. The library decides
 * the same for itself and says why it refuses; this is for what stands on the page before anything runs.
 */

export interface Machine {
  readonly userAgent: string
  readonly cores: number
  readonly adapter: Adapter | undefined
  /** Why there is none, in words. */
  readonly noAdapter?: string
}

export interface Adapter {
  readonly name: string
  readonly isSoftware: boolean
}

export async function readMachine(): Promise<Machine> {
  const machine = { userAgent: navigator.userAgent, cores: navigator.hardwareConcurrency }
  // Missing where a browser has no WebGPU, and on pages without https, whatever the types say.
  const gpu: GPU | undefined = navigator.gpu
  if (gpu === undefined) return { ...machine, adapter: undefined, noAdapter: 'This browser has no WebGPU here.' }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)
  if (adapter === null)
    return { ...machine, adapter: undefined, noAdapter: 'The browser has WebGPU, but offers no graphics adapter.' }
  const { info } = adapter
  const names = [info.description, `${info.vendor} ${info.architecture}`, info.device].map((name) => name.trim())
  const words = names.join(' ')
  const isSoftware =
    info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i.test(words)
  return { ...machine, adapter: { name: names.find((name) => name !== '') ?? 'unnamed', isSoftware } }
}
