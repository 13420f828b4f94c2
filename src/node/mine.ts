/**
 * Hard negatives from our own search: for each pair's query what ranks high by words, by meaning, or by both, and is not the
 * answer. Rankings are of the same indexes that evaluations ask; scores that are held against the positive's are exact MaxSim.
 * The same corpus, pairs, model and options give the same triples. Which of the found texts are taken is training/'s matter.
 */
import { resolve } from 'node:path'
import { scoreBatch } from '../engine/rerankScores.ts'
import { rowBatch } from '../engine/rowBatch.ts'
import { throwIfAborted } from '../errors.ts'
import { fromHalves, toHalves } from '../ops/half.ts'
import { queryBatch } from '../plaid/search.ts'
import { chooseNegatives, inTurn } from '../training/negatives.ts'
import type { Example } from '../training/types.ts'
import type { OnProgress, TokenMatrix } from '../types.ts'
import type { CorpusText } from './mineCorpus.ts'
import { Stock } from './systems/stock.ts'

export const MINE_SOURCES = ['lexical', 'late', 'both'] as const

export interface MineOptions {
  readonly texts: readonly CorpusText[]
  readonly pairs: readonly Example[]
  /** Of each pair: the positive's id in the corpus, where it is known. */
  readonly documents: readonly (string | undefined)[]
  /** The corpus by name, as the owner of cached vectors. */
  readonly owner: string
  /** Folder of the late-interaction model: it ranks, and it judges. */
  readonly model: string
  readonly from: (typeof MINE_SOURCES)[number]
  /** Negatives of a pair at most. */
  readonly negatives: number
  /** First ranks that are left out. */
  readonly skip: number
  /** Ranks that are looked at, the skipped ones included. */
  readonly depth: number
  /** A text with more than this share of the positive's score is left out. */
  readonly margin: number
  readonly threads?: number | undefined
  readonly cacheFolder?: string | undefined
  readonly onProgress: OnProgress
  readonly signal?: AbortSignal | undefined
}

export interface MineReport {
  readonly pairs: number
  readonly documents: number
  /** Pairs that got at least one negative, those that got fewer than wanted, and those that got none. */
  readonly mined: number
  readonly fewer: number
  readonly without: number
  /** In all. */
  readonly negatives: number
  /** Found and left out: the positive by its id or its text or one much like it; too near to the positive's score. */
  readonly alike: number
  readonly tooGood: number
}

/** A pair with what was found for it, and all its texts' scores, the positive's first. */
export type Triple = Required<Example>

export async function mineNegatives(options: MineOptions): Promise<{ triples: Triple[]; report: MineReport }> {
  const { texts, pairs, documents, negatives, margin, onProgress, signal } = options
  const rankings = new Rankings(options)
  try {
    const found: (readonly number[])[] = []
    for (const { query } of pairs) {
      throwIfAborted(signal)
      found.push(await rankings.of(query))
      onProgress({ stage: 'search', loaded: found.length, total: 2 * pairs.length, unit: 'items' })
    }
    const vectors = await vectorsOf(options, rankings.stock, found.flat())
    const answers = answersOf(pairs, documents)
    const triples: Triple[] = []
    const counts = { mined: 0, fewer: 0, without: 0, negatives: 0, alike: 0, tooGood: 0 }
    for (const [i, pair] of pairs.entries()) {
      throwIfAborted(signal)
      const known = answers.get(pair.query) ?? { ids: new Set(), texts: [] }
      const others = (found[i] ?? []).filter((t) => !known.ids.has(texts[t]?.id))
      const given = [pair.positive, ...pair.negatives]
      const asked = [...given.map(vectors.ofText), ...others.map(vectors.ofPlace)]
      const scores = await rankings.score(pair.query, asked)
      const positiveScore = scores[0] ?? 0
      const candidates = others.map((t, c) => ({
        text: texts[t]?.whole ?? '',
        score: scores[given.length + c] ?? 0,
      }))
      // Negatives that the pair had are kept, and not found again.
      const apart = [...known.texts, ...pair.negatives]
      const { chosen, alike, tooGood } = chooseNegatives(candidates, apart, positiveScore, { negatives, margin })
      const mined = chosen.flatMap((c) => candidates[c] ?? [])
      triples.push({
        query: pair.query,
        positive: pair.positive,
        negatives: [...pair.negatives, ...mined.map(({ text }) => text)],
        scores: [...scores.slice(0, given.length), ...mined.map(({ score }) => score)],
      })
      counts.alike += alike + (found[i]?.length ?? 0) - others.length
      counts.tooGood += tooGood
      counts.negatives += mined.length
      counts[mined.length === 0 ? 'without' : 'mined']++
      if (mined.length > 0 && mined.length < negatives) counts.fewer++
      onProgress({ stage: 'search', loaded: pairs.length + i + 1, total: 2 * pairs.length, unit: 'items' })
    }
    return { triples, report: { pairs: pairs.length, documents: texts.length, ...counts } }
  } finally {
    await rankings.close()
  }
}

/** All that is known to answer a query: it may stand in several pairs. */
function answersOf(pairs: readonly Example[], documents: readonly (string | undefined)[]) {
  const answers = new Map<string, { readonly ids: Set<string | undefined>; readonly texts: string[] }>()
  for (const [i, { query, positive }] of pairs.entries()) {
    const known = answers.get(query) ?? { ids: new Set(), texts: [] }
    if (documents[i] !== undefined) known.ids.add(documents[i])
    known.texts.push(positive)
    answers.set(query, known)
  }
  return answers
}

class Rankings {
  /** Of texts as the model reads them. */
  readonly stock: Stock
  /** Of titles and texts apart: a title's words weigh more. */
  readonly #words: Stock
  readonly #options: MineOptions

  constructor(options: MineOptions) {
    const { texts, owner, model, threads, cacheFolder, onProgress, signal } = options
    this.#options = options
    const common = { owner: `mine ${resolve(owner)}`, model, threads, cacheFolder, onProgress, signal }
    this.stock = new Stock({ ...common, corpus: texts.map(({ id, whole }) => ({ id, title: '', text: whole })) })
    const titled = texts.map(({ id, headings, text }) => ({ id, title: headings.join(' > '), text }))
    this.#words = new Stock({ ...common, corpus: titled })
  }

  /** Places in the corpus, best first. */
  async of(query: string): Promise<number[]> {
    const { from, depth, skip } = this.#options
    const rankings: (readonly number[])[] = []
    if (from !== 'late') rankings.push((await (await this.#words.words()).it.rank({ text: query }, depth)).ids)
    if (from !== 'lexical') {
      const [{ it: index }, { it: matrix }] = [await this.stock.plaid({ plaid: {} }), await this.stock.query(query)]
      rankings.push((await index.rank({ text: query, matrix }, depth)).ids)
    }
    return inTurn(rankings, skip)
  }

  async score(query: string, documents: readonly TokenMatrix[]): Promise<number[]> {
    const [{ it }, ops] = [await this.stock.query(query), await this.stock.ops()]
    const { scores } = await scoreBatch(ops, { queries: queryBatch(it), passages: rowBatch(documents, it.dim) })
    return Array.from(scores, (score) => Math.round(score * 1e4) / 1e4)
  }

  async close(): Promise<void> {
    await this.stock.close()
    await this.#words.close()
  }
}

interface Vectors {
  ofPlace(place: number): TokenMatrix
  ofText(text: string): TokenMatrix
}

/** Of what was found and of the pairs' own texts: where only words were searched, the rest of the corpus is never encoded. */
async function vectorsOf(
  { texts, pairs, from, onProgress, signal }: MineOptions,
  stock: Stock,
  found: readonly number[],
): Promise<Vectors> {
  const matrices = new Map<string, TokenMatrix>()
  if (from !== 'lexical')
    (await stock.documents()).documents.forEach(({ matrix }, i) => {
      matrices.set(texts[i]?.whole ?? '', rounded(matrix))
    })
  const own = pairs.flatMap(({ positive, negatives }) => [positive, ...negatives])
  const wanted = [...new Set([...own, ...found.map((place) => texts[place]?.whole ?? '')])]
  const missing = wanted.filter((text) => !matrices.has(text))
  const encoder = await stock.encoder()
  const encoded = await encoder.encodeDocuments(missing, {
    ...(signal && { signal }),
    onDone: (loaded) => onProgress({ stage: 'encode', loaded, total: missing.length, unit: 'items' }),
  })
  encoded.forEach(({ matrix }, i) => {
    matrices.set(missing[i] ?? '', rounded(matrix))
  })
  const none = { data: new Float32Array(), rows: 0, dim: encoder.model.dim }
  const ofText = (text: string) => matrices.get(text) ?? none
  return { ofText, ofPlace: (place) => ofText(texts[place]?.whole ?? '') }
}

/** As a cache and an index have them: what was encoded just now scores the same. In place, since there may be many. */
function rounded(matrix: TokenMatrix): TokenMatrix {
  matrix.data.set(fromHalves(toHalves(matrix.data)))
  return matrix
}
