/** Numbers as a person reads them. Decimal units, as browsers and file managers show them. */

const UNITS = ['B', 'kB', 'MB', 'GB'] as const

/** 1234567 -> "1.2 MB" */
export function formatBytes(bytes: number): string {
  const { value, unit } = scale(bytes)
  return `${value} ${unit}`
}

/** "12.4 of 23.9 MB": both in the unit of the total. */
export function formatBytesOf(loaded: number, total: number): string {
  const power = scale(total).power
  const part = loaded / 1000 ** power
  const whole = total / 1000 ** power
  return `${digits(part, whole, power)} of ${digits(whole, whole, power)} ${UNITS[power]}`
}

/** Milliseconds with what a person can use of them: 0.42, 8.3, 148, 1.24 s. */
export function formatMs(ms: number): string {
  if (ms >= 9_999.5) return `${(ms / 1000).toFixed(1)} s`
  if (ms >= 999.5) return `${(ms / 1000).toFixed(2)} s`
  return `${ms >= 99.5 ? Math.round(ms) : ms >= 9.95 ? ms.toFixed(0) : ms.toFixed(1)} ms`
}

const counts = new Intl.NumberFormat('en')

/** 125501 -> "125,501" */
export function formatCount(count: number): string {
  return counts.format(count)
}

/** "1 page", "97 pages". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

const ordinals = new Intl.PluralRules('en', { type: 'ordinal' })
const ENDINGS: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> = { one: 'st', two: 'nd', few: 'rd' }

/** 14 -> "14th" */
export function ordinal(rank: number): string {
  return `${formatCount(rank)}${ENDINGS[ordinals.select(rank)] ?? 'th'}`
}

function scale(bytes: number) {
  const power = bytes < 999.5 ? 0 : bytes < 999.5e3 ? 1 : bytes < 999.5e6 ? 2 : 3
  const value = bytes / 1000 ** power
  return { power, unit: UNITS[power], value: digits(value, value, power) }
}

function digits(value: number, largest: number, power: number): string {
  return power === 0 || largest >= 99.5 ? String(Math.round(value)) : value.toFixed(1)
}
