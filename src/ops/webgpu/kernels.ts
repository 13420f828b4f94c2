/**
 * From WGSL text to pipelines: sources and their variants, bind group layouts, compilation with errors that can be read.
 * Layouts are explicit, so that a mismatch between shader and caller fails here and not as silent zeros.
 */
import approximateMaxSimSource from '../../../shaders/approximateMaxSim.wgsl?raw'
import codesSource from '../../../shaders/codes.wgsl?raw'
import integersSource from '../../../shaders/integers.wgsl?raw'
import maxSimSource from '../../../shaders/maxSim.wgsl?raw'
import plaidSource from '../../../shaders/plaid.wgsl?raw'
import residualMaxSimSource from '../../../shaders/residualMaxSim.wgsl?raw'
import scoreCentroidsSource from '../../../shaders/scoreCentroids.wgsl?raw'
import selectTopSource from '../../../shaders/selectTop.wgsl?raw'
import { SelvageError } from '../../errors.ts'
import { type LoadedBits, PLAID_BITS } from '../ops.ts'
import type { Gpu } from './device.ts'

/** How token values lie in memory. */
export type Storage = 'f32' | 'f16'

/** How products of bytes are summed: by the built-in function, or by shifts where WGSL lacks it. */
export type DotProduct = 'packed' | 'shifted'

/** One pipeline: a shader as it is compiled, its bindings in order, and what is set in it. */
export interface KernelSource {
  /** Of the shader, for messages. */
  readonly label: string
  /** Put together late, or a bundler would store each variant in full. */
  readonly code: () => string
  readonly bindings: readonly GPUBufferBindingType[]
  readonly entryPoint?: string
  readonly constants?: Readonly<Record<string, number>>
}

/**
 * What `Packed` and `unpack` of maxSim are. f16 is unpacked by a core WGSL function: no `shader-f16` needed.
 * Appended, as all variants are, so that the line numbers of the file stay true; WGSL does not mind the order.
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

/** The sum of the products of four signed bytes. */
const DOT_CODE: Readonly<Record<DotProduct, string>> = {
  packed: `
fn dotBytes(a: u32, b: u32) -> i32 { return dot4I8Packed(a, b); }
`,
  shifted: `
fn dotBytes(a: u32, b: u32) -> i32 { return dot(signedBytes(a), signedBytes(b)); }
fn signedBytes(x: u32) -> vec4<i32> { return vec4<i32>(vec4(x) << vec4(24u, 16u, 8u, 0u)) >> vec4(24u); }
`,
}

/** `expandQuad`: the weights of 16 dimensions, out of a row of residuals. `weightOf` holds what residents.ts made. */
const EXPAND_CODE: Readonly<Record<LoadedBits, string>> = {
  0: `
fn expandQuad(row: u32, quad: u32) -> vec4<u32> { return vec4(0u); }
`,
  1: `
fn expandQuad(row: u32, quad: u32) -> vec4<u32> {
  let x = residuals[row + quad / 2u] >> (16u * (quad % 2u));
  return vec4(weightOf[(x >> 4u) & 15u], weightOf[x & 15u], weightOf[(x >> 12u) & 15u], weightOf[(x >> 8u) & 15u]);
}
`,
  2: `
fn expandQuad(row: u32, quad: u32) -> vec4<u32> {
  let x = residuals[row + quad];
  return vec4(weightOf[x & 255u], weightOf[(x >> 8u) & 255u], weightOf[(x >> 16u) & 255u], weightOf[x >> 24u]);
}
`,
  4: `
fn expandQuad(row: u32, quad: u32) -> vec4<u32> {
  return vec4(expandWord(residuals[row + 2u * quad]), expandWord(residuals[row + 2u * quad + 1u]));
}
fn expandWord(x: u32) -> vec2<u32> {
  return vec2(weightOf[x & 255u] | (weightOf[(x >> 8u) & 255u] << 16u),
              weightOf[(x >> 16u) & 255u] | (weightOf[x >> 24u] << 16u));
}
`,
  8: `
fn expandQuad(row: u32, quad: u32) -> vec4<u32> {
  let at = row + 4u * quad;
  return vec4(expandWord(residuals[at]), expandWord(residuals[at + 1u]),
              expandWord(residuals[at + 2u]), expandWord(residuals[at + 3u]));
}
fn expandWord(x: u32) -> u32 {
  return weightOf[x & 255u] | (weightOf[(x >> 8u) & 255u] << 8u) |
         (weightOf[(x >> 16u) & 255u] << 16u) | (weightOf[x >> 24u] << 24u);
}
`,
}

const READ = 'read-only-storage'

export function maxSimKernel(storage: Storage): KernelSource {
  return {
    label: `maxSim ${storage}`,
    code: () => maxSimSource + STORAGE_CODE[storage],
    bindings: ['uniform', READ, READ, READ, READ, 'storage', 'storage'],
  }
}

export function scoreCentroidsKernel(dot: DotProduct): KernelSource {
  return {
    label: `scoreCentroids ${dot}`,
    code: () => scoreCentroidsSource + plaidSource + integersSource + DOT_CODE[dot],
    bindings: ['uniform', READ, READ, 'storage'],
  }
}

export function approximateMaxSimKernel(wideCodes: boolean): KernelSource {
  return {
    label: 'approximateMaxSim',
    code: () => approximateMaxSimSource + plaidSource + codesSource,
    bindings: ['uniform', READ, READ, READ, READ, READ, 'storage'],
    constants: { WIDE_CODES: Number(wideCodes) },
  }
}

export function selectTopKernel(entryPoint: 'histogram' | 'count' | 'place'): KernelSource {
  return {
    label: 'selectTop',
    code: () => selectTopSource,
    bindings: ['uniform', READ, 'storage', 'storage', READ, 'storage', 'storage'],
    entryPoint,
  }
}

export function residualMaxSimKernel(
  dot: DotProduct,
  bits: LoadedBits,
  wideCodes: boolean,
  matches: boolean,
): KernelSource {
  return {
    label: `residualMaxSim ${dot} ${bits}`,
    code: () => residualMaxSimSource + plaidSource + integersSource + codesSource + DOT_CODE[dot] + EXPAND_CODE[bits],
    bindings: ['uniform', READ, READ, 'uniform', READ, READ, READ, READ, 'storage'],
    constants: { WIDE_CODES: Number(wideCodes), MATCHES: Number(matches) },
  }
}

/** Every shader as it is compiled, for tests; pipelines of one shader differ in constants and entry points only. */
export function allShaders(): KernelSource[] {
  const dots = ['packed', 'shifted'] as const
  return [
    ...(['f32', 'f16'] as const).map(maxSimKernel),
    ...dots.map(scoreCentroidsKernel),
    approximateMaxSimKernel(false),
    selectTopKernel('histogram'),
    ...dots.flatMap((dot) =>
      ([0, ...PLAID_BITS] as const).map((bits) => residualMaxSimKernel(dot, bits, false, false)),
    ),
  ]
}

export interface Kernel {
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
}

/** The pipelines of a device, each compiled when it is first asked for. */
export class Kernels {
  readonly #gpu: Gpu
  readonly #compiled = new Map<string, Promise<Kernel>>()

  constructor(gpu: Gpu) {
    this.#gpu = gpu
  }

  get(source: KernelSource): Promise<Kernel> {
    const key = `${source.label} ${source.entryPoint ?? ''} ${JSON.stringify(source.constants ?? {})}`
    const known = this.#compiled.get(key)
    if (known !== undefined) return known
    const kernel = compileKernel(this.#gpu, source)
    this.#compiled.set(key, kernel)
    kernel.catch(() => this.#compiled.delete(key))
    return kernel
  }
}

/** A bind group: `resources` by binding number. */
export function bind(device: GPUDevice, kernel: Kernel, resources: readonly GPUBindingResource[]): GPUBindGroup {
  const entries = resources.map((resource, binding) => ({ binding, resource }))
  return device.createBindGroup({ layout: kernel.layout, entries })
}

async function compileKernel(gpu: Gpu, source: KernelSource): Promise<Kernel> {
  const { label, bindings, constants, entryPoint = 'main' } = source
  const module = await compileShader(gpu, label, source.code())
  const layout = gpu.device.createBindGroupLayout({
    label,
    entries: bindings.map((type, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } })),
  })
  const pipelineLayout = gpu.device.createPipelineLayout({ bindGroupLayouts: [layout] })
  try {
    const compute = { module, entryPoint, ...(constants && { constants }) }
    const pipeline = await gpu.orLost(gpu.device.createComputePipelineAsync({ label, layout: pipelineLayout, compute }))
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
