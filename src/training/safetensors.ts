/**
 * Weights in and out of a .safetensors file: eight bytes with the header's length, a JSON header with type, shape and range
 * of each tensor, the numbers. Format: huggingface/safetensors, README.md and `src/tensor.rs`, whose rules are checked
 * here too: ranges follow one another without a gap, and each is as long as its shape asks. F32, F16, BF16 and F64 are read as
 * f32; tensors of whole numbers are left out, since they are buffers (BERT's `position_ids`) and no weights. Written is F32.
 * It does not know what the names mean.
 */
import { Fields, isObject, parseJsonObject } from '../encoder/json.ts'
import { SelvageError } from '../errors.ts'
import { formatBytes } from '../util.ts'
import type { Tensor } from './types.ts'

/** A header is never longer: safetensors' own limit, against files that are something else. */
const MAX_HEADER_BYTES = 100_000_000
const LENGTH_BYTES = 8

type Read = (view: DataView<ArrayBufferLike>, into: Float32Array<ArrayBuffer>) => void

const FLOATS: Readonly<Record<string, { readonly bytes: number; readonly read: Read }>> = {
  F64: { bytes: 8, read: (view, into) => fill(into, (i) => view.getFloat64(8 * i, true)) },
  F32: { bytes: 4, read: (view, into) => fill(into, (i) => view.getFloat32(4 * i, true)) },
  F16: {
    bytes: 2,
    read: (view, into) => {
      const halves = halfTable()
      fill(into, (i) => halves[view.getUint16(2 * i, true)]!)
    },
  },
  BF16: {
    bytes: 2,
    read: (view, into) => {
      const bits = new Uint32Array(into.buffer, into.byteOffset, into.length)
      for (let i = 0; i < bits.length; i++) bits[i] = view.getUint16(2 * i, true) << 16
    },
  },
}

const WHOLE: Readonly<Record<string, number>> = {
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
}

interface Entry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly from: number
  readonly to: number
}

/** All tensors of real numbers, in order of their names. `where`: the file in words, for messages. */
export function readSafetensors(bytes: Uint8Array, where = 'the .safetensors file'): Map<string, Tensor> {
  const { entries, dataAt } = readHeader(bytes, where)
  const tensors = new Map<string, Tensor>()
  for (const { name, dtype, shape, from, to } of entries) {
    const float = FLOATS[dtype]
    if (float === undefined) continue
    const data = new Float32Array((to - from) / float.bytes)
    float.read(new DataView(bytes.buffer, bytes.byteOffset + dataAt + from, to - from), data)
    tensors.set(name, { shape, data })
  }
  return tensors
}

export interface WriteSafetensorsOptions {
  /** Free text. Default `{ format: 'pt' }`, without which transformers refuses the file. */
  readonly metadata?: Readonly<Record<string, string>>
}

export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  { metadata = { format: 'pt' } }: WriteSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))
  const header: Record<string, unknown> = { __metadata__: metadata }
  let end = 0
  for (const [name, { shape, data }] of sorted) {
    if (count(shape) !== data.length) {
      throw new SelvageError(
        'internal',
        `${name} has ${data.length} numbers, but its shape [${shape}] asks for ${count(shape)}.`,
      )
    }
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] }
    end += data.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const headerBytes = Math.ceil(json.length / 8) * 8 // numbers then start where they can be mapped
  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + end).fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true)
  bytes.set(json, LENGTH_BYTES)
  let at = LENGTH_BYTES + headerBytes
  for (const [, { data }] of sorted) {
    bytes.set(littleEndian(data), at)
    at += data.byteLength
  }
  return bytes
}

/** An array's bytes as files have them. Every platform that JavaScript runs on is little-endian; a view is enough. */
export function littleEndian(array: Float32Array | Int8Array | Uint8Array | BigInt64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

/** How many numbers a shape holds. */
export function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

function readHeader(bytes: Uint8Array, where: string): { entries: Entry[]; dataAt: number } {
  const invalid = (what: string): SelvageError =>
    new SelvageError('model-invalid', `${where} ${what}. It is truncated or no .safetensors file: fetch it again.`)
  if (bytes.length < LENGTH_BYTES) throw invalid(`has ${bytes.length} bytes, wanted at least ${LENGTH_BYTES}`)
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true))
  const dataAt = LENGTH_BYTES + headerBytes
  if (headerBytes > MAX_HEADER_BYTES || dataAt > bytes.length) {
    throw invalid(`says that its header has ${headerBytes} bytes, but the whole file has ${bytes.length}`)
  }
  const header = parseJsonObject(bytes.subarray(LENGTH_BYTES, dataAt), `${where}, its header`)
  const entries = Object.keys(header)
    .filter((name) => name !== '__metadata__')
    .map((name) => entryOf(name, header[name], where))
    .sort((a, b) => a.from - b.from || a.to - b.to)
  let end = 0
  for (const { name, dtype, shape, from, to } of entries) {
    const size = FLOATS[dtype]?.bytes ?? WHOLE[dtype]
    if (size === undefined) {
      throw new SelvageError(
        'model-invalid',
        `${where}: "${name}" (byte ${dataAt + from}) is of type ${dtype}; read are ${Object.keys(FLOATS).join(', ')}. Save the model in one of these.`,
      )
    }
    if (from !== end)
      throw invalid(`has "${name}" at byte ${dataAt + from}, wanted ${dataAt + end}, where the tensor before it ends`)
    if (to - from !== count(shape) * size) {
      throw invalid(
        `has ${to - from} bytes for "${name}" (byte ${dataAt + from}), wanted ${count(shape) * size} for ${dtype} [${shape}]`,
      )
    }
    end = to
  }
  if (dataAt + end !== bytes.length) {
    throw invalid(
      `has ${formatBytes(bytes.length)} (${bytes.length} bytes), but its tensors end at byte ${dataAt + end}`,
    )
  }
  return { entries: entries.sort((a, b) => (a.name < b.name ? -1 : 1)), dataAt }
}

function entryOf(name: string, value: unknown, where: string): Entry {
  const place = `${where}, "${name}"`
  if (!isObject(value))
    throw new SelvageError('model-invalid', `${place} is no object in the header. Fetch the file again.`)
  const fields = new Fields(value, place)
  const offsets = wholeNumbers(value['data_offsets'], `${place}: "data_offsets"`)
  const [from, to] = offsets
  if (from === undefined || to === undefined || offsets.length !== 2 || to < from) {
    throw new SelvageError('model-invalid', `${place}: "data_offsets" is [${offsets}], wanted a start and an end.`)
  }
  const dtype = fields.required(fields.string('dtype'), 'dtype')
  return { name, dtype, shape: wholeNumbers(value['shape'], `${place}: "shape"`), from, to }
}

function wholeNumbers(value: unknown, what: string): readonly number[] {
  const isWhole = (item: unknown): item is number => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0
  if (Array.isArray(value) && value.every(isWhole)) return value
  throw new SelvageError('model-invalid', `${what} is ${JSON.stringify(value)}, wanted a list of whole numbers.`)
}

function fill(into: Float32Array, value: (i: number) => number): void {
  for (let i = 0; i < into.length; i++) into[i] = value(i)
}

let halves: Float32Array | undefined

/** The number that each of the 65,536 patterns of an f16 stands for: looking up is quicker than working out. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 0x10000 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1
    const exponent = (bits >> 10) & 0x1f
    const fraction = bits & 0x3ff
    if (exponent === 0) return sign * fraction * 2 ** -24
    if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  })
  return halves
}
