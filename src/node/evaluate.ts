/**
 * `selvage eval`: retrieval quality on a labelled set in BEIR layout, of the compressed index and of exact MaxSim. One
 * passage per document, cut at the model's document length.
 */
import { wholeText } from '../eval/dataset.ts'
import { DEPTH, rankedNames } from '../eval/labelled.ts'
import { type Summary, sharedBest, summarize } from '../eval/metrics.ts'
import { createOps } from '../ops/create.ts'
import type { PlaidOptions } from '../plaid/builder.ts'
import { defaultCandidates } from '../plaid/search.ts'
import type { OnProgress, TokenMatrix } from '../types.ts'
import { EXIT } from './exit.ts'
import { openNodeEncoder } from './model.ts'
import { progressDisplay, seconds } from './progress.ts'
import {
  exactSystem,
  hybridSystem,
  type KeywordSystem,
  keywordSystem,
  type PlaidFacts,
  plaidSystem,
  type Query,
  type System,
} from './systems/indexes.ts'
import { readSet } from './systems/readSet.ts'

export interface EvalCommandOptions {
  readonly folder: string
  readonly qrels?: string
  readonly limit?: number
  readonly json: boolean
  readonly model: string
  readonly threads?: number
  /**
   * `plaid`: the vectors of the index that build writes. `exact`: float MaxSim over all vectors. `both`: one after the other.
   * `hybrid`: vectors, words, and both joined in the two ways that there are.
   */
  readonly mode: 'plaid' | 'exact' | 'both' | 'hybrid'
  readonly plaid: PlaidOptions
  /** Infinity for all. */
  readonly candidates?: number
}

/** One system's figures. */
export interface SystemReport extends Summary {
  /** Of one query, by stage of the search; the encoder's in `encode`. */
  readonly 'ms per stage': Readonly<Record<string, number>>
  readonly index?: Omit<PlaidFacts, 'bytesPerToken' | 'buildSeconds'> & {
    readonly candidates: number
    readonly 'build seconds': number
  }
  readonly 'bytes per token'?: number
}

export interface EvalReport extends SystemReport {
  readonly mode: 'plaid' | 'exact'
  readonly documents: number
  readonly tokens: number
  /** Whole run: reading, encoding, building, searching. */
  readonly seconds: number
  /** What a rank counts: a document, or the page that a section's id names before "#". */
  readonly ranked: 'documents' | 'pages'
  readonly model: string
  /** What is wrong with the set and did not stop the run. */
  readonly warnings: readonly string[]
  /** With `hybrid`: by words alone, and words and meaning joined. */
  readonly keyword?: SystemReport
  readonly hybrid?: SystemReport
  readonly 'hybrid rrf'?: SystemReport
  /** With `both`: what is lost on the way from float MaxSim on all vectors to the index's answers. */
  readonly exact?: SystemReport
  /** Float MaxSim on the vectors as the index remembers them: what remains of the loss is that of integers and candidates. */
  readonly remembered?: SystemReport
  /** Shares of the ten best that two of them have in common. */
  readonly 'overlap@10'?: { readonly 'plaid, exact': number; readonly 'plaid, remembered': number }
}

export async function evalCommand(options: EvalCommandOptions): Promise<number> {
  const display = progressDisplay()
  const report = await evaluate(options, display.onProgress).finally(display.done)
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : `${told(report).join('\n')}\n`)
  return EXIT.ok
}

function told(report: EvalReport): string[] {
  const line = (name: string, value: string) => `  ${name.padEnd(16)} ${value}`
  const system = (name: string, figures: SystemReport) => {
    const { index, 'bytes per token': bytes } = figures
    const made = index && `${index.centroids} centroids, ${index.bits} bits, best ${index.candidates} scored in full`
    return [
      `${name}${made ? `: ${made}, built in ${seconds(index['build seconds'] * 1000)}` : ''}`,
      line('nDCG@10', figures['ndcg@10'].toFixed(4)),
      line('recall@100', figures['recall@100'].toFixed(4)),
      line('MRR@10', figures['mrr@10'].toFixed(4)),
      ...(bytes === undefined ? [] : [line('bytes per token', bytes.toFixed(1))]),
      line(
        'ms per query',
        Object.entries(figures['ms per stage'])
          .map(([stage, ms]) => `${stage} ${ms.toFixed(1)}`)
          .join(', '),
      ),
    ]
  }
  const count = (n: number) => n.toLocaleString('en')
  const name = report.mode === 'plaid' ? 'PLAID' : 'Exact MaxSim'
  return [
    `${report.queries} queries on ${count(report.documents)} documents (${count(report.tokens)} tokens), ranked by ${report.ranked}, model ${report.model}`,
    ...system(name, report),
    ...(report.keyword ? system('Keywords', report.keyword) : []),
    ...(report.hybrid ? system('Hybrid', report.hybrid) : []),
    ...(report['hybrid rrf'] ? system('Hybrid, by ranks (RRF)', report['hybrid rrf']) : []),
    ...(report.remembered ? system("Float MaxSim on the index's own vectors", report.remembered) : []),
    ...(report.exact ? system('Exact MaxSim', report.exact) : []),
    ...Object.entries(report['overlap@10'] ?? {}).map(
      ([pair, share]) => `Overlap of the ten best, ${pair}: ${share.toFixed(3)}`,
    ),
    ...report.warnings,
    `In all ${seconds(report.seconds * 1000)}.`,
  ]
}

export async function evaluate(options: EvalCommandOptions, onProgress: OnProgress): Promise<EvalReport> {
  const start = performance.now()
  const { folder, limit, model, threads, mode, plaid, candidates } = options
  const set = await readSet(folder, options.qrels)
  const { corpus, qrels, ranked, warnings } = set
  const labelled = set.queries.slice(0, limit)

  const encoder = await openNodeEncoder({ model, threads, onProgress })
  const ops = await createOps({ backend: 'auto' })
  try {
    const { dim, name } = encoder.model
    const texts = corpus.map(wholeText)
    const encoded = await encoder.encodeDocuments(texts, {
      onDone: (done) => onProgress({ stage: 'encode', loaded: done, total: texts.length, unit: 'items' }),
    })
    const encodeStart = performance.now()
    const queries: LabelledMatrix[] = []
    for (const { id, text } of labelled) queries.push({ id, text, matrix: (await encoder.encodeQuery(text)).matrix })
    const encodeMs = (performance.now() - encodeStart) / queries.length

    const measure = async (system: System | KeywordSystem, usesModel = true): Promise<Measured> => {
      const rankings = new Map<string, readonly number[]>()
      const named = { first: new Map<string, string[]>(), deep: new Map<string, string[]>() }
      const stages = new Map<string, number>(usesModel ? [['encode', encodeMs]] : [])
      for (const { id, ...query } of queries) {
        const [first, deep] = DEPTH[ranked]
        const { ids, elapsedMs } = await system.rank(query, first)
        rankings.set(id, ids)
        named.first.set(id, rankedNames(ids, set))
        named.deep.set(id, rankedNames((await system.rank(query, deep)).ids, set))
        for (const [stage, ms] of Object.entries(elapsedMs))
          stages.set(stage, (stages.get(stage) ?? 0) + ms / queries.length)
        onProgress({ stage: 'search', loaded: rankings.size, total: queries.length, unit: 'items' })
      }
      await system.close()
      const summary = { ...summarize(named.first, qrels), 'recall@100': summarize(named.deep, qrels)['recall@100'] }
      const msPerStage = Object.fromEntries([...stages].map(([stage, ms]) => [stage, round(ms)]))
      return { rankings, figures: { ...summary, 'ms per stage': msPerStage } }
    }

    const documents = encoded.map(({ matrix }) => matrix)
    const tokens = documents.reduce((sum, { rows }) => sum + rows, 0)
    const facts = { documents: corpus.length, tokens, ranked, model: name, warnings } as const
    const runExact = async (of: readonly TokenMatrix[]) => measure(await exactSystem(of, dim, ops))
    const floatBytes = { 'bytes per token': dim * 2 }
    if (mode === 'exact') {
      const { figures } = await runExact(documents)
      return { mode, ...figures, ...floatBytes, ...facts, seconds: secondsSince(start) }
    }
    const system = await plaidSystem(encoded, dim, ops, { ...plaid, candidates, onProgress })
    const { bytesPerToken, buildSeconds, ...index } = system.facts
    const vectors = mode === 'both' ? await system.remembered() : []
    const measureHybrids = async () => {
      const keyword = await keywordSystem(corpus)
      const byKeyword = await measure(keyword, false)
      const [byScores, byRanks] = [
        await measure(hybridSystem(system, keyword, 'scores')),
        await measure(hybridSystem(system, keyword, 'rrf')),
      ]
      const perToken = { 'bytes per token': round(keyword.bytes / tokens) }
      return {
        keyword: { ...byKeyword.figures, ...perToken },
        hybrid: byScores.figures,
        'hybrid rrf': byRanks.figures,
      }
    }
    const hybrids = mode === 'hybrid' ? await measureHybrids() : {}
    const compressed = await measure(system)
    const scoredInFull = candidates === Infinity ? corpus.length : (candidates ?? defaultCandidates(DEPTH[ranked][0]))
    const sized = { 'bytes per token': round(bytesPerToken) }
    const both = async () => {
      const [remembered, exact] = [await runExact(vectors), await runExact(documents)]
      return {
        remembered: { ...remembered.figures, ...sized },
        exact: { ...exact.figures, ...floatBytes },
        'overlap@10': {
          'plaid, exact': overlap(compressed.rankings, exact.rankings, 10),
          'plaid, remembered': overlap(compressed.rankings, remembered.rankings, 10),
        },
      }
    }
    return {
      mode: 'plaid',
      ...compressed.figures,
      ...sized,
      index: { ...index, candidates: scoredInFull, 'build seconds': round(buildSeconds) },
      ...facts,
      ...hybrids,
      ...(mode === 'both' && (await both())),
      seconds: secondsSince(start),
    }
  } finally {
    ops.close()
    await encoder.close()
  }
}

interface LabelledMatrix extends Query {
  readonly id: string
}

interface Measured {
  /** Query id to document numbers, best first. */
  readonly rankings: ReadonlyMap<string, readonly number[]>
  readonly figures: Omit<SystemReport, 'bytes per token'>
}

/** Mean share of the first k of `right` that are among the first k of `left`. */
function overlap(left: Measured['rankings'], right: Measured['rankings'], k: number): number {
  let sum = 0
  for (const [id, ids] of right) sum += sharedBest(left.get(id) ?? [], ids, k)
  return Math.round((sum / right.size) * 1000) / 1000
}

function secondsSince(start: number): number {
  return round((performance.now() - start) / 1000)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
