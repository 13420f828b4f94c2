/**
 * One backend, measured: every question by words, by meaning and by both, with the very function that `selvage eval` runs. Reports
 * how far it is; draws nothing.
 */
import { type Hit, type OnProgress, Selvage, SelvageError } from 'selvage'
import { type Evaluation, evaluate, groupingOf, namesOf, type Rank } from 'selvage/eval'
import type { LabelledSet } from './set.ts'
import { spreadOf } from './stats.ts'
import {
  type BackendReport,
  FIGURES,
  type Figures,
  type Spread,
  type Stage,
  WAYS,
  type Way,
  type WayReport,
} from './types.ts'

export interface Plan {
  readonly set: LabelledSet
  readonly encoder: 'auto' | 'webgpu' | 'wasm'
  readonly scorer: 'auto' | 'webgpu' | 'wasm'
  readonly signal: AbortSignal
  /** Model, runtime and index. */
  readonly onLoad: OnProgress
  /** Searches that are done, of `searchesFor` in all. */
  readonly onSearch: (way: Way) => void
  /** After each way; the last is the whole report. */
  readonly onReport: (report: BackendReport) => void
}

/** Meaning and both are asked twice: as they are, and with every passage scored in full. */
export function searchesFor(questions: number, way: Way): number {
  return way === 'keyword' ? questions : 2 * questions
}

/** Errors: `aborted`, what `Selvage.open` and `search` throw. */
export async function measure(plan: Plan): Promise<BackendReport> {
  const { set, encoder, scorer, signal } = plan
  const start = performance.now()
  const selvage = await Selvage.open({
    index: './index/check/',
    model: './models/selvage-mini/',
    ...{ encoder, scorer },
    onProgress: plan.onLoad,
  })
  try {
    const status = await selvage.status()
    const loadMs = performance.now() - start
    // Kernels and words are made ready by the first question; what is measured is how it goes on.
    await selvage.search(set.queries[0]?.text ?? 'ready', { signal })
    let report: BackendReport = {
      backend: status.engine.backend === 'webgpu' ? 'webgpu' : 'wasm',
      encoder: { backend: status.encoder.backend, device: status.encoder.device },
      scorer: { backend: status.engine.backend, device: status.engine.device },
      loadMs,
      ways: [],
    }
    plan.onReport(report)
    for (const way of WAYS) {
      report = { ...report, ways: [...report.ways, await measureWay(selvage, way, plan, report)] }
      plan.onReport(report)
    }
    return report
  } finally {
    selvage.close()
  }
}

async function measureWay(selvage: Selvage, way: Way, plan: Plan, report: BackendReport): Promise<WayReport> {
  const { queries, qrels } = plan.set
  const names = namesOf(qrels)
  const groupBy = groupingOf(qrels)
  const titles = new Map<string, string>()
  const search =
    (candidates?: number): Rank =>
    async ({ text }, k, signal) => {
      const result = await selvage.search(text, { k, mode: way, groupBy, candidates, ...(signal && { signal }) })
      stayed(report, result.encoder?.backend, result.scorer?.backend)
      plan.onSearch(way)
      const named = (hit: Hit) => {
        const id = names.nameOf(hit)
        titles.set(id, hit.title)
        return id
      }
      return { ids: result.hits.map(named), ms: result.elapsedMs }
    }
  const evaluation = await evaluate({
    ...{ queries, qrels, signal: plan.signal },
    rank: search(),
    ...(way !== 'keyword' && { exact: search(Number.POSITIVE_INFINITY) }),
  })
  return {
    way,
    questions: evaluation.queries,
    figures: figuresOf(evaluation),
    ms: timesOf(evaluation),
    answers: new Map(
      evaluation.each.map(({ query, ids }) => [
        query.id,
        { question: query.text, found: ids.map((id) => ({ id, title: titles.get(id) ?? '' })) },
      ]),
    ),
  }
}

/** A GPU that goes away is replaced in the middle of a run: its figures would then be of two backends. */
function stayed({ encoder, scorer }: BackendReport, encodedOn?: string, scoredOn?: string): void {
  if ((encodedOn ?? encoder.backend) === encoder.backend && (scoredOn ?? scorer.backend) === scorer.backend) return
  throw new SelvageError(
    'device-lost',
    'The GPU went away in the middle of the check, and the search moved to another backend. Run the check again.',
  )
}

function figuresOf(evaluation: Evaluation): Figures {
  return Object.fromEntries(
    FIGURES.flatMap((figure) => (evaluation[figure] === undefined ? [] : [[figure, evaluation[figure]]])),
  )
}

function timesOf({ each }: Evaluation): Record<Stage, Spread> {
  const spread = (stage: Stage) => spreadOf(each.map(({ ms }) => ms[stage] ?? 0))
  return {
    wait: spread('wait'),
    encode: spread('encode'),
    keyword: spread('keyword'),
    score: spread('score'),
    texts: spread('texts'),
    explain: spread('explain'),
    total: spread('total'),
  }
}
