/** What was searched for lately and led somewhere: kept in this browser only, by index. A store that throws keeps nothing. */
import { h } from './dom.ts'

const MOST = 7

export class Recents {
  readonly #key: string
  /** What is kept where the store throws: for as long as the page is there. */
  #here: readonly string[] = []

  constructor(index: string) {
    // As a whole address: pages in other folders write it otherwise.
    this.#key = `selvage-recents ${h('a', { href: index }).href}`
  }

  /** Latest first. */
  get all(): readonly string[] {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.#key) ?? '[]')
      return Array.isArray(kept) ? kept.filter((query) => typeof query === 'string') : []
    } catch {
      return this.#here
    }
  }

  add(query: string): void {
    if (query !== '') this.#keep([query, ...this.all.filter((kept) => kept !== query)].slice(0, MOST))
  }

  remove(query: string): void {
    this.#keep(this.all.filter((kept) => kept !== query))
  }

  clear(): void {
    this.#keep([])
  }

  #keep(queries: readonly string[]): void {
    this.#here = queries
    try {
      localStorage.setItem(this.#key, JSON.stringify(queries))
    } catch {
      // Forbidden or full: it is a convenience.
    }
  }
}
