/**
 * A projection for a model that has none, to begin training with: E orthonormal rows. Random ones keep dot products about as
 * they were (Johnson and Lindenstrauss); those of a principal component analysis keep the directions in which a model's own
 * token vectors differ most, and begin better. It knows no model: vectors are its caller's.
 */
import { SelvageError } from '../errors.ts'
import { seeded } from '../plaid/random.ts'
import type { Tensor } from './types.ts'

/** Of the subspace iteration. Directions that are still mixed then have nearly equal variance, and either will do. */
const ROUNDS = 30

/** Of a row, what is left of it when the directions before it are taken away: no more than this is none. */
const ROUNDING = 1e-10

/** `[dim, hidden]`, random, the same for the same seed. */
export function freshProjection(hidden: number, dim: number, seed = 0): Tensor {
  checkSizes(hidden, dim)
  const random = seeded(seed)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const rows = Array.from({ length: dim }, () => Float64Array.from({ length: hidden }, normal))
  return toTensor(orthonormal(rows), hidden)
}

/**
 * `[dim, hidden]`: the directions of greatest variance, greatest first; where vectors differ in fewer, random ones follow.
 * @param vectors `[N, hidden]`, N of some thousands
 */
export function principalProjection(vectors: Float32Array, hidden: number, dim: number, seed = 0): Tensor {
  checkSizes(hidden, dim)
  const count = vectors.length / hidden
  if (!Number.isInteger(count) || count < 2) {
    throw new SelvageError(
      'invalid-argument',
      `principalProjection: ${count} vectors of ${hidden} numbers, wanted 2 or more.`,
    )
  }
  const covariance = covarianceOf(vectors, count, hidden)
  const random = freshProjection(hidden, dim, seed)
  const spare = Array.from({ length: dim }, (_, row) => Float64Array.from(rowOf(random, row)))
  let rows = spare
  for (let round = 0; round < ROUNDS; round++) {
    rows = orthonormal(
      rows.map((row) => times(covariance, row)),
      spare,
    )
  }
  return toTensor(rows, hidden)
}

function checkSizes(hidden: number, dim: number): void {
  if (Number.isInteger(dim) && dim >= 1 && dim <= hidden) return
  throw new SelvageError(
    'invalid-argument',
    `dim is ${dim}, wanted a whole number from 1 to the model's hidden size, ${hidden}.`,
  )
}

/** Symmetric `[hidden][hidden]`. */
function covarianceOf(vectors: Float32Array, count: number, hidden: number): Float64Array[] {
  const mean = new Float64Array(hidden)
  for (let i = 0; i < vectors.length; i++) mean[i % hidden]! += vectors[i]!
  for (let h = 0; h < hidden; h++) mean[h]! /= count
  const sums = Array.from({ length: hidden }, () => new Float64Array(hidden))
  const centred = new Float64Array(hidden)
  for (let n = 0; n < count; n++) {
    for (let h = 0; h < hidden; h++) centred[h] = vectors[n * hidden + h]! - mean[h]!
    for (let a = 0; a < hidden; a++) {
      const [row, value] = [sums[a]!, centred[a]!]
      for (let b = 0; b <= a; b++) row[b]! += value * centred[b]!
    }
  }
  for (let a = 0; a < hidden; a++) for (let b = 0; b < a; b++) sums[b]![a] = sums[a]![b]!
  return sums
}

const times = (matrix: readonly Float64Array[], vector: Float64Array): Float64Array =>
  Float64Array.from(matrix, (row) => dot(row, vector))

/** Gram and Schmidt's. A row that says nothing new has one of `spare` in its place. */
function orthonormal(rows: readonly Float64Array[], spare: readonly Float64Array[] = []): Float64Array<ArrayBuffer>[] {
  const done: Float64Array<ArrayBuffer>[] = []
  for (const [i, row] of rows.entries()) {
    const own =
      apartFrom(done, row) ?? spare.map((other) => apartFrom(done, other)).find((other) => other !== undefined)
    if (own === undefined) throw new SelvageError('internal', `Row ${i} of a projection is a sum of those before it.`)
    done.push(own)
  }
  return done
}

/** Of a row what is at right angles to all others, as a unit vector; undefined where that is nothing but rounding. */
function apartFrom(others: readonly Float64Array[], given: Float64Array): Float64Array<ArrayBuffer> | undefined {
  const row = Float64Array.from(given)
  // Twice: once leaves rounding errors in rows that were nearly the same.
  for (let pass = 0; pass < 2; pass++) for (const other of others) subtract(row, other, dot(row, other))
  const length = Math.sqrt(dot(row, row))
  return length > ROUNDING * Math.sqrt(dot(given, given)) ? row.map((value) => value / length) : undefined
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function subtract(row: Float64Array, other: Float64Array, factor: number): void {
  for (let i = 0; i < row.length; i++) row[i]! -= factor * other[i]!
}

function toTensor(rows: readonly Float64Array[], hidden: number): Tensor {
  const data = new Float32Array(rows.length * hidden)
  for (const [i, row] of rows.entries()) data.set(row, i * hidden)
  return { shape: [rows.length, hidden], data }
}

const rowOf = ({ data, shape: [, columns = 0] }: Tensor, row: number): Float32Array =>
  data.subarray(row * columns, (row + 1) * columns)
