/**
 * The systems that `selvage eval` measures: each takes the encoded documents once and then ranks query after query. It
 * knows no labels and no metrics; document i is passage i.
 */
import type { FailoverOps } from '../ops/failover.ts'
import { toHalves } from '../ops/half.ts'
import type { PassageBatch, StageTimes } from '../ops/ops.ts'
import { PlaidBuilder, type PlaidOptions } from '../plaid/builder.ts'
import { plaidPacks } from '../plaid/format.ts'
import { DEFAULT_CANDIDATES, openPlaid } from '../plaid/search.ts'
import { topK } from '../plaid/topK.ts'
import { memoryStore } from '../store/memory.ts'
import type { EncodedText, OnProgress, PassageId, TokenMatrix } from '../types.ts'

export interface System {
  /** Document numbers, best first. */
  rank(query: TokenMatrix): Promise<{ readonly ids: readonly PassageId[]; readonly elapsedMs: StageTimes }>
  close(): void
}

/** What the compressed index of a run is like. */
export interface PlaidFacts {
  readonly bits: number
  readonly centroids: number
  readonly candidates: number
  /** All packs but texts. */
  readonly bytesPerToken: number
  readonly buildSeconds: number
}

/** Documents kept in an exact ranking: enough for recall@100 after sections are joined into pages. */
const EXACT_DEPTH = 1000

/** Exact MaxSim over every vector, in f16. */
export async function exactSystem(encoded: readonly EncodedText[], dim: number, ops: FailoverOps): Promise<System> {
  const passages = await ops.load(asBatch(encoded, dim))
  return {
    async rank({ data, rows }) {
      const start = performance.now()
      const { scores } = await ops.maxSim({ vectors: data, offsets: Uint32Array.of(0, rows), dim }, passages)
      return {
        ids: topK(scores, EXACT_DEPTH).map(({ id }) => id),
        elapsedMs: { total: performance.now() - start },
      }
    },
    close: () => passages.release(),
  }
}

/** The index that `selvage build` writes, in memory. Ranks as many documents as it scores with residuals. */
export async function plaidSystem(
  encoded: readonly EncodedText[],
  dim: number,
  ops: FailoverOps,
  options: PlaidOptions & { readonly candidates?: number; readonly onProgress?: OnProgress },
): Promise<System & { readonly facts: PlaidFacts }> {
  const { candidates = DEFAULT_CANDIDATES, onProgress, ...plaid } = options
  const store = memoryStore()
  const start = performance.now()
  const assign = ops.assignCentroids.bind(ops)
  const builder = new PlaidBuilder(store, { dim, assign, ...plaid })
  for (const { matrix } of encoded) builder.add(matrix)
  const header = await builder.finish({ onProgress })
  const buildSeconds = (performance.now() - start) / 1000
  const index = await openPlaid(store, header, ops)
  const bytes = plaidPacks(header).reduce((sum, pack) => sum + pack.bytes, 0)
  return {
    facts: {
      bits: header.bits,
      centroids: header.centroidCount,
      candidates,
      bytesPerToken: bytes / Math.max(1, header.tokens),
      buildSeconds,
    },
    async rank(query) {
      const { passages, elapsedMs } = await index.search(query, { k: candidates, candidates })
      return { ids: passages.map(({ id }) => id), elapsedMs }
    },
    close: () => index.close(),
  }
}

function asBatch(encoded: readonly EncodedText[], dim: number): PassageBatch {
  const offsets = new Uint32Array(encoded.length + 1)
  encoded.forEach(({ matrix }, p) => {
    offsets[p + 1] = offsets[p]! + matrix.rows
  })
  const vectors = new Uint16Array(offsets[encoded.length]! * dim)
  encoded.forEach(({ matrix }, p) => {
    vectors.set(toHalves(matrix.data), offsets[p]! * dim)
  })
  return { vectors, offsets, dim }
}
