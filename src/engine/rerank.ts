/**
 * Texts ranked for a query, or scored for many, with no index: by MaxSim of the very vectors that the model gives. The same in a
 * page and in Node, which say what encodes and what scores.
 */
import { rejectUnknown, SelvageError, throwIfAborted } from '../errors.ts'
import type { PassageInput, Reranking, RerankOptions, ScoreMatrix, ScoreOptions } from '../rankTypes.ts'
import { topK } from '../util.ts'
import { type RerankMeans, RerankRun, type RerankScorer } from './rerankRun.ts'
import { checkText, hasNoText, isBlank, named, reranked, textsOf, unexplained } from './rerankTexts.ts'

export type { RerankMeans, RerankScorer } from './rerankRun.ts'

/** Undefined where there was nothing to score. */
interface Scored {
  readonly scorer?: RerankScorer
}

const SCORE_OPTIONS = ['onProgress', 'signal'] as const satisfies (keyof ScoreOptions)[]
const RERANK_OPTIONS = ['k', 'explain', ...SCORE_OPTIONS] as const satisfies (keyof RerankOptions)[]

/** @param means asked for once there is something to rank. Errors: `aborted`, `invalid-argument`, what model and kernels throw. */
export async function rerank(
  query: string,
  given: readonly PassageInput[],
  options: RerankOptions,
  means: () => Promise<RerankMeans>,
): Promise<Reranking & Scored> {
  rejectUnknown(options, RERANK_OPTIONS, 'rerank')
  const { k = given.length, explain = false, signal } = options
  checkText(query, 'rerank: the query')
  const passages = textsOf(given, 'rerank')
  if (options.k !== undefined && !(Number.isInteger(k) && k >= 1))
    throw new SelvageError('invalid-argument', `rerank: k is ${k}; it must be a whole number from 1 on.`)
  throwIfAborted(signal)
  const none = { wait: 0, encode: 0, score: 0, explain: 0, total: 0 }
  if (isBlank(query) || passages.every(hasNoText)) return { query, hits: [], elapsedMs: none }
  const start = performance.now()
  const ready = await means()
  const wait = performance.now() - start
  const run = new RerankRun(ready, passages, options)
  const encoded = await run.encodeQueries([query])
  const { scores, cut, matches } = await run.score(encoded, explain)
  const best = topK(scores, k).map(({ id, score }) => ({ index: id, score, isCut: cut.has(id) }))
  const explainStart = performance.now()
  const unsaid = explain ? best.map((hit) => unexplained(passages[hit.index]!, hit, matches.get(hit.index))) : []
  const explained = explain ? await ready.explain(query, encoded[0]!, unsaid) : []
  throwIfAborted(signal)
  const end = performance.now()
  return {
    query,
    hits: best.map((hit, rank) => reranked(given[hit.index]!, hit, explained[rank])),
    elapsedMs: { wait, ...run.elapsedMs, explain: end - explainStart, total: end - start },
    ...(run.scorer && { scorer: run.scorer }),
  }
}

/** @param means as for `rerank`. Errors: as there. */
export async function scoreMatrix(
  queries: readonly string[],
  given: readonly PassageInput[],
  options: ScoreOptions,
  means: () => Promise<RerankMeans>,
): Promise<ScoreMatrix & Scored> {
  rejectUnknown(options, SCORE_OPTIONS, 'scores')
  if (!Array.isArray(queries))
    throw new SelvageError('invalid-argument', `scores: the queries are ${named(queries)}; wanted an array of texts.`)
  queries.forEach((query, b) => {
    checkText(query, `scores: queries[${b}]`)
  })
  const passages = textsOf(given, 'scores')
  throwIfAborted(options.signal)
  const size = { queries: queries.length, passages: passages.length }
  if (queries.every(isBlank) || passages.every(hasNoText)) {
    const row = passages.map((passage) => (hasNoText(passage) ? Number.NEGATIVE_INFINITY : 0))
    const scores = Float32Array.from(queries.flatMap(() => row))
    return { scores, ...size, cut: [], elapsedMs: { wait: 0, encode: 0, score: 0, total: 0 } }
  }
  const start = performance.now()
  const ready = await means()
  const wait = performance.now() - start
  const run = new RerankRun(ready, passages, options)
  const { scores, cut } = await run.score(await run.encodeQueries(queries), false)
  return {
    ...{ scores, ...size, cut: [...cut].sort((a, b) => a - b) },
    elapsedMs: { wait, ...run.elapsedMs, total: performance.now() - start },
    ...(run.scorer && { scorer: run.scorer }),
  }
}
