/** `selvage train`: one run, and what a person is told of it. */
import { rejectUnknown } from '../errors.ts'
import { EXIT } from './exit.ts'
import { interruptible } from './interrupt.ts'
import { shortPath } from './paths.ts'
import { seconds } from './progress.ts'
import { CHECKPOINTS } from './trainOutput.ts'
import { trainProgress } from './trainProgress.ts'
import { type TrainOutcome, type TrainReport, type TrainRunOptions, trainRun } from './trainRun.ts'

export interface TrainCommandOptions extends TrainRunOptions {
  readonly json: boolean
}

const KEYS: readonly string[] = [
  ...(['data', 'model', 'output', 'resume', 'force', 'json', 'train', 'dim', 'heldOut'] as const),
  ...(['queryPadding', 'limit', 'threads', 'minutes', 'checkpointEvery', 'evaluateEvery'] as const),
] satisfies (keyof TrainCommandOptions)[]

/** @param signal ends it after the step at hand, as Ctrl-C does */
export async function trainCommand(options: TrainCommandOptions, signal?: AbortSignal): Promise<number> {
  rejectUnknown(options, KEYS, 'train')
  const { json, ...run } = options
  const progress = trainProgress()
  let outcome: TrainOutcome
  try {
    outcome = await interruptible((stopped) => {
      stopped.addEventListener('abort', () => progress.tell('Stopping after this step; once more ends at once.'))
      return trainRun(run, progress, stopped)
    }, signal)
  } finally {
    progress.done()
  }
  const output = shortPath(options.output)
  if (outcome.kind === 'stopped') {
    const { step, steps } = outcome
    const left =
      step === 0
        ? 'Nothing was learned yet, and no checkpoint is there.'
        : `Its checkpoint is in ${output}/${CHECKPOINTS}. Say the same with --resume to go on, or with --resume --minutes 0 to make a model of what is there.`
    process.stderr.write(`Stopped after step ${step} of ${steps}. ${left}\n`)
    return EXIT.interrupted
  }
  const { report } = outcome
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${linesOf(report, output).join('\n')}\n`)
  return EXIT.ok
}

function linesOf({ data, steps, accuracy, losses, seconds: spent, dim }: TrainReport, output: string): string[] {
  const n = (count: number) => count.toLocaleString('en')
  const isPart = steps.done < steps.planned
  const mean = (part: readonly number[]) => (part.reduce((sum, loss) => sum + loss, 0) / part.length).toPrecision(4)
  const edge = Math.max(1, Math.min(20, Math.floor(losses.length / 4)))
  return [
    `Wrote ${output}: ${dim} dimensions, ${n(steps.done)} of ${n(steps.planned)} steps on ${n(data.examples)} examples in ${seconds(spent * 1000)}`,
    ...(losses.length > 0
      ? [`  loss ${mean(losses.slice(0, edge))} at first, ${mean(losses.slice(-edge))} at last (mean of ${edge})`]
      : []),
    ...(accuracy
      ? [
          `  accuracy on ${n(data.heldOut)} held-out examples: ${accuracy.before.toFixed(4)} before, ${accuracy.after.toFixed(4)} after`,
        ]
      : ['  nothing was held out: whether it is better is not known']),
    ...(data.doubled > 0 ? [`  ${n(data.doubled)} lines said the same as an earlier one and were left out`] : []),
    ...(data.shared > 0
      ? [`  ${n(data.shared)} examples have queries of the held-out file and were not trained on`]
      : []),
    ...(isPart ? [`  it was stopped by --minutes: --resume goes on from ${output}/${CHECKPOINTS}`] : []),
    `  selvage build <docs> --model ${output} takes it as it is`,
  ]
}
