/** Projections to begin with: orthonormal rows; those of an analysis find the directions that vectors were made of. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { freshProjection, principalProjection } from '../../src/training/projection.ts'
import type { Tensor } from '../../src/training/types.ts'

const row = ({ data, shape }: Tensor, i: number) => data.subarray(i * shape[1]!, (i + 1) * shape[1]!)
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0)

function expectOrthonormal(projection: Tensor): void {
  for (let a = 0; a < projection.shape[0]!; a++)
    for (let b = 0; b <= a; b++) expect(dot(row(projection, a), row(projection, b))).toBeCloseTo(a === b ? 1 : 0, 5)
}

test('rows are orthonormal for any sizes and seed', () => {
  const sizes = fc
    .integer({ min: 1, max: 24 })
    .chain((hidden) => fc.tuple(fc.constant(hidden), fc.integer({ min: 1, max: hidden })))
  fc.assert(
    fc.property(sizes, fc.nat(), ([hidden, dim], seed) => {
      const projection = freshProjection(hidden, dim, seed)
      expect(projection.shape).toEqual([dim, hidden])
      expectOrthonormal(projection)
    }),
    { numRuns: 50 },
  )
})

test('random rows keep dot products about as they were', () => {
  const [hidden, dim] = [384, 96]
  const projection = freshProjection(hidden, dim, 3)
  const pairs = Array.from({ length: 20 }, (_, p) =>
    [0, 1].map((k) => Float64Array.from({ length: hidden }, (_, h) => Math.sin((h + 1) * (p + 2) * (k + 1) + h * h))),
  )
  const shrink = hidden / dim
  for (const [a, b] of pairs) {
    const project = (vector: ArrayLike<number>) =>
      Array.from({ length: dim }, (_, e) => dot(row(projection, e), vector))
    const [before, after] = [dot(a!, b!), dot(project(a!), project(b!)) * shrink]
    // Of vectors of length some 14: the standard error is about |a||b| / sqrt(dim), here 20.
    expect(Math.abs(after - before)).toBeLessThan(4 * 20)
  }
})

test('the analysis finds the directions that differ most, the greatest first, and passes over what all have', () => {
  const hidden = 12
  const axes = freshProjection(hidden, hidden, 7)
  const spread = [9, 5, 3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
  const vectors = new Float32Array(500 * hidden)
  for (let n = 0; n < 500; n++)
    for (let k = 0; k < hidden; k++) {
      const along = spread[k]! * Math.sin(n * (k + 1.37) * 2.1) + (k === 11 ? 100 : 0) // a large part that is the same in all
      for (let h = 0; h < hidden; h++) vectors[n * hidden + h]! += along * row(axes, k)[h]!
    }
  const found = principalProjection(vectors, hidden, 3)
  expectOrthonormal(found)
  for (let k = 0; k < 3; k++) expect(Math.abs(dot(row(found, k), row(axes, k))), `direction ${k}`).toBeGreaterThan(0.98)
})

test('where vectors differ in fewer directions, those are found and random ones follow', () => {
  const flat = Float32Array.from({ length: 9 * 8 }, (_, i) => (i % 8 < 2 ? Math.sin(i * i) : 5))
  const found = principalProjection(flat, 8, 4)
  expectOrthonormal(found)
  for (const axis of [0, 1]) expect(Math.hypot(row(found, 0)[axis]!, row(found, 1)[axis]!)).toBeCloseTo(1, 5)
  expectOrthonormal(principalProjection(new Float32Array(9 * 8).fill(0.1), 8, 8)) // none at all
})

test('one vector differs from nothing', () => {
  expect(() => principalProjection(new Float32Array(8), 8, 4)).toThrow(/1 vectors of 8 numbers, wanted 2 or more/)
})
