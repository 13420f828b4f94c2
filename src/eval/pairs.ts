/**
 * Does a ranking read a "not"? Contrast pairs are two texts that differ in little more than a negation, and two questions, each
 * answered by one of them alone. A pair is right where both questions prefer their own text: pairwise accuracy, as NevIR has it
 * (Weller, Lawrie and Van Durme 2024, arxiv.org/abs/2305.07614). Guessing gets 25 %; to prefer one text whatever is asked, as a
 * search does that reads over the "not", gets none. It knows ids and an order, not who ranked.
 */
import { SelvageError } from '../errors.ts'
import { eachJsonLine, type Fail } from './dataset.ts'

/** `q1` is answered by `doc1` and not by `doc2`, `q2` by `doc2` and not by `doc1`: ids of queries and documents. */
export interface ContrastPair {
  readonly id: string
  readonly q1: string
  readonly q2: string
  readonly doc1: string
  readonly doc2: string
}

export interface KnownIds {
  readonly queries: ReadonlySet<string>
  readonly documents: ReadonlySet<string>
}

/** What guessing gets: each of two questions is right half of the time. */
export const CHANCE = 0.25

const FIELDS = ['id', 'q1', 'q2', 'doc1', 'doc2'] as const

/**
 * pairs.jsonl, one `{"id","q1","q2","doc1","doc2"}` a line.
 * Errors: `invalid-argument` with file and line number: no JSON, a field that is missing, an id that is there twice or that is
 * not known, a pair of one text or one question; and a file without pairs.
 * @param known queries that are asked, and documents
 */
export function parsePairs(content: string, file: string, known: KnownIds): ContrastPair[] {
  const lineOf = new Map<string, number>()
  const pairs: ContrastPair[] = []
  eachJsonLine(content, file, (row, line, fail) => {
    const pair = pairOf(row, fail)
    const before = lineOf.get(pair.id)
    if (before !== undefined) throw fail(`the id "${pair.id}" is that of line ${before} already.`)
    if (pair.q1 === pair.q2) throw fail(`q1 and q2 are both "${pair.q1}"; a pair has two questions.`)
    if (pair.doc1 === pair.doc2) throw fail(`doc1 and doc2 are both "${pair.doc1}"; a pair has two texts.`)
    for (const query of [pair.q1, pair.q2])
      if (!known.queries.has(query)) throw fail(`there is no query "${query}" with a relevant document.`)
    for (const document of [pair.doc1, pair.doc2])
      if (!known.documents.has(document)) throw fail(`there is no document "${document}" in corpus.jsonl.`)
    lineOf.set(pair.id, line)
    pairs.push(pair)
  })
  if (pairs.length === 0)
    throw new SelvageError('invalid-argument', `${file} has no pairs. Give it some, or take the file away.`)
  return pairs
}

function pairOf(row: ReadonlyMap<string, unknown>, fail: Fail): ContrastPair {
  const field = (name: (typeof FIELDS)[number]) => {
    const value = row.get(name)
    if (typeof value === 'number') return String(value)
    if (typeof value !== 'string' || value === '') throw fail(`it has no "${name}"; wanted are ${FIELDS.join(', ')}.`)
    return value
  }
  return { id: field('id'), q1: field('q1'), q2: field('q2'), doc1: field('doc1'), doc2: field('doc2') }
}

/** What a system makes of one question: > 0 where it prefers `own`, < 0 for `other`, 0 for a tie; undefined: it found neither. */
export type Preference = (query: string, own: string, other: string) => number | undefined

/**
 * By the order of ids. A document that is not in the ranking stands below all that are. What had the same score cannot be told
 * from an order: a system that breaks ties by the order of documents prefers the same text twice, and the pair is wrong.
 */
export function preferByRank(rankings: ReadonlyMap<string, readonly string[]>): Preference {
  return (query, own, other) => {
    const ranked = rankings.get(query) ?? []
    const [ownAt, otherAt] = [ranked.indexOf(own), ranked.indexOf(other)]
    if (ownAt < 0 && otherAt < 0) return undefined
    if (ownAt < 0 || otherAt < 0) return ownAt < 0 ? -1 : 1
    return otherAt - ownAt
  }
}

/** By scores, larger is better; undefined where a document has none, which is below every score. */
export function preferByScore(scoreOf: (query: string, document: string) => number | undefined): Preference {
  return (query, own, other) => {
    const [ownScore, otherScore] = [scoreOf(query, own), scoreOf(query, other)]
    if (ownScore === undefined && otherScore === undefined) return undefined
    if (ownScore === undefined || otherScore === undefined) return ownScore === undefined ? -1 : 1
    return Math.sign(ownScore - otherScore) || 0 // NaN too is no preference
  }
}

export type Choice = 'own' | 'other' | 'tie' | 'neither found'

/** Of a pair; only `right` counts. `same text`: one text for both questions. `undecided`: one of them tied, or found neither. */
export type Verdict = 'right' | 'same text' | 'both wrong' | 'undecided'

export interface JudgedPair {
  readonly pair: ContrastPair
  readonly first: Choice
  readonly second: Choice
  readonly verdict: Verdict
}

export interface PairFigures {
  readonly pairs: number
  /** Share of pairs that are right, 0 .. 1. A tie is wrong. */
  readonly accuracy: number
  /** Wilson's 95 % interval of it. */
  readonly interval: readonly [low: number, high: number]
  /** Share of single questions that prefer their own text; guessing, or one text for both, gets a half. */
  readonly questionsRight: number
  readonly counts: Readonly<Record<Verdict, number>>
  /** In the order given. */
  readonly each: readonly JudgedPair[]
}

/** Errors: `invalid-argument` where there are no pairs. */
export function judgePairs(pairs: readonly ContrastPair[], prefer: Preference): PairFigures {
  if (pairs.length === 0)
    throw new SelvageError('invalid-argument', 'judgePairs: there are no pairs; wanted is one at least.')
  const each = pairs.map((pair): JudgedPair => {
    const first = choiceOf(prefer(pair.q1, pair.doc1, pair.doc2))
    const second = choiceOf(prefer(pair.q2, pair.doc2, pair.doc1))
    return { pair, first, second, verdict: verdictOf(first, second) }
  })
  const counts = { right: 0, 'same text': 0, 'both wrong': 0, undecided: 0 }
  for (const { verdict } of each) counts[verdict]++
  const own = each.reduce((sum, { first, second }) => sum + Number(first === 'own') + Number(second === 'own'), 0)
  return {
    pairs: pairs.length,
    accuracy: counts.right / pairs.length,
    interval: wilson(counts.right, pairs.length),
    questionsRight: own / (2 * pairs.length),
    counts,
    each,
  }
}

function choiceOf(preference: number | undefined): Choice {
  if (preference === undefined) return 'neither found'
  if (preference > 0) return 'own'
  return preference < 0 ? 'other' : 'tie'
}

function verdictOf(first: Choice, second: Choice): Verdict {
  if (first === 'own' && second === 'own') return 'right'
  const isDecided = (choice: Choice) => choice === 'own' || choice === 'other'
  if (!isDecided(first) || !isDecided(second)) return 'undecided'
  return first === second ? 'both wrong' : 'same text'
}

/** Of a share that was seen in n trials (E. B. Wilson 1927): it stays within 0 .. 1, unlike plus and minus two deviations. */
function wilson(hits: number, n: number): [low: number, high: number] {
  const z = 1.959964
  const [share, weight] = [hits / n, (z * z) / n]
  const middle = (share + weight / 2) / (1 + weight)
  const half = (z / (1 + weight)) * Math.sqrt((share * (1 - share)) / n + weight / (4 * n))
  return [Math.max(0, middle - half), Math.min(1, middle + half)]
}

export interface PairsCompared {
  /** Pairs that one has right and the other has not. */
  readonly gained: number
  readonly lost: number
  /** McNemar's test, exact and two-sided: how often a fair coin would be as uneven over those pairs. */
  readonly p: number
}

/** Of the same pairs. Errors: `invalid-argument` where they are not. */
export function comparePairs(baseline: PairFigures, other: PairFigures): PairsCompared {
  let [gained, lost] = [0, 0]
  other.each.forEach(({ pair, verdict }, i) => {
    const before = baseline.each[i]
    if (before?.pair.id !== pair.id || baseline.pairs !== other.pairs)
      throw new SelvageError(
        'invalid-argument',
        'comparePairs: the two were asked other pairs. Give both the same ones.',
      )
    if (verdict === 'right' && before.verdict !== 'right') gained++
    if (verdict !== 'right' && before.verdict === 'right') lost++
  })
  return { gained, lost, p: coin(gained, lost) }
}

/** Both tails of the binomial with a half, by logarithms: 2^-n is 0 from n = 1,075 on. */
function coin(a: number, b: number): number {
  const n = a + b
  let term = -n * Math.LN2
  let sum = 0
  for (let k = 0; k <= Math.min(a, b); k++) {
    sum += Math.exp(term)
    term += Math.log((n - k) / (k + 1))
  }
  return Math.min(1, 2 * sum)
}
