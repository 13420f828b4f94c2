/**
 * What of the site is in this browser, and making it all so: index, model and runtime, which the library keeps, and the pages,
 * which the service worker does. Asks both, decides what can be done; `KeptView` draws.
 */
import type { EngineOpened, Progress, Selvage, Status } from 'selvage'
import { install, watchInstall } from './install.ts'
import { isOffline, type KeptState } from './keptView.ts'
import { toSelvageError } from './searcher.ts'
import { keepPages, keepShell, reportPages } from './shell.ts'

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
  #shell: Promise<void> | undefined

  constructor(events: KeptEvents) {
    this.#events = events
    watchInstall((canInstall) => this.#draw({ canInstall }))
  }

  /** Words can be searched. What is kept is counted when the model is there, or will not be. */
  opened(engine: Selvage, { stored, bytes }: EngineOpened): void {
    this.#engine = engine
    this.#indexBytes = bytes
    this.#draw({ stored })
  }

  /** All is loaded, or (undefined) will not be: now the pages can be fetched without being in its way. */
  loaded(status: Status | undefined): void {
    const storage = status?.encoder.storage
    this.#draw({ modelProblem: storage?.kind === 'none' ? storage.reason : undefined })
    this.#countSoon()
    this.#shell ??= keepShell().then((shell) => {
      this.#draw({ shell })
      this.#countSoon() // pages take room, too
    })
  }

  changed({ stored, bytes }: EngineOpened): void {
    this.#indexBytes = bytes
    this.#draw({ stored })
    if (this.#shell !== undefined) this.#countSoon()
  }

  async install(): Promise<void> {
    this.#draw({ canInstall: false })
    await install()
  }

  async download(): Promise<void> {
    const engine = this.#engine
    if (engine === undefined || this.#downloading !== undefined) return
    const running = new AbortController()
    const { signal } = running
    this.#downloading = running
    const progress = new Map<Progress['stage'] | 'pages', { loaded: number; total: number }>()
    const tell = (stage: Progress['stage'] | 'pages', loaded: number, total: number) => {
      progress.set(stage, { loaded, total })
      if (this.#downloading === running) this.#draw({})
    }
    this.#draw({ download: progress, problem: undefined })
    try {
      engine.persist().catch(() => false) // some browsers ask: now it is plain what for
      await Promise.all([
        engine.download({ signal, onProgress: ({ stage, loaded, total }) => tell(stage, loaded, total) }),
        this.#shell?.then(() => keepPages((loaded, total) => tell('pages', loaded, total), signal)),
      ])
    } catch (thrown) {
      running.abort() // one of them is in vain without the other; what has come is kept
      const error = toSelvageError(thrown)
      if (error.code !== 'aborted') this.#draw({ problem: error.message })
    } finally {
      this.#downloading = undefined
      await this.#count()
      this.#draw({ download: undefined })
    }
    if (isOffline(this.#state)) this.#events.announce('Available offline.')
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
      const [storage, pages] = await Promise.all([this.#engine?.storage(), reportPages()])
      // All at once: what is missing is told by their differences.
      if (storage !== undefined) this.#draw({ storage, pages, indexBytes: this.#indexBytes })
    } catch {
      // A worker that died is told of by the next question; the figures before stay.
    }
  }

  #draw(change: Partial<KeptState>): void {
    this.#state = { ...this.#state, ...change }
    this.#events.draw(this.#state)
  }
}
