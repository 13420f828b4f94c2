/**
 * How good is a search? Labelled sets in BEIR's layout, metrics as trec_eval has them, and one function that measures anything
 * that ranks. Pure: it runs in pages, workers and Node alike, and fetches nothing. Everything public is here.
 */
export { type ErrorCode, SelvageError } from '../errors.ts'
export type { OnProgress, Progress } from '../types.ts'
export {
  type ComparedSystem,
  type CompareOptions,
  type Comparison,
  compare,
  type Difference,
  type MetricFigures,
  type QueryTimes,
} from './compare.ts'
export {
  type LabelledDocument,
  type LabelledQuery,
  parseCorpus,
  parseQrels,
  parseQueries,
} from './dataset.ts'
export {
  type EvaluatedQuery,
  type EvaluateOptions,
  type Evaluation,
  type EvaluationFigures,
  evaluate,
  type Rank,
  type RankedIds,
} from './evaluate.ts'
export {
  type Judgements,
  type Metric,
  ndcg,
  parseMetric,
  recall,
  reciprocalRank,
  type Summary,
  sharedBest,
  summarize,
} from './metrics.ts'
export { type Addressed, groupingOf, type Names, namesOf } from './names.ts'
export {
  type Choice,
  type ContrastPair,
  comparePairs,
  type JudgedPair,
  judgePairs,
  type KnownIds,
  type PairFigures,
  type PairsCompared,
  type Preference,
  parsePairs,
  preferByRank,
  preferByScore,
  type Verdict,
} from './pairs.ts'
export {
  type Cell,
  type ComparisonJson,
  type ExtraTable,
  type HtmlExtras,
  type ReportExtras,
  toHtml,
  toJson,
  toText,
} from './report/report.ts'
export type { Comparable, RunCost, RunQuery, SystemRun } from './runs.ts'
export { type RandomisationOptions, type RandomisationTest, randomisationTest } from './significance.ts'
