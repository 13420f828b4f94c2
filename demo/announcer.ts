/** Tells a screen reader what came of a question, once typing has rested. */
import type { SearchResult } from 'selvage'
import { formatMs, plural } from './format.ts'
import { backendName } from './settings.ts'

const REST_MS = 400

export class Announcer {
  readonly #region: HTMLElement
  readonly #restMs: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #scorer: string | undefined

  constructor(region: HTMLElement, restMs = REST_MS) {
    this.#region = region
    this.#restMs = restMs
  }

  say(text: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#region.textContent = text
    }, this.#restMs)
  }

  sayResult({ hits, scorer, elapsedMs }: SearchResult): void {
    const first = hits[0]
    const found = first === undefined ? 'No results.' : `${plural(hits.length, 'result')}. First: ${first.title}.`
    const hasMoved = scorer !== undefined && this.#scorer !== undefined && scorer.backend !== this.#scorer
    this.#scorer = scorer?.backend ?? this.#scorer
    const moved = hasMoved ? ` Scoring moved to ${backendName(scorer.backend)}.` : ''
    this.say(`${found}${moved} ${formatMs(elapsedMs.total)}.`)
  }
}
