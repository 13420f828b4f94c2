/**
 * NPY files, as numpy writes them: little endian, C order, the number types that PLAID indexes are made of.
 * Format: numpy.lib.format, versions 1 and 2.
 */
import { SelvageError } from '../../errors.ts'
import { fromHalves } from '../../ops/half.ts'

export interface NpyArray {
  readonly shape: readonly number[]
  /** f2 and f8 become f4; i8 becomes i4, checked to fit. */
  readonly data: Float32Array | Int32Array | Uint8Array
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
const ITEM_BYTES: Readonly<Record<string, number>> = { f2: 2, f4: 4, f8: 8, i4: 4, i8: 8, u1: 1 }

/** @param name of the file, for messages. Errors: `index-invalid`. */
export function readNpy(bytes: Uint8Array, name: string): NpyArray {
  const fail = (what: string) => new SelvageError('index-invalid', `${name} ${what}.`)
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) throw fail('is not an NPY file')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const wide = bytes[6]! >= 2
  if (wide && bytes.length < 12) throw fail('ends within its header')
  const start = wide ? 12 : 10
  const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true))
  if (!(bytes.length >= end)) throw fail('ends within its header')
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, end))
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1]
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  const dims = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1]
  if (descr === undefined || order === undefined || dims === undefined) throw fail('has a header that cannot be read')
  if (order === 'True') throw fail('is in Fortran order, wanted C order')
  const type = descr.slice(1)
  const itemBytes = ITEM_BYTES[type]
  if (itemBytes === undefined || !(descr[0] === '<' || (descr[0] === '|' && type === 'u1')))
    throw fail(`holds values of type "${descr}", wanted <f2, <f4, <f8, <i4, <i8 or u1`)
  const shape = dims
    .split(',')
    .map((dim) => dim.trim())
    .filter((dim) => dim !== '')
    .map(Number)
  const count = shape.reduce((product, dim) => product * dim, 1)
  if (bytes.length - end !== count * itemBytes)
    throw fail(`has ${bytes.length - end} bytes of values, wanted ${count * itemBytes} for shape (${shape.join(', ')})`)
  const values = new Uint8Array(bytes.subarray(end)).buffer // a copy, for numbers need their alignment
  return { shape, data: convert(values, type, fail) }
}

function convert(values: ArrayBuffer, type: string, fail: (what: string) => SelvageError): NpyArray['data'] {
  if (type === 'u1') return new Uint8Array(values)
  if (type === 'f2') return fromHalves(new Uint16Array(values))
  if (type === 'f4') return new Float32Array(values)
  if (type === 'f8') return Float32Array.from(new Float64Array(values))
  if (type === 'i4') return new Int32Array(values)
  const words = new Int32Array(values)
  const low = new Int32Array(words.length / 2)
  for (let i = 0; i < low.length; i++) {
    low[i] = words[2 * i]!
    if (words[2 * i + 1] !== low[i]! >> 31) throw fail('holds a number past 2^31')
  }
  return low
}

export type NpyType = '<f4' | '<i4' | '<i8' | '|u1'

/** Version 1 bytes; the header is padded as numpy does, so that values start at a multiple of 64. */
export function writeNpy(type: NpyType, shape: readonly number[], data: ArrayLike<number>): Uint8Array {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const dictionary = `{'descr': '${type}', 'fortran_order': False, 'shape': (${dims}), }`
  const head = Math.ceil((10 + dictionary.length + 1) / 64) * 64
  const itemBytes = ITEM_BYTES[type.slice(1)]!
  const bytes = new Uint8Array(head + data.length * itemBytes)
  bytes.set([...MAGIC, 1, 0, (head - 10) & 255, (head - 10) >> 8])
  bytes.set(new TextEncoder().encode(`${dictionary.padEnd(head - 11)}\n`), 10)
  if (type === '|u1') bytes.set(data, head)
  else if (type === '<f4') new Float32Array(bytes.buffer, head, data.length).set(data)
  else {
    const words = new Int32Array(bytes.buffer, head, (data.length * itemBytes) / 4)
    const step = itemBytes / 4
    for (let i = 0; i < data.length; i++) words[i * step] = data[i]! // never negative: the upper half stays 0
  }
  return bytes
}
