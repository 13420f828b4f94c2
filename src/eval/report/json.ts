/**
 * The report for programs: everything that was measured, query by query. The shape is stable: what is here stays, under the same
 * name and in the same unit, while `version` is 1; more may come.
 */
import { type Comparison, type Difference, figuresOf, type MetricFigures, type QueryTimes } from '../compare.ts'
import type { RunCost } from '../runs.ts'
import type { ExtraTable, ReportExtras } from './extras.ts'
import { baselineOf } from './findings.ts'

export interface ComparisonJson {
  readonly version: 1
  readonly dataset: string
  readonly documents: number
  /** What a rank counts. */
  readonly ranked: 'documents' | 'pages'
  /** How many the means are over. */
  readonly queries: number
  readonly facts: Readonly<Record<string, string>>
  /** `ndcg@10`, and so on; the first one is what plots and headline are of. */
  readonly metrics: readonly string[]
  /** The system that the others are tested against. */
  readonly baseline: string
  readonly warnings: readonly string[]
  readonly systems: readonly SystemJson[]
  /** In the order of the queries' file. */
  readonly perQuery: readonly QueryJson[]
  readonly tables: readonly ExtraTable[]
}

export interface SystemJson {
  readonly name: string
  readonly description: string
  /** By metric. `difference` is to the baseline, by a paired randomisation test; `pHolm` is corrected over the systems. */
  readonly metrics: Readonly<Record<string, { readonly mean: number; readonly difference?: Difference }>>
  /** Milliseconds of a query. */
  readonly ms: Omit<QueryTimes, 'perQuery'>
  readonly msPerStage: Readonly<Record<string, number>>
  readonly cost: RunCost
}

export interface QueryJson {
  readonly id: string
  readonly text: string
  /** By the system's name. */
  readonly systems: Readonly<Record<string, AnswerJson>>
}

export interface AnswerJson {
  readonly metrics: Readonly<Record<string, number>>
  readonly ms: number
  /** Ids of at most ten documents, best first. */
  readonly first: readonly string[]
}

export function toJson(comparison: Comparison, extras: ReportExtras = {}): ComparisonJson {
  const { dataset, documents, ranked, queries, warnings, metrics, systems } = comparison
  const byMetric = <T>(of: (figures: MetricFigures) => T, system: Comparison['systems'][number]) =>
    Object.fromEntries(metrics.map((metric) => [metric.name, of(figuresOf(system, metric))]))
  return {
    version: 1,
    dataset,
    documents,
    ranked,
    queries: queries.length,
    facts: Object.fromEntries(extras.facts ?? []),
    metrics: metrics.map(({ name }) => name),
    baseline: baselineOf(comparison).name,
    warnings,
    systems: systems.map((system) => {
      const { name, description, ms, msPerStage, cost } = system
      return {
        name,
        description,
        metrics: byMetric(({ mean, difference }) => ({ mean, ...(difference && { difference }) }), system),
        ms: { mean: ms.mean, p50: ms.p50, p95: ms.p95 },
        msPerStage,
        cost,
      }
    }),
    perQuery: queries.map(({ id, text }, q) => ({
      id,
      text,
      systems: Object.fromEntries(
        systems.map((system) => [
          system.name,
          {
            metrics: byMetric(({ perQuery }) => perQuery[q]!, system),
            ms: system.ms.perQuery[q]!,
            first: system.first[q]!,
          },
        ]),
      ),
    })),
    tables: extras.tables ?? [],
  }
}
