/**
 * From a system's spec to what answers queries: by the indexes and models of the stock, with the time of each stage and what the
 * system keeps of the documents. A ranker knows neither labels nor other rankers; document i is text i.
 */
import { scoreBatch } from '../../engine/rerankScores.ts'
import { rowBatch } from '../../engine/rowBatch.ts'
import { SelvageError } from '../../errors.ts'
import type { RunCost } from '../../eval/runs.ts'
import type { StageTimes } from '../../ops/ops.ts'
import { bitsetOf, defaultCandidates, queryBatch } from '../../plaid/search.ts'
import type { TokenMatrix } from '../../types.ts'
import { topK } from '../../util.ts'
import { hybridSystem, type PlaidSystem } from './indexes.ts'
import type { PlaidSpec, RerankSpec, SingleSpec, Spec } from './spec.ts'
import type { Made, Stock } from './stock.ts'

export interface Answer {
  /** Numbers of documents, best first, each once. */
  readonly ids: readonly number[]
  /** Of each id; undefined where there is no one scale for all of them. */
  readonly scores?: readonly number[]
  /** Encoding of the query included. */
  readonly ms: number
  /** Milliseconds by stage: about `ms` in all. */
  readonly stages: Readonly<Record<string, number>>
}

interface Told {
  /** A line for people: model, parameters, what stands behind the name. */
  readonly description: string
  readonly cost: RunCost
}

export interface Ranker extends Told {
  /** @param depth how many are wanted; fewer come where no more are found */
  rank(text: string, depth: number): Promise<Answer>
}

/** Scores what another system found. */
interface Scorer extends Told {
  /** Higher is better; -Infinity for what cannot be scored. */
  score(text: string, ids: readonly number[]): Promise<{ readonly scores: ArrayLike<number> } & Timed>
}

type Timed = Pick<Answer, 'ms' | 'stages'>

/** A cross-encoder reads every document with every query: more of them take hours. */
const MOST_READ = 2000

/** Errors: `invalid-argument` for a cross-encoder over many documents; those of the stock. */
export async function makeRanker(spec: Spec, stock: Stock): Promise<Ranker> {
  switch (spec.kind) {
    case 'lexical': {
      const { it, seconds } = await stock.words()
      return {
        description: 'BM25F over stemmed words, titles and headings weighing more, as selvage searches by words',
        cost: { bytesPerDocument: it.bytes / stock.texts.length, indexSeconds: seconds },
        async rank(text, depth) {
          const { ids, scores, elapsedMs } = await it.rank({ text }, depth)
          return { ids, scores, ms: elapsedMs.total, stages: { words: elapsedMs.total } }
        },
      }
    }
    case 'exact': {
      const [{ it, seconds }, told] = [await stock.exact(), await lateCost(stock)]
      return {
        description: `${told.model}: MaxSim over every token's vector, in f16`,
        cost: { ...told.cost, bytesPerDocument: told.bytes(2), indexSeconds: seconds },
        async rank(text, depth) {
          const query = await stock.query(text)
          const { ids, scores, elapsedMs } = await it.rank({ text, matrix: query.it }, depth)
          return { ids, scores, ...withEncoding(query, { score: elapsedMs.total }, elapsedMs.total) }
        },
      }
    }
    case 'plaid': {
      const [made, told] = [await stock.plaid(spec), await lateCost(stock)]
      return {
        description: `${told.model}: ${indexInWords(made.it, spec)}`,
        cost: { ...told.cost, ...plaidCost(made, stock, told) },
        async rank(text, depth) {
          const query = await stock.query(text)
          const asked = { k: depth, candidates: spec.candidates }
          const { passages, elapsedMs } = await made.it.index.search(query.it, asked)
          const [ids, scores] = [passages.map(({ id }) => id), passages.map(({ score }) => score)]
          return { ids, scores, ...withEncoding(query, stagesOf(elapsedMs), elapsedMs.total) }
        },
      }
    }
    case 'hybrid': {
      const [index, words, told] = [await stock.plaid(spec), await stock.words(), await lateCost(stock)]
      const system = hybridSystem(index.it, words.it, spec.fusion, spec.candidates)
      const cost = plaidCost(index, stock, told)
      return {
        description: `${told.model}: ${indexInWords(index.it, spec)}, and words, joined by ${spec.fusion === 'rrf' ? 'ranks (RRF)' : 'scores'}`,
        cost: {
          ...told.cost,
          bytesPerDocument: cost.bytesPerDocument + words.it.bytes / stock.texts.length,
          indexSeconds: cost.indexSeconds + words.seconds,
        },
        async rank(text, depth) {
          const query = await stock.query(text)
          const { ids, scores, elapsedMs } = await system.rank({ text, matrix: query.it }, depth)
          return { ids, scores, ...withEncoding(query, { search: elapsedMs.total }, elapsedMs.total) }
        },
      }
    }
    case 'bi-encoder': {
      const scorer = await biEncoder(spec, stock)
      const all = Array.from(stock.texts, (_, i) => i)
      return { ...scorer, rank: async (text, depth) => rankedBy(await scorer.score(text, all), depth) }
    }
    case 'cross-encoder': {
      if (stock.texts.length > MOST_READ)
        throw new SelvageError(
          'invalid-argument',
          `cross-encoder reads every document together with every query, and there are ${stock.texts.length.toLocaleString('en')} documents; ` +
            `at most ${MOST_READ.toLocaleString('en')} are read. Let it score what another system found: rerank:lexical+${spec.name}.`,
        )
      const scorer = await crossEncoder(spec, stock)
      const all = Array.from(stock.texts, (_, i) => i)
      return { ...scorer, rank: once(async (text) => scorer.score(text, all), rankedBy) }
    }
    case 'rerank':
      return reranker(spec, await makeRanker(spec.first, stock), await makeScorer(spec.second, stock))
  }
}

async function makeScorer(spec: SingleSpec, stock: Stock): Promise<Scorer> {
  switch (spec.kind) {
    case 'exact': {
      const [{ documents }, ops, told] = [await stock.documents(), await stock.ops(), await lateCost(stock)]
      return {
        description: `${told.model}: MaxSim over vectors that are kept, in f16`,
        cost: { ...told.cost, bytesPerDocument: told.bytes(2) },
        async score(text, ids) {
          const query = await stock.query(text)
          const start = performance.now()
          const passages = rowBatch(
            ids.map((id) => documents[id]!.matrix),
            query.it.dim,
          )
          const { scores } = await scoreBatch(ops, { queries: queryBatch(query.it), passages })
          const ms = performance.now() - start
          return { scores, ...withEncoding(query, { score: ms }, ms) }
        },
      }
    }
    case 'plaid': {
      const [made, told] = [await stock.plaid(spec), await lateCost(stock)]
      const { index } = made.it
      return {
        description: `${told.model}: ${made.it.facts.bits} bits, ${made.it.facts.centroids} centroids`,
        cost: { ...told.cost, ...plaidCost(made, stock, told) },
        async score(text, ids) {
          const query = await stock.query(text)
          const filter = bitsetOf(ids, index.passages)
          const { passages, elapsedMs } = await index.search(query.it, { k: ids.length, candidates: Infinity, filter })
          const scoreOf = new Map(passages.map(({ id, score }) => [id, score]))
          const scores = ids.map((id) => scoreOf.get(id) ?? Number.NEGATIVE_INFINITY)
          return { scores, ...withEncoding(query, stagesOf(elapsedMs), elapsedMs.total) }
        },
      }
    }
    case 'bi-encoder':
      return biEncoder(spec, stock)
    case 'cross-encoder':
      return crossEncoder(spec, stock)
    default:
      throw new SelvageError('internal', `${spec.kind} does not score what another system found.`)
  }
}

async function biEncoder(spec: Extract<SingleSpec, { kind: 'bi-encoder' }>, stock: Stock): Promise<Scorer> {
  const { vectors, dim, encoder, seconds } = await stock.pooled(spec)
  return {
    description: encoder.description,
    cost: { bytesPerDocument: dim * 4, ...(seconds !== undefined && { encodeSeconds: seconds }), indexSeconds: 0 },
    async score(text, ids) {
      const start = performance.now()
      const query = await encoder.encodeQuery(text)
      const encoded = performance.now()
      const scores = new Float32Array(ids.length)
      for (const [i, id] of ids.entries()) {
        let sum = 0
        for (let d = 0, at = id * dim; d < dim; d++, at++) sum += query[d]! * vectors[at]!
        scores[i] = sum
      }
      const score = performance.now() - encoded
      const encode = encoded - start
      return { scores, ms: encode + score, stages: { encode, score } }
    },
  }
}

async function crossEncoder(spec: Extract<SingleSpec, { kind: 'cross-encoder' }>, stock: Stock): Promise<Scorer> {
  const { description, score } = await stock.pairs(spec)
  return {
    description,
    cost: { bytesPerDocument: 0 },
    async score(text, ids) {
      const start = performance.now()
      const scores = await score(
        text,
        ids.map((id) => stock.texts[id]!),
      )
      const ms = performance.now() - start
      return { scores, ms, stages: { read: ms } }
    },
  }
}

const LATE: readonly string[] = ['exact', 'plaid', 'hybrid']

/** The second's order of the first's best; behind them what else the first found, as it stood. */
function reranker(spec: RerankSpec, first: Ranker, second: Scorer): Ranker {
  const { depth: most } = spec
  // Two of the late-interaction model have one encoding between them, of documents and of queries.
  const isShared = LATE.includes(spec.first.kind) && LATE.includes(spec.second.kind)
  const rerank = async (text: string, wanted: number): Promise<Answer> => {
    const found = await first.rank(text, wanted)
    const best = found.ids.slice(0, most)
    const scored = await second.score(text, best)
    const order = topK(scored.scores, best.length).map(({ id }) => best[id]!)
    const unscored = best.filter((id) => !order.includes(id))
    const stages = { ...found.stages }
    const shared = isShared ? (scored.stages['encode'] ?? 0) : 0
    for (const [stage, ms] of Object.entries(scored.stages))
      if (!(isShared && stage === 'encode')) stages[`rerank ${stage}`] = ms
    return { ids: [...order, ...unscored, ...found.ids.slice(most)], ms: found.ms + scored.ms - shared, stages }
  }
  const { encodeSeconds, ...own } = second.cost
  const added: RunCost = isShared || encodeSeconds === undefined ? own : { ...own, encodeSeconds }
  const sum = (name: keyof RunCost) => {
    const [a, b] = [first.cost[name], added[name]]
    return a === undefined && b === undefined ? {} : { [name]: (a ?? 0) + (b ?? 0) }
  }
  let last: { readonly text: string; readonly wanted: number; readonly answer: Answer } | undefined
  return {
    description: `the best ${most} of (${first.description}), in the order of (${second.description})`,
    cost: { ...sum('bytesPerDocument'), ...sum('encodeSeconds'), ...sum('indexSeconds') },
    async rank(text, depth) {
      const wanted = Math.max(depth, most)
      if (last?.text !== text || last.wanted !== wanted) last = { text, wanted, answer: await rerank(text, wanted) }
      return { ...last.answer, ids: last.answer.ids.slice(0, depth) }
    },
  }
}

/** A query is ranked to several depths, one after the other: what takes long is done for the first. */
function once<T>(work: (text: string) => Promise<T>, answer: (done: T, depth: number) => Answer): Ranker['rank'] {
  let last: { readonly text: string; readonly done: T } | undefined
  return async (text, depth) => {
    if (last?.text !== text) last = { text, done: await work(text) }
    return answer(last.done, depth)
  }
}

/** Documents by their scores, ties by number. */
function rankedBy({ scores, ms, stages }: { readonly scores: ArrayLike<number> } & Timed, depth: number): Answer {
  const best = topK(scores, depth)
  return { ids: best.map(({ id }) => id), scores: best.map(({ score }) => score), ms, stages }
}

function withEncoding({ seconds }: Made<TokenMatrix>, stages: Timed['stages'], ms: number): Timed {
  const encode = seconds * 1000
  return { ms: encode + ms, stages: { encode, ...stages } }
}

function stagesOf({ total: _, ...stages }: StageTimes): Timed['stages'] {
  return { ...stages }
}

interface LateCost {
  readonly model: string
  readonly tokens: number
  readonly cost: RunCost
  /** Per document, of all vectors with so many bytes a value. */
  bytes(perValue: number): number
}

async function lateCost(stock: Stock): Promise<LateCost> {
  const [{ model }, { tokens, seconds }] = [await stock.encoder(), await stock.documents()]
  return {
    model: model.name,
    tokens,
    cost: seconds === undefined ? {} : { encodeSeconds: seconds },
    bytes: (perValue) => (tokens * model.dim * perValue) / stock.texts.length,
  }
}

function plaidCost({ it, seconds }: Made<PlaidSystem>, stock: Stock, { tokens }: LateCost) {
  return { bytesPerDocument: (it.facts.bytesPerToken * tokens) / stock.texts.length, indexSeconds: seconds }
}

function indexInWords({ facts }: PlaidSystem, { plaid, candidates }: PlaidSpec): string {
  const { pool = 1, clustering = 'vectors' } = plaid
  const best = candidates ?? defaultCandidates(10)
  return [
    `PLAID, ${facts.bits} bits, ${facts.centroids.toLocaleString('en')} centroids`,
    ...(clustering === 'tokens' ? ['clustered by token'] : []),
    ...(pool > 1 ? [`${pool} tokens pooled into one`] : []),
    best === Infinity ? 'every passage scored in full' : `best ${best} scored in full`,
  ].join(', ')
}
