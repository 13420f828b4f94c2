/**
 * IEEE 754 binary16 ("half", f16) as raw bits in a Uint16Array: what f16 storage is made of.
 * Decoding is exact; encoding rounds to nearest, ties to even, and overflows to infinity from 65520 on.
 * Written here because Float16Array is missing in Node 20 and in browsers before 2025. WGSL reads the same bits with
 * `unpack2x16float`, WASM widens them with three SIMD instructions (wasm/kernels.as.ts).
 * The rounding by integer addition is Fabian Giesen's (float_to_half_fast3_rtne, 2012).
 */

const scratch = new Float32Array(1)
const scratchBits = new Uint32Array(scratch.buffer)

/** The bits of the half nearest to `value` (as f32). */
export function toHalf(value: number): number {
  scratch[0] = value
  const bits = scratchBits[0]!
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 // NaN
  if (magnitude >= 0x47800000) return sign | 0x7c00 // 65536 and up
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves are 2^-24 apart, and so are floats in [0.5, 1): the FPU's own addition rounds for us.
    scratchBits[0] = magnitude
    scratch[0] = scratch[0]! + 0.5
    return sign | (scratchBits[0]! - 0x3f000000)
  }
  // Rebias the exponent from 127 to 15 and drop 13 bits. Adding just under half of the last kept bit, plus that bit
  // itself, carries exactly when "nearest, ties to even" rounds up; a carry out of the mantissa bumps the exponent.
  const lastKeptBit = (magnitude >>> 13) & 1
  return sign | ((magnitude - 0x38000000 + 0xfff + lastKeptBit) >>> 13)
}

/** The value of a half given by its bits. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 31
  const mantissa = bits & 1023
  if (exponent === 0) return sign * mantissa * 2 ** -24
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN
  return sign * (1024 + mantissa) * 2 ** (exponent - 25)
}

/** A whole array to f16 bits. */
export function toHalves(values: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) halves[i] = toHalf(values[i]!)
  return halves
}

/** The value of every half, by its bits: 256 kB, made for the first array that is worth it. */
let table: Float32Array | undefined

/** A whole array from f16 bits. */
export function fromHalves(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(halves.length)
  if (halves.length >= WORTH_A_TABLE) table ??= Float32Array.from({ length: 65_536 }, (_, bits) => fromHalf(bits))
  if (table) for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]!]!
  else for (let i = 0; i < halves.length; i++) values[i] = fromHalf(halves[i]!)
  return values
}

const WORTH_A_TABLE = 8192
