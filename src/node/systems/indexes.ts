/**
 * The systems that `selvage eval` measures: each takes the encoded documents once and then ranks query after query. It
 * knows no labels and no metrics; document i is passage i.
 */

import { byBoth } from '../../engine/retrieve.ts'
import { offsetsOf } from '../../engine/rowBatch.ts'
import { HYBRID_SECTIONS } from '../../engine/search.ts'
import type { LabelledDocument } from '../../eval/dataset.ts'
import { LexicalBuilder } from '../../lexical/builder.ts'
import { LexicalIndex } from '../../lexical/search.ts'
import type { FailoverOps } from '../../ops/failover.ts'
import { toHalves } from '../../ops/half.ts'
import type { PassageBatch, StageTimes } from '../../ops/ops.ts'
import { PlaidBuilder, type PlaidOptions } from '../../plaid/builder.ts'
import { decompress } from '../../plaid/data.ts'
import { plaidPacks, readPlaidData } from '../../plaid/format.ts'
import type { AssignCentroids } from '../../plaid/kmeans.ts'
import { type IndexReader, openPlaid, queryBatch } from '../../plaid/search.ts'
import { memoryStore } from '../../store/memory.ts'
import { sumOfPacks } from '../../store/packs.ts'
import type { BlobStore } from '../../store/store.ts'
import type { EncodedText, Fusion, OnProgress, PassageId, TokenMatrix } from '../../types.ts'
import { type Scored, topK } from '../../util.ts'
import { exactPool } from '../exactPool.ts'
import type { BuiltIndex } from './keptIndex.ts'

export interface System<Asked = Query> {
  /** Document numbers, best first, `depth` of them or all there are. */
  rank(query: Asked, depth: number): Promise<Ranked>
  close(): void | Promise<void>
}

export interface Query {
  readonly text: string
  readonly matrix: TokenMatrix
}

export interface Ranked {
  readonly ids: readonly PassageId[]
  /** Of each id; higher is better. */
  readonly scores: readonly number[]
  readonly elapsedMs: StageTimes
}

/** A document as the encoder gives it. */
export type Document = Pick<EncodedText, 'matrix' | 'tokenIds'>

/** What the compressed index of a run is like. */
export interface PlaidFacts {
  readonly bits: number
  readonly centroids: number
  /** All packs but texts, by the tokens of the documents: pooling makes fewer vectors of them. */
  readonly bytesPerToken: number
  readonly buildSeconds: number
}

/** Exact MaxSim over every vector, in f16. @param threads at most; none but this one without */
export async function exactSystem(
  documents: readonly TokenMatrix[],
  dim: number,
  ops: FailoverOps,
  threads = 1,
): Promise<System> {
  const pool = await exactPool(asBatch(documents, dim), ops, threads)
  /** A query is ranked to several depths; all its scores are there after the first. */
  let last: { readonly matrix: TokenMatrix; readonly scores: Float32Array } | undefined
  return {
    async rank({ matrix }, depth) {
      const start = performance.now()
      if (last?.matrix !== matrix) last = { matrix, scores: await pool.score(queryBatch(matrix)) }
      return { ...listed(topK(last.scores, depth)), elapsedMs: { total: performance.now() - start } }
    },
    close: () => pool.close(),
  }
}

export interface PlaidSystem extends System {
  readonly facts: PlaidFacts
  readonly index: IndexReader
  /** The documents as the index remembers them: exact MaxSim over these tells what codec and integers cost, each alone. */
  remembered(): Promise<TokenMatrix[]>
}

export interface PlaidBuildOptions extends PlaidOptions {
  readonly onProgress?: OnProgress
  /** Default: the kernel, on this thread. */
  readonly assign?: AssignCentroids
}

/** The index that `selvage build` writes, in memory. */
export async function plaidSystem(
  documents: readonly Document[],
  dim: number,
  ops: FailoverOps,
  options: PlaidBuildOptions & { readonly candidates?: number },
): Promise<PlaidSystem> {
  const { candidates, ...build } = options
  const store = memoryStore()
  const made = await buildPlaid(store, documents, dim, ops, build)
  return openPlaidSystem({ store, ...made }, tokensOf(documents), ops, candidates)
}

export async function buildPlaid(
  store: BlobStore,
  documents: readonly Document[],
  dim: number,
  ops: FailoverOps,
  { onProgress, assign = ops.assignCentroids.bind(ops), ...plaid }: PlaidBuildOptions,
): Promise<Omit<BuiltIndex, 'store'>> {
  const start = performance.now()
  const builder = new PlaidBuilder(store, { dim, assign, ...plaid })
  for (const { matrix, tokenIds } of documents) builder.add(matrix, tokenIds)
  const header = await builder.finish({ onProgress })
  return { header, seconds: (performance.now() - start) / 1000 }
}

/** @param tokens of the documents */
export async function openPlaidSystem(
  { store, header, seconds }: BuiltIndex,
  tokens: number,
  ops: FailoverOps,
  candidates?: number,
): Promise<PlaidSystem> {
  const index = await openPlaid(store, header, ops)
  const bytes = sumOfPacks(plaidPacks(header))
  return {
    facts: {
      bits: header.bits,
      centroids: header.centroidCount,
      bytesPerToken: bytes / Math.max(1, tokens),
      buildSeconds: seconds,
    },
    index,
    async rank({ matrix }, k) {
      const { passages, elapsedMs } = await index.search(matrix, { k, candidates })
      return { ...listed(passages), elapsedMs }
    },
    remembered: async () => [...decompress(await readPlaidData(store, header))],
    close: () => index.close(),
  }
}

export function tokensOf(documents: readonly Document[]): number {
  return documents.reduce((sum, { matrix }) => sum + matrix.rows, 0)
}

export interface KeywordSystem extends System<Pick<Query, 'text'>> {
  readonly lexical: LexicalIndex
  readonly bytes: number
  readonly buildSeconds: number
}

/** The keyword index that `selvage build` writes, in memory. A title of several headings is their path: "Guide > Start". */
export async function keywordSystem(documents: readonly LabelledDocument[]): Promise<KeywordSystem> {
  const store = memoryStore()
  const start = performance.now()
  const builder = new LexicalBuilder(store)
  for (const { title, text } of documents) {
    const path = title.split(' > ')
    builder.add({ title: path.at(-1) ?? '', headings: path.slice(0, -1).join('\n'), text, code: '' })
  }
  const header = await builder.finish('english')
  const buildSeconds = (performance.now() - start) / 1000
  const lexical = new LexicalIndex([{ source: store, header, passages: header.passages }])
  return {
    lexical,
    bytes: sumOfPacks(header.packs),
    buildSeconds,
    async rank({ text }, depth) {
      const start = performance.now()
      const { passages } = (await lexical.search({ text, isOpen: false })).best(depth)
      return { ...listed(passages), elapsedMs: { total: performance.now() - start } }
    },
    close() {},
  }
}

/** Both, joined as a search joins them; every document is a section of its own. */
export function hybridSystem(
  { index }: PlaidSystem,
  { lexical }: KeywordSystem,
  fusion: Fusion,
  candidates?: number,
): System {
  const each = Uint32Array.from({ length: index.passages }, (_, p) => p)
  const structure = { sections: each, pages: each, passages: index.passages }
  return {
    async rank({ text, matrix }, depth) {
      const start = performance.now()
      const keyword = await lexical.search({ text, isOpen: false })
      const wanted = { sections: Math.max(HYBRID_SECTIONS, depth), fusion, candidates }
      const { sections } = await byBoth(index, matrix, keyword, structure, wanted)
      const found = sections.slice(0, depth).map(({ passage, score }) => ({ id: passage, score }))
      return { ...listed(found), elapsedMs: { total: performance.now() - start } }
    },
    close() {},
  }
}

function listed(found: readonly Scored[]): Pick<Ranked, 'ids' | 'scores'> {
  return { ids: found.map(({ id }) => id), scores: found.map(({ score }) => score) }
}

function asBatch(documents: readonly TokenMatrix[], dim: number): PassageBatch {
  const offsets = offsetsOf(documents.map(({ rows }) => rows))
  const vectors = new Uint16Array(offsets[documents.length]! * dim)
  documents.forEach(({ data }, p) => {
    vectors.set(toHalves(data), offsets[p]! * dim)
  })
  return { vectors, offsets, dim }
}
