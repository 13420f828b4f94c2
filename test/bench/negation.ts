/**
 * What makes late interaction hear a "not", and what does it cost elsewhere? `npm run bench:negation -- <folder> …`: of a labelled
 * set with pairs.jsonl the pairs that each way of scoring has right (src/eval/pairs.ts), of one without the nDCG@10 after the best
 * 50 of MaxSim were put in the order of each. Every even pair may be used to choose by; the odd ones are for the report.
 *
 *   --reach words        a cue reaches five words, as NegEx has it, and not its whole clause
 *   --bi-encoder <dir>   adds its scores to those of pairs
 *   --encoder wasm       takes the vectors of a page's 8-bit graph
 *   --cache-dir <dir>    where vectors are kept
 *   --json <file>        writes all figures
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadEncoder } from '../../src/encoder/load.ts'
import { ndcg } from '../../src/eval/metrics.ts'
import { type ContrastPair, comparePairs, judgePairs, type PairFigures, preferByScore } from '../../src/eval/pairs.ts'
import { differenceOf, randomisationTest } from '../../src/eval/significance.ts'
import { defaultCacheFolder } from '../../src/node/embeddingCache.ts'
import { DEFAULT_MODEL, openNodeEncoder } from '../../src/node/model.ts'
import { folderFiles } from '../../src/node/modelFiles.ts'
import { nodeRuntime } from '../../src/node/session.ts'
import { exactSystem } from '../../src/node/systems/indexes.ts'
import { openBiEncoder } from '../../src/node/systems/pooled.ts'
import { createOps } from '../../src/ops/create.ts'
import { sentencesIn } from '../../src/text/sentences.ts'
import { wordsIn } from './negationRules.ts'
import { cosinesOf, maxSim, type Score, sentenceScore } from './negationScores.ts'
import { type Document, loadSet, type NegationSet } from './negationSets.ts'

/** Found by MaxSim and put in another order. */
const DEPTH = 50
/** Texts with so many of their words in common say nearly the same. */
const TWINS = 0.6

const WAYS: readonly (readonly [name: string, score: Score])[] = [
  ['MaxSim', maxSim()],
  ['tokens that negate count 3', maxSim({ cue: 3 })],
  ['tokens that negate count 12', maxSim({ cue: 12 })],
  ['tokens that are negated count 3', maxSim({ negated: 3 })],
  ['both count 3', maxSim({ cue: 3, negated: 3 })],
  ['best sentence alone', sentenceScore({ share: 1e6 })],
  ['padding counts half', maxSim({ padding: 0.5 })],
  ['without padding', maxSim({ padding: 0 })],
  ['without padding and markers', maxSim({ padding: 0, marker: 0 })],
  ['other polarity costs .05', maxSim({ price: 0.05 })],
  ['other polarity costs .4', maxSim({ price: 0.4 })],
  ["other polarity of the best sentence's matches costs 4", sentenceScore({ price: 4 })],
  ['other polarity costs .05, without padding and markers', maxSim({ price: 0.05, padding: 0, marker: 0 })],
  ['other polarity costs .4, without padding and markers', maxSim({ price: 0.4, padding: 0, marker: 0 })],
]
/** Used among texts that say nearly the same, too, which leaves all others where they are. */
const AMONG_TWINS = 'other polarity costs .4, without padding and markers'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    encoder: { type: 'string', default: 'node' },
    reach: { type: 'string', default: 'clause' },
    'bi-encoder': { type: 'string' },
    'cache-dir': { type: 'string', default: defaultCacheFolder() },
    json: { type: 'string' },
  },
})
if (positionals.length === 0) throw new Error('Give the folders of labelled sets: npm run bench:negation -- <folder> …')

const encoder =
  values.encoder === 'wasm'
    ? await openNodeEncoder({ backend: 'wasm' })
    : await loadEncoder({ files: folderFiles(DEFAULT_MODEL), inference: nodeRuntime() })
const results: object[] = []
for (const folder of positionals) {
  const reach = values.reach === 'words' ? 'words' : 'clause'
  const set = await loadSet(folder, encoder, reach, `${values['cache-dir']}${values.encoder === 'wasm' ? '-wasm' : ''}`)
  process.stdout.write(
    `\n${set.name}: ${set.documents.length} documents, ${set.queries.length} queries, by ${encoder.device}\n`,
  )
  const rows = set.pairs ? await pairRows(folder, set, set.pairs) : await rankedRows(set)
  console.table(rows)
  results.push({ set: set.name, encoder: values.encoder, rows })
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`)
process.exit(0) // onnxruntime's threads would keep it alive

async function pairRows(folder: string, set: NegationSet, pairs: readonly ContrastPair[]): Promise<object[]> {
  const documents = new Map(set.documents.map((document) => [document.id, document]))
  const queries = new Map(set.queries.map(({ id, rows }) => [id, rows]))
  const cosines = new Map<string, Float32Array>()
  const scoreBy = (score: Score) => (query: string, document: string) => {
    const [asked, rows] = [queries.get(query)!, documents.get(document)!.rows[0]!]
    const key = `${query} ${document}`
    const known = cosines.get(key) ?? cosinesOf(asked.matrix, rows.matrix)
    cosines.set(key, known)
    return score(asked, rows, known)
  }
  const halves = halvesOf(pairs)
  const judged = (scoreOf: (query: string, document: string) => number) =>
    [...halves, pairs].map((some) => judgePairs(some, preferByScore(scoreOf)))
  const all = WAYS.map(([name, score]) => [name, judged(scoreBy(score))] as const)
  const pooled = values['bi-encoder'] === undefined ? [] : await pooledScores(values['bi-encoder'], folder, set)
  const plain = scoreBy(maxSim())
  const more = pooled.flatMap(([name, scoreOf]) => [
    [name, judged(scoreOf)] as const,
    [`MaxSim, and ${name} as 32 tokens`, judged((q, d) => plain(q, d) + 32 * scoreOf(q, d))] as const,
  ])
  const baseline = all[0]![1][2]!
  return [...all, ...more].map(([name, [even, odd, both]]) => pairRow(name, even!, odd!, both!, baseline))
}

function pairRow(name: string, even: PairFigures, odd: PairFigures, all: PairFigures, baseline: PairFigures) {
  const { gained, lost, p } = comparePairs(baseline, all)
  return {
    way: name,
    even: rounded(even.accuracy),
    odd: rounded(odd.accuracy),
    'odd, 95 %': odd.interval.map(rounded).join('–'),
    'odd, questions': rounded(odd.questionsRight),
    all: rounded(all.accuracy),
    'same text': all.counts['same text'],
    'both wrong': all.counts['both wrong'],
    'won/lost': `${gained}/${lost}`,
    p: Number(p.toPrecision(2)),
  }
}

/** What belongs together is in one half: in NevIR the part of the id before "-" is the paragraph that all edits are of. */
function halvesOf(pairs: readonly ContrastPair[]): [even: ContrastPair[], odd: ContrastPair[]] {
  const groups = new Map<string, number>()
  const groupOf = ({ id }: ContrastPair) => {
    const name = id.replace(/-\d+$/, '')
    const known = groups.get(name) ?? groups.size
    groups.set(name, known)
    return known
  }
  const numbered = pairs.map((pair) => [pair, groupOf(pair)] as const)
  const half = (odd: number) => numbered.flatMap(([pair, group]) => (group % 2 === odd ? [pair] : []))
  return [half(0), half(1)]
}

type ScoreOf = (query: string, document: string) => number

/** Cosine with the whole text's vector, and with that of the best sentence. */
async function pooledScores(model: string, folder: string, set: NegationSet): Promise<(readonly [string, ScoreOf])[]> {
  const bi = await openBiEncoder({ model }, { cacheFolder: values['cache-dir'], owner: `bench negation ${folder}` })
  const sentences = set.documents.map(({ text }) =>
    sentencesIn(text, { start: 0, end: text.length }).map(({ start, end }) => text.slice(start, end)),
  )
  const texts = set.documents.flatMap(({ text }, i) => [text.trim(), ...sentences[i]!])
  const { vectors, dim } = await bi.encodeDocuments(texts, () => {})
  const vectorsOf = new Map<string, Float32Array[]>()
  let at = 0
  set.documents.forEach(({ id }, i) => {
    const count = 1 + sentences[i]!.length
    vectorsOf.set(
      id,
      Array.from({ length: count }, (_, v) => vectors.subarray((at + v) * dim, (at + v + 1) * dim)),
    )
    at += count
  })
  const asked = new Map<string, Float32Array>()
  for (const { id, text } of set.queries) asked.set(id, await bi.encodeQuery(text))
  await bi.close()
  const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
  return [
    ['bi-encoder', (query, document) => cosine(asked.get(query)!, vectorsOf.get(document)![0]!)],
    [
      'bi-encoder, best sentence',
      (query, document) =>
        vectorsOf
          .get(document)!
          .slice(1)
          .reduce((best, vector) => Math.max(best, cosine(asked.get(query)!, vector)), -1),
    ],
  ]
}

async function rankedRows(set: NegationSet): Promise<object[]> {
  const ops = await createOps({ backend: 'auto' })
  const owner = set.documents.flatMap(({ rows }, d) => rows.map(() => d))
  const units = set.documents.flatMap(({ rows }) => rows)
  const exact = await exactSystem(
    units.map(({ matrix }) => matrix),
    encoder.model.dim,
    ops,
  )
  const words = new Map<Document, Set<string>>()
  const names = [...WAYS.map(([name]) => name), `${AMONG_TWINS}, among texts that say nearly the same`]
  const values = names.map((): number[] => [])
  let [moved, relevant] = [0, 0]
  for (const { id, text, rows } of set.queries) {
    const { ids } = await exact.rank({ text, matrix: rows.matrix }, DEPTH * 4)
    const found = [...new Set(ids.map((unit) => owner[unit]!))].slice(0, DEPTH)
    const scores = WAYS.map(() => new Float64Array(found.length).fill(Number.NEGATIVE_INFINITY))
    found.forEach((d, place) => {
      for (const unit of set.documents[d]!.rows) {
        const cosines = cosinesOf(rows.matrix, unit.matrix)
        WAYS.forEach(([, score], w) => {
          scores[w]![place] = Math.max(scores[w]![place]!, score(rows, unit, cosines))
        })
      }
    })
    const judged = set.qrels.get(id)!
    const ndcgOf = (order: readonly number[]) =>
      ndcg(
        order.map((place) => set.documents[found[place]!]!.id),
        judged,
        10,
      )
    const byScore = (w: number) => [...found.keys()].sort((a, b) => scores[w]![b]! - scores[w]![a]! || a - b)
    WAYS.forEach((_, w) => {
      values[w]!.push(ndcgOf(byScore(w)))
    })
    const best = byScore(0)
    const order = amongTwins(
      best,
      scores[WAYS.findIndex(([name]) => name === AMONG_TWINS)]!,
      found.map((d) => set.documents[d]!),
      words,
    )
    values.at(-1)!.push(ndcgOf(order))
    const changed = order.slice(0, 10).filter((place, i) => place !== best[i])
    if (changed.length > 0) moved++
    if (changed.some((place) => (judged.get(set.documents[found[place]!]!.id) ?? 0) > 0)) relevant++
  }
  exact.close()
  ops.close()
  process.stdout.write(
    `Among the best ten, texts that say nearly the same changed places for ${moved} of ${set.queries.length} queries, relevant ones for ${relevant}.\n`,
  )
  return names.map((name, w) => {
    const mean = values[w]!.reduce((sum, one) => sum + one, 0) / values[w]!.length
    const differences = values[w]!.map((one, q) => differenceOf(one, values[0]![q]!))
    const count = (sign: number) => differences.filter((one) => Math.sign(one) === sign).length
    const { p } = randomisationTest(values[0]!, values[w]!)
    return { way: name, 'nDCG@10': Number(mean.toFixed(4)), 'better/worse': `${count(1)}/${count(-1)}`, p: rounded(p) }
  })
}

/** Texts that say nearly the same share the places that they have, in the order of `scores`. */
function amongTwins(
  ranked: readonly number[],
  scores: Float64Array,
  found: readonly Document[],
  words: Map<Document, Set<string>>,
): number[] {
  const wordsOf = (place: number) => {
    const document = found[place]!
    const known = words.get(document) ?? new Set(wordsIn(document.text).map(({ word }) => word))
    words.set(document, known)
    return known
  }
  const order = [...ranked]
  const placed = new Set<number>()
  ranked.forEach((first, at) => {
    if (placed.has(at)) return
    const group = ranked.flatMap((place, i) =>
      i >= at && !placed.has(i) && overlap(wordsOf(first), wordsOf(place)) >= TWINS ? [i] : [],
    )
    const members = group.map((i) => ranked[i]!).sort((a, b) => scores[b]! - scores[a]!)
    group.forEach((i, n) => {
      order[i] = members[n]!
      placed.add(i)
    })
  })
  return order
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((word) => b.has(word)).length
  return shared / Math.max(1, a.size + b.size - shared)
}

function rounded(value: number): number {
  return Number(value.toFixed(3))
}
