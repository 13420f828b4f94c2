/**
 * When to ask the engine: after a pause in typing, one question at a time, the newest wins.
 * Draws nothing; what happens is told to the page through `SearchEvents`.
 */
import { type SearchResult, type Selvage, SelvageError } from 'selvage'

/** A pause in typing that ends a thought rather than a keystroke. */
const PAUSE_MS = 150

export interface SearchEvents {
  /** The question settled; its answer is on the way. */
  started(query: string): void
  answered(result: SearchResult): void
  failed(error: SelvageError, query: string): void
  /** There is no question any more. */
  cleared(): void
}

export class Searcher {
  readonly #engine: () => Selvage | undefined
  readonly #events: SearchEvents
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: AbortController | undefined
  /** The question last begun: white space at its ends makes no new one. */
  #asked = ''

  /** `engine()` is undefined until the engine is open; call `now` again when it is. */
  constructor(engine: () => Selvage | undefined, events: SearchEvents) {
    this.#engine = engine
    this.#events = events
  }

  /** The text changed; search when it has rested. */
  type(text: string): void {
    clearTimeout(this.#timer)
    if (text.trim() === '') this.#clear()
    else if (text.trim() !== this.#asked) this.#timer = setTimeout(() => this.now(text), PAUSE_MS)
  }

  /** Search at once, even for the question last asked. */
  now(text: string): void {
    clearTimeout(this.#timer)
    const query = text.trim()
    if (query === '') {
      this.#clear()
      return
    }
    this.#asked = query
    this.#events.started(query)
    const engine = this.#engine()
    if (engine !== undefined) void this.#search(engine, query)
  }

  #clear(): void {
    this.#asked = ''
    this.#running?.abort()
    this.#running = undefined
    this.#events.cleared()
  }

  async #search(engine: Selvage, query: string): Promise<void> {
    this.#running?.abort()
    const running = new AbortController()
    this.#running = running
    try {
      const result = await engine.search(query, { signal: running.signal })
      if (this.#running === running) this.#events.answered(result)
    } catch (thrown) {
      const error = toSelvageError(thrown)
      if (this.#running === running && error.code !== 'aborted') this.#events.failed(error, query)
    }
  }
}

/** Anything thrown, as the one error class that the page shows. */
export function toSelvageError(thrown: unknown): SelvageError {
  if (thrown instanceof SelvageError) return thrown
  return new SelvageError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
}
