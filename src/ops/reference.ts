/**
 * The oracle: every kernel in the shortest TypeScript that is plainly right, with f64 sums and no tricks.
 * The fast backends are tested against it, so it is never optimised. It is also the last resort where neither
 * WebGPU nor WASM SIMD exists.
 *
 * MaxSim is the late interaction of ColBERT (Khattab and Zaharia, 2020).
 */
import { throwIfAborted } from '../errors.ts'
import { checkPassages, checkQueries } from './check.ts'
import { checkAssignment, checkPlaid, checkPlaidSearch, plaidSizes } from './checkPlaid.ts'
import { fromHalves } from './half.ts'
import { type LoadedPlaid, NO_POSITION, type Ops, type PassageBatch, type QueryBatch } from './ops.ts'
import { assignCentroids, ReferencePlaid } from './plaidReference.ts'
import { Residents } from './residents.ts'
import { allocateResult, type ResultArrays } from './result.ts'

/** queries `[ΣQ, E]`, passages `[ΣT, E]` → scores `[B, P]`, positions per query `[P, Q]`. Layouts as in ops.ts. */
export function maxSim(queries: QueryBatch, passages: PassageBatch, wantPositions: boolean): ResultArrays {
  const { dim } = passages
  const tokens = passages.vectors instanceof Uint16Array ? fromHalves(passages.vectors) : passages.vectors
  const queryCount = queries.offsets.length - 1
  const passageCount = passages.offsets.length - 1
  const result = allocateResult(queries, passageCount, wantPositions)
  for (let b = 0; b < queryCount; b++) {
    const firstRow = queries.offsets[b]!
    const rows = queries.offsets[b + 1]! - firstRow
    for (let p = 0; p < passageCount; p++) {
      const firstToken = passages.offsets[p]!
      const endToken = passages.offsets[p + 1]!
      let score = firstToken === endToken ? -Infinity : 0
      for (let q = 0; q < rows; q++) {
        let best = -Infinity
        let position = NO_POSITION
        for (let t = firstToken; t < endToken; t++) {
          let dot = 0
          for (let e = 0; e < dim; e++) dot += queries.vectors[(firstRow + q) * dim + e]! * tokens[t * dim + e]!
          if (dot > best) {
            best = dot
            position = t - firstToken
          }
        }
        score += best
        if (result.positions) result.positions[firstRow * passageCount + p * rows + q] = position
      }
      result.scores[b * passageCount + p] = score
    }
  }
  return result
}

export function createReferenceOps(): Ops {
  const residents = new Residents<PassageBatch>(() => {})
  const indexes = new Residents<ReferencePlaid, LoadedPlaid>(() => {})
  return {
    backend: 'reference',
    device: 'plain TypeScript, one thread',
    async load(batch) {
      residents.assertOpen()
      checkPassages(batch)
      const own = { vectors: batch.vectors.slice(), offsets: batch.offsets.slice(), dim: batch.dim }
      return residents.add(
        (release) => ({
          backend: 'reference',
          passages: own.offsets.length - 1,
          tokens: own.offsets.at(-1)!,
          dim: own.dim,
          bytes: own.vectors.byteLength + own.offsets.byteLength,
          release,
        }),
        own,
      )
    },
    async maxSim(queries, passages, options = {}) {
      const batch = residents.get(passages)
      checkQueries(queries, batch.dim)
      throwIfAborted(options.signal)
      return { ...maxSim(queries, batch, options.positions ?? false), backend: 'reference' }
    },
    async assignCentroids(tokens, centroids, dim, options = {}) {
      residents.assertOpen()
      checkAssignment(tokens, centroids, dim)
      throwIfAborted(options.signal)
      return assignCentroids(tokens, centroids, dim)
    },
    async loadPlaid(index) {
      indexes.assertOpen()
      checkPlaid(index)
      const bytes = index.parts.reduce((sum, { codes, residuals }) => sum + codes.byteLength + residuals.byteLength, 0)
      return indexes.add(
        (release) => ({ backend: 'reference', ...plaidSizes(index), bytes, release }),
        new ReferencePlaid(index),
      )
    },
    async searchPlaid(queries, loaded, options) {
      const index = indexes.get(loaded)
      checkPlaidSearch(queries, loaded, options)
      throwIfAborted(options.signal)
      const start = performance.now()
      const hits = Array.from({ length: queries.offsets.length - 1 }, (_, b) => index.search(queries, b, options))
      return { hits, elapsedMs: { total: performance.now() - start }, backend: 'reference' }
    },
    close() {
      residents.close()
      indexes.close()
    },
  }
}
