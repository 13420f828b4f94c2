/** The hash of pages without https is that of all others. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainSha256Hex } from '../../src/store/sha256.ts'

const wanted = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('the hash of any bytes, those around the ends of blocks among them', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255)
    expect(plainSha256Hex(bytes)).toBe(wanted(bytes))
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
      expect(plainSha256Hex(bytes)).toBe(wanted(bytes))
    }),
  )
})

test('a part of a larger buffer is hashed by itself', () => {
  const all = Uint8Array.from({ length: 300 }, (_, i) => i & 255)
  expect(plainSha256Hex(all.subarray(3, 150))).toBe(wanted(all.slice(3, 150)))
})
