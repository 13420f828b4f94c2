/** What a comparison says, before it is drawn: who is best, what is more than chance, and the sentence that stands first. */
import { SelvageError } from '../../errors.ts'
import { type ComparedSystem, type Comparison, type Difference, figuresOf } from '../compare.ts'
import type { Metric } from '../metrics.ts'
import { chanceSaid, counted, SIGNIFICANT } from './format.ts'

/** What plots, sentences and the list of queries are of. */
export function primaryOf({ metrics }: Comparison): Metric {
  const [primary] = metrics
  if (!primary) throw new SelvageError('internal', 'A comparison without a metric.')
  return primary
}

/** The system that the others are tested against. */
export function baselineOf({ systems }: Comparison): ComparedSystem {
  const [baseline] = systems
  if (!baseline) throw new SelvageError('internal', 'A comparison without a system.')
  return baseline
}

/** As far as the table's four places show: systems that look the same there are best together. */
export function isBest(comparison: Comparison, system: ComparedSystem, metric: Metric): boolean {
  const shown = (one: ComparedSystem) => Math.round(figuresOf(one, metric).mean * 1e4)
  return shown(system) > 0 && comparison.systems.every((other) => shown(other) <= shown(system))
}

export function isSignificant(difference: Difference | undefined): boolean {
  return difference !== undefined && difference.pHolm < SIGNIFICANT
}

/** "lexical has the highest nDCG@10, 0.701: …" */
export function headline(comparison: Comparison): string {
  const metric = primaryOf(comparison)
  const baseline = baselineOf(comparison)
  const mean = (system: ComparedSystem) => figuresOf(system, metric).mean
  const best = comparison.systems.reduce((a, b) => (mean(b) > mean(a) ? b : a))
  const level = mean(best).toFixed(3)
  if (comparison.systems.length === 1)
    return `${best.name} reaches ${metric.label} ${level} on ${counted(comparison.queries.length, 'query', 'queries')}.`
  const { difference } = figuresOf(best, metric)
  if (!difference) return `No system has a higher ${metric.label} than ${best.name}: ${level}.`
  const than = `${best.name} has the highest ${metric.label}, ${level}: ${difference.mean.toFixed(3)} above ${baseline.name}`
  return isSignificant(difference)
    ? `${than}, more than chance would give (${chanceSaid(difference.pHolm)}).`
    : `${than}, which chance alone may give (${chanceSaid(difference.pHolm)}).`
}

/** What an asterisk means. Empty where there is nothing to test. */
export function testNote({ systems }: Comparison): string {
  const [baseline, ...others] = systems
  if (!baseline || others.length === 0) return ''
  const over = others.length === 1 ? '' : `, corrected for ${others.length} systems after Holm`
  return `* differs from ${baseline.name} with p < ${SIGNIFICANT} (paired randomisation test, two-sided${over}).`
}

export interface Contrast {
  /** Of the comparison's queries. */
  readonly index: number
  readonly id: string
  readonly text: string
  readonly first: number
  readonly other: number
  readonly difference: number
  /** Ranks of the first relevant document, 1 .. 10; undefined where none is among the ten. */
  readonly firstRank: number | undefined
  readonly otherRank: number | undefined
}

/** The queries on which a system differs most from the first, for better and for worse, each largest first. */
export function contrasts(
  comparison: Comparison,
  system: ComparedSystem,
  most: number,
): { readonly better: readonly Contrast[]; readonly worse: readonly Contrast[] } {
  const metric = primaryOf(comparison)
  const baseline = baselineOf(comparison)
  const [first, other] = [figuresOf(baseline, metric).perQuery, figuresOf(system, metric).perQuery]
  const all = comparison.queries.map(({ id, text }, index): Contrast => {
    const judged = comparison.qrels.get(id)
    const rankIn = ({ first }: ComparedSystem) => {
      const at = first[index]!.findIndex((document) => (judged?.get(document) ?? 0) > 0)
      return at < 0 ? undefined : at + 1
    }
    return {
      index,
      id,
      text,
      first: first[index]!,
      other: other[index]!,
      difference: other[index]! - first[index]!,
      firstRank: rankIn(baseline),
      otherRank: rankIn(system),
    }
  })
  const telling = all.filter(({ difference }) => Math.abs(difference) >= 5e-5) // to be seen in four places
  const better = telling.filter(({ difference }) => difference > 0).sort((a, b) => b.difference - a.difference)
  const worse = telling.filter(({ difference }) => difference < 0).sort((a, b) => a.difference - b.difference)
  return { better: better.slice(0, most), worse: worse.slice(0, most) }
}
