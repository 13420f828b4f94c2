/**
 * Asks one question three times, one after the other, so that what each costs is its own: words first, which need no model.
 * The newest question wins. Draws nothing.
 */
import type { SearchResult, SelvageError } from 'selvage'
import { toSelvageError } from '../searcher.ts'
import type { Engines } from './engines.ts'
import { indexOf, type LabIndex } from './lab.ts'
import type { ColumnId } from './searches.ts'
import { FINEST, type Settings } from './settings.ts'

/** What is measured: how many of the ten best of the finest index are found. */
export interface Agreement {
  readonly shared: number
  readonly of: number
}

export type Compared = Readonly<Record<'semantic' | 'hybrid', Agreement>>

export interface AskEvents {
  answered(column: ColumnId, result: SearchResult): void
  /** @param without columns that have no answer to this question */
  failed(error: SelvageError, without: readonly ColumnId[]): void
  compared(compared: Compared): void
  compareFailed(error: SelvageError): void
}

const ORDER: readonly ColumnId[] = ['keyword', 'semantic', 'hybrid']
const K = 10

export class Asker {
  readonly #engines: Pick<Engines, 'get'>
  readonly #lab: readonly LabIndex[]
  readonly #events: AskEvents
  #running: AbortController | undefined
  /** What the finest index says to the question last compared: the same for every setting of the coarser ones. */
  #finest: { readonly query: string; readonly found: Readonly<Record<keyof Compared, readonly string[]>> } | undefined

  constructor(engines: Pick<Engines, 'get'>, lab: readonly LabIndex[], events: AskEvents) {
    this.#engines = engines
    this.#lab = lab
    this.#events = events
  }

  stop(): void {
    this.#running?.abort()
    this.#running = undefined
  }

  async ask(settings: Settings): Promise<void> {
    this.stop()
    const running = new AbortController()
    this.#running = running
    const isNewest = () => this.#running === running
    const { query, candidates, scorer, isCompared } = settings
    const found: Partial<Record<ColumnId, SearchResult>> = {}
    try {
      const engine = await this.#engines.get(indexOf(this.#lab, settings), scorer)
      for (const column of ORDER) {
        if (!isNewest()) return
        const result = await engine.search(query, { mode: column, k: K, candidates, signal: running.signal })
        if (!isNewest()) return
        found[column] = result
        this.#events.answered(column, result)
      }
    } catch (thrown) {
      if (isNewest())
        this.#events.failed(
          toSelvageError(thrown),
          ORDER.filter((id) => found[id] === undefined),
        )
      return
    }
    if (isCompared && found.semantic && found.hybrid)
      await this.#compare(settings, found.semantic, found.hybrid, running.signal)
  }

  async #compare(
    { query, scorer }: Settings,
    semantic: SearchResult,
    hybrid: SearchResult,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      if (this.#finest?.query !== query) {
        const engine = await this.#engines.get(indexOf(this.#lab, FINEST), scorer)
        const options = { k: K, candidates: Number.POSITIVE_INFINITY, signal }
        const best = {
          semantic: urlsOf(await engine.search(query, { ...options, mode: 'semantic' })),
          hybrid: urlsOf(await engine.search(query, { ...options, mode: 'hybrid' })),
        }
        if (signal.aborted) return
        this.#finest = { query, found: best }
      }
      const { found } = this.#finest
      this.#events.compared({
        semantic: agreementOf(urlsOf(semantic), found.semantic),
        hybrid: agreementOf(urlsOf(hybrid), found.hybrid),
      })
    } catch (thrown) {
      if (!signal.aborted) this.#events.compareFailed(toSelvageError(thrown))
    }
  }
}

function urlsOf({ hits }: SearchResult): string[] {
  return hits.map(({ url }) => url)
}

function agreementOf(found: readonly string[], wanted: readonly string[]): Agreement {
  return { shared: wanted.filter((url) => found.includes(url)).length, of: wanted.length }
}
