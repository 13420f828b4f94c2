/** The report's lines for a terminal. */
import { type Comparison, figuresOf } from '../compare.ts'
import type { ReportExtras } from './extras.ts'

export function toText(comparison: Comparison, extras: ReportExtras = {}): string {
  const rows = comparison.systems.map((system) =>
    [
      system.name,
      ...comparison.metrics.map((metric) => figuresOf(system, metric).mean.toFixed(4)),
      system.ms.p50.toFixed(1),
    ].join('  '),
  )
  const tables = (extras.tables ?? []).map(({ title, columns, rows }) => [title, columns, ...rows].join('\n'))
  return `${[...rows, ...tables].join('\n')}\n`
}
