/** How far the work is, in documents, and how long it may still take: told by the rate since it last began. */
import type { WorkProgress } from '../../types.ts'
import { type Collection, waiting } from '../collection.ts'

export class WorkMeter {
  readonly #tell: (progress: WorkProgress) => void
  #done = 0
  /** Since when documents are added without a rest. */
  #begun: { readonly atMs: number; readonly done: number } | undefined

  constructor(tell: (progress: WorkProgress) => void) {
    this.#tell = tell
  }

  /** So many documents more are done. */
  count(documents: number): void {
    this.#done += documents
  }

  report(now: Collection, doing?: 'merging' | 'rebuilding'): void {
    const left = waiting(now)
    const state = doing ?? (left === 0 ? 'idle' : now.isPaused ? 'paused' : 'adding')
    if (state === 'adding') this.#begun ??= { atMs: performance.now(), done: this.#done }
    else if (doing === undefined) this.#begun = undefined
    const documents = { done: this.#done, total: this.#done + left }
    const secondsLeft = state === 'adding' ? this.#secondsFor(left) : undefined
    if (state === 'idle') this.#done = 0
    this.#tell({ state, documents, ...(secondsLeft !== undefined && { secondsLeft }) })
  }

  /** The work has failed; what waits goes on waiting. */
  stop(): void {
    this.#begun = undefined
    this.#tell({ state: 'idle', documents: { done: this.#done, total: this.#done } })
  }

  #secondsFor(documents: number): number | undefined {
    if (this.#begun === undefined) return undefined
    const done = this.#done - this.#begun.done
    return done > 0 ? ((performance.now() - this.#begun.atMs) / 1000 / done) * documents : undefined
  }
}
