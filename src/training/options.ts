/** What a training run can be told, with its defaults, checked. Knows no model. */
import { rejectUnknown, SelvageError } from '../errors.ts'

export interface TrainOptions {
  /** 'contrastive' (default): the positive against all other texts of its batch; 'distillation': a teacher's scores. */
  readonly loss?: 'contrastive' | 'distillation'
  /** What scores are divided by before the softmax of the contrastive loss. Default 1, as PyLate. */
  readonly temperature?: number
  /** Examples that are run together; the others of a batch are negatives. Default 16. */
  readonly batchSize?: number
  /** Batches whose gradients are averaged for one step. Default 1. */
  readonly accumulate?: number
  /** Times that each example is seen. Default 1. */
  readonly epochs?: number
  /** Of the encoder, at its highest. Default 3e-6, for a model that is trained already. */
  readonly learningRate?: number
  /** Of the projection. Default: ten times `learningRate`. */
  readonly projectionRate?: number
  /** Share of all steps in which the rates rise from 0; then they fall to 0. Default 0.1. */
  readonly warmupShare?: number
  /** Default 0.01; biases and LayerNorms have none. */
  readonly weightDecay?: number
  /** The gradient of all weights is scaled down to this length. Default 1. */
  readonly clipNorm?: number
  /**
   * Share of the weights that the run began with in those that it ends with (Wortsman and others 2022, "Robust fine-tuning of
   * zero-shot models"): less is learned, and less is forgotten. From 0 to below 1. Default 0.
   */
  readonly keepStart?: number
  /** Of the order of examples. Default 0. */
  readonly seed?: number
  /** Tokens of a query and of a document at most; default: the model's own. */
  readonly queryTokens?: number
  readonly documentTokens?: number
}

/** Those that follow from nothing else; the model's own lengths stand for the two that are left out. */
const DEFAULTS = {
  loss: 'contrastive',
  temperature: 1,
  batchSize: 16,
  accumulate: 1,
  epochs: 1,
  learningRate: 3e-6,
  warmupShare: 0.1,
  weightDecay: 0.01,
  clipNorm: 1,
  keepStart: 0,
  seed: 0,
} as const

const KNOWN: readonly string[] = [
  ...Object.keys(DEFAULTS),
  ...(['projectionRate', 'queryTokens', 'documentTokens'] satisfies (keyof TrainOptions)[]),
]

/** All options. @param limits the model's own lengths */
export function complete(
  options: TrainOptions,
  limits: Pick<Required<TrainOptions>, 'queryTokens' | 'documentTokens'>,
): Required<TrainOptions> {
  rejectUnknown(options, KNOWN, 'Trainer')
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as TrainOptions
  const learningRate = given.learningRate ?? DEFAULTS.learningRate
  const all = { ...DEFAULTS, projectionRate: 10 * learningRate, ...limits, ...given }
  const wrong = (key: keyof TrainOptions, wanted: string): SelvageError =>
    new SelvageError('invalid-argument', `Trainer: ${key} is ${all[key]}, wanted ${wanted}.`)
  if (all.loss !== 'contrastive' && all.loss !== 'distillation') throw wrong('loss', "'contrastive' or 'distillation'")
  for (const key of ['batchSize', 'accumulate', 'epochs'] as const)
    if (!Number.isSafeInteger(all[key]) || all[key] < 1) throw wrong(key, 'a whole number, at least 1')
  for (const key of ['temperature', 'clipNorm'] as const) if (!(all[key] > 0)) throw wrong(key, 'a number above 0')
  for (const key of ['learningRate', 'projectionRate', 'weightDecay'] as const)
    if (!(all[key] >= 0 && all[key] < 1)) throw wrong(key, 'a number of at least 0 and below 1')
  if (!(all.warmupShare >= 0 && all.warmupShare <= 1)) throw wrong('warmupShare', 'a share, 0 to 1')
  if (!(all.keepStart >= 0 && all.keepStart < 1)) throw wrong('keepStart', 'a share, from 0 to below 1')
  if (!Number.isSafeInteger(all.seed)) throw wrong('seed', 'a whole number')
  return all
}

/** Throws where an option is told that a run to be gone on with has otherwise. */
export function agree(options: TrainOptions, earlier: Required<TrainOptions>): void {
  for (const key of Object.keys(options) as (keyof TrainOptions)[]) {
    if (options[key] === undefined || options[key] === earlier[key]) continue
    throw new SelvageError(
      'invalid-argument',
      `${key} is ${options[key]}, but the run to go on with has ${earlier[key]}. Leave it out, or start a run anew.`,
    )
  }
}
