/** The three searches that the page holds against each other. */
import type { SearchResult } from 'selvage'

/** As the engine calls them, and in the order in which they stand: both is woven of the two beside it. */
export const COLUMNS = ['keyword', 'hybrid', 'semantic'] as const
export type ColumnId = (typeof COLUMNS)[number]

export const COLUMN_NAMES: Readonly<Record<ColumnId, string>> = {
  keyword: 'Words',
  hybrid: 'Both',
  semantic: 'Meaning',
}

/** Without the wait for the model, which is no part of what a question costs. */
export function workedMs(result: SearchResult | undefined): number {
  return result === undefined ? 0 : Math.max(0, result.elapsedMs.total - result.elapsedMs.wait)
}

/** From here on the three stand side by side. */
export const WIDE = '(min-width: 56rem)'
