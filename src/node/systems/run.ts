/**
 * Several systems on the queries of one set: each is made, and each is asked every query, one system after the other so that
 * none is timed while another works. Out comes what a comparison is made of; what the figures say is eval/'s matter.
 */
import { basename, resolve } from 'node:path'
import { rejectUnknown, throwIfAborted } from '../../errors.ts'
import { DEPTH, type LabelledSet, rankedNames } from '../../eval/labelled.ts'
import type { Comparable, RunQuery, SystemRun } from '../../eval/runs.ts'
import type { OnProgress } from '../../types.ts'
import { makeRanker, type Ranker } from './rankers.ts'
import type { Spec } from './spec.ts'
import { Stock } from './stock.ts'

export interface RunOptions {
  /** The set's folder: its name, and whose vectors the cache keeps. */
  readonly folder: string
  readonly set: LabelledSet
  readonly specs: readonly Spec[]
  /** Folder of the late-interaction model. */
  readonly model: string
  /** Ask the first n queries only. */
  readonly limit?: number | undefined
  readonly threads?: number | undefined
  /** Where vectors are kept from one run to the next; none without. */
  readonly cacheFolder?: string | undefined
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}

/** Errors: those of makeRanker; `aborted`. */
export async function runSystems(options: RunOptions): Promise<Comparable> {
  rejectUnknown(options, [...OPTIONS], 'runSystems')
  const { folder, set, specs, model, limit, threads, cacheFolder, onProgress = () => {}, signal } = options
  const { corpus, qrels, ranked, warnings } = set
  const queries = set.queries.slice(0, limit)
  const stock = new Stock({ corpus, owner: `eval ${resolve(folder)}`, model, threads, cacheFolder, onProgress, signal })
  try {
    const rankers: Ranker[] = []
    for (const spec of specs) {
      throwIfAborted(signal)
      rankers.push(await makeRanker(spec, stock))
    }
    const total = specs.length * queries.length
    const runs: SystemRun[] = []
    for (const [i, ranker] of rankers.entries()) {
      const asked = i * queries.length
      const onAsked = (done: number) => onProgress({ stage: 'search', loaded: asked + done, total, unit: 'items' })
      runs.push({ name: specs[i]!.name, ...(await runOne(ranker, { ...set, queries }, onAsked, signal)) })
    }
    return { dataset: basename(resolve(folder)), documents: corpus.length, ranked, queries, qrels, runs, warnings }
  } finally {
    await stock.close()
  }
}

const OPTIONS = [
  ...(['folder', 'set', 'specs', 'model', 'limit', 'threads', 'cacheFolder', 'onProgress', 'signal'] as const),
] satisfies (keyof RunOptions)[]

async function runOne(
  ranker: Ranker,
  set: LabelledSet,
  onAsked: (done: number) => void,
  signal: AbortSignal | undefined,
): Promise<Omit<SystemRun, 'name'>> {
  const { queries, ranked } = set
  const [first, deep] = DEPTH[ranked]
  const named = (ids: readonly number[], k: number) => rankedNames(ids, set).slice(0, k)
  // What a system does once, it does for this one: code that is compiled, memory that grows. No time is taken.
  await ranker.rank(WARM_UP, first)
  const answers = new Map<string, RunQuery>()
  const sums: Record<string, number> = {}
  for (const { id, text } of queries) {
    throwIfAborted(signal)
    const best = await ranker.rank(text, first)
    const all = await ranker.rank(text, deep)
    answers.set(id, { first: named(best.ids, 10), deep: named(all.ids, 100), ms: best.ms })
    for (const [stage, ms] of Object.entries(best.stages)) sums[stage] = (sums[stage] ?? 0) + ms
    onAsked(answers.size)
  }
  const means = Object.entries(sums).map(([stage, ms]) => [stage, ms / queries.length] as const)
  return {
    description: ranker.description,
    queries: answers,
    msPerStage: Object.fromEntries(means),
    cost: ranker.cost,
  }
}

const WARM_UP = 'How do I find what I am looking for?'
