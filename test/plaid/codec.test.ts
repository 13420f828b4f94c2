import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { byteWeights } from '../../src/ops/integer.ts'
import { bucketOf, encodeResiduals, packBuckets, quantile, trainBuckets } from '../../src/plaid/codec.ts'

// From next-plaid's quantize_residuals, computed with numpy.
test.each([
  [1, [1, 0, 1, 1, 0, 0, 0, 1], [0xb1]],
  [2, [3, 2, 2, 1, 1, 0, 0, 0], [0xd6, 0x80]],
  [4, [1, 2, 4, 8, 15, 0, 7, 11], [0x84, 0x21, 0xf0, 0xed]],
  [8, [1, 128, 3, 200], [0x80, 0x01, 0xc0, 0x13]],
] as const)('%i bits are packed as next-plaid packs them', (bits, buckets, bytes) => {
  expect([...packBuckets(buckets, bits)]).toEqual(bytes)
})

test('what is packed is what kernels unpack', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
      fc.infiniteStream(fc.nat()),
      (bits, stream) => {
        const buckets = Array.from({ length: 16 }, () => stream.next().value! % 2 ** bits)
        const weights = Int8Array.from({ length: 2 ** bits }, (_, i) => i - 128) // tells buckets apart
        const table = byteWeights({ bits, weights })
        const perByte = 8 / bits
        const read = [...packBuckets(buckets, bits)].flatMap((byte) => [
          ...table.subarray(byte * perByte, (byte + 1) * perByte),
        ])
        expect(read).toEqual(buckets.map((bucket) => bucket - 128))
      },
    ),
  )
})

describe('buckets', () => {
  test('a value equal to a cutoff belongs to the lower bucket', () => {
    const cutoffs = Float32Array.of(-1, 0, 1)
    expect([-2, -1, -0.5, 0, 0.5, 1, 2].map((x) => bucketOf(x, cutoffs))).toEqual([0, 0, 1, 1, 2, 2, 3])
  })

  test('quantiles are numpy’s', () => {
    expect(quantile(Float32Array.of(1, 2, 4, 8), 0.5)).toBe(3)
    expect(quantile(Float32Array.of(1, 2, 4, 8), 0.25)).toBe(1.75)
  })

  test('two clear groups: weights are their means, the cutoff lies between', () => {
    const { cutoffs, weights } = trainBuckets(Float32Array.of(-1.5, 1, -0.5, 2, -1, 1.5), 1)
    expect([...weights]).toEqual([-1, 1.5])
    expect([...cutoffs]).toEqual([0.25])
  })

  test('on a bell curve, 2 bits, they are those of Lloyd and Max', () => {
    let state = 1
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return (state + 0.5) / 2 ** 32
    }
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    const { cutoffs, weights } = trainBuckets(Float32Array.from({ length: 200_000 }, normal), 2)
    // Max (1960), table I; 200,000 samples know a level to about .005.
    const table = [-1.51, -0.4528, 0.4528, 1.51]
    weights.forEach((weight, i) => {
      expect(Math.abs(weight - table[i]!)).toBeLessThan(0.02)
    })
    expect(Math.abs(cutoffs[2]! - 0.9816)).toBeLessThan(0.02)
  })

  test('no values, and all the same value', () => {
    expect(trainBuckets(new Float32Array(), 2).weights).toEqual(new Float32Array(4))
    expect([...trainBuckets(Float32Array.of(3, 3, 3), 1).weights]).toEqual([3, 3])
  })
})

test('encodeResiduals is bucketOf and packBuckets', () => {
  const values = fc.float({ min: -1, max: 1, noNaN: true })
  fc.assert(
    fc.property(
      fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
      fc.array(values, { minLength: 24, maxLength: 24 }),
      fc.array(values, { minLength: 16, maxLength: 16 }),
      (bits, rows, both) => {
        const [tokens, centroids] = [Float32Array.from(rows), Float32Array.from(both)]
        const codes = Uint32Array.of(1, 0, 1)
        const cutoffs = Float32Array.from({ length: 2 ** bits - 1 }, (_, i) => (i + 1) / 2 ** (bits - 1) - 1)
        const bytes = new Uint8Array(3 * bits)
        encodeResiduals(tokens, codes, centroids, 8, bits, cutoffs, bytes)
        const buckets = Array.from(tokens, (value, i) =>
          bucketOf(value - centroids[codes[Math.floor(i / 8)]! * 8 + (i % 8)]!, cutoffs),
        )
        expect(bytes).toEqual(packBuckets(buckets, bits))
      },
    ),
  )
})
