/**
 * What every backend checks before it computes, in one place, so that bad input is refused in the same words everywhere.
 * Afterwards a kernel may rely on: offsets that rise from 0 and end at the last row, rows of `dim` values, and values
 * small enough that no backend meets an infinity or NaN (WGSL may assume that there are none).
 */
import { SelvageError } from '../errors.ts'
import type { PassageBatch, QueryBatch } from './ops.ts'

/** Larger values are refused: with |q|, |d| <= 1e15 a score stays finite in f32 up to Q·E = 3e8. Unit vectors have 1. */
const MAX_MAGNITUDE = 1e15

const INFINITE_HALF = 0x7c00

export function checkPassages(batch: PassageBatch): void {
  if (!(batch.vectors instanceof Float32Array || batch.vectors instanceof Uint16Array)) {
    throw refused('passage vectors', typeName(batch.vectors), 'a Float32Array, or a Uint16Array of f16 bits')
  }
  checkShape('passage', batch)
  checkValues('passage', batch)
}

/** @param dim of the passages that the queries are meant for */
export function checkQueries(batch: QueryBatch, dim: number): void {
  if (!(batch.vectors instanceof Float32Array)) {
    throw refused('query vectors', typeName(batch.vectors), 'a Float32Array')
  }
  checkShape('query', batch)
  if (batch.dim !== dim) throw refused('dim of the queries', batch.dim, `${dim}, the dim of the passages`)
  checkValues('query', batch)
}

function checkShape(what: string, { vectors, offsets, dim }: PassageBatch): void {
  if (!Number.isInteger(dim) || dim < 1) throw refused(`${what} dim`, dim, 'a whole number from 1 on')
  checkOffsets((place) => `${what} offsets${place}`, offsets)
  const rows = offsets[offsets.length - 1]!
  if (rows * dim !== vectors.length) {
    throw refused(
      `${what} vectors`,
      `${vectors.length} values`,
      `${rows * dim}: the last offset, ${rows} rows, times dim ${dim}`,
    )
  }
}

/** @param name of the offsets, or of one of them: "" or "[3]" goes where a person looks for it */
export function checkOffsets(name: (place: string) => string, offsets: Uint32Array): void {
  if (!(offsets instanceof Uint32Array)) throw refused(name(''), typeName(offsets), 'a Uint32Array')
  if (offsets.length === 0) throw refused(name(''), 'no entry', 'one more entry than items, the first 0')
  if (offsets[0] !== 0) throw refused(name('[0]'), offsets[0], '0')
  for (let i = 1; i < offsets.length; i++) {
    if (offsets[i]! < offsets[i - 1]!) {
      throw refused(name(`[${i}]`), offsets[i], `at least offsets[${i - 1}] = ${offsets[i - 1]}`)
    }
  }
}

function checkValues(what: string, { vectors, dim }: Pick<PassageBatch, 'vectors' | 'dim'>): void {
  const bad = vectors instanceof Float32Array ? firstBadFloat(vectors) : firstBadHalf(vectors)
  if (bad < 0) return
  const got = vectors instanceof Float32Array ? vectors[bad] : `f16 bits 0x${vectors[bad]!.toString(16)}`
  const place = `${what} vectors, row ${Math.floor(bad / dim)}, dimension ${bad % dim}`
  throw refused(place, got, 'a finite number of magnitude at most 1e15')
}

// Two plain loops, not findIndex: a load checks 10^8 values.
function firstBadFloat(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]!) <= MAX_MAGNITUDE)) return i
  return -1
}

function firstBadHalf(halves: Uint16Array): number {
  for (let i = 0; i < halves.length; i++) if ((halves[i]! & INFINITE_HALF) === INFINITE_HALF) return i
  return -1
}

/** Rows without offsets: f32 `[rows, dim]`. */
export function checkRows(what: string, vectors: Float32Array, dim: number): void {
  if (!(vectors instanceof Float32Array)) throw refused(`${what} vectors`, typeName(vectors), 'a Float32Array')
  if (!Number.isInteger(dim) || dim < 1) throw refused(`${what} dim`, dim, 'a whole number from 1 on')
  if (vectors.length % dim !== 0) throw refused(`${what} vectors`, `${vectors.length} values`, `rows of ${dim}`)
  checkValues(what, { vectors, dim })
}

export function refused(what: string, got: unknown, wanted: string): SelvageError {
  return new SelvageError('invalid-argument', `${what}: got ${String(got)}, wanted ${wanted}.`)
}

export function typeName(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}
