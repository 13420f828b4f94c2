/**
 * Keeps what `open` reports: many events per stage, in any order. Knows the stages' order and weight, not what is in
 * them; draws nothing.
 */
import type { Progress } from 'selvage'

export const STAGES = ['model', 'runtime', 'compile', 'index'] as const
export type Stage = (typeof STAGES)[number]

export interface StageProgress {
  readonly stage: Stage
  readonly loaded: number
  /** 0 while any part of it is unknown. */
  readonly total: number
  readonly unit: Progress['unit']
  /** The file or step at hand. */
  readonly label: string
  readonly state: 'waiting' | 'busy' | 'done'
}

/** Share of the whole wait that a stage usually has; sums to 1. */
const WEIGHTS: Readonly<Record<Stage, number>> = { model: 0.45, runtime: 0.25, compile: 0.1, index: 0.2 }

export class Loading {
  /** The event that says most about a stage. */
  readonly #latest = new Map<Stage, Progress>()
  #isReady = false
  #furthest = 0

  /**
   * Stages report sums over the files they know of, so a total grows as files turn up. An event with a smaller total is
   * older or tells of one file only.
   */
  report(progress: Progress): void {
    const stage = STAGES.find((known) => known === progress.stage)
    if (stage === undefined) return
    const held = this.#latest.get(stage)
    if (held === undefined || progress.total > held.total) this.#latest.set(stage, progress)
    else if (progress.total === held.total && (held.total > 0 || progress.loaded > held.loaded))
      this.#latest.set(stage, progress)
  }

  /** `open` has returned: what never reported was not needed, and what stopped short is done all the same. */
  finish(): void {
    this.#isReady = true
  }

  /** All bytes that are known of have come: what is left is work. */
  isDownloaded(): boolean {
    const downloads = this.stages().filter(({ unit, state }) => unit === 'bytes' && state !== 'waiting')
    return downloads.length > 0 && downloads.every(({ state, loaded, total }) => state === 'done' || loaded >= total)
  }

  stages(): StageProgress[] {
    return STAGES.map((stage) => this.#read(stage))
  }

  /** 0 .. 1, never falling: a file that is announced late must not pull the thread back. */
  fraction(): number {
    const sum = this.stages().reduce((total, at) => total + WEIGHTS[at.stage] * share(at), 0)
    this.#furthest = Math.max(this.#furthest, this.#isReady ? 1 : sum)
    return this.#furthest
  }

  #read(stage: Stage): StageProgress {
    const { loaded, total, unit, label = '' } = this.#latest.get(stage) ?? NOTHING
    // A model's small files come first and alone: it is whole when something is made of it.
    const isWhole = total > 0 && loaded >= total && (stage !== 'model' || this.#latest.has('compile'))
    const state = this.#isReady || isWhole ? 'done' : this.#latest.has(stage) ? 'busy' : 'waiting'
    return { stage, loaded, total, unit, label, state }
  }
}

const NOTHING: Omit<Progress, 'stage'> = { loaded: 0, total: 0, unit: 'bytes' }

/** How far a stage is; one of unknown length counts as half done while it runs. */
function share({ state, loaded, total }: StageProgress): number {
  if (state === 'done') return 1
  if (state === 'waiting') return 0
  return total > 0 ? Math.min(1, loaded / total) : 0.5
}
