/**
 * Protocol buffers as far as ONNX files need them: a writer and a reader of fields by their numbers. Format: protobuf.dev,
 * "Encoding". It knows no schema: which number means what is in onnxFile.ts. A library for it would be ten times as long and
 * need the schema compiled.
 */
import { SelvageError } from '../errors.ts'

/** How a value is laid out: a whole number of varying length, eight bytes, bytes with a length before them, four bytes. */
const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** One message. Fields are written in the order of the calls; the usual order is that of their numbers. */
export class ProtoWriter {
  readonly #parts: Uint8Array[] = []
  #length = 0

  int(field: number, value: number | bigint): this {
    return this.#add(varint((field << 3) | VARINT)).#add(varint(value))
  }

  /** A number with a point, in four bytes. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    return this.#add(varint((field << 3) | FIXED32)).#add(bytes)
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#add(varint((field << 3) | BYTES))
      .#add(varint(value.length))
      .#add(value)
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  /** A message within this one. */
  message(field: number, write: (message: ProtoWriter) => void): this {
    const inner = new ProtoWriter()
    write(inner)
    return this.bytes(field, inner.finish())
  }

  finish(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length)
    let at = 0
    for (const part of this.#parts) {
      all.set(part, at)
      at += part.length
    }
    return all
  }

  #add(part: Uint8Array): this {
    this.#parts.push(part)
    this.#length += part.length
    return this
  }
}

export interface ProtoField {
  readonly field: number
  /** The number of a field that is one; numbers with a point and those of eight bytes are passed over as 0. */
  readonly int: bigint
  /** The bytes of a field that has any: a text, a message, packed numbers. */
  readonly bytes: Uint8Array
}

const NOTHING = new Uint8Array()

/** The fields of a message in order. `where`: the file in words, for messages. */
export function* readFields(message: Uint8Array, where: string): Generator<ProtoField> {
  const reader = { bytes: message, at: 0, where }
  while (reader.at < message.length) {
    const tag = Number(readVarint(reader))
    const field = Math.floor(tag / 8)
    const wire = tag & 7
    if (wire === VARINT) yield { field, int: readVarint(reader), bytes: NOTHING }
    else if (wire === BYTES) {
      const length = Number(readVarint(reader))
      if (length > message.length - reader.at) throw truncated(where)
      yield { field, int: 0n, bytes: message.subarray(reader.at, reader.at + length) }
      reader.at += length
    } else if (wire === FIXED32 || wire === FIXED64) {
      reader.at += wire === FIXED32 ? 4 : 8
      if (reader.at > message.length) throw truncated(where)
      yield { field, int: 0n, bytes: NOTHING }
    } else throw truncated(where)
  }
}

/** Whole numbers of a repeated field, which may stand one by one or packed in one piece of bytes. */
export function readInts({ int, bytes }: ProtoField, where: string): bigint[] {
  if (bytes.length === 0) return [int]
  const reader = { bytes, at: 0, where }
  const ints: bigint[] = []
  while (reader.at < bytes.length) ints.push(readVarint(reader))
  return ints
}

/** Seven bits a byte, the lowest first; a negative number as the 64 bits of its two's complement. */
function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

function readVarint(reader: { readonly bytes: Uint8Array; at: number; readonly where: string }): bigint {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.bytes[reader.at++]
    if (byte === undefined) throw truncated(reader.where)
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asIntN(64, value)
  }
  throw truncated(reader.where)
}

function truncated(where: string): SelvageError {
  return new SelvageError('model-invalid', `${where} is no ONNX graph, or a truncated one. Fetch the model again.`)
}
