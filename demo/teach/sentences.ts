/** What is said of pairs and lessons, in words: for the panel, and for who hears it. Pure. */
import type { BeforeAfter, LessonSummary, SkippedPair, TeachProgress } from 'selvage'
import { formatCount, plural } from '../format.ts'
import type { WrongLine } from './pairs.ts'
import { type Added, MOST_PAIRS } from './told.ts'

/** Lines that are named before the rest is counted. */
const MOST_LINES = 5
/** Of fewer questions, one or two more that come first may be chance. */
const FEW = 40

export function linesSentences(wrong: readonly WrongLine[]): string[] {
  const named = wrong.slice(0, MOST_LINES).map(({ line, why }) => `Line ${formatCount(line)} ${why}.`)
  const more = wrong.length - named.length
  return more > 0 ? [...named, `${plural(more, 'more line')} cannot be read either.`] : named
}

export function addedSentence({ added, same, tooMany }: Added): string {
  const parts = [
    added > 0 || same + tooMany === 0 ? `${plural(added, 'question')} added.` : '',
    same > 0 ? `${plural(same, 'was', 'were')} there before.` : '',
    tooMany > 0 ? `${plural(tooMany, 'was', 'were')} too many: there is room for ${formatCount(MOST_PAIRS)}.` : '',
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** `undefined`: nothing was told yet. */
export function progressWords(progress: TeachProgress | undefined, isModelComing: boolean): string {
  if (progress === undefined) return isModelComing ? 'Waiting for the model' : 'Beginning'
  const { stage, done, total } = progress
  const count = `${formatCount(done)} of ${formatCount(total)}`
  if (stage === 'encoding') return `Reading the questions: ${count}`
  if (stage === 'training') return `Learning: ${count}`
  return `Trying it on questions kept apart: ${count}`
}

export function firstSentence({ before, after, keptApart }: LessonSummary): string {
  const first = `${formatCount(after.first)} of ${formatCount(keptApart)} right sections come first (${formatCount(before.first)} before)`
  return `${first}, ${formatCount(after.found10)} are among the first ten (${formatCount(before.found10)} before).`
}

export function verdict({ before, after, isBetter, keptApart }: LessonSummary): string {
  const isSame = before.mrr10 === after.mrr10
  const words = isBetter
    ? 'Better on questions it had not seen.'
    : isSame
      ? 'No better on questions it had not seen.'
      : 'Worse on questions it had not seen: best left as it was.'
  return keptApart < FEW ? `${words} They are few, and one or two more or less may be chance.` : words
}

export function learnedSentence({ taught, keptApart }: LessonSummary): string {
  return `Learned from ${plural(taught, 'question')}; tried on ${formatCount(keptApart)} others, kept apart.`
}

export interface FigureRow {
  readonly name: string
  /** What it is, for who wonders. */
  readonly hint: string
  readonly before: string
  readonly after: string
}

export function figureRows({ before, after }: BeforeAfter): readonly FigureRow[] {
  const mrr = (figure: number) => figure.toFixed(3)
  return [
    {
      name: 'Right section first',
      hint: 'Questions whose right section comes first',
      before: formatCount(before.first),
      after: formatCount(after.first),
    },
    {
      name: 'Among the first ten',
      hint: 'Questions whose right section is among the first ten',
      before: formatCount(before.found10),
      after: formatCount(after.found10),
    },
    {
      name: 'MRR',
      hint: 'Mean of 1 divided by the rank of the right section, 0 beyond the first ten',
      before: mrr(before.mrr10),
      after: mrr(after.mrr10),
    },
  ]
}

/** Reasons, the most frequent first: "3 were left out: …". */
export function skippedSentences(skipped: readonly SkippedPair[]): string[] {
  const counts = new Map<string, number>()
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${plural(count, 'question')} left out: ${reason.replace(/\.$/, '')}.`)
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

/** "30 November 2026, 09:12" */
export function formatWhen(at: number): string {
  return `${day.format(at)}, ${time.format(at)}`
}
