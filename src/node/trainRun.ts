/**
 * One training run from files to files: data and model in, checkpoints on the way, a model folder and a report out. The order of
 * things is what counts here: nothing is written before all that can be wrong with data and model has been found, the
 * model is written after its weights are safe in a checkpoint, and checkpoints go when the model is there. How weights are
 * learned is training/'s matter.
 */
import { rm } from 'node:fs/promises'
import { cpus } from 'node:os'
import { basename, join, resolve } from 'node:path'
import type { ModelFiles } from '../encoder/encoder.ts'
import { loadEncoder } from '../encoder/load.ts'
import { asSelvageError, SelvageError } from '../errors.ts'
import { exportModel } from '../training/exportModel.ts'
import { Trainer, type TrainOptions } from '../training/trainer.ts'
import { PROJECTION } from '../training/types.ts'
import { writeWhole } from './fileStore.ts'
import { withLock } from './lock.ts'
import { shortPath } from './paths.ts'
import { nodeRuntime } from './session.ts'
import { type RunRecord, readLastRun } from './trainCheckpoints.ts'
import { type InputOptions, type Inputs, readInputs } from './trainInputs.ts'
import { type LoopOptions, Run, type TrainWatcher } from './trainLoop.ts'
import { CHECKPOINTS, checkOutput, clearOutput, type OutputOptions, prepareOutput, REPORT_FILE } from './trainOutput.ts'
import { TrainPool, trainThreads } from './trainPool.ts'
import { VERSION } from './version.ts'

export interface TrainRunOptions extends OutputOptions, InputOptions, LoopOptions {
  /** Default: those of the run that is resumed, since sums of others round otherwise; else one for each core. */
  readonly threads?: number | undefined
}

/** What report.json holds. */
export interface TrainReport {
  readonly model: string
  readonly output: string
  readonly options: Required<TrainOptions>
  readonly dim: number
  readonly data: {
    readonly files: readonly string[]
    readonly examples: number
    /** Kept apart. */
    readonly heldOut: number
    readonly doubled: number
    /** Left out, since their queries are in the held-out file. */
    readonly shared: number
  }
  readonly steps: { readonly done: number; readonly planned: number }
  /** Of the held-out examples: share in which the positive comes before each of its negatives. Undefined without any. */
  readonly accuracy?: {
    readonly before: number
    readonly during: RunRecord['accuracies']
    readonly after: number
  }
  /** Of each step. */
  readonly losses: readonly number[]
  readonly device: string
  /** Of training, of all sittings together. */
  readonly seconds: number
  readonly selvage: string
}

export type TrainOutcome =
  | { readonly kind: 'done'; readonly report: TrainReport }
  /** `step` is that of the checkpoint that was left; 0 where there is none. */
  | { readonly kind: 'stopped'; readonly step: number; readonly steps: number }

/** Errors: `invalid-argument`, `no-documents`, `output-conflict`, those of models, and `training-failed`, with what is left. */
export async function trainRun(
  options: TrainRunOptions,
  watcher: TrainWatcher,
  signal: AbortSignal,
): Promise<TrainOutcome> {
  const startMs = performance.now()
  const { output, resume } = options
  await checkOutput(options)
  const folder = join(output, CHECKPOINTS)
  const earlier = resume ? await readLastRun(folder, watcher.tell) : undefined
  const inputs = await readInputs(options, earlier, watcher.tell)
  const { model, examples, identity } = inputs
  const [isNew, record] = [earlier === undefined, earlier?.record] // its weights are the trainer's from here on
  const { checkpoint, layouts } = model
  const threads = options.threads ?? record?.threads ?? trainThreads()
  if (record && record.threads !== threads)
    watcher.tell(`The run had ${record.threads} threads and now has ${threads}: the model will differ by rounding.`)
  const pool = threads > 1 ? new TrainPool(checkpoint.shape, threads) : undefined
  const trainer = await Trainer.create(checkpoint, layouts, examples.training, options.train, earlier?.state, pool)
  try {
    await prepareOutput(options)
    return await withLock(output, async () => {
      if (options.force) await clearOutput(output)
      if (isNew && resume) watcher.tell('There is no checkpoint yet: the run begins anew.')
      const run = new Run({
        options,
        trainer,
        identity,
        held: examples.held,
        watcher,
        signal,
        startMs,
        record,
        threads,
        folder,
      })
      try {
        const stopped = await run.go()
        if (stopped !== undefined) return { kind: 'stopped', step: stopped, steps: trainer.steps } as const
        return { kind: 'done', report: await finish(run, trainer, inputs, { ...options, threads }, watcher) } as const
      } catch (error) {
        throw withCheckpoint(error, run.saved, output)
      }
    })
  } finally {
    trainer.close()
  }
}

/** The model folder and the report; then checkpoints go, unless the run has steps left that may yet be wanted. */
async function finish(
  run: Run,
  trainer: Trainer,
  { model: { files }, examples: { held, training, doubled, shared } }: Inputs,
  { output, model, data, threads = 1 }: TrainRunOptions,
  { tell }: TrainWatcher,
): Promise<TrainReport> {
  const checkpoint = await trainer.checkpoint()
  const name = basename(resolve(output))
  const open = (made: ModelFiles) => loadEncoder({ files: made, inference: nodeRuntime() })
  for (const [path, bytes] of await exportModel(checkpoint, files, { name, open, onNote: tell }))
    await writeWhole(output, path, bytes)
  const [first, last] = [run.accuracies[0], run.accuracies.at(-1)]
  const report: TrainReport = {
    model: basename(resolve(model)),
    output: name,
    options: trainer.options,
    dim: checkpoint.weights.get(PROJECTION)?.shape[0] ?? 0,
    data: {
      files: data.map((path) => basename(path)),
      examples: training.length,
      heldOut: held.length,
      doubled,
      shared,
    },
    steps: { done: trainer.step, planned: trainer.steps },
    ...(first &&
      last && { accuracy: { before: first.accuracy, during: run.accuracies.slice(1, -1), after: last.accuracy } }),
    losses: run.losses,
    device: `${cpus()[0]?.model.trim() ?? 'CPU'}, ${threads} thread${threads === 1 ? '' : 's'}, Node ${process.versions.node}`,
    seconds: run.seconds,
    selvage: VERSION,
  }
  await writeWhole(output, REPORT_FILE, Buffer.from(`${JSON.stringify(report, null, 2)}\n`))
  if (trainer.step === trainer.steps) await rm(join(output, CHECKPOINTS), { recursive: true, force: true })
  return report
}

/** What failed, and what is left of the run. */
function withCheckpoint(error: unknown, step: number, output: string): SelvageError {
  const told = asSelvageError(error)
  if (told.code === 'internal' || step === 0) return told
  return new SelvageError(
    told.code,
    `${told.message} The checkpoint of step ${step} is whole: --resume --minutes 0 makes a model of it in ${shortPath(output)}.`,
    { cause: error },
  )
}
