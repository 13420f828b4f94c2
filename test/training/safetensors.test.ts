/** .safetensors: what is written is read back bit for bit, f16 and bf16 are the numbers they stand for, and bad files are told. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSafetensors, writeSafetensors } from '../../src/training/safetensors.ts'
import type { Tensor } from '../../src/training/types.ts'

/** A file as the Python library would write it. */
function file(header: object, data: ArrayBufferView | Uint8Array = new Uint8Array()): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + data.byteLength)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + json.length)
  return bytes
}

const bitsOf = ({ data }: Tensor) => [...new Uint32Array(data.buffer, data.byteOffset, data.length)]

const tensor = fc.array(fc.nat(3), { maxLength: 3 }).chain((shape) => {
  const length = shape.reduce((a, b) => a * b, 1)
  const floats = fc.array(fc.float(), { minLength: length, maxLength: length })
  return floats.map((values): Tensor => ({ shape, data: Float32Array.from(values) }))
})

test('what is written is read back bit for bit, whatever the names', () => {
  const names = fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__' && name !== '__proto__')
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(names, tensor), { selector: ([name]) => name, maxLength: 6 }), (entries) => {
      const written = writeSafetensors(new Map(entries))
      const read = readSafetensors(written)
      expect(read.size).toBe(entries.length)
      for (const [name, wanted] of entries) {
        expect(read.get(name)?.shape).toEqual(wanted.shape)
        expect(bitsOf(read.get(name)!)).toEqual(bitsOf(wanted))
      }
      // The numbers start at a multiple of eight, wherever the file's bytes lie.
      const shifted = new Uint8Array(written.length + 3)
      shifted.set(written, 3)
      expect(readSafetensors(shifted.subarray(3))).toEqual(read)
      expect(Number(new DataView(written.buffer).getBigUint64(0, true)) % 8).toBe(0)
    }),
  )
})

test('f16 and bf16 are the numbers they stand for', () => {
  const half = Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x0001, 0x03ff, 0x7bff, 0x7c00, 0xfc00, 0x8000)
  const wanted = [1, -2, 0.333251953125, 2 ** -24, 1023 * 2 ** -24, 65504, Infinity, -Infinity, -0]
  const read = readSafetensors(file({ a: { dtype: 'F16', shape: [9], data_offsets: [0, 18] } }, half))
  expect([...read.get('a')!.data]).toEqual(wanted)

  const brain = Uint16Array.of(0x3f80, 0xc000, 0x4049, 0x7f80)
  const more = readSafetensors(file({ b: { dtype: 'BF16', shape: [2, 2], data_offsets: [0, 8] } }, brain))
  expect([...more.get('b')!.data]).toEqual([1, -2, 3.140625, Infinity])
})

test('whole numbers are buffers and left out', () => {
  const bytes = file(
    {
      __metadata__: { format: 'pt' },
      'embeddings.position_ids': { dtype: 'I64', shape: [1], data_offsets: [0, 8] },
      w: { dtype: 'F32', shape: [1], data_offsets: [8, 12] },
    },
    new Uint8Array(12),
  )
  expect([...readSafetensors(bytes).keys()]).toEqual(['w'])
})

test.each<[string, Uint8Array, RegExp]>([
  ['an empty file', new Uint8Array(), /m has 0 bytes, wanted at least 8/],
  [
    'a page of an error',
    new TextEncoder().encode('<html>not found</html>'),
    /m says that its header has .* whole file has 22/,
  ],
  ['a broken header', file({}).with(8, 0x5b), /m, its header is not JSON/],
  [
    'a truncated file',
    file({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }, new Uint8Array(5)),
    /m has 67 B .* end at byte 70/,
  ],
  [
    'bytes at the end',
    file({ w: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }, new Uint8Array(5)),
    /its tensors end at byte/,
  ],
  [
    'a shape that does not fit',
    file({ w: { dtype: 'F32', shape: [3], data_offsets: [0, 8] } }, new Uint8Array(8)),
    /has 8 bytes for "w" \(byte \d+\), wanted 12 for F32 \[3\]/,
  ],
  [
    'a gap',
    file({ w: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } }, new Uint8Array(8)),
    /has "w" at byte \d+, wanted \d+/,
  ],
  [
    'an unknown type',
    file({ w: { dtype: 'F8_E4M3', shape: [4], data_offsets: [0, 4] } }, new Uint8Array(4)),
    /"w" \(byte \d+\) is of type F8_E4M3; read are F64, F32, F16, BF16/,
  ],
  [
    'a negative offset',
    file({ w: { dtype: 'F32', shape: [1], data_offsets: [-4, 0] } }),
    /"w": "data_offsets" is \[-4,0\], wanted a list of whole numbers/,
  ],
  [
    'an end before the start',
    file({ w: { dtype: 'F32', shape: [0], data_offsets: [4, 0] } }),
    /wanted a start and an end/,
  ],
  ['an entry that is no object', file({ w: 3 }), /"w" is no object/],
])('%s is told', (_, bytes, message) => {
  expect(() => readSafetensors(bytes, 'm')).toThrow(
    expect.objectContaining({ code: 'model-invalid', message: expect.stringMatching(message) }),
  )
})

test('a tensor whose numbers do not fill its shape is a fault of ours', () => {
  expect(() => writeSafetensors(new Map([['w', { shape: [2, 2], data: new Float32Array(3) }]]))).toThrow(
    /w has 3 numbers, but its shape \[2,2\] asks for 4/,
  )
})
