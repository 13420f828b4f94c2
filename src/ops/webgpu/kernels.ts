/**
 * From WGSL text to pipelines: sources, storage variants, bind group layouts, compilation with errors that can be read.
 * Layouts are explicit, so that a mismatch between shader and caller fails here and not as silent zeros.
 */
import maxSimSource from '../../../shaders/maxSim.wgsl?raw'
import { SelvageError } from '../../errors.ts'
import type { Gpu } from './device.ts'

/** How token values lie in memory. */
export type Storage = 'f32' | 'f16'

/**
 * What `Packed` and `unpack` of a shader are. f16 is unpacked by a core WGSL function: no `shader-f16` needed.
 * Appended, so that the line numbers of the file stay true; WGSL does not mind the order.
 */
const STORAGE_CODE: Readonly<Record<Storage, string>> = {
  f32: `
alias Packed = vec4<f32>;
fn unpack(x: Packed) -> vec4<f32> { return x; }
`,
  f16: `
alias Packed = vec2<u32>;
fn unpack(x: Packed) -> vec4<f32> { return vec4(unpack2x16float(x.x), unpack2x16float(x.y)); }
`,
}

/** Every shader as it is compiled, by name. Put together late, or a bundler would store each variant in full. */
export const SHADERS: Readonly<Record<`maxSim ${Storage}`, () => string>> = {
  'maxSim f32': () => maxSimSource + STORAGE_CODE.f32,
  'maxSim f16': () => maxSimSource + STORAGE_CODE.f16,
}

/** Binding numbers of maxSim.wgsl. */
export const MAX_SIM = {
  params: 0,
  queries: 1,
  queryOffsets: 2,
  tokens: 3,
  passageOffsets: 4,
  scores: 5,
  positions: 6,
} as const

// A function: without WebGPU this file may be loaded, but there is no GPUShaderStage.
const maxSimLayout = (): GPUBindGroupLayoutDescriptor => ({
  label: 'maxSim',
  entries: [
    entry(MAX_SIM.params, 'uniform'),
    entry(MAX_SIM.queries, 'read-only-storage'),
    entry(MAX_SIM.queryOffsets, 'read-only-storage'),
    entry(MAX_SIM.tokens, 'read-only-storage'),
    entry(MAX_SIM.passageOffsets, 'read-only-storage'),
    entry(MAX_SIM.scores, 'storage'),
    entry(MAX_SIM.positions, 'storage'),
  ],
})

export interface Kernel {
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
}

/** The pipelines of a device, each compiled when it is first asked for. */
export class Kernels {
  readonly #gpu: Gpu
  readonly #maxSim = new Map<Storage, Promise<Kernel>>()

  constructor(gpu: Gpu) {
    this.#gpu = gpu
  }

  maxSim(storage: Storage): Promise<Kernel> {
    const known = this.#maxSim.get(storage)
    if (known !== undefined) return known
    const kernel = compileKernel(this.#gpu, `maxSim ${storage}`, SHADERS[`maxSim ${storage}`](), maxSimLayout())
    this.#maxSim.set(storage, kernel)
    kernel.catch(() => this.#maxSim.delete(storage))
    return kernel
  }
}

async function compileKernel(
  gpu: Gpu,
  label: string,
  code: string,
  layoutDescriptor: GPUBindGroupLayoutDescriptor,
): Promise<Kernel> {
  const module = await compileShader(gpu, label, code)
  const layout = gpu.device.createBindGroupLayout(layoutDescriptor)
  const pipelineLayout = gpu.device.createPipelineLayout({ bindGroupLayouts: [layout] })
  try {
    const pipeline = await gpu.orLost(
      gpu.device.createComputePipelineAsync({ label, layout: pipelineLayout, compute: { module, entryPoint: 'main' } }),
    )
    return { pipeline, layout }
  } catch (cause) {
    gpu.assertUsable()
    throw new SelvageError('internal', `The GPU takes no pipeline for ${label}: ${String(cause)}`, { cause })
  }
}

/** Compiles; an error in the shader is thrown with its place and source line. */
async function compileShader(gpu: Gpu, label: string, code: string): Promise<GPUShaderModule> {
  const { module, messages } = await inspectShader(gpu, label, code)
  const errors = messages.filter(({ type }) => type === 'error')
  if (errors.length === 0) return module
  const lines = code.split('\n')
  const told = errors.map(({ lineNum, linePos, message }) => {
    return `${lineNum}:${linePos} ${message}\n  ${lines[lineNum - 1]?.trim() ?? ''}`
  })
  throw new SelvageError('internal', `Shader ${label} does not compile:\n${told.join('\n')}`)
}

/** A shader module and what the compiler has to say about it. */
export async function inspectShader(
  gpu: Gpu,
  label: string,
  code: string,
): Promise<{ readonly module: GPUShaderModule; readonly messages: readonly GPUCompilationMessage[] }> {
  // The scope keeps the same message out of the console. And it must be popped after asking for the information: in
  // Chromium 156 that promise never settles when no other command follows (19 of 60 times alone, 0 of 600 like this).
  gpu.device.pushErrorScope('validation')
  const module = gpu.device.createShaderModule({ label, code })
  const [info] = await gpu.orLost(Promise.all([module.getCompilationInfo(), gpu.device.popErrorScope()]))
  return { module, messages: info.messages }
}

function entry(binding: number, type: GPUBufferBindingType): GPUBindGroupLayoutEntry {
  return { binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } }
}
