/**
 * The systems that `selvage eval` measures: each takes the encoded documents once and then ranks query after query. It
 * knows no labels and no metrics; document i is passage i.
 */
import type { FailoverOps } from '../ops/failover.ts'
import { toHalves } from '../ops/half.ts'
import type { PassageBatch, StageTimes } from '../ops/ops.ts'
import { PlaidBuilder, type PlaidOptions } from '../plaid/builder.ts'
import { plaidPacks } from '../plaid/format.ts'
import { DEFAULT_CANDIDATES, openPlaid, queryBatch } from '../plaid/search.ts'
import { topK } from '../plaid/topK.ts'
import { memoryStore } from '../store/memory.ts'
import type { OnProgress, PassageId, TokenMatrix } from '../types.ts'

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
export async function exactSystem(documents: readonly TokenMatrix[], dim: number, ops: FailoverOps): Promise<System> {
  const passages = await ops.load(asBatch(documents, dim))
  return {
    async rank(query) {
      const start = performance.now()
      const { scores } = await ops.maxSim(queryBatch(query), passages)
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
  documents: readonly TokenMatrix[],
  dim: number,
  ops: FailoverOps,
  options: PlaidOptions & { readonly candidates?: number; readonly onProgress?: OnProgress },
): Promise<System & { readonly facts: PlaidFacts }> {
  const { candidates = DEFAULT_CANDIDATES, onProgress, ...plaid } = options
  const store = memoryStore()
  const start = performance.now()
  const assign = ops.assignCentroids.bind(ops)
  const builder = new PlaidBuilder(store, { dim, assign, ...plaid })
  for (const document of documents) builder.add(document)
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

function asBatch(documents: readonly TokenMatrix[], dim: number): PassageBatch {
  const offsets = new Uint32Array(documents.length + 1)
  documents.forEach(({ rows }, p) => {
    offsets[p + 1] = offsets[p]! + rows
  })
  const vectors = new Uint16Array(offsets[documents.length]! * dim)
  documents.forEach(({ data }, p) => {
    vectors.set(toHalves(data), offsets[p]! * dim)
  })
  return { vectors, offsets, dim }
}
