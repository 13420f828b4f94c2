/**
 * `selvage eval <set> --index <dir>`: quality of an index that is there already, by the search that a page makes: the public
 * one, with its own number of candidates. The exact ranking that it is held against is the same search with every passage
 * scored in full.
 */
import { join } from 'node:path'
import { SelvageError } from '../errors.ts'
import { type LabelledDocument, parseCorpus, parseQrels, parseQueries } from '../eval/dataset.ts'
import { type Evaluation, evaluate, type Rank } from '../eval/evaluate.ts'
import { groupingOf, namesOf } from '../eval/names.ts'
import type { EncoderBackend, OnProgress, OpsBackend, SearchMode } from '../types.ts'
import { EXIT } from './exit.ts'
import type { NodeBackend } from './model.ts'
import { type FolderSearchResult, openFolder } from './open.ts'
import { progressDisplay, seconds } from './progress.ts'
import { readEither, readIfThere, readQrels } from './systems/readSet.ts'

export interface EvalIndexOptions {
  /** The labelled set. Its corpus.jsonl is read where it is there, for the addresses of its documents. */
  readonly folder: string
  readonly index: string
  readonly qrels?: string
  readonly limit?: number
  readonly mode: SearchMode
  /** Infinity for all. */
  readonly candidates?: number
  readonly model?: string
  readonly encoder?: NodeBackend
  /** With `recall@100`. Default true. */
  readonly isDeep?: boolean
}

export interface IndexReport extends Omit<Evaluation, 'each'> {
  readonly mode: SearchMode
  readonly index: string
  /** What a rank counts. */
  readonly ranked: 'sections' | 'pages'
  /** Passages scored in full for a query, in the mean; by words there are none. */
  readonly candidates?: number
  readonly encoder?: EncoderBackend
  readonly scorer?: OpsBackend
  /** Whole run: opening, and the searches for ten, for a hundred and for the exact ten. */
  readonly seconds: number
}

export async function evalIndexCommand({ json, ...options }: EvalIndexOptions & { json: boolean }): Promise<number> {
  const display = progressDisplay()
  const report = await evaluateIndex(options, display.onProgress).finally(display.done)
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${told(report).join('\n')}\n`)
  return EXIT.ok
}

const MODES: Readonly<Record<SearchMode, string>> = { semantic: 'by meaning', keyword: 'by words', hybrid: 'by both' }

function told(report: IndexReport): string[] {
  const line = (name: string, value: string) => `  ${name.padEnd(18)} ${value}`
  const share = (name: keyof Evaluation & keyof IndexReport) => {
    const value = report[name]
    return typeof value === 'number' ? [line(name.replace('ndcg', 'nDCG').replace('mrr', 'MRR'), value.toFixed(4))] : []
  }
  const { candidates, encoder, scorer } = report
  const ran = encoder && scorer ? `; encoded by ${encoder}, scored by ${scorer}` : ''
  const times = Object.entries(report['ms per stage']).map(([stage, ms]) => `${stage} ${ms.toFixed(1)}`)
  return [
    `${report.queries} queries on the index at ${report.index}, ${MODES[report.mode]}, ranked by ${report.ranked}${ran}`,
    ...share('ndcg@10'),
    ...share('mrr@10'),
    ...share('recall@100'),
    ...share('recall@10 of exact'),
    ...(candidates === undefined ? [] : [line('scored in full', `${candidates.toFixed(0)} passages`)]),
    line('ms per query', times.join(', ')),
    `In all ${seconds(report.seconds * 1000)}.`,
  ]
}

/**
 * Errors: `no-documents` where files of the set are missing, `invalid-argument` for files that are not well formed, an index
 * of other documents, and a mode that the index does not have; those of openFolder and search.
 */
export async function evaluateIndex(options: EvalIndexOptions, onProgress?: OnProgress): Promise<IndexReport> {
  const start = performance.now()
  const { folder, index: dir, limit, mode, candidates, model, encoder, isDeep = true } = options
  const queries = parseQueries(...(await readEither(join(folder, 'queries.jsonl'))))
  const qrels = parseQrels(...(await readQrels(folder, options.qrels)))
  const names = namesOf(qrels, await documentsIn(folder))
  const groupBy = groupingOf(qrels)
  const labelled = queries.filter(({ id }) => qrels.has(id)).slice(0, limit)
  const index = await openFolder(dir, {
    ...(model !== undefined && { model }),
    ...(encoder && { encoder }),
    ...(onProgress && { onProgress }),
  })
  let isKnown = false
  let stray: string | undefined
  let last: FolderSearchResult | undefined
  const scored: number[] = []
  const ranking =
    (asked: number | undefined, isMeasured: boolean): Rank =>
    async ({ text }, k) => {
      const result = await index.search(text, { k, mode, groupBy, candidates: asked })
      const ids = result.hits.map((hit) => names.nameOf(hit))
      isKnown ||= ids.some(names.isKnown)
      stray ??= ids[0]
      if (isMeasured && k === 10) {
        last = result
        scored.push(...(result.work?.candidates === undefined ? [] : [result.work.candidates]))
      }
      return { ids, ms: stagesOf(result) }
    }
  try {
    // The first search loads model and vectors, which is no part of a query's time; with another question than the first, which
    // would else be encoded already.
    const other = labelled.at(-1)
    if (other) await index.search(other.text, { k: 10, mode, groupBy, candidates })
    const { each: _, ...figures } = await evaluate({
      ...{ queries: labelled, qrels, isDeep, onProgress },
      rank: ranking(candidates, true),
      exact: mode === 'keyword' ? undefined : ranking(Infinity, false),
    })
    if (!isKnown) throw strangers(dir, folder, stray, [...qrels.values()].flatMap((judged) => [...judged.keys()])[0])
    return {
      ...figures,
      mode,
      index: dir,
      ranked: `${groupBy}s`,
      ...(scored.length > 0 && { candidates: scored.reduce((sum, one) => sum + one, 0) / scored.length }),
      ...(last?.encoder && { encoder: last.encoder }),
      ...(last?.scorer && { scorer: last.scorer }),
      seconds: Math.round((performance.now() - start) / 100) / 10,
    }
  } finally {
    await index.close()
  }
}

/** Of a set without a corpus none: ids are addresses then. */
async function documentsIn(folder: string): Promise<readonly LabelledDocument[]> {
  const found = await readIfThere(join(folder, 'corpus.jsonl'))
  return found ? parseCorpus(...found) : []
}

/** The steps of scoring stand before their sum. */
function stagesOf({ elapsedMs, work }: FolderSearchResult): Record<string, number> {
  const { encode, keyword, score, texts, explain } = elapsedMs
  const total = encode + keyword + score + texts + explain
  return { encode, keyword, ...work?.scoreMs, score, texts, explain, total }
}

function strangers(dir: string, folder: string, found: string | undefined, label: string | undefined): SelvageError {
  const got = found === undefined ? 'found nothing for any query' : `found ${found}, for example`
  return new SelvageError(
    'invalid-argument',
    `The index at ${dir} ${got}; wanted documents of ${folder}, such as ${label}. ` +
      'Build it of the corpus of the set: its records keep their ids and addresses.',
  )
}
