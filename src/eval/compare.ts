/**
 * Several systems on the same queries, side by side: the mean of each metric, what it is made of query by query, and whether a
 * difference to the first system is more than chance. It is given runs; who ranked, and how the table is drawn, it does not know.
 */
import { rejectUnknown, SelvageError } from '../errors.ts'
import { hasRelevant, type Metric, parseMetric } from './metrics.ts'
import type { Comparable, RunCost, SystemRun } from './runs.ts'
import { differenceOf, holm, randomisationTest } from './significance.ts'

/** What is shown where nothing else is asked for; the first one is what plots and rankings are of. */
export const DEFAULT_METRICS: readonly string[] = ['ndcg@10', 'mrr@10', 'recall@100', 'map@100', 'success@5']

/** How far a run's two rankings go: metrics of ten ranks and fewer are of the search for ten. */
const FIRST = 10
const DEEP = 100

export interface CompareOptions {
  /** Names as `parseMetric` takes them. Default DEFAULT_METRICS. */
  readonly metrics?: readonly string[]
  /** Of the randomisation test. Default 1. */
  readonly seed?: number
}

/** One system against the first, by one metric. */
export interface Difference {
  /** This system's mean less the first one's. */
  readonly mean: number
  /** Of the paired randomisation test, two-sided. */
  readonly p: number
  /** Holm's correction of p over all systems that are tested by this metric. */
  readonly pHolm: number
  /** False where p is an estimate from drawn samples. */
  readonly isExact: boolean
  /** Queries on which this system does better than the first, as well, and worse. */
  readonly wins: number
  readonly ties: number
  readonly losses: number
}

export interface MetricFigures {
  readonly mean: number
  /** In the order of the comparison's queries. */
  readonly perQuery: readonly number[]
  /** To the first system; it has none itself. */
  readonly difference?: Difference
}

/** Milliseconds of a query. */
export interface QueryTimes {
  readonly mean: number
  readonly p50: number
  readonly p95: number
  /** In the order of the comparison's queries. */
  readonly perQuery: readonly number[]
}

export interface ComparedSystem {
  readonly name: string
  readonly description: string
  /** By the metric's name; every metric of the comparison is there. */
  readonly figures: ReadonlyMap<string, MetricFigures>
  readonly ms: QueryTimes
  readonly msPerStage: Readonly<Record<string, number>>
  readonly cost: RunCost
  /** What it ranked first, query by query: at most ten ids each. */
  readonly first: readonly (readonly string[])[]
}

export interface Comparison extends Omit<Comparable, 'runs'> {
  readonly metrics: readonly Metric[]
  /** The first one is what the others are tested against. */
  readonly systems: readonly ComparedSystem[]
}

/** Errors: `invalid-argument` for no systems or queries, a name twice, a query that a run lacks, a metric that is not there. */
export function compare(given: Comparable, options: CompareOptions = {}): Comparison {
  rejectUnknown(options, ['metrics', 'seed'], 'compare')
  const { metrics: names = DEFAULT_METRICS, seed = 1 } = options
  const { runs, ...set } = given
  const metrics = distinct(names.map(parsed))
  check(given)
  const measured = runs.map((run) => metrics.map((metric) => perQueryOf(run, metric, given)))
  const differences = metrics.map((_, m) =>
    differencesToFirst(
      measured.map((figures) => figures[m]!),
      seed,
    ),
  )
  return {
    ...set,
    metrics,
    systems: runs.map((run, s) => ({
      name: run.name,
      description: run.description,
      figures: new Map(
        metrics.map(({ name }, m) => {
          const perQuery = measured[s]![m]!
          const difference = differences[m]![s]
          return [name, { mean: meanOf(perQuery), perQuery, ...(difference && { difference }) }]
        }),
      ),
      ms: timesOf(set.queries.map(({ id }) => run.queries.get(id)!.ms)),
      msPerStage: run.msPerStage,
      cost: run.cost,
      first: set.queries.map(({ id }) => run.queries.get(id)!.first.slice(0, FIRST)),
    })),
  }
}

/** The figures of a system by a metric of the comparison. */
export function figuresOf(system: ComparedSystem, metric: Pick<Metric, 'name'>): MetricFigures {
  const figures = system.figures.get(metric.name)
  if (!figures) throw new SelvageError('internal', `${system.name} has no figures for ${metric.name}.`)
  return figures
}

function parsed(name: string): Metric {
  const metric = parseMetric(name)
  if (metric.k > DEEP)
    throw new SelvageError(
      'invalid-argument',
      `${metric.name} looks at more ranks than a comparison has: systems are asked for ${DEEP} documents. Give at most @${DEEP}.`,
    )
  return metric
}

function distinct(metrics: readonly Metric[]): Metric[] {
  if (metrics.length === 0) throw new SelvageError('invalid-argument', 'compare: no metrics. Give at least one.')
  return [...new Map(metrics.map((metric) => [metric.name, metric])).values()]
}

function check({ queries, qrels, runs }: Comparable): void {
  const fail = (what: string) => new SelvageError('invalid-argument', `compare: ${what}`)
  if (runs.length === 0) throw fail('no systems. Give at least one.')
  if (queries.length === 0) throw fail('no queries. Give those that have a relevant document.')
  const ids = new Set<string>()
  for (const { id } of queries) {
    if (ids.has(id)) throw fail(`the query "${id}" is there twice. Give each once.`)
    ids.add(id)
    if (!hasRelevant(qrels.get(id)))
      throw fail(`the query "${id}" has no relevant document. Leave it out: no system could do better than 0.`)
  }
  const names = new Set<string>()
  for (const { name, queries: answered } of runs) {
    if (names.has(name)) throw fail(`the system "${name}" is there twice. Name each once.`)
    names.add(name)
    const missing = queries.filter(({ id }) => !answered.has(id))
    if (missing.length > 0)
      throw fail(
        `the run of "${name}" lacks ${missing.length} of ${queries.length} queries, the first is "${missing[0]!.id}". ` +
          'Ask every system every query.',
      )
  }
}

function perQueryOf(run: SystemRun, metric: Metric, { queries, qrels }: Comparable): number[] {
  return queries.map(({ id }) => {
    const answer = run.queries.get(id)!
    return metric.of(metric.k <= FIRST ? answer.first : answer.deep, qrels.get(id)!)
  })
}

/** By system; undefined for the first. */
function differencesToFirst(perQuery: readonly (readonly number[])[], seed: number): (Difference | undefined)[] {
  const [first = [], ...others] = perQuery
  const tests = others.map((figures) => randomisationTest(figures, first, { seed }))
  const corrected = holm(tests.map(({ p }) => p))
  const differences = others.map((figures, i): Difference => {
    const each = figures.map((value, q) => differenceOf(value, first[q]!))
    const wins = each.filter((difference) => difference > 0).length
    const losses = each.filter((difference) => difference < 0).length
    const ties = each.length - wins - losses
    return { mean: meanOf(each), ...tests[i]!, pHolm: corrected[i]!, wins, ties, losses }
  })
  return [undefined, ...differences]
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Percentiles by nearest rank: a time that was measured. */
function timesOf(ms: readonly number[]): QueryTimes {
  const sorted = [...ms].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
  return { mean: meanOf(ms), p50: at(0.5), p95: at(0.95), perQuery: ms }
}
