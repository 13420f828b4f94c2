/**
 * A compressed index in GPU memory, as plaidPlan.ts lays it out: bytes only, and no more of them than codes and residuals
 * have, but for filling up rows.
 */
import { byteWeights, maxNorm } from '../integer.ts'
import type { LoadedBits, PlaidCodec, PlaidIndex, PlaidPart } from '../ops.ts'
import { lengthsOf, offsetsWithin, piecesOf } from '../parts.ts'
import { asBytes, BufferStream, padRows, write } from './buffers.ts'
import type { Gpu } from './device.ts'
import { type PlaidShape, planResidency, QUAD_DIMS, type Residency, type ResidentPart } from './plaidPlan.ts'

export interface GpuPlaidPart extends ResidentPart {
  readonly codes: GPUBuffer
  /** Without residuals the kernel reads nothing here, but something must be bound: that is `codes`. */
  readonly residuals: GPUBuffer
  readonly offsets: GPUBuffer
}

export interface GpuPlaid {
  readonly shape: PlaidShape
  readonly residency: Residency
  readonly shift: number
  /** max‖c8‖ */
  readonly centroidNorm: number
  readonly centroids: GPUBuffer
  readonly table: GPUBuffer
  readonly parts: readonly GpuPlaidPart[]
  readonly bytes: number
}

/** Uploads a checked index. Rejects when the GPU's memory is full. */
export async function uploadPlaid(
  gpu: Gpu,
  index: PlaidIndex,
  shape: PlaidShape,
  maxBindingBytes: number,
): Promise<GpuPlaid> {
  const { codec } = index
  const { device } = gpu
  const lengths = Uint32Array.from(index.parts.flatMap(({ offsets }) => lengthsOf(offsets)))
  const residency = planResidency(shape, lengths, maxBindingBytes)
  const created: GPUBuffer[] = []
  const create = (label: string, size: number, usage: GPUBufferUsageFlags = GPUBufferUsage.STORAGE): GPUBuffer => {
    const buffer = device.createBuffer({ label, size, usage: usage | GPUBufferUsage.COPY_DST })
    created.push(buffer)
    return buffer
  }
  try {
    return await gpu.checked(`Loading an index of ${Math.ceil(residency.bytes / 1e6)} MB`, async () => {
      const centroids = create('centroids', residency.centroidBytes)
      write(device.queue, centroids, padRows(codec.centroids, codec.dim, residency.quads * QUAD_DIMS))
      const table = create('table', TABLE_BYTES, GPUBufferUsage.UNIFORM)
      write(device.queue, table, weightTable(codec))
      const parts = residency.parts.map((part) => {
        const codes = create('codes', part.bytes.codes)
        const buffers = {
          codes,
          residuals: codec.bits === 0 ? codes : create('residuals', part.bytes.residuals),
          offsets: create('offsets', part.bytes.offsets),
        }
        fillPart(device.queue, index, part, residency, buffers)
        return { ...part, ...buffers }
      })
      const bytes = created.reduce((sum, { size }) => sum + size, 0)
      const centroidNorm = maxNorm(codec.centroids, codec.dim)
      return { shape, residency, shift: codec.shift, centroidNorm, centroids, table, parts, bytes }
    })
  } catch (error) {
    for (const buffer of created) buffer.destroy()
    throw error
  }
}

export function freePlaid({ centroids, table, parts }: GpuPlaid): void {
  for (const buffer of [
    centroids,
    table,
    ...parts.flatMap(({ codes, residuals, offsets }) => [codes, residuals, offsets]),
  ])
    buffer.destroy()
}

const TABLE_BYTES = 256 * 4

/**
 * What `expandQuad` looks up (kernels.ts), u32 `[256]`: the weights of a byte's dimensions, the first in the lowest byte.
 * With 1 bit a byte stands for eight dimensions, which is two u32s: there the table is of half bytes. Without residuals
 * nothing is looked up.
 */
function weightTable(codec: PlaidCodec<LoadedBits>): Uint32Array {
  const { bits } = codec
  if (bits === 0) return new Uint32Array(TABLE_BYTES / 4)
  const weights = byteWeights({ bits, weights: codec.weights })
  const perByte = 8 / bits
  const shown = Math.min(4, perByte)
  const bytes = new Int8Array(TABLE_BYTES)
  for (let i = 0; i < (bits === 1 ? 16 : 256); i++) {
    const from = (bits === 1 ? i << 4 : i) * perByte
    bytes.set(weights.subarray(from, from + shown), i * 4)
  }
  return new Uint32Array(bytes.buffer)
}

/** The pieces of the index that the part consists of, one behind the other. */
function fillPart(
  queue: GPUQueue,
  index: PlaidIndex,
  { range }: ResidentPart,
  { rowWords, wideCodes }: Residency,
  to: Pick<GpuPlaidPart, 'codes' | 'residuals' | 'offsets'>,
): void {
  const rowBytes = (index.codec.dim * index.codec.bits) / 8
  const codes = new BufferStream(queue, to.codes)
  const residuals = new BufferStream(queue, to.residuals)
  for (const { part, first, end } of piecesOf(index.parts, range)) {
    const [start, stop] = [part.offsets[first]!, part.offsets[end]!]
    codes.append(asBytes(codesOfWidth(part.codes.subarray(start, stop), wideCodes)))
    residuals.append(padRows(part.residuals.subarray(start * rowBytes, stop * rowBytes), rowBytes, rowWords * 4))
  }
  codes.finish()
  residuals.finish()
  write(queue, to.offsets, offsetsWithin(index.parts, range))
}

function codesOfWidth(codes: PlaidPart['codes'], wide: boolean): PlaidPart['codes'] {
  if (wide) return codes instanceof Uint32Array ? codes : Uint32Array.from(codes)
  return codes instanceof Uint16Array ? codes : Uint16Array.from(codes)
}
