/**
 * One case of the PLAID bench, in a process of its own so that peak memory is its own: builds or draws an index, holds the
 * answers against the oracle, then takes the times. Prints one line of JSON. plaid.ts says what cases there are.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exactSystem } from '../../src/node/systems/indexes.ts'
import { createOps } from '../../src/ops/create.ts'
import type { FailoverOps } from '../../src/ops/failover.ts'
import {
  NARROW_CENTROIDS,
  type PlaidBits,
  type PlaidIndex,
  type PlaidPart,
  type PlaidResult,
} from '../../src/ops/ops.ts'
import { ReferencePlaid } from '../../src/ops/plaidReference.ts'
import { PlaidBuilder } from '../../src/plaid/builder.ts'
import { slicePart } from '../../src/plaid/data.ts'
import { plaidPacks, readPlaidIndex } from '../../src/plaid/format.ts'
import { bitsetOf, defaultCandidates, queryBatch } from '../../src/plaid/search.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { TokenMatrix } from '../../src/types.ts'
import { tokFile } from '../support/tokFile.ts'
import { findGpu } from './gpu.ts'
import { type Corpus, drawnIndex, QUERY_TOKENS, syntheticCorpus } from './synthetic.ts'

export interface Case {
  readonly passages: number
  readonly tokens: number
  readonly dim: number
  readonly bits: PlaidBits
  readonly queries: number
  readonly backend: 'wasm' | 'webgpu'
  /** The GPU is software: few queries, and WASM builds. */
  readonly software?: boolean
  /** Codes and residuals are drawn, not made from vectors: only search is timed. */
  readonly drawn: boolean
  /** The next-plaid binary (test/bench/peers) to run on the same vectors. */
  readonly peer?: string
}

export interface CaseResult extends Case {
  readonly device: string
  readonly totalTokens: number
  readonly centroids: number
  readonly candidates: number
  readonly residentBytes: number
  readonly ms: Spread
  /** Medians. */
  readonly stageMs: Readonly<Record<string, number>>
  /** GB/s of codes and centroid scores that the scan reads; billions of multiply-adds per second of the other two. */
  readonly scanGBs: number
  readonly centroidGMacs: number
  readonly residualGMacs: number
  /** Of the ten best of scoring every passage with residuals, by candidates. */
  readonly recallAt10: Readonly<Record<number, number>>
  readonly buildSeconds?: number
  readonly bytesPerToken?: number
  readonly exactOverlap?: number
  readonly peers?: readonly PeerResult[]
  readonly peakMemoryMB: number
}

export interface Spread {
  readonly p50: number
  readonly p95: number
}

export interface PeerResult extends Spread {
  readonly name: string
  readonly candidates: number
  readonly probes: number
  readonly buildSeconds: number
  readonly exactOverlap: number
}

const WARM_UP = 10
const K = 10
const CANDIDATES = defaultCandidates(K)
const BUDGETS = [64, 128, 256, 512, 1024]

export async function runCase(given: Case): Promise<CaseResult> {
  if (given.backend === 'webgpu') await findGpu(true)
  const ops = await createOps({ backend: given.backend })
  const builderOps = given.software ? await createOps({ backend: 'wasm' }) : ops
  const prepared = given.drawn ? prepareDrawn(given) : await prepareBuilt(given, builderOps)
  const queries = given.software ? prepared.queries.slice(0, 3) : prepared.queries
  const index = await ops.loadPlaid(prepared.index)
  const search = (query: TokenMatrix, k = K, candidates = CANDIDATES, filter?: Uint32Array): Promise<PlaidResult> =>
    ops.searchPlaid(queryBatch(query), index, { k, candidates, ...(filter && { filter }) })

  await checkFirst(await prepared.index(), queries, search)
  for (const query of queries.slice(0, WARM_UP)) await search(query)
  const results: PlaidResult[] = []
  for (const query of queries) results.push(await search(query))
  const ms = spread(results.map(({ elapsedMs }) => elapsedMs.total))
  const ours = results.map(({ hits }) => hits[0]!.ids)
  const stages = ['centroids', 'scan', 'select', 'residuals', 'total'] as const
  const stageMs = Object.fromEntries(
    stages.map((stage) => [stage, spread(results.map(({ elapsedMs }) => elapsedMs[stage] ?? Number.NaN)).p50]),
  )

  const found = async (candidates: number) => {
    const rankings: Uint32Array[] = []
    for (const query of queries.slice(0, given.drawn ? 3 : 50))
      rankings.push((await search(query, K, candidates)).hits[0]!.ids)
    return rankings
  }
  const recallAt10: Record<number, number> = {}
  if (given.passages <= 100_000 && !given.software) {
    const all = await found(Infinity)
    for (const budget of BUDGETS) recallAt10[budget] = meanOverlap(all, await found(budget))
  }

  const multiplyAdds = QUERY_TOKENS * given.dim
  const meanLength = index.tokens / index.passages
  const codeBytes = index.centroids <= NARROW_CENTROIDS ? 2 : 4
  return {
    ...given,
    device: ops.device,
    totalTokens: index.tokens,
    centroids: index.centroids,
    candidates: CANDIDATES,
    residentBytes: index.bytes,
    ms,
    stageMs,
    scanGBs: (index.tokens * (codeBytes + QUERY_TOKENS)) / (stageMs['scan']! * 1e6),
    centroidGMacs: (index.centroids * multiplyAdds) / (stageMs['centroids']! * 1e6),
    residualGMacs: (CANDIDATES * meanLength * multiplyAdds) / (stageMs['residuals']! * 1e6),
    recallAt10,
    ...prepared.facts,
    ...(prepared.corpus && !given.software && (await compared(prepared.corpus, given, ops, ours))),
    peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024),
  }
}

interface Prepared {
  readonly index: () => PlaidIndex | Promise<PlaidIndex>
  readonly queries: readonly TokenMatrix[]
  readonly corpus?: Corpus
  readonly facts?: { readonly buildSeconds: number; readonly bytesPerToken: number }
}

function prepareDrawn({ passages, tokens, dim, bits, queries: count }: Case): Prepared {
  const { index, queries } = drawnIndex(passages, tokens, dim, bits, count)
  return { index: () => index, queries }
}

async function prepareBuilt({ passages, tokens, dim, bits, queries }: Case, ops: FailoverOps): Promise<Prepared> {
  const corpus = syntheticCorpus(passages, tokens, dim, queries)
  const store = memoryStore()
  const start = performance.now()
  const builder = new PlaidBuilder(store, { dim, bits, assign: ops.assignCentroids.bind(ops) })
  for (const passage of corpus.passages) builder.add(passage)
  const header = await builder.finish()
  const buildSeconds = (performance.now() - start) / 1000
  const bytesPerToken = plaidPacks(header).reduce((sum, { bytes }) => sum + bytes, 0) / header.tokens
  return {
    index: () => readPlaidIndex(store, header),
    queries: corpus.queries,
    corpus,
    facts: { buildSeconds, bytesPerToken },
  }
}

/** Passages that the oracle searches: it would take minutes over a million. */
const CHECKED = 10_000

/** Right before fast: among all passages, or among some from end to end of a large index, the same hits as the oracle. */
async function checkFirst(
  index: PlaidIndex,
  queries: readonly TokenMatrix[],
  search: (query: TokenMatrix, k: number, candidates: number, filter: Uint32Array) => Promise<PlaidResult>,
): Promise<void> {
  const passages = index.parts.reduce((sum, { offsets }) => sum + offsets.length - 1, 0)
  const step = Math.ceil(passages / CHECKED)
  const reference = new ReferencePlaid({ codec: index.codec, parts: everyNth(index.parts, step) })
  const ids = Uint32Array.from({ length: Math.ceil(passages / step) }, (_, i) => i * step)
  for (const query of queries.slice(0, 2)) {
    const want = reference.search(queryBatch(query), 0, { k: K, candidates: CANDIDATES })
    const got = (await search(query, K, CANDIDATES, bitsetOf(ids, passages))).hits[0]!
    const wanted = `${want.ids.map((id) => ids[id]!)}|${want.scores}`
    const found = `${got.ids}|${got.scores}`
    if (wanted !== found) throw new Error(`Wrong answer: got ${found}, the reference says ${wanted}.`)
  }
}

function everyNth(parts: readonly PlaidPart[], step: number): PlaidPart[] {
  if (step === 1) return [...parts]
  let first = 0
  return parts.flatMap((part) => {
    const chosen: PlaidPart[] = []
    const size = part.offsets.length - 1
    for (let p = 0; p < size; p++) if ((first + p) % step === 0) chosen.push(slicePart(part, p, p + 1))
    first += size
    return chosen
  })
}

/** How the ten best compare with float MaxSim over the vectors themselves, ours and the peer's. */
async function compared(corpus: Corpus, given: Case, ops: FailoverOps, ours: readonly Uint32Array[]) {
  const system = await exactSystem(corpus.passages, corpus.dim, ops)
  const exact: (readonly number[])[] = []
  for (const query of corpus.queries) exact.push((await system.rank({ text: '', matrix: query }, K)).ids)
  await system.close()
  return {
    exactOverlap: meanOverlap(exact, ours),
    ...(given.peer && { peers: runPeer(given.peer, corpus, given, exact) }),
  }
}

/** Candidates and probes of the peer: its defaults, and less and more. */
const PEER_SETTINGS = [
  [128, 1],
  [256, 1],
  [256, 2],
  [512, 2],
  [1024, 4],
  [4096, 4],
  [4096, 8],
  [8192, 16],
] as const

/** next-plaid on the same vectors, one thread for the queries, all cores for the build. */
function runPeer(binary: string, corpus: Corpus, { bits }: Case, exact: readonly (readonly number[])[]): PeerResult[] {
  const folder = mkdtempSync(join(tmpdir(), 'selvage-bench-'))
  const at = (name: string) => join(folder, name)
  const run = (threads: number | undefined, ...settings: number[]): Record<string, number> => {
    const env = { ...process.env, ...(threads && { RAYON_NUM_THREADS: String(threads) }) }
    const args = [at('docs.tok'), at('queries.tok'), at('index'), ...settings.map(String), at('ranking.json')]
    const { status, stdout, stderr } = spawnSync(binary, args, { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${binary} failed: ${stderr}`)
    return JSON.parse(stdout)
  }
  try {
    writeFileSync(at('docs.tok'), tokFile(corpus.passages, corpus.dim))
    writeFileSync(at('queries.tok'), tokFile(corpus.queries, corpus.dim))
    const buildSeconds = run(undefined, bits, K, 64, 1)['build_s']!
    return PEER_SETTINGS.map(([candidates, probes]) => {
      const told = run(1, bits, K, candidates, probes)
      const ranking: number[][] = JSON.parse(readFileSync(at('ranking.json'), 'utf8'))
      const exactOverlap = meanOverlap(exact, ranking)
      return {
        name: 'next-plaid 1.8.5',
        ...{ candidates, probes, buildSeconds, exactOverlap },
        p50: told['p50_ms']!,
        p95: told['p95_ms']!,
      }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function meanOverlap(want: readonly ArrayLike<number>[], got: readonly ArrayLike<number>[]): number {
  const shares = want.map((ids, i) => {
    const found = new Set(Array.from(got[i]!))
    return Array.from(ids).filter((id) => found.has(id)).length / ids.length
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { p50: sorted[sorted.length >> 1]!, p95: sorted[Math.floor(sorted.length * 0.95)]! }
}
