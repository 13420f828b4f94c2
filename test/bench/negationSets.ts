/**
 * Labelled sets as the bench of negation needs them: every text with its vectors and with what the rules say of its words. Texts
 * of a set with pairs are read whole, as `selvage eval` does; those of others as passages, as `selvage build` cuts them.
 */
import { basename, join, resolve } from 'node:path'
import type { Encoder } from '../../src/encoder/encoder.ts'
import { cachedEncoder } from '../../src/engine/embeddings.ts'
import { passageTexts, planPages } from '../../src/engine/plan.ts'
import { type LabelledDocument, parseCorpus, parseQrels, parseQueries, wholeText } from '../../src/eval/dataset.ts'
import type { Judgements } from '../../src/eval/metrics.ts'
import { type ContrastPair, parsePairs } from '../../src/eval/pairs.ts'
import { openEmbeddingCache } from '../../src/node/embeddingCache.ts'
import { readEither, readIfThere } from '../../src/node/systems/readSet.ts'
import { markNegation, type Reach, wordsIn } from './negationRules.ts'
import { type Rows, rowsOf } from './negationScores.ts'

export interface Document {
  readonly id: string
  /** All of it, title included. */
  readonly text: string
  /** One, or its passages. */
  readonly rows: readonly Rows[]
}

export interface NegationSet {
  readonly name: string
  readonly documents: readonly Document[]
  /** Those with a judgement. */
  readonly queries: readonly { readonly id: string; readonly text: string; readonly rows: Rows }[]
  readonly qrels: ReadonlyMap<string, Judgements>
  readonly pairs: readonly ContrastPair[] | undefined
}

export async function loadSet(
  folder: string,
  encoder: Encoder,
  reach: Reach,
  cacheFolder: string,
): Promise<NegationSet> {
  const read = (name: string) => readEither(join(folder, name))
  const corpus = parseCorpus(...(await read('corpus.jsonl')))
  const qrels = parseQrels(...(await read('qrels.tsv')))
  const queries = parseQueries(...(await read('queries.jsonl'))).filter(({ id }) => qrels.has(id))
  const idsOf = (rows: readonly { readonly id: string }[]) => new Set(rows.map(({ id }) => id))
  const pairsFile = await readIfThere(join(folder, 'pairs.jsonl'))
  const pairs = pairsFile && parsePairs(...pairsFile, { queries: idsOf(queries), documents: idsOf(corpus) })

  const vocabulary = new Set(corpus.flatMap(({ text }) => wordsIn(text).map(({ word }) => word)))
  const marked = (text: string) => markNegation(text, { reach, vocabulary })
  const texts = pairs ? corpus.map((document) => [wholeText(document)]) : await cut(corpus, encoder)
  const cache = await openEmbeddingCache(cacheFolder, encoder.model)
  const caching = cachedEncoder(encoder, cache)
  const encoded = await caching.encodeDocuments(texts.flat(), { onDone: (done) => tell(`${folder}: ${done} texts`) })
  await cache.keep(`bench negation ${resolve(folder)}`, caching.keys)
  let at = 0
  const documents = corpus.map(({ id, title, text }, i) => ({
    id,
    text: `${title} ${text}`,
    rows: texts[i]!.map((one) => rowsOf(one, encoded[at++]!, marked(one))),
  }))
  const asked: NegationSet['queries'][number][] = []
  for (const { id, text } of queries) {
    const query = await encoder.encodeQuery(text)
    const isPadding = Uint8Array.from(encoder.queryTokens(text, query), ({ isMask }) => Number(isMask))
    asked.push({ id, text, rows: rowsOf(text, query, marked(text), isPadding) })
    tell(`${folder}: ${asked.length} queries`)
  }
  return { name: basename(resolve(folder)), documents, queries: asked, qrels, pairs }
}

/** Passages of each document, as a build makes them. */
async function cut(corpus: readonly LabelledDocument[], encoder: Encoder): Promise<string[][]> {
  const sources = corpus.map(({ id, title, text }) => ({
    path: id,
    record: { id, text, url: `/${encodeURIComponent(id)}`, ...(title !== '' && { title }) },
  }))
  const { pages } = await planPages({ sources, encoder })
  const byUrl = new Map(pages.map((planned) => [planned.page.url, passageTexts(planned)]))
  return corpus.map(({ id }) => byUrl.get(`/${encodeURIComponent(id)}`) ?? [])
}

function tell(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`)
}
