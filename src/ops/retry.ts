/**
 * When to ask again for what failed: after a while, and each time it fails again after twice as long. It does not know what
 * is asked for. The clock is given, so that tests need not wait.
 */

export interface Clock {
  /** In milliseconds, from any point on. */
  now(): number
  /** Runs the job once. Keeps no process alive. @returns what calls it off */
  after(delayMs: number, job: () => void): () => void
}

export const RETRY_AFTER_MS = 10_000
/** A device that comes back for a moment only must not be loaded with the index over and over. */
const LONGEST_DELAY_MS = 5 * 60_000

export const realClock: Clock = {
  now: () => performance.now(),
  after(delayMs, job) {
    const timer = setTimeout(job, delayMs)
    if (typeof timer === 'object') timer.unref() // in Node; browsers have numbers
    return () => clearTimeout(timer)
  },
}

export class Retry {
  readonly #clock: Clock
  readonly #firstMs: number
  #delayMs: number | undefined
  #worksSince: number | undefined
  #callOff: (() => void) | undefined

  constructor(clock: Clock, firstMs: number) {
    this.#clock = clock
    this.#firstMs = firstMs
  }

  /** It failed: `job` is to ask again. What held no longer than the last delay has not been well in between. */
  failed(job: () => void): void {
    this.stop()
    const before = this.#delayMs
    const heldMs = this.#worksSince === undefined ? 0 : this.#clock.now() - this.#worksSince
    const isNew = before === undefined || heldMs > before
    this.#delayMs = isNew ? this.#firstMs : Math.max(this.#firstMs, Math.min(2 * before, LONGEST_DELAY_MS))
    this.#worksSince = undefined
    this.#callOff = this.#clock.after(this.#delayMs, job)
  }

  /** It need not be asked for any longer. */
  works(): void {
    this.stop()
    this.#worksSince = this.#clock.now()
  }

  stop(): void {
    this.#callOff?.()
    this.#callOff = undefined
  }
}
