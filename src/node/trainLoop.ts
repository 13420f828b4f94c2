/**
 * The steps of a training run: when a checkpoint is due, when it is measured, and when it ends: with its last step, with the
 * time that there is, or when it is told to. It knows files by their checkpoints only.
 */
import type { StepReport, Trainer } from '../training/trainer.ts'
import type { Example } from '../training/types.ts'
import { type RunRecord, writeRun } from './trainCheckpoints.ts'
import { DEFAULT_HELD_OUT } from './trainInputs.ts'

export interface LoopOptions {
  /** From the start, all included; then a model is made of what is there. */
  readonly minutes?: number | undefined
  readonly checkpointEvery: number
  /** Default: three times in a run. */
  readonly evaluateEvery?: number | undefined
}

export interface TrainWatcher {
  /** @param leftMs of `minutes` */
  onStep(report: StepReport, leftMs: number | undefined): void
  /** @param losses of the steps that were done before */
  onResumed(losses: readonly number[]): void
  /** A line for people. */
  tell(line: string): void
}

/** Shares of a run at which it is measured, where nothing else is said. */
const MEASURED_AT = [0.25, 0.5, 0.75]

export interface RunParts {
  readonly options: LoopOptions & Pick<RunRecord, 'limit'> & { readonly heldOut?: string | undefined }
  readonly trainer: Trainer
  readonly identity: RunRecord['identity']
  readonly held: readonly Example[]
  readonly watcher: TrainWatcher
  readonly signal: AbortSignal
  readonly startMs: number
  /** Of the run that is resumed. */
  readonly record: RunRecord | undefined
  readonly threads: number
  /** Of checkpoints. */
  readonly folder: string
}

export class Run {
  readonly losses: number[]
  readonly accuracies: { readonly step: number; readonly accuracy: number }[]
  /** Step of the last checkpoint that was written or read; 0 for none. */
  saved: number
  readonly #parts: RunParts
  #seconds: number

  constructor(parts: RunParts) {
    const { record, trainer } = parts
    this.#parts = parts
    this.losses = [...(record?.losses ?? [])]
    this.accuracies = [...(record?.accuracies ?? [])]
    this.saved = trainer.step
    this.#seconds = record?.seconds ?? 0
  }

  get seconds(): number {
    return Math.round(this.#seconds * 10) / 10
  }

  /** Step after step to the end or to the time that there is; where it is told to stop, the step of the checkpoint. */
  async go(): Promise<number | undefined> {
    const { options, trainer, watcher, signal } = this.#parts
    const { checkpointEvery, evaluateEvery } = options
    if (trainer.step > 0) {
      watcher.tell(`Resumed after step ${trainer.step} of ${trainer.steps}.`)
      watcher.onResumed(this.losses)
    }
    if (!signal.aborted && this.accuracies.length === 0) await this.#measure('before')
    let measuredTo = this.#share()
    while (trainer.step < trainer.steps && !signal.aborted && this.#leftMs() > 0) {
      const report = await trainer.next()
      this.losses.push(Number(report.loss.toPrecision(6)))
      this.#seconds += report.elapsedMs / 1000
      watcher.onStep(report, options.minutes === undefined ? undefined : this.#leftMs())
      const isLast = trainer.step === trainer.steps
      if (!isLast && trainer.step % checkpointEvery === 0) await this.#save()
      if (isLast || signal.aborted) continue
      const share = this.#share()
      const isDue =
        evaluateEvery === undefined
          ? share < 1 && MEASURED_AT.some((place) => measuredTo < place && share >= place)
          : trainer.step % evaluateEvery === 0
      measuredTo = share
      if (isDue) await this.#measure(`after step ${trainer.step}`)
    }
    if (trainer.step > this.saved) await this.#save()
    if (signal.aborted) return trainer.step
    trainer.finish()
    const isMeasured = this.accuracies.at(-1)?.step === trainer.step && trainer.options.keepStart === 0
    if (!isMeasured) await this.#measure('after all')
    return undefined
  }

  #leftMs(): number {
    const { options, startMs } = this.#parts
    return (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000 - (performance.now() - startMs)
  }

  /** Of the run, by steps or by time, whichever ends it. */
  #share(): number {
    const { trainer, options, startMs } = this.#parts
    const byTime = options.minutes ? (performance.now() - startMs) / (options.minutes * 60_000) : 0
    return Math.max(trainer.step / trainer.steps, byTime)
  }

  async #measure(when: string): Promise<void> {
    const { trainer, held, watcher } = this.#parts
    if (held.length === 0) return
    const accuracy = await trainer.accuracy(held)
    this.accuracies.push({ step: trainer.step, accuracy })
    watcher.tell(`Accuracy on ${held.length} held-out examples, ${when}: ${accuracy.toFixed(4)}`)
  }

  async #save(): Promise<void> {
    const { trainer, folder, identity, options, record, threads } = this.#parts
    const heldOut = options.heldOut ?? record?.heldOut ?? DEFAULT_HELD_OUT
    const limit = options.limit ?? record?.limit
    const { losses, accuracies, seconds } = this
    await writeRun(folder, {
      state: await trainer.state(),
      record: { identity, heldOut, limit, threads, losses, accuracies, seconds },
    })
    this.saved = trainer.step
  }
}
