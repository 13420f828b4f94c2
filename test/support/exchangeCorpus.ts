/** A small corpus and our index of it, always the same bytes: for exchange with other systems, live and as a fixture. */
import type { FailoverOps } from '../../src/ops/failover.ts'
import type { PlaidBits } from '../../src/ops/ops.ts'
import { PlaidBuilder } from '../../src/plaid/builder.ts'
import type { PlaidData } from '../../src/plaid/data.ts'
import { readPlaidData } from '../../src/plaid/format.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type Corpus, syntheticCorpus } from '../bench/synthetic.ts'

/** Tokens of a query: scores are sums over them, and so are differences. */
const QUERY_TOKENS = 5

export function exchangeCorpus(): Corpus {
  const { queries, ...corpus } = syntheticCorpus(80, 12, 32, 6)
  const cut = queries.map(({ data, dim }) => ({ data: data.slice(0, QUERY_TOKENS * dim), rows: QUERY_TOKENS, dim }))
  return { ...corpus, queries: cut }
}

export async function exchangeIndex(ops: FailoverOps, bits: PlaidBits): Promise<PlaidData> {
  const { passages, dim } = exchangeCorpus()
  const store = memoryStore()
  const builder = new PlaidBuilder(store, { dim, bits, assign: ops.assignCentroids.bind(ops) })
  for (const passage of passages) builder.add(passage)
  return readPlaidData(store, await builder.finish())
}
