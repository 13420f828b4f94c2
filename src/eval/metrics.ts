/**
 * Ranking metrics as trec_eval computes them: gains linear in the grade, the ideal ranking made of all judged documents,
 * ties broken by whoever made the ranking. Pure: a metric sees ids and grades, not how the ranking was made.
 */

/** Relevance grades of one query's judged documents; a grade > 0 is relevant. */
export type Judgements = ReadonlyMap<string, number>

/** Σ grade_i / log2(i + 1) over the first k ranks, divided by the same sum of the best possible ranking. 0 .. 1. */
export function ndcg(ranked: readonly string[], judged: Judgements, k: number): number {
  const ideal = [...judged.values()].filter((grade) => grade > 0).sort((a, b) => b - a)
  const best = discountedGain(ideal.slice(0, k))
  return best === 0 ? 0 : discountedGain(ranked.slice(0, k).map((id) => Math.max(0, judged.get(id) ?? 0))) / best
}

function discountedGain(grades: readonly number[]): number {
  return grades.reduce((sum, grade, i) => sum + grade / Math.log2(i + 2), 0)
}

/** Share of the relevant documents that are among the first k. */
export function recall(ranked: readonly string[], judged: Judgements, k: number): number {
  const relevant = [...judged.values()].filter((grade) => grade > 0).length
  return relevant === 0 ? 0 : ranked.slice(0, k).filter((id) => (judged.get(id) ?? 0) > 0).length / relevant
}

/** 1 / rank of the first relevant document among the first k, else 0. */
export function reciprocalRank(ranked: readonly string[], judged: Judgements, k: number): number {
  const at = ranked.slice(0, k).findIndex((id) => (judged.get(id) ?? 0) > 0)
  return at < 0 ? 0 : 1 / (at + 1)
}

/** Share of the first k of `best` that are among the first k of `found`, in any order; 1 where `best` is empty. 0 .. 1. */
export function sharedBest<Id>(found: readonly Id[], best: readonly Id[], k: number): number {
  const wanted = best.slice(0, k)
  const first = new Set(found.slice(0, k))
  return wanted.length === 0 ? 1 : wanted.filter((id) => first.has(id)).length / wanted.length
}

export interface Summary {
  readonly 'ndcg@10': number
  readonly 'recall@100': number
  readonly 'mrr@10': number
  /** Queries counted: those with at least one relevant document. */
  readonly queries: number
}

/** Means over the queries that have at least one relevant document, as trec_eval does. */
export function summarize(
  rankings: ReadonlyMap<string, readonly string[]>,
  qrels: ReadonlyMap<string, Judgements>,
): Summary {
  const rows = [...rankings]
    .map(([query, ranked]) => ({
      ranked,
      judged: qrels.get(query) ?? new Map<string, number>(),
    }))
    .filter(({ judged }) => [...judged.values()].some((grade) => grade > 0))
  const mean = (metric: (ranked: readonly string[], judged: Judgements) => number) =>
    rows.reduce((sum, { ranked, judged }) => sum + metric(ranked, judged), 0) / Math.max(rows.length, 1)
  return {
    'ndcg@10': mean((ranked, judged) => ndcg(ranked, judged, 10)),
    'recall@100': mean((ranked, judged) => recall(ranked, judged, 100)),
    'mrr@10': mean((ranked, judged) => reciprocalRank(ranked, judged, 10)),
    queries: rows.length,
  }
}
