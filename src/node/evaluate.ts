/**
 * `selvage eval`: retrieval quality on a labelled set in BEIR layout, by exact MaxSim over every document. One passage per
 * document, cut at the model's document length.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { SelvageError } from '../errors.ts'
import { labelsArePages, pageOf, parseCorpus, parseQrels, parseQueries } from '../eval/dataset.ts'
import { type Summary, summarize } from '../eval/metrics.ts'
import { createOps } from '../ops/create.ts'
import { toHalves } from '../ops/half.ts'
import type { PassageBatch } from '../ops/ops.ts'
import { topK } from '../plaid/topK.ts'
import type { EncodedText, OnProgress } from '../types.ts'
import { EXIT } from './exit.ts'
import { isMissing } from './fileStore.ts'
import { openNodeEncoder } from './model.ts'
import { progressDisplay, seconds } from './progress.ts'

export interface EvalCommandOptions {
  readonly folder: string
  readonly qrels?: string
  readonly limit?: number
  readonly json: boolean
  readonly model: string
  readonly threads?: number
}

export interface EvalReport extends Summary {
  readonly documents: number
  readonly tokens: number
  /** Whole run: reading, encoding, scoring. */
  readonly seconds: number
  readonly 'ms per query': { readonly encode: number; readonly score: number }
  /** What a rank counts: a document, or the page that a section's id names before "#". */
  readonly ranked: 'documents' | 'pages'
  readonly model: string
}

/** Documents kept in a ranking: enough for recall@100 after sections are joined into pages. */
const DEPTH = 1000

export async function evalCommand(options: EvalCommandOptions): Promise<number> {
  const display = progressDisplay()
  const report = await evaluate(options, display.onProgress).finally(display.done)
  if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else {
    const line = (name: string, value: string) => `  ${name.padEnd(12)} ${value}`
    process.stdout.write(
      [
        `${report.queries} queries on ${report.documents.toLocaleString('en')} documents (${report.tokens.toLocaleString('en')} tokens), ranked by ${report.ranked}, exact MaxSim of ${report.model}`,
        line('nDCG@10', report['ndcg@10'].toFixed(4)),
        line('recall@100', report['recall@100'].toFixed(4)),
        line('MRR@10', report['mrr@10'].toFixed(4)),
        line(
          'per query',
          `encode ${report['ms per query'].encode.toFixed(1)} ms, score ${report['ms per query'].score.toFixed(1)} ms`,
        ),
        line('in all', seconds(report.seconds * 1000)),
        '',
      ].join('\n'),
    )
  }
  return EXIT.ok
}

export async function evaluate(options: EvalCommandOptions, onProgress: OnProgress): Promise<EvalReport> {
  const start = performance.now()
  const { folder, limit, model, threads } = options
  const corpus = parseCorpus(...(await readEither(join(folder, 'corpus.jsonl'))))
  const allQueries = parseQueries(...(await readEither(join(folder, 'queries.jsonl'))))
  const qrels = parseQrels(...(await readEither(options.qrels ?? join(folder, 'qrels.tsv'))))
  const queries = allQueries.filter(({ id }) => qrels.has(id)).slice(0, limit)
  if (corpus.length === 0 || queries.length === 0)
    throw new SelvageError(
      'no-documents',
      `${folder} has ${corpus.length} documents and ${queries.length} queries with judgements; both are needed.`,
    )
  const pages = labelsArePages(qrels, new Set(corpus.map(({ id }) => id)))

  const encoder = await openNodeEncoder({ model, threads, onProgress })
  const ops = await createOps({ backend: 'auto' })
  const texts = corpus.map(({ title, text }) => (title === '' ? text : `${title} ${text}`))
  const encoded = await encoder.encodeDocuments(texts, {
    onDone: (done) => onProgress({ stage: 'encode', loaded: done, total: texts.length, unit: 'items' }),
  })
  const passages = await ops.load(asBatch(encoded, encoder.model.dim))

  const rankings = new Map<string, string[]>()
  const spent = { encode: 0, score: 0 }
  for (const { id, text } of queries) {
    const encodeStart = performance.now()
    const { matrix } = await encoder.encodeQuery(text)
    const scoreStart = performance.now()
    const { scores } = await ops.maxSim(
      { vectors: matrix.data, offsets: Uint32Array.of(0, matrix.rows), dim: matrix.dim },
      passages,
    )
    spent.encode += scoreStart - encodeStart
    spent.score += performance.now() - scoreStart
    const ranked = topK(scores, DEPTH).map((hit) => corpus[hit.id]!.id)
    rankings.set(id, pages ? [...new Set(ranked.map(pageOf))] : ranked)
    onProgress({ stage: 'search', loaded: rankings.size, total: queries.length, unit: 'items' })
  }
  const report: EvalReport = {
    ...summarize(rankings, qrels),
    documents: corpus.length,
    tokens: passages.tokens,
    seconds: round((performance.now() - start) / 1000),
    'ms per query': { encode: round(spent.encode / queries.length), score: round(spent.score / queries.length) },
    ranked: pages ? 'pages' : 'documents',
    model: encoder.model.name,
  }
  passages.release()
  ops.close()
  await encoder.close()
  return report
}

function asBatch(encoded: readonly EncodedText[], dim: number): PassageBatch {
  const offsets = new Uint32Array(encoded.length + 1)
  encoded.forEach(({ matrix }, p) => {
    offsets[p + 1] = offsets[p]! + matrix.rows
  })
  const vectors = new Uint16Array(offsets[encoded.length]! * dim)
  encoded.forEach(({ matrix }, p) => {
    vectors.set(toHalves(matrix.data), offsets[p]! * dim)
  })
  return { vectors, offsets, dim }
}

/** The file, or the same with .gz. Returns content and name. Errors: `no-documents` where there is neither. */
async function readEither(path: string): Promise<[content: string, file: string]> {
  for (const file of [path, `${path}.gz`]) {
    try {
      const bytes = await readFile(file)
      return [(file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'), file]
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  throw new SelvageError('no-documents', `There is neither ${path} nor ${path}.gz.`)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
