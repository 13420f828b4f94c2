/** Numbers of a report as people read them, the same in every form. Knows units, not tables. */
import { formatBytes } from '../../util.ts'
import type { Cell } from './extras.ts'

/** Below this a difference is called more than chance. */
export const SIGNIFICANT = 0.05

/** 0.70123 -> "0.7012" */
export function share(value: number): string {
  return value.toFixed(4)
}

/** 0.0469 -> "+0.0469", with a hyphen for a minus. */
export function signed(value: number, places = 4): string {
  const text = Math.abs(value).toFixed(places)
  return Number(text) === 0 ? text : `${value < 0 ? '-' : '+'}${text}`
}

/** 0.0123 -> "0.012"; nothing is 0: "<0.001". */
export function chance(p: number): string {
  return p < 0.001 ? '<0.001' : p.toFixed(3)
}

/** For a sentence: "p < 0.001", "p = 0.012". */
export function chanceSaid(p: number): string {
  if (p < 0.001) return 'p < 0.001'
  return p > 0.9995 ? 'p = 1' : `p = ${p.toFixed(3)}`
}

/** 0.1234 -> "0.12", 12.34 -> "12.3", 1234.5 -> "1,235" */
export function quantity(value: number): string {
  if (value >= 100) return count(Math.round(value))
  return value.toFixed(value < 10 ? 2 : 1)
}

export function count(value: number): string {
  return value.toLocaleString('en')
}

export function bytes(value: number): string {
  return formatBytes(value)
}

/** "1 query", "300 queries" */
export function counted(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** Cells of one column: counts, or shares, or quantities, as all of its numbers are. */
export function column(cells: readonly Cell[]): string[] {
  const numbers = cells.filter((cell) => typeof cell === 'number')
  const areCounts = numbers.every(Number.isInteger)
  const areShares = numbers.every((value) => Math.abs(value) <= 1)
  return cells.map((cell) => {
    if (cell === null) return '–'
    if (typeof cell === 'string') return cell
    if (areCounts) return count(cell)
    return areShares ? share(cell) : `${cell < 0 ? '-' : ''}${quantity(Math.abs(cell))}`
  })
}

/** Written by the caller, and a number still: "<0.001", "12/3", "0.11–0.18", "+4.1 %". */
const NUMBERLIKE = /^[-+−<>]?\d[\d.,/–% ]*$/

/** Whether a column stands at the right: it has numbers, and nothing else but gaps. */
export function isNumeric(cells: readonly Cell[]): boolean {
  const told = cells.flatMap((cell) => (cell === null || cell === '' ? [] : [cell]))
  return told.length > 0 && told.every((cell) => typeof cell === 'number' || NUMBERLIKE.test(cell))
}
