/**
 * A training run in a terminal: one line that is redrawn, with the loss, the rate and the time left. Where there is no
 * terminal, a line twenty times a run and once a minute. Knows steps and numbers, not what is trained.
 */
import type { StepReport } from '../training/trainer.ts'
import { drawBar, ERASE_LINE, isTerminal, seconds } from './progress.ts'

export interface TrainProgress {
  /** @param left milliseconds that may still be spent, where the run has a limit */
  onStep(report: StepReport, left: number | undefined): void
  /** The losses of earlier steps: the one that is shown goes on from them. */
  onResumed(losses: readonly number[]): void
  /** A line above the bar. */
  tell(line: string): void
  done(): void
}

/** Lines of a run without a terminal. */
const LINES = 20
const MOST_QUIET_MS = 60_000
/** Time left is told by the mean of so many steps: batches of long texts take longer. */
const PACE_STEPS = 20
/** Weight of the newest loss in the one that is shown. */
const NEWEST = 0.1

export function trainProgress(stream: NodeJS.WriteStream = process.stderr): TrainProgress {
  const isDrawn = isTerminal(stream)
  const smoothed = smoothing()
  const times: number[] = []
  let told = { place: -1, atMs: 0 }
  let isOpen = false
  const close = () => {
    if (isOpen) stream.write('\n')
    isOpen = false
  }
  return {
    onStep(report, left) {
      const { step, steps, elapsedMs, examples } = report
      times.push(elapsedMs)
      if (times.length > PACE_STEPS) times.shift()
      const stepMs = times.reduce((sum, ms) => sum + ms, 0) / times.length
      const leftMs = Math.min(left ?? Number.POSITIVE_INFINITY, (steps - step) * stepMs)
      const line = describeStep(report, smoothed(report.loss), (examples / stepMs) * 1000, Math.max(0, leftMs))
      if (isDrawn) {
        drawBar(stream, step / steps, line)
        isOpen = true
        return
      }
      const place = Math.floor((step / steps) * LINES)
      const atMs = performance.now()
      if (place === told.place && atMs - told.atMs < MOST_QUIET_MS) return
      told = { place, atMs }
      stream.write(`${line}\n`)
    },
    onResumed(losses) {
      losses.forEach(smoothed)
    },
    tell(line) {
      if (isDrawn && isOpen) stream.write(ERASE_LINE)
      isOpen = false
      stream.write(`${line}\n`)
    },
    done: close,
  }
}

/** "Step 12 of 250, loss 1.234, rate 2.4e-6, 3.1 examples/s, 16 min 2 s left" */
export function describeStep(
  { step, steps, learningRate }: Pick<StepReport, 'step' | 'steps' | 'learningRate'>,
  loss: number,
  perSecond: number,
  leftMs: number,
): string {
  const parts = [
    `Step ${step.toLocaleString('en')} of ${steps.toLocaleString('en')}`,
    `loss ${loss.toPrecision(4)}`,
    `rate ${learningRate.toExponential(1)}`,
    `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} examples/s`,
    ...(step < steps ? [`${seconds(leftMs)} left`] : []),
  ]
  return parts.join(', ')
}

/** A running mean in which newer values weigh more; without the pull of its start towards 0 (as Adam corrects its own). */
export function smoothing(): (value: number) => number {
  let mean = 0
  let weight = 0
  return (value) => {
    mean = (1 - NEWEST) * mean + NEWEST * value
    weight = (1 - NEWEST) * weight + NEWEST
    return mean / weight
  }
}
