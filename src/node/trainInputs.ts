/**
 * What a training run is made of, found and checked before anything is written: the model, as a late-interaction one, and the
 * examples, those that measure apart from those that are learned. And whether a run that is resumed has the same ones. How
 * weights are learned is training/'s matter.
 */
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { ModelFiles } from '../encoder/encoder.ts'
import { type Layouts, loadLayouts } from '../encoder/layouts.ts'
import { SelvageError } from '../errors.ts'
import { readCheckpoint } from '../training/checkpointFiles.ts'
import { drawn, holdOut, readExamples, without } from '../training/data.ts'
import { toLateInteraction } from '../training/lateInteraction.ts'
import { withPrincipalProjection } from '../training/principal.ts'
import { withQueryPadding } from '../training/queryPadding.ts'
import type { TrainOptions } from '../training/trainer.ts'
import { type Checkpoint, type Example, PROJECTION } from '../training/types.ts'
import { readDataFiles, withTitle } from './dataFiles.ts'
import { folderFiles } from './modelFiles.ts'
import { shortPath } from './paths.ts'
import type { RunRecord, StoredRun } from './trainCheckpoints.ts'

export interface InputOptions {
  /** Files of examples. */
  readonly data: readonly string[]
  /** Folder of the model that is trained. */
  readonly model: string
  readonly train: TrainOptions
  /** Of a model that has no projection yet. */
  readonly dim?: number | undefined
  /** Queries padded with [MASK]. Default: as the model has it, or the run that is resumed; not, for one without a projection. */
  readonly queryPadding?: boolean | undefined
  /** A share of the examples, or a file. Default: that of the run that is resumed, else 0.05. */
  readonly heldOut?: string | undefined
  /** Examples that are trained on at most, drawn by the seed. Default: that of the run that is resumed, else all. */
  readonly limit?: number | undefined
}

export interface Inputs {
  readonly model: OpenModel
  readonly examples: Chosen
  /** What must be the same for a run to go on. */
  readonly identity: RunRecord['identity']
}

export const DEFAULT_HELD_OUT = '0.05'
/** Its name in the identity of a run. */
const PADDING = 'query padding'
/** Measuring takes a third of the time of training on as many. */
const MOST_HELD = 200

/** Errors: `invalid-argument`, `no-documents`, those of models. @param tell a line for people */
export async function readInputs(
  options: InputOptions,
  earlier: StoredRun | undefined,
  tell: (line: string) => void,
): Promise<Inputs> {
  const model = await openModel(options, earlier)
  const examples = await chooseExamples(options, earlier, tell)
  const identity = {
    ...examples.identity,
    ...(model.queryPadding !== undefined && { [PADDING]: model.queryPadding }),
    model: hashOfWeights(model.checkpoint),
  }
  if (earlier) checkSame(earlier.record.identity, identity)
  // A run that goes on has its weights.
  const { isFresh, queryPadding: _, ...opened } = model
  if (earlier || !isFresh) return { model: opened, examples, identity }
  tell('The model has no projection yet: it begins with the principal components of its vectors of these texts.')
  return { model: { ...opened, checkpoint: await begun(model, examples, options.train) }, examples, identity }
}

function begun({ checkpoint, layouts }: OpenModel, { training }: Chosen, { seed }: TrainOptions): Promise<Checkpoint> {
  const texts = new Set(training.map(({ positive }) => positive))
  return withPrincipalProjection(checkpoint, layouts, [...texts], seed)
}

export interface OpenModel {
  readonly files: ModelFiles
  readonly checkpoint: Checkpoint
  readonly layouts: Layouts
}

/** Errors: `model-missing`, `model-invalid`; `invalid-argument` for a width that it cannot have. */
async function openModel(
  { model, dim, queryPadding, train }: InputOptions,
  earlier: StoredRun | undefined,
): Promise<OpenModel & { readonly isFresh: boolean; readonly queryPadding: boolean | undefined }> {
  const files = folderFiles(resolve(model))
  const before = earlier?.record.identity[PADDING]
  const padding = queryPadding ?? (typeof before === 'boolean' ? before : undefined)
  const found = await openLate(files, { model, dim, train }, earlier)
  // One that has no projection yet was never taught to use padding.
  const isPadded = padding ?? (found.isFresh ? false : undefined)
  const own = isPadded === undefined ? found.files : await withQueryPadding(found.files, isPadded)
  return { ...found, files: own, layouts: await loadLayouts(own), queryPadding: isPadded }
}

/** As it is, or made a late-interaction model. */
async function openLate(
  files: ModelFiles,
  { model, dim, train }: Pick<InputOptions, 'model' | 'dim' | 'train'>,
  earlier: StoredRun | undefined,
): Promise<Omit<OpenModel, 'layouts'> & { readonly isFresh: boolean }> {
  const checkpoint = await readCheckpoint(files)
  const width = checkpoint.weights.get(PROJECTION)?.shape[0]
  if (width === undefined) {
    if (train.keepStart)
      throw new SelvageError(
        'invalid-argument',
        `train: --keep-start is ${train.keepStart}, but ${shortPath(model)} has no projection yet: nothing of it answers queries. Leave it out.`,
      )
    // What it was made with when the run began, it is made with again.
    const { state } = earlier ?? {}
    const wanted = dim ?? state?.weights.get(PROJECTION)?.shape[0]
    const seed = train.seed ?? state?.options.seed
    const queryLength = train.queryTokens ?? state?.options.queryTokens
    const made = await toLateInteraction(checkpoint, files, {
      ...(wanted !== undefined && { dim: wanted }),
      ...(seed !== undefined && { seed }),
      ...(queryLength !== undefined && { queryLength }),
    })
    return { ...made, isFresh: true }
  }
  if (dim !== undefined && dim !== width)
    throw new SelvageError(
      'invalid-argument',
      `train: --dim is ${dim}, but ${shortPath(model)} has a projection to ${width} already. Leave --dim out, or take a model without one.`,
    )
  return { files, checkpoint, isFresh: false }
}

export interface Chosen {
  readonly training: readonly Example[]
  readonly held: readonly Example[]
  readonly doubled: number
  readonly shared: number
  readonly identity: Readonly<Record<string, unknown>>
}

async function chooseExamples(
  { data, heldOut, limit, train }: InputOptions,
  earlier: StoredRun | undefined,
  tell: (line: string) => void,
): Promise<Chosen> {
  const { loss = earlier?.state.options.loss, seed = earlier?.state.options.seed ?? 0 } = train
  const isAlone = (train.batchSize ?? earlier?.state.options.batchSize) === 1
  const { examples, doubled } = readExamples(await readDataFiles(data), { withTitle, loss, isAlone })
  const asked = heldOut ?? earlier?.record.heldOut ?? DEFAULT_HELD_OUT
  const most = limit ?? earlier?.record.limit ?? Number.POSITIVE_INFINITY
  const share = asked.trim() === '' ? Number.NaN : Number(asked)
  if (Number.isNaN(share)) {
    const held = readExamples(await readDataFiles([asked]), { withTitle }).examples
    if (!canMeasure(held))
      throw new SelvageError(
        'invalid-argument',
        `${shortPath(asked)}: nothing can be measured by it. Give examples with negatives, or some with different positives.`,
      )
    const others = without(examples, held)
    if (others.length === 0)
      throw new SelvageError(
        'invalid-argument',
        `train: every query of the data is in ${shortPath(asked)} too; none is left to train on.`,
      )
    const identity = { 'held-out': asked, 'held-out examples': hashOfText(JSON.stringify(held)) }
    const shared = examples.length - others.length
    return { training: drawn(others, most, seed), held, doubled, shared, identity }
  }
  if (!(share >= 0 && share < 1))
    throw new SelvageError(
      'invalid-argument',
      `train: --held-out is ${asked}, wanted a share from 0 to below 1, or a file.`,
    )
  const parts = holdOut(examples, share, seed, MOST_HELD)
  const isEnough = canMeasure(parts.held)
  if (!isEnough && share > 0)
    tell(
      `Of ${examples.length} examples too few would be held out to measure by: all are trained on. Give more with --held-out.`,
    )
  const { training, held } = isEnough ? parts : { training: examples, held: [] }
  return { training: drawn(training, most, seed), held, doubled, shared: 0, identity: { 'held-out': asked } }
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

function hashOfWeights({ weights }: Checkpoint): string {
  const hash = createHash('sha256')
  for (const [name, { data }] of [...weights].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name}\n`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return hash.digest('hex')
}

function hashOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
