/**
 * What the page's address says: the question, which of the lab's indexes, how many candidates, where scores are computed, whether
 * the finest index is asked too. What is not a choice counts as the default: a mistyped address still searches. Defaults are left
 * out of it.
 */
import { questionIn, SCORERS, setQuestion } from '../settings.ts'

export const BITS = [1, 2, 4, 8] as const
export const POOLS = [1, 2, 3] as const
export const DEFAULT_CANDIDATES = 128

export interface Variant {
  readonly bits: (typeof BITS)[number]
  readonly pool: (typeof POOLS)[number]
}

export interface Settings extends Variant {
  readonly query: string
  /** `Infinity`: all passages are scored in full. */
  readonly candidates: number
  readonly scorer: Scorer
  readonly isCompared: boolean
}

export type Scorer = Exclude<(typeof SCORERS)[number], 'reference'>

export const PLAYGROUND_SCORERS = SCORERS.filter((scorer) => scorer !== 'reference')

/** Nothing is coarser in it: what it finds with all candidates is what the others are held against. */
export const FINEST: Variant = { bits: 8, pool: 1 }

export function readSettings(at: Pick<Location, 'search' | 'hash'>): Settings {
  const params = new URLSearchParams(at.search)
  return {
    query: questionIn(at),
    bits: BITS.find((bits) => String(bits) === params.get('bits')) ?? 2,
    pool: POOLS.find((pool) => String(pool) === params.get('pool')) ?? 1,
    candidates: candidatesOf(params.get('candidates')),
    scorer: PLAYGROUND_SCORERS.find((scorer) => scorer === params.get('scorer')) ?? 'auto',
    isCompared: params.get('compare') === 'finest',
  }
}

function candidatesOf(value: string | null): number {
  if (value === 'all') return Number.POSITIVE_INFINITY
  return value !== null && /^[1-9]\d{0,8}$/.test(value) ? Number(value) : DEFAULT_CANDIDATES
}

/** The address that leads to this state of the page. */
export function addressOf(settings: Settings, base: string): string {
  const { query, bits, pool, candidates, scorer, isCompared } = settings
  const url = new URL(base)
  const parameters: readonly (readonly [string, string, boolean])[] = [
    ['bits', String(bits), bits === 2],
    ['pool', String(pool), pool === 1],
    [
      'candidates',
      candidates === Number.POSITIVE_INFINITY ? 'all' : `${candidates}`,
      candidates === DEFAULT_CANDIDATES,
    ],
    ['scorer', scorer, scorer === 'auto'],
    ['compare', 'finest', !isCompared],
  ]
  for (const [name, value, isDefault] of parameters)
    if (isDefault) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  setQuestion(url, query)
  return url.href
}

/** Ten sections need about 16 passages: where fewer are asked for, the search asks again for more than that. */
const STOPS = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]

/** Where the slider can stand, each step about as much more as the last; `Infinity` is last. `also`: what an address asked for. */
export function candidateStops(passages: number, also: number): number[] {
  const stops = new Set([...STOPS, also].filter((stop) => stop < passages))
  return [...[...stops].sort((a, b) => a - b), Number.POSITIVE_INFINITY]
}
