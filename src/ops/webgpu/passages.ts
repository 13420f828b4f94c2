/**
 * Passages in GPU memory: as many buffers as the binding limit asks for, usually one.
 */
import { SelvageError } from '../../errors.ts'
import type { PassageBatch } from '../ops.ts'
import { cutIntoParts, type Part } from '../parts.ts'
import { padRows, write } from './buffers.ts'
import type { Gpu } from './device.ts'
import type { Storage } from './kernels.ts'
import type { ResidentPart } from './plan.ts'

/** Rows are made of quads, so that shaders read vec4s whatever the dimension. */
export const QUAD = 4

export interface GpuPart extends ResidentPart {
  /** `[ΣT, quads]` of the storage's type. */
  readonly tokenBuffer: GPUBuffer
  /** u32 `[passages + 1]`, in rows of this buffer. */
  readonly offsetBuffer: GPUBuffer
}

export interface GpuPassages {
  readonly storage: Storage
  readonly dim: number
  readonly quads: number
  /** Those with at least one token, as the shader wants it. Empty passages at an end of a part may be in none. */
  readonly parts: readonly GpuPart[]
  /** Numbers of the passages without tokens. */
  readonly empty: readonly number[]
  readonly bytes: number
}

export function storageOf({ vectors }: PassageBatch): Storage {
  return vectors instanceof Uint16Array ? 'f16' : 'f32'
}

/** Uploads a checked batch. Rejects when the GPU's memory is full. */
export async function uploadPassages(gpu: Gpu, batch: PassageBatch, maxBindingBytes: number): Promise<GpuPassages> {
  const { vectors, offsets, dim } = batch
  const quads = Math.ceil(dim / QUAD)
  const rowBytes = quads * QUAD * vectors.BYTES_PER_ELEMENT
  const tokens = (p: number): number => offsets[p + 1]! - offsets[p]!
  const all = { first: 0, end: offsets.length - 1 }
  const ranges = cutIntoParts(all, (p) => tokens(p) * rowBytes, maxBindingBytes, Math.floor(maxBindingBytes / 4) - 1)
  const withTokens = ranges.filter(({ first, end }) => offsets[end]! > offsets[first]!)
  for (const { first, end } of withTokens) {
    const bytes = (offsets[end]! - offsets[first]!) * rowBytes
    if (bytes <= maxBindingBytes) continue
    // Only a single passage can be that large. Not the caller's fault: another backend can take it.
    const most = Math.floor(maxBindingBytes / rowBytes)
    const message = `Passage ${first} has ${tokens(first)} tokens; this GPU takes at most ${most} of dim ${dim} in one.`
    throw new SelvageError('backend-unavailable', message)
  }
  const created: GPUBuffer[] = []
  try {
    const megabytes = Math.ceil((offsets.at(-1)! * rowBytes) / 1e6)
    const parts = await gpu.checked(`Loading ${megabytes} MB of passages`, async () =>
      withTokens.map((range) => uploadPart(gpu.device, batch, range, quads, created)),
    )
    return {
      storage: storageOf(batch),
      dim,
      quads,
      parts,
      empty: Array.from({ length: all.end }, (_, p) => p).filter((p) => tokens(p) === 0),
      bytes: created.reduce((sum, buffer) => sum + buffer.size, 0),
    }
  } catch (error) {
    for (const buffer of created) buffer.destroy()
    throw error
  }
}

function uploadPart(
  device: GPUDevice,
  { vectors, offsets, dim }: PassageBatch,
  range: Part,
  quads: number,
  created: GPUBuffer[],
): GpuPart {
  const firstRow = offsets[range.first]!
  const size = vectors.BYTES_PER_ELEMENT
  const rows = padRows(vectors.subarray(firstRow * dim, offsets[range.end]! * dim), dim * size, quads * QUAD * size)
  const partOffsets = offsets.slice(range.first, range.end + 1).map((row) => row - firstRow)
  const upload = (label: string, data: ArrayBufferView): GPUBuffer => {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST
    const buffer = device.createBuffer({ label, size: data.byteLength, usage })
    created.push(buffer)
    write(device.queue, buffer, data)
    return buffer
  }
  return {
    range,
    tokenCount: partOffsets[range.end - range.first]!,
    tokens: (p) => partOffsets[p - range.first + 1]! - partOffsets[p - range.first]!,
    tokenBuffer: upload('tokens', rows),
    offsetBuffer: upload('passage offsets', partOffsets),
  }
}

export function freePassages({ parts }: GpuPassages): void {
  for (const { tokenBuffer, offsetBuffer } of parts) {
    tokenBuffer.destroy()
    offsetBuffer.destroy()
  }
}
