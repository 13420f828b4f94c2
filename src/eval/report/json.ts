/** The report for programs. */
import type { Comparison } from '../compare.ts'
import type { ReportExtras } from './extras.ts'

export interface ComparisonJson {
  readonly version: 1
  readonly dataset: string
}

export function toJson(comparison: Comparison, _extras: ReportExtras = {}): ComparisonJson {
  return { version: 1, dataset: comparison.dataset }
}
