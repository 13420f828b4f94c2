import { describe, expect, test } from 'vitest'
import { fromHalf, fromHalves, toHalf, toHalves } from '../../src/ops/half.ts'

const ALL = Array.from({ length: 65_536 }, (_, bits) => bits)
const isNaNBits = (bits: number): boolean => (bits & 0x7fff) > 0x7c00

describe('decoding', () => {
  // Values from IEEE 754-2019, 3.6 and Wikipedia, "Half-precision floating-point format".
  test.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 2 ** -14 - 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3bff, 0.99951171875],
    [0x3c00, 1],
    [0x3c01, 1.0009765625],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ])('0x%s', (bits, value) => expect(fromHalf(bits)).toBe(value))
})

describe('encoding', () => {
  test('gives every half back from its own value', () => {
    expect(ALL.filter((bits) => !isNaNBits(bits) && toHalf(fromHalf(bits)) !== bits)).toEqual([])
    expect(ALL.filter((bits) => isNaNBits(bits) && !isNaNBits(toHalf(fromHalf(bits))))).toEqual([])
  })

  test('rounds to nearest, ties to even, between every two neighbours', () => {
    const wrong: string[] = []
    const check = (value: number, want: number): void => {
      for (const [signed, bits] of [
        [value, want],
        [-value, want | 0x8000],
      ] as const) {
        if (toHalf(signed) !== bits) wrong.push(`${signed}: got ${toHalf(signed)}, wanted ${bits}`)
      }
    }
    for (let bits = 0; bits < 0x7bff; bits++) {
      const low = fromHalf(bits)
      const high = fromHalf(bits + 1)
      const middle = (low + high) / 2 // exact: halves and their midpoints are floats
      check(middle, bits % 2 === 0 ? bits : bits + 1)
      check(before(middle), bits)
      check(after(middle), bits + 1)
    }
    expect(wrong).toEqual([])
  })

  test.each([
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [65536, 0x7c00],
    [1e9, 0x7c00],
    [-1e9, 0xfc00],
    [Infinity, 0x7c00],
    [2 ** -25, 0],
    [2 ** -26, 0],
    [-(2 ** -25) * 1.001, 0x8001],
  ])('at the ends: %d', (value, bits) => expect(toHalf(value)).toBe(bits))
})

test('arrays', () => {
  const values = Float32Array.of(0.5, -1, 3.140625)
  expect(toHalves(values)).toEqual(Uint16Array.of(0x3800, 0xbc00, 0x4248))
  expect(fromHalves(toHalves(values))).toEqual(values)
})

/** The neighbouring f32 of a positive f32. */
function neighbour(value: number, step: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)
  bits[0] = bits[0]! + step
  return new Float32Array(bits.buffer)[0]!
}
const before = (value: number): number => neighbour(value, -1)
const after = (value: number): number => neighbour(value, 1)

test('a long array is decoded by a table, to the same values; so is a short one then', () => {
  const [short, expected] = [Uint16Array.from(ALL.slice(0, 100)), Float32Array.from(ALL, fromHalf)]
  expect(fromHalves(short)).toEqual(expected.slice(0, 100))
  expect(fromHalves(Uint16Array.from(ALL))).toEqual(expected)
  expect(fromHalves(short)).toEqual(expected.slice(0, 100))
})
