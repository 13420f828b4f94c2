/**
 * When to ask the engine, and for what: after a pause in typing, one question at a time, the newest wins. Words are answered as
 * soon as the index can be read, meaning when the model is there; where it is, an answer by words would only flicker.
 * Draws nothing; what happens is told to the page through `SearchEvents`.
 */
import { type SearchResult, type Selvage, SelvageError } from 'selvage'
import { filtersOf, type Source } from './sources.ts'

/** A pause in typing that ends a thought rather than a keystroke. */
const PAUSE_MS = 150
/** As long as words are all that answers, a keystroke costs next to nothing. */
const WORDS_PAUSE_MS = 30
/** With a model that is there, meaning is waited for so long before words are shown. */
const MEANING_MS = 350
/** The rank by words is asked for when the answer has been looked at for a moment. */
const RANK_REST_MS = 250
/** As many sections as a search gives at most. */
const MOST_RANKED = 100
/** Whoever stands there by words alone has not been found by meaning. */
const FOUND_BY_WORDS = 5

/** Whether meaning can be asked: `failed` until somebody tries again. */
export type Meaning = 'coming' | 'ready' | 'failed'

export interface Asked {
  /** Undefined until words can be searched; call `now` again when they can. */
  engine(): Selvage | undefined
  meaning(): Meaning
  source(): Source
  /** There is nothing in that source, so nothing is asked. */
  isEmpty(): boolean
}

export interface SearchEvents {
  /** The question settled; its answer is on the way. */
  started(query: string): void
  /** `isFinal`: nothing better comes for this question. */
  answered(result: SearchResult, isFinal: boolean): void
  /** Where the first section of an answer stands by words alone; undefined: not among the first hundred. */
  ranked(url: string, rank: number | undefined): void
  /** The source has nothing in it. */
  foundEmpty(query: string): void
  failed(error: SelvageError): void
  /** Words have answered, or can; meaning could not be had. */
  meaningFailed(error: SelvageError): void
  /** There is no question any more. */
  cleared(): void
}

export class Searcher {
  readonly #asked: Asked
  readonly #events: SearchEvents
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: AbortController | undefined
  /** The question last begun: white space at its ends makes no new one. */
  #query = ''

  constructor(asked: Asked, events: SearchEvents) {
    this.#asked = asked
    this.#events = events
  }

  /** The text changed; search when it has rested. */
  type(text: string): void {
    clearTimeout(this.#timer)
    if (text.trim() === '') this.#clear()
    else if (text.trim() !== this.#query) {
      const pauseMs = this.#asked.meaning() === 'ready' ? PAUSE_MS : WORDS_PAUSE_MS
      this.#timer = setTimeout(() => this.now(text), pauseMs)
    }
  }

  /** Search at once, even for the question last asked. Resolves when something has answered, or nothing will. */
  async now(text: string): Promise<void> {
    clearTimeout(this.#timer)
    const query = text.trim()
    if (query === '') {
      this.#clear()
      return
    }
    this.#query = query
    this.#events.started(query)
    const engine = this.#asked.engine()
    if (engine === undefined) return
    if (this.#asked.isEmpty()) {
      this.#running?.abort()
      this.#running = undefined
      this.#events.foundEmpty(query)
    } else await new Promise<void>((resolve) => void this.#search(engine, query, resolve).finally(resolve))
  }

  #clear(): void {
    this.#query = ''
    this.#running?.abort()
    this.#running = undefined
    this.#events.cleared()
  }

  async #search(engine: Selvage, query: string, answered: () => void): Promise<void> {
    this.#running?.abort()
    const running = new AbortController()
    this.#running = running
    const { signal } = running
    const isNewest = () => this.#running === running
    const filters = filtersOf(this.#asked.source())
    const options = { signal, ...(filters && { filters }) }
    const meaning = this.#asked.meaning()
    let isAnswered = false
    const words = async () => {
      const result = await engine.search(query, { ...options, mode: 'keyword' })
      if (isNewest() && !isAnswered) this.#events.answered(result, this.#asked.meaning() === 'failed')
    }
    try {
      if (meaning === 'failed') {
        await words()
        return
      }
      // Below, what is wrong with words is wrong with both, and told there.
      if (meaning === 'coming') {
        const asking = words() // first: the model takes both cores for a while
        await asking.catch(() => {})
        answered()
        if (!isNewest()) return
        // Lost meanwhile: to ask for it would be to load it, and nobody has tried again.
        if (this.#asked.meaning() === 'failed') {
          await asking
          return
        }
      }
      const both = engine.search(query, options)
      both.catch(() => {}) // its error is thrown where it is awaited
      const quickly = () => (isNewest() && !isAnswered ? words() : undefined)
      if (meaning === 'ready')
        void rest(MEANING_MS)
          .then(quickly)
          .catch(() => {})
      const result = await both
      isAnswered = true
      if (!isNewest()) return
      this.#events.answered(result, true)
      // The answer stands without it; what is wrong with words is told by the next question.
      this.#rank(engine, result, options, isNewest).catch(() => {})
    } catch (thrown) {
      const error = toSelvageError(thrown)
      if (!isNewest() || error.code === 'aborted') return
      if (OF_MEANING.has(error.code)) {
        this.#events.meaningFailed(error)
        isAnswered = false
        await words().catch((also) => this.#events.failed(toSelvageError(also)))
      } else this.#events.failed(error)
    }
  }

  /** The place by words alone of what meaning has put first. */
  async #rank(
    engine: Selvage,
    { query, mode, hits }: SearchResult,
    options: NonNullable<Parameters<Selvage['search']>[1]>,
    isNewest: () => boolean,
  ): Promise<void> {
    const first = hits[0]
    if (mode === 'keyword' || first === undefined || (first.ranking.keyword?.rank ?? MOST_RANKED) <= FOUND_BY_WORDS)
      return
    await rest(RANK_REST_MS)
    if (!isNewest()) return
    const byWords = await engine.search(query, { ...options, mode: 'keyword', k: MOST_RANKED })
    const at = byWords.hits.findIndex(({ url }) => url === first.url)
    if (isNewest() && (at < 0 || at >= FOUND_BY_WORDS)) this.#events.ranked(first.url, at < 0 ? undefined : at + 1)
  }
}

/** Errors that leave words as they are. */
const OF_MEANING: ReadonlySet<SelvageError['code']> = new Set([
  ...(['model-missing', 'model-invalid', 'model-mismatch', 'backend-unavailable', 'runtime-failed'] as const),
  ...(['wasm-blocked', 'download-failed', 'device-lost'] as const),
])

/** Anything thrown, as the one error class that the page shows. */
export function toSelvageError(thrown: unknown): SelvageError {
  if (thrown instanceof SelvageError) return thrown
  return new SelvageError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
}

export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
