/**
 * One measurement of anything that ranks: a page's search, a folder's, somebody else's. It asks every question that has a
 * right answer, and says how good the answers were, how much of the exact ones they had, and how long they took. The command
 * line and the demo's check run this very function. It knows ids and labels, not how a ranking was made.
 */
import { rejectUnknown, SelvageError, throwIfAborted } from '../errors.ts'
import type { OnProgress } from '../types.ts'
import type { LabelledQuery } from './dataset.ts'
import { hasRelevant, type Judgements, ndcg, recall, reciprocalRank, sharedBest } from './metrics.ts'

export interface RankedIds {
  /** Ids of documents, best first. One that comes again, by another of its sections, counts where it first stands. */
  readonly ids: readonly string[]
  /** Milliseconds of each stage, by any names. */
  readonly ms?: Readonly<Record<string, number>>
}

/** @param k how many documents are wanted; fewer may come, of more the first k count */
export type Rank = (query: LabelledQuery, k: number, signal: AbortSignal | undefined) => Promise<RankedIds> | RankedIds

export interface EvaluateOptions {
  /** Those without a relevant document are left out: no search could do better than 0. */
  readonly queries: readonly LabelledQuery[]
  /** Query id → document id → grade; a grade above 0 is relevant. */
  readonly qrels: ReadonlyMap<string, Judgements>
  readonly rank: Rank
  /** The same search without approximation: `candidates: Infinity`. Without it there is no `recall@10 of exact`. */
  readonly exact?: Rank | undefined
  /** Ask for 100 documents as well, for `recall@100`: a search of its own, since a deeper one also ranks better. Default false. */
  readonly isDeep?: boolean | undefined
  /** After every query. */
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}

/** Of one query, or means over queries. All are shares, 0 .. 1. */
export interface EvaluationFigures {
  /** Of the first ten, gains linear in the grade. */
  readonly 'ndcg@10': number
  /** 1 / rank of the first relevant of the first ten; 0 where none is. */
  readonly 'mrr@10': number
  /** Of the relevant documents, those among the first 100. With `isDeep`. */
  readonly 'recall@100'?: number
  /** Of the ten best that `exact` gives, those that `rank` has among its ten. 1 where `exact` gives none. */
  readonly 'recall@10 of exact'?: number
}

export interface EvaluatedQuery extends EvaluationFigures {
  readonly query: LabelledQuery
  /** At most ten, each once. */
  readonly ids: readonly string[]
  readonly exactIds?: readonly string[]
  /** Milliseconds by stage, as `rank` told them. */
  readonly ms: Readonly<Record<string, number>>
}

export interface Evaluation extends EvaluationFigures {
  /** How many the means are over. */
  readonly queries: number
  /** Mean milliseconds of a query, by stage, of searches for ten. A stage that some queries did not have counts 0 for them. */
  readonly 'ms per stage': Readonly<Record<string, number>>
  /** In the order of `queries`. */
  readonly each: readonly EvaluatedQuery[]
}

/** Errors: `invalid-argument` where no query has a relevant document; `aborted`; what `rank` and `exact` throw. */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  rejectUnknown(options, ['queries', 'qrels', 'rank', 'exact', 'isDeep', 'onProgress', 'signal'], 'evaluate')
  const { queries, qrels, rank, exact, isDeep = false, onProgress, signal } = options
  const asked = queries.flatMap((query) => {
    const judged = qrels.get(query.id)
    return judged && hasRelevant(judged) ? [{ query, judged }] : []
  })
  if (asked.length === 0)
    throw new SelvageError(
      'invalid-argument',
      `evaluate: of ${queries.length} queries none has a relevant document among the judgements of ${qrels.size}. ` +
        'Give queries and judgements of one set.',
    )
  const each: EvaluatedQuery[] = []
  for (const { query, judged } of asked) {
    throwIfAborted(signal)
    const { ids, ms = {} } = await rank(query, 10, signal)
    const first = firstOf(ids, 10)
    const deep = isDeep ? firstOf((await rank(query, 100, signal)).ids, 100) : undefined
    const best = exact && firstOf((await exact(query, 10, signal)).ids, 10)
    each.push({
      query,
      ids: first,
      ...(best && { exactIds: best }),
      ms,
      'ndcg@10': ndcg(first, judged, 10),
      'mrr@10': reciprocalRank(first, judged, 10),
      ...(deep && { 'recall@100': recall(deep, judged, 100) }),
      ...(best && { 'recall@10 of exact': sharedBest(first, best, 10) }),
    })
    onProgress?.({ stage: 'search', loaded: each.length, total: asked.length, unit: 'items' })
  }
  const mean = (of: (one: EvaluatedQuery) => number) => each.reduce((sum, one) => sum + of(one), 0) / each.length
  const stages = [...new Set(each.flatMap(({ ms }) => Object.keys(ms)))]
  return {
    queries: each.length,
    'ndcg@10': mean((one) => one['ndcg@10']),
    'mrr@10': mean((one) => one['mrr@10']),
    ...(isDeep && { 'recall@100': mean((one) => one['recall@100'] ?? 0) }),
    ...(exact && { 'recall@10 of exact': mean((one) => one['recall@10 of exact'] ?? 0) }),
    'ms per stage': Object.fromEntries(stages.map((stage) => [stage, mean(({ ms }) => ms[stage] ?? 0)])),
    each,
  }
}

function firstOf(ids: readonly string[], k: number): string[] {
  return [...new Set(ids)].slice(0, k)
}
