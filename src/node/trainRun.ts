/**
 * One training run from files to files: data and model in, checkpoints on the way, a model folder and a report out. The order of
 * things is what counts here: nothing is written before all that can be wrong with data and model has been found, the
 * model is written after its weights are safe in a checkpoint, and checkpoints go when the model is there. How weights are
 * learned is training/'s matter.
 */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { cpus } from 'node:os'
import { basename, join, resolve } from 'node:path'
import type { ModelFiles } from '../encoder/encoder.ts'
import { type Layouts, loadLayouts } from '../encoder/layouts.ts'
import { loadEncoder } from '../encoder/load.ts'
import { asSelvageError, SelvageError } from '../errors.ts'
import { readCheckpoint } from '../training/checkpointFiles.ts'
import { holdOut, readExamples, without } from '../training/data.ts'
import { exportModel } from '../training/exportModel.ts'
import { toLateInteraction } from '../training/lateInteraction.ts'
import { type StepReport, Trainer, type TrainOptions } from '../training/trainer.ts'
import { type Checkpoint, type Example, PROJECTION } from '../training/types.ts'
import { readDataFiles, withTitle } from './dataFiles.ts'
import { writeWhole } from './fileStore.ts'
import { withLock } from './lock.ts'
import { folderFiles } from './modelFiles.ts'
import { shortPath } from './paths.ts'
import { nodeRuntime } from './session.ts'
import { type RunRecord, readLastRun, type StoredRun, writeRun } from './trainCheckpoints.ts'
import { CHECKPOINTS, clearOutput, type OutputOptions, prepareOutput, REPORT_FILE } from './trainOutput.ts'
import { VERSION } from './version.ts'

export interface TrainRunOptions extends OutputOptions {
  /** Files of examples. */
  readonly data: readonly string[]
  readonly train: TrainOptions
  /** Of a model that has no projection yet. */
  readonly dim?: number | undefined
  /** A share of the examples, or a file. Default: that of the run that is resumed, else 0.05. */
  readonly heldOut?: string | undefined
  /** From the start, all included; then a model is made of what is there. */
  readonly minutes?: number | undefined
  readonly checkpointEvery: number
  /** Default: three times in a run. */
  readonly evaluateEvery?: number | undefined
}

export interface TrainWatcher {
  /** @param leftMs of `minutes` */
  onStep(report: StepReport, leftMs: number | undefined): void
  /** A line for people. */
  tell(line: string): void
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

const DEFAULT_HELD_OUT = '0.05'
/** Measuring takes a third of the time of training on as many. */
const MOST_HELD = 200
/** Shares of a run at which it is measured, where nothing else is said. */
const MEASURED_AT = [0.25, 0.5, 0.75]

/** Errors: `invalid-argument`, `no-documents`, `output-conflict`, those of models, and `training-failed`, with what is left. */
export async function trainRun(
  options: TrainRunOptions,
  watcher: TrainWatcher,
  signal: AbortSignal,
): Promise<TrainOutcome> {
  const startMs = performance.now()
  const { output, resume } = options
  const folder = join(output, CHECKPOINTS)
  const model = await openModel(options)
  const earlier = resume ? await readLastRun(folder, watcher.tell) : undefined
  const examples = await chooseExamples(options, earlier, watcher.tell)
  const identity = { ...examples.identity, model: hashOfWeights(model.checkpoint) }
  if (earlier) checkSame(earlier.record.identity, identity)
  const { checkpoint, layouts } = model
  const trainer = await Trainer.create(checkpoint, layouts, examples.training, options.train, earlier?.state)
  try {
    await prepareOutput(options)
    return await withLock(output, async () => {
      if (options.force) await clearOutput(output)
      if (resume && earlier === undefined) watcher.tell('There is no checkpoint yet: the run begins anew.')
      const run = new Run({
        options,
        trainer,
        identity,
        held: examples.held,
        watcher,
        signal,
        startMs,
        earlier,
        folder,
      })
      try {
        const stopped = await run.go()
        if (stopped !== undefined) return { kind: 'stopped', step: stopped, steps: trainer.steps } as const
        return { kind: 'done', report: await finish(run, trainer, model, examples, options) } as const
      } catch (error) {
        throw withCheckpoint(error, run.saved, output)
      }
    })
  } finally {
    trainer.close()
  }
}

interface OpenModel {
  readonly files: ModelFiles
  readonly checkpoint: Checkpoint
  readonly layouts: Layouts
}

/** Errors: `model-missing`, `model-invalid`; `invalid-argument` for a width that it cannot have. */
async function openModel({ model, dim, train }: TrainRunOptions): Promise<OpenModel> {
  const files = folderFiles(resolve(model))
  const checkpoint = await readCheckpoint(files)
  const width = checkpoint.weights.get(PROJECTION)?.shape[0]
  if (width === undefined) {
    const { queryTokens, seed } = train
    const asked = { ...(dim !== undefined && { dim }), ...(seed !== undefined && { seed }) }
    const made = await toLateInteraction(checkpoint, files, {
      ...asked,
      ...(queryTokens && { queryLength: queryTokens }),
    })
    return { ...made, layouts: await loadLayouts(made.files) }
  }
  if (dim !== undefined && dim !== width)
    throw new SelvageError(
      'invalid-argument',
      `train: --dim is ${dim}, but ${shortPath(model)} has a projection to ${width} already. Leave --dim out, or take a model without one.`,
    )
  return { files, checkpoint, layouts: await loadLayouts(files) }
}

interface Chosen {
  readonly training: readonly Example[]
  readonly held: readonly Example[]
  readonly doubled: number
  readonly shared: number
  readonly identity: Readonly<Record<string, unknown>>
}

async function chooseExamples(
  { data, heldOut, train }: TrainRunOptions,
  earlier: StoredRun | undefined,
  tell: TrainWatcher['tell'],
): Promise<Chosen> {
  const { loss = earlier?.state.options.loss, seed = earlier?.state.options.seed ?? 0 } = train
  const { examples, doubled } = readExamples(await readDataFiles(data), { withTitle, loss })
  const given = heldOut ?? earlier?.record.heldOut ?? DEFAULT_HELD_OUT
  const share = given.trim() === '' ? Number.NaN : Number(given)
  if (Number.isNaN(share)) {
    const held = readExamples(await readDataFiles([given]), { withTitle }).examples
    if (!canMeasure(held))
      throw new SelvageError(
        'invalid-argument',
        `${shortPath(given)}: nothing can be measured by it. Give examples with negatives, or some with different positives.`,
      )
    const training = without(examples, held)
    if (training.length === 0)
      throw new SelvageError(
        'invalid-argument',
        `train: every query of the data is in ${shortPath(given)} too; none is left to train on.`,
      )
    const identity = { 'held-out': given, 'held-out examples': hashOfText(JSON.stringify(held)) }
    return { training, held, doubled, shared: examples.length - training.length, identity }
  }
  if (!(share >= 0 && share < 1))
    throw new SelvageError(
      'invalid-argument',
      `train: --held-out is ${given}, wanted a share from 0 to below 1, or a file.`,
    )
  const parts = holdOut(examples, share, seed, MOST_HELD)
  const isEnough = canMeasure(parts.held)
  if (!isEnough && share > 0)
    tell(
      `Of ${examples.length} examples too few would be held out to measure by: all are trained on. Give more with --held-out.`,
    )
  const taken = isEnough ? parts : { training: examples, held: [] }
  return { ...taken, doubled, shared: 0, identity: { 'held-out': given } }
}

/** Whether each has a text to be held against its positive: without a negative, another's positive. */
function canMeasure(held: readonly Example[]): boolean {
  const isOwn = held.every(({ negatives }) => negatives.length > 0)
  return held.length > 0 && (isOwn || new Set(held.map(({ positive }) => positive)).size > 1)
}

function checkSame(before: RunRecord['identity'], now: RunRecord['identity']): void {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])]
  const changed = names.find((name) => before[name] !== now[name])
  if (changed === undefined) return
  const shown = (value: unknown) => (typeof value === 'string' ? value.slice(0, 40) : 'none')
  throw new SelvageError(
    'invalid-argument',
    `train: the run to resume had another ${changed}: ${shown(before[changed])}, and now it is ${shown(now[changed])}. ` +
      'Give what it had, or begin anew with --force.',
  )
}

interface RunParts {
  readonly options: TrainRunOptions
  readonly trainer: Trainer
  readonly identity: RunRecord['identity']
  readonly held: readonly Example[]
  readonly watcher: TrainWatcher
  readonly signal: AbortSignal
  readonly startMs: number
  readonly earlier: StoredRun | undefined
  /** Of checkpoints. */
  readonly folder: string
}

class Run {
  readonly losses: number[]
  readonly accuracies: { readonly step: number; readonly accuracy: number }[]
  /** Step of the last checkpoint that was written or read; 0 for none. */
  saved: number
  readonly #parts: RunParts
  #seconds: number

  constructor(parts: RunParts) {
    const { earlier } = parts
    this.#parts = parts
    this.losses = [...(earlier?.record.losses ?? [])]
    this.accuracies = [...(earlier?.record.accuracies ?? [])]
    this.saved = earlier?.state.step ?? 0
    this.#seconds = earlier?.record.seconds ?? 0
  }

  get seconds(): number {
    return Math.round(this.#seconds * 10) / 10
  }

  /** Step after step to the end or to the time that there is; where it is told to stop, the step of the checkpoint. */
  async go(): Promise<number | undefined> {
    const { options, trainer, watcher, signal } = this.#parts
    const { checkpointEvery, evaluateEvery } = options
    if (trainer.step > 0) watcher.tell(`Resumed after step ${trainer.step} of ${trainer.steps}.`)
    if (!signal.aborted && this.accuracies.length === 0) await this.#measure('before')
    while (trainer.step < trainer.steps && !signal.aborted && this.#leftMs() > 0) {
      const before = this.#share()
      const report = await trainer.next()
      this.losses.push(Number(report.loss.toPrecision(6)))
      this.#seconds += report.elapsedMs / 1000
      watcher.onStep(report, options.minutes === undefined ? undefined : this.#leftMs())
      const isLast = trainer.step === trainer.steps
      if (!isLast && trainer.step % checkpointEvery === 0) await this.#save()
      if (isLast || signal.aborted) continue
      const isDue =
        evaluateEvery === undefined
          ? MEASURED_AT.some((place) => before < place && this.#share() >= place && this.#share() < 1)
          : trainer.step % evaluateEvery === 0
      if (isDue) await this.#measure(`after step ${trainer.step}`)
    }
    if (trainer.step > this.saved) await this.#save()
    if (signal.aborted) return trainer.step
    if (this.accuracies.at(-1)?.step !== trainer.step) await this.#measure('after all')
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
    const { trainer, folder, identity, options, earlier } = this.#parts
    const heldOut = options.heldOut ?? earlier?.record.heldOut ?? DEFAULT_HELD_OUT
    const { losses, accuracies, seconds } = this
    await writeRun(folder, {
      state: await trainer.state(),
      record: { identity, heldOut, losses, accuracies, seconds },
    })
    this.saved = trainer.step
  }
}

/** The model folder and the report; then checkpoints go, unless the run has steps left that may yet be wanted. */
async function finish(
  run: Run,
  trainer: Trainer,
  { files }: OpenModel,
  { held, training, doubled, shared }: Chosen,
  { output, model, data }: TrainRunOptions,
): Promise<TrainReport> {
  const checkpoint = await trainer.checkpoint()
  const name = basename(resolve(output))
  const open = (made: ModelFiles) => loadEncoder({ files: made, inference: nodeRuntime() })
  for (const [path, bytes] of await exportModel(checkpoint, files, { name, open }))
    await writeWhole(output, path, bytes)
  const [first, last] = [run.accuracies[0], run.accuracies.at(-1)]
  const { options } = await trainer.state()
  const report: TrainReport = {
    model: basename(resolve(model)),
    output: name,
    options,
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
    device: `${cpus()[0]?.model.trim() ?? 'CPU'}, ${cpus().length} cores, Node ${process.versions.node}`,
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

function hashOfWeights({ weights }: Checkpoint): string {
  const hash = createHash('sha256')
  for (const [name, { data }] of [...weights].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name}\n`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return hash.digest('hex')
}

function hashOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
