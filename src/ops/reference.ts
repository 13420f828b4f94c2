/**
 * The oracle: every kernel in the shortest TypeScript that is plainly right, with f64 sums and no tricks.
 * The fast backends are tested against it, so it is never optimised. It is also the last resort where neither
 * WebGPU nor WASM SIMD exists.
 *
 * MaxSim is the late interaction of ColBERT (Khattab and Zaharia, 2020).
 */
import { throwIfAborted } from '../errors.ts'
import { checkPassages, checkQueries } from './check.ts'
import { fromHalves } from './half.ts'
import { NO_POSITION, type Ops, type PassageBatch, type QueryBatch } from './ops.ts'
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
  return {
    backend: 'reference',
    device: 'plain TypeScript, one thread',
    async load(batch) {
      residents.assertOpen()
      checkPassages(batch)
      const own = { vectors: batch.vectors.slice(), offsets: batch.offsets.slice(), dim: batch.dim }
      return residents.add(
        {
          backend: 'reference',
          passages: own.offsets.length - 1,
          tokens: own.offsets.at(-1)!,
          dim: own.dim,
          bytes: own.vectors.byteLength + own.offsets.byteLength,
        },
        own,
      )
    },
    async maxSim(queries, passages, options = {}) {
      const batch = residents.get(passages)
      checkQueries(queries, batch.dim)
      throwIfAborted(options.signal)
      return { ...maxSim(queries, batch, options.positions ?? false), backend: 'reference' }
    },
    close: () => residents.close(),
  }
}
