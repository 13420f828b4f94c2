/**
 * What of the search is in this browser, and making it all so: asks the engine, decides what can be done; `KeptView` draws.
 */
import type { EngineOpened, Progress, Selvage, Status, Storage } from 'selvage'
import type { KeptState } from './keptView.ts'
import { toSelvageError } from './searcher.ts'
import { keepShell } from './shell.ts'

/** Changes come in swarms; the database is asked when they have rested. */
const REST_MS = 300

export interface KeptEvents {
  draw(state: KeptState): void
  announce(text: string): void
}

export class Kept {
  readonly #events: KeptEvents
  #engine: Selvage | undefined
  #state: KeptState = {}
  #downloading: AbortController | undefined
  #indexBytes = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #shell: Promise<void> = Promise.resolve()

  constructor(events: KeptEvents) {
    this.#events = events
  }

  /** The page works: what it works with can be counted, and the page itself kept. */
  opened(engine: Selvage, { engine: now, encoder }: Status): void {
    this.#engine = engine
    const { storage } = encoder
    this.#draw({ ...(storage.kind === 'none' && storage.reason && { modelProblem: storage.reason }) })
    this.changed(now)
    this.#shell = keepShell().then((shell) => {
      this.#draw({ shell })
      this.#countSoon() // a page takes room, too
    })
  }

  changed({ stored, bytes }: EngineOpened): void {
    this.#indexBytes = bytes
    this.#draw({ stored })
    this.#countSoon()
  }

  async download(): Promise<void> {
    const engine = this.#engine
    if (engine === undefined || this.#downloading !== undefined) return
    const running = new AbortController()
    this.#downloading = running
    const progress = new Map<Progress['stage'], Progress>()
    this.#draw({ download: progress, problem: undefined })
    try {
      engine.persist().catch(() => false) // some browsers ask: now it is plain what for
      await engine.download({
        signal: running.signal,
        onProgress: (told) => {
          progress.set(told.stage, told)
          if (this.#downloading === running) this.#draw({})
        },
      })
      await this.#shell
      this.#events.announce('Available offline.')
    } catch (thrown) {
      const error = toSelvageError(thrown)
      if (error.code !== 'aborted') this.#draw({ problem: error.message })
    } finally {
      this.#downloading = undefined
      await this.#count()
      this.#draw({ download: undefined })
    }
  }

  cancel(): void {
    this.#downloading?.abort()
  }

  #countSoon(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#count(), REST_MS)
  }

  async #count(): Promise<void> {
    try {
      const storage: Storage | undefined = await this.#engine?.storage()
      // Both at once: what is missing is told by their difference.
      if (storage !== undefined) this.#draw({ storage, indexBytes: this.#indexBytes })
    } catch {
      // A worker that died is told of by the next question; the figures before stay.
    }
  }

  #draw(change: Partial<KeptState>): void {
    this.#state = { ...this.#state, ...change }
    this.#events.draw(this.#state)
  }
}
