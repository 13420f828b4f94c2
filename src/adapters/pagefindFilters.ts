/**
 * Pagefind's filters as Selvage's. Selvage knows one shape: all the filters that are named must hold, and of each any of its
 * values. What says something else is refused rather than answered wrongly.
 */
import { SelvageError } from '../errors.ts'

export type Filters = Readonly<Record<string, readonly string[]>>

const OPERATORS = ['any', 'all', 'none', 'not'] as const

/**
 * `{ tag: 'a' }`, `{ tag: ['a', 'b'] }`, `{ tag: { any: ['a', 'b'] } }`, `{ all: [{ tag: 'a' }, { year: '2' }] }`. Values of a
 * list are alternatives, whereas in Pagefind all of them must hold. Errors: `invalid-argument`.
 */
export function filtersOf(given: unknown): Filters {
  const found = new Map<string, readonly string[]>()
  for (const [name, values] of readObject(given)) {
    if (values.length === 0) continue
    if (found.has(name)) refuse(`"${name}" is to hold twice`, 'a filter holds for any of its values, once')
    found.set(name, values)
  }
  return Object.fromEntries(found)
}

type Condition = readonly [name: string, values: readonly string[]]

function readObject(given: unknown): Condition[] {
  if (given === undefined || given === null) return []
  if (!isObject(given)) return refuse(`they are ${JSON.stringify(given)}`, 'an object of names and values is wanted')
  return Object.entries(given).flatMap(([name, value]) => {
    if (!isOperator(name)) return [[name, readValues(name, value)] as const]
    const parts = (Array.isArray(value) ? value : [value]).map(readObject)
    if (name === 'all') return parts.flat()
    if (name === 'any') return alternatives(parts.flat())
    return parts.some((part) => part.some(([, values]) => values.length > 0)) ? refuseNegation(name) : []
  })
}

function readValues(name: string, value: unknown): string[] {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return [String(value)]
  if (Array.isArray(value)) return value.flatMap((each) => readValues(name, each))
  if (!isObject(value)) return refuse(`"${name}" is ${JSON.stringify(value)}`, 'a value or a list of values is wanted')
  return Object.entries(value).flatMap(([operator, operands]) => {
    if (!isOperator(operator)) return refuse(`"${name}" has "${operator}"`, `known are ${OPERATORS.join(', ')}`)
    const values = readValues(name, operands)
    if (operator === 'any' || values.length === 0) return values
    if (operator === 'all')
      return values.length === 1
        ? values
        : refuse(`all of "${name}" are to hold`, 'a filter holds for any of its values')
    return refuseNegation(operator)
  })
}

/** Any of several conditions can be had where they are of one filter. */
function alternatives(conditions: readonly Condition[]): Condition[] {
  const names = [...new Set(conditions.map(([name]) => name))]
  const [name] = names
  if (name === undefined) return []
  if (names.length > 1) return refuse(`any of ${names.join(', ')} is to hold`, 'different filters must all hold')
  return [[name, conditions.flatMap(([, values]) => values)]]
}

function refuseNegation(operator: string): never {
  return refuse(`"${operator}" is asked for`, 'pages are found by the values they have, not by those they lack')
}

function refuse(got: string, wanted: string): never {
  throw new SelvageError(
    'invalid-argument',
    `filters: ${got}, which Selvage cannot do: ${wanted}. Write them as { name: ['value', 'or another'] }.`,
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOperator(name: string): name is (typeof OPERATORS)[number] {
  return OPERATORS.some((operator) => operator === name)
}
