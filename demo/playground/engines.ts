/**
 * The engines of the page: one for each index that is open, and never more than two, since each has the model in memory. The one
 * that was not used for longest is closed. They keep index and model in the browser's database: to switch to another index then
 * reads the model there, where without it a host that forbids caching would send 25 MB anew.
 */
import { type Progress, Selvage } from 'selvage'
import { LAB, type LabIndex } from './lab.ts'
import type { Scorer } from './settings.ts'

const MOST = 2

export class Engines {
  /** In the order of their last use. */
  readonly #open = new Map<string, Promise<Selvage>>()
  readonly #onProgress: (progress: Progress) => void

  constructor(onProgress: (progress: Progress) => void) {
    this.#onProgress = onProgress
  }

  /** Words can be searched when it resolves; the model is loaded by the first question that needs it, or by `status()`. */
  async get({ name }: Pick<LabIndex, 'name'>, scorer: Scorer): Promise<Selvage> {
    const key = `${name} ${scorer}`
    const known = this.#open.get(key)
    this.#open.delete(key)
    const opening = known ?? this.#start(name, scorer)
    this.#open.set(key, opening)
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= MOST) break
      this.#close(oldest)
    }
    try {
      return await opening
    } catch (error) {
      if (this.#open.get(key) === opening) this.#open.delete(key)
      throw error
    }
  }

  /** All but this one: their memory is not needed any more. */
  closeOthers({ name }: Pick<LabIndex, 'name'>, scorer: Scorer): void {
    for (const key of [...this.#open.keys()]) if (key !== `${name} ${scorer}`) this.#close(key)
  }

  #start(name: string, scorer: Scorer): Promise<Selvage> {
    return Selvage.open({
      index: `${LAB}${name}/`,
      model: './models/selvage-mini/',
      scorer,
      lazy: true,
      onProgress: this.#onProgress,
    })
  }

  #close(key: string): void {
    const closing = this.#open.get(key)
    this.#open.delete(key)
    closing?.then(
      (engine) => engine.close(),
      () => {}, // told to whoever has asked for it
    )
  }
}
