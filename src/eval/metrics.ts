/**
 * Ranking metrics as trec_eval computes them: gains linear in the grade, the ideal ranking made of all judged documents; a
 * document without a judgement, or with a grade of 0 or less, is not relevant. A metric sees ids and grades. Where scores tie
 * it counts what stands first; `trecOrder` gives the order that trec_eval makes of scores by itself.
 *
 * One thing differs, in the means: a query whose judged documents are all irrelevant counts as 0 for trec_eval, and is left
 * out here, since no search could do better.
 */
import { SelvageError } from '../errors.ts'
import { orList } from '../util.ts'

/** Relevance grades of one query's judged documents; a grade > 0 is relevant. */
export type Judgements = ReadonlyMap<string, number>

/** Whether there is anything to be found: queries without it are left out of means. */
export function hasRelevant(judged: Judgements | undefined): boolean {
  return judged !== undefined && [...judged.values()].some((grade) => grade > 0)
}

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

/** Of the relevant documents: the precision at each one's rank, 0 for those that are not among the first k. 0 .. 1. */
export function averagePrecision(ranked: readonly string[], judged: Judgements, k: number): number {
  const relevant = [...judged.values()].filter((grade) => grade > 0).length
  let found = 0
  let sum = 0
  ranked.slice(0, k).forEach((id, i) => {
    if ((judged.get(id) ?? 0) > 0) sum += ++found / (i + 1)
  })
  return relevant === 0 ? 0 : sum / relevant
}

/** 1 where a relevant document is among the first k, else 0. */
export function success(ranked: readonly string[], judged: Judgements, k: number): number {
  return reciprocalRank(ranked, judged, k) > 0 ? 1 : 0
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

/** Means over the queries that have at least one relevant document. */
export function summarize(
  rankings: ReadonlyMap<string, readonly string[]>,
  qrels: ReadonlyMap<string, Judgements>,
): Summary {
  const rows = [...rankings]
    .map(([query, ranked]) => ({
      ranked,
      judged: qrels.get(query) ?? new Map<string, number>(),
    }))
    .filter(({ judged }) => hasRelevant(judged))
  const mean = (metric: (ranked: readonly string[], judged: Judgements) => number) =>
    rows.reduce((sum, { ranked, judged }) => sum + metric(ranked, judged), 0) / Math.max(rows.length, 1)
  return {
    'ndcg@10': mean((ranked, judged) => ndcg(ranked, judged, 10)),
    'recall@100': mean((ranked, judged) => recall(ranked, judged, 100)),
    'mrr@10': mean((ranked, judged) => reciprocalRank(ranked, judged, 10)),
    queries: rows.length,
  }
}

/** A figure of one query's ranking, 0 .. 1, more is better. */
export interface Metric {
  /** As it is asked for: `ndcg@10`. */
  readonly name: string
  /** As it is written: `nDCG@10`. */
  readonly label: string
  /** How many of the first ranks it looks at. */
  readonly k: number
  of(ranked: readonly string[], judged: Judgements): number
}

type Measure = (ranked: readonly string[], judged: Judgements, k: number) => number

const MEASURES: ReadonlyMap<string, { readonly label: string; readonly measure: Measure }> = new Map([
  ['ndcg', { label: 'nDCG', measure: ndcg }],
  ['mrr', { label: 'MRR', measure: reciprocalRank }],
  ['recall', { label: 'Recall', measure: recall }],
  ['map', { label: 'MAP', measure: averagePrecision }],
  ['success', { label: 'Success', measure: success }],
])

/** Errors: `invalid-argument`, with the names that there are. */
export function parseMetric(text: string): Metric {
  const [, name = '', depth = ''] = /^([a-z]+)@([1-9]\d{0,5})$/.exec(text.trim().toLowerCase()) ?? []
  const found = MEASURES.get(name)
  if (!found)
    throw new SelvageError(
      'invalid-argument',
      `There is no metric "${text}". Give a name and how many ranks count, as in ndcg@10; the names are ${orList([...MEASURES.keys()])}.`,
    )
  const k = Number(depth)
  return {
    name: `${name}@${k}`,
    label: `${found.label}@${k}`,
    k,
    of: (ranked, judged) => found.measure(ranked, judged, k),
  }
}

/** An id and what a system scored it with. */
export interface ScoredId {
  readonly id: string
  readonly score: number
}

/**
 * Ids in the order that trec_eval makes of a run's scores: higher first, and among equals the greater id first, by its bytes in
 * UTF-8. Scores are equal where they are the same 32-bit float, as trec_eval keeps them. Ranks in a run's file mean nothing to it.
 */
export function trecOrder(scored: readonly ScoredId[]): string[] {
  return scored
    .map(({ id, score }) => ({ id, score: Math.fround(score) }))
    .sort((a, b) => b.score - a.score || byBytes(b.id, a.id))
    .map(({ id }) => id)
}

/** The order of UTF-8 is that of code points, which the order of strings is not: there a surrogate goes before U+E000. */
function byBytes(a: string, b: string): number {
  if (a === b) return 0
  const left = [...a]
  const right = [...b]
  const at = left.findIndex((sign, i) => sign !== right[i])
  if (at < 0 || at >= right.length) return left.length - right.length
  return left[at]!.codePointAt(0)! - right[at]!.codePointAt(0)!
}
