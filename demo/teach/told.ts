/**
 * The pairs that this browser was told, the newest first. They lie in localStorage, so that they outlast the tab and other tabs see
 * them; where a browser gives none, or no more room, they last as long as the tab, and the page says so. Nothing here is sent.
 */
import { keyOf, type Pair } from './pairs.ts'

const KEY = 'selvage-demo-told'
/** A list that somebody can still look through; more belong to a training on a machine. */
export const MOST_PAIRS = 2000

/** The part of `Storage` that is needed. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export interface Added {
  readonly added: number
  /** That were there before. */
  readonly same: number
  /** For which there was no room. */
  readonly tooMany: number
}

export class Told {
  readonly #shelf: Shelf | undefined
  #pairs: readonly Pair[]
  #keys: ReadonlySet<string>
  #isKept: boolean

  /** @param shelf undefined where the browser gives none */
  constructor(shelf: Shelf | undefined) {
    this.#shelf = shelf
    this.#isKept = shelf !== undefined
    this.#pairs = this.#read()
    this.#keys = keysOf(this.#pairs)
  }

  /** The same list as long as nothing changes. */
  get pairs(): readonly Pair[] {
    return this.#pairs
  }

  /** Whether they outlast the tab. */
  get isKept(): boolean {
    return this.#isKept
  }

  has(pair: Pick<Pair, 'query' | 'url'>): boolean {
    return this.#keys.has(keyOf(pair))
  }

  /** What is told twice is there once; what was there before stays as it was. */
  add(pairs: readonly Pair[]): Added {
    const fresh = new Map(pairs.map((pair) => [keyOf(pair), pair]))
    for (const key of this.#keys) fresh.delete(key)
    const taken = [...fresh.values()].slice(0, MOST_PAIRS - this.#pairs.length)
    if (taken.length > 0) this.#set([...taken.toReversed(), ...this.#pairs])
    return { added: taken.length, same: pairs.length - fresh.size, tooMany: fresh.size - taken.length }
  }

  remove(pair: Pick<Pair, 'query' | 'url'>): void {
    const key = keyOf(pair)
    if (this.#keys.has(key)) this.#set(this.#pairs.filter((one) => keyOf(one) !== key))
  }

  clear(): void {
    this.#set([])
  }

  /** Another tab has changed them. True where they are others now. */
  reread(): boolean {
    const now = this.#read()
    if (now.length === this.#pairs.length && now.every((pair) => this.has(pair))) return false
    this.#take(now)
    return true
  }

  #set(pairs: readonly Pair[]): void {
    this.#take(pairs)
    try {
      if (pairs.length === 0) this.#shelf?.removeItem(KEY)
      else this.#shelf?.setItem(KEY, JSON.stringify(pairs.map(({ query, url, title }) => [query, url, title])))
      this.#isKept = this.#shelf !== undefined
    } catch {
      this.#isKept = false // full, or forbidden
    }
  }

  #take(pairs: readonly Pair[]): void {
    this.#pairs = pairs
    this.#keys = keysOf(pairs)
  }

  /** Something else under our name counts as nothing. */
  #read(): readonly Pair[] {
    try {
      const value: unknown = JSON.parse(this.#shelf?.getItem(KEY) ?? '[]')
      return Array.isArray(value) ? value.flatMap(pairIn).slice(0, MOST_PAIRS) : []
    } catch {
      return []
    }
  }
}

/** The browser's, where it lets the page have it. */
export function shelf(): Shelf | undefined {
  try {
    const { localStorage } = globalThis
    localStorage.getItem(KEY)
    return localStorage
  } catch {
    return undefined
  }
}

/** Tells when another tab has changed them. */
export function onToldElsewhere(changed: () => void): void {
  addEventListener('storage', ({ key }) => {
    if (key === KEY || key === null) changed()
  })
}

function pairIn(value: unknown): Pair[] {
  if (!Array.isArray(value)) return []
  const [query, url, title]: unknown[] = value
  return typeof query === 'string' && typeof url === 'string'
    ? [{ query, url, title: typeof title === 'string' ? title : '' }]
    : []
}

function keysOf(pairs: readonly Pair[]): ReadonlySet<string> {
  return new Set(pairs.map(keyOf))
}
