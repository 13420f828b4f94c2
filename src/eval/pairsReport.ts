/**
 * Contrast pairs in the report: how many of them each system of a comparison has right, by the rankings that it gave anyhow, and
 * what it made of every single pair. How pairs are judged is pairs.ts's matter, how a table is drawn report/'s.
 */
import { SelvageError } from '../errors.ts'
import {
  CHANCE,
  type ContrastPair,
  comparePairs,
  type JudgedPair,
  judgePairs,
  type PairFigures,
  preferByRank,
} from './pairs.ts'
import type { ExtraTable } from './report/extras.ts'
import { chance } from './report/format.ts'
import type { SystemRun } from './runs.ts'

/** Both questions of a pair must have been asked: with fewer queries there are fewer pairs. */
export interface RunPairs {
  readonly asked: readonly ContrastPair[]
  /** In the order of the runs. */
  readonly figures: readonly PairFigures[]
}

/** By the rankings to a hundred. Errors: `invalid-argument` where of no pair both questions were asked. */
export function pairsOfRuns(
  pairs: readonly ContrastPair[],
  runs: readonly Pick<SystemRun, 'name' | 'queries'>[],
): RunPairs {
  const asked = pairs.filter(({ q1, q2 }) => runs.every(({ queries }) => queries.has(q1) && queries.has(q2)))
  if (asked.length === 0)
    throw new SelvageError(
      'invalid-argument',
      `Of ${pairs.length} pairs none has both its questions among those that were asked. Ask more, or take pairs.jsonl away.`,
    )
  const figures = runs.map(({ queries }) =>
    judgePairs(asked, preferByRank(new Map([...queries].map(([id, { deep }]) => [id, deep])))),
  )
  return { asked, figures }
}

/** A row for each run; the first is what the others are tested against. */
export function pairsTable({ asked, figures }: RunPairs, names: readonly string[], given = asked.length): ExtraTable {
  const [first] = figures
  const left = given - asked.length
  return {
    title: `Negation: ${asked.length} pairs of texts that differ in little more than a “not”`,
    columns: [
      ...['system', 'pairs right', '95 %', 'questions right'],
      ...['same text', 'both wrong', 'undecided', 'won/lost', 'p'],
    ],
    rows: figures.map((one, i) => {
      const { accuracy, interval, questionsRight, counts } = one
      const against = first && i > 0 ? comparePairs(first, one) : undefined
      return [
        names[i] ?? '',
        accuracy,
        interval.map((end) => end.toFixed(3)).join('–'),
        questionsRight,
        ...[counts['same text'], counts['both wrong'], counts.undecided],
        ...(against ? [`${against.gained}/${against.lost}`, chance(against.p)] : ['', '']),
      ]
    }),
    note: [
      'A pair is right where both questions rank their own text above the other; a tie is wrong, and where a ranking hides it, the',
      `order of documents decides. Guessing has ${CHANCE} of the pairs and half of the questions right; a system that reads over the`,
      '“not” ranks the same text first for both questions, which has no pair right and half of the questions. Undecided: neither',
      'text is among the first hundred. Won/lost: pairs that are right here and not with the first system, and the other way round;',
      "p is McNemar's exact test of these.",
      ...(left > 0 ? [`Left out are ${left} pairs: not all of their questions were asked.`] : []),
    ].join(' '),
  }
}

/** Of one pair, what each system made of it, for a file with a line a pair. */
export function pairLines({ asked, figures }: RunPairs, names: readonly string[]): string {
  const told = ({ first, second, verdict }: JudgedPair) => ({ verdict, q1: first, q2: second })
  return asked
    .map((pair, p) => {
      const systems = Object.fromEntries(figures.map(({ each }, i) => [names[i] ?? '', told(each[p]!)] as const))
      return `${JSON.stringify({ pair: pair.id, systems })}\n`
    })
    .join('')
}
