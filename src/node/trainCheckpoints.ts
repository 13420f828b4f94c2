/**
 * What a training run needs to go on, in files: weights and moments as a .safetensors file, and beside it a .json file that
 * is written after it and has its hash, so that a checkpoint with a .json file is whole. Each is written aside, synced and renamed;
 * the last two are kept, since a disk may lose what it said it had. Knows no optimiser: what a state means is Trainer's matter.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SelvageError } from '../errors.ts'
import { readSafetensors, writeSafetensors } from '../training/safetensors.ts'
import type { TrainState } from '../training/trainer.ts'
import type { Tensor, Weights } from '../training/types.ts'
import { isMissing, makeFolder, writeWhole } from './fileStore.ts'
import { reasonOf, shortPath } from './paths.ts'

/** What a run remembers beside its state: what it is of, and what was measured. */
export interface RunRecord {
  /** What must be the same for a run to go on: names and values, for messages. */
  readonly identity: Readonly<Record<string, unknown>>
  /** As `--held-out` has it. */
  readonly heldOut: string
  /** As `--limit` has it. */
  readonly limit?: number | undefined
  /** That worked on it: sums of another number round otherwise. */
  readonly threads: number
  /** Of each step. */
  readonly losses: readonly number[]
  /** Of the held-out examples, by the step that was done then. */
  readonly accuracies: readonly { readonly step: number; readonly accuracy: number }[]
  readonly seconds: number
}

export interface StoredRun {
  readonly state: TrainState
  readonly record: RunRecord
}

interface CheckpointFile {
  readonly format: typeof FORMAT
  readonly version: typeof VERSION
  readonly state: Pick<TrainState, 'step' | 'options' | 'examplesHash'>
  readonly record: RunRecord
  readonly tensors: { readonly file: string; readonly sha256: string }
}

const FORMAT = 'selvage-training'
const VERSION = 1
const KEPT = 2
const PARTS = ['weights', 'firstMoments', 'secondMoments'] as const
const NAME = /^step-(\d{8})\.json$/

/** Whether a run writes files with such names into the folder of its checkpoints. */
export function isCheckpointName(name: string): boolean {
  return /^step-\d{8}\.(json|safetensors)(\.[\d-]+\.tmp)?$/.test(name)
}

/** Errors: `output-conflict` where it cannot be written; the checkpoints before it stay. */
export async function writeRun(folder: string, { state, record }: StoredRun): Promise<void> {
  await makeFolder(folder)
  const name = `step-${String(state.step).padStart(8, '0')}`
  const tensors = new Map<string, Tensor>()
  for (const part of PARTS) for (const [key, tensor] of state[part]) tensors.set(`${part}/${key}`, tensor)
  const bytes = writeSafetensors(tensors, { metadata: { format: FORMAT } })
  const { step, options, examplesHash } = state
  const file: CheckpointFile = {
    format: FORMAT,
    version: VERSION,
    state: { step, options, examplesHash },
    record,
    tensors: { file: `${name}.safetensors`, sha256: hashOf(bytes) },
  }
  await writeWhole(folder, file.tensors.file, bytes)
  await writeWhole(folder, `${name}.json`, Buffer.from(JSON.stringify(file)))
  await sweep(folder)
}

/** All but the last ones, and what a run that was killed was writing. What cannot be deleted does no harm. */
async function sweep(folder: string): Promise<void> {
  const names = await readdir(folder)
  const kept = names
    .filter((name) => NAME.test(name))
    .sort()
    .slice(-KEPT)
  const wanted = new Set(kept.flatMap((name) => [name, name.replace(/json$/, 'safetensors')]))
  // The .json file first: without it the other is nobody's.
  for (const name of names.sort().filter((one) => isCheckpointName(one) && !wanted.has(one)))
    await rm(join(folder, name), { force: true }).catch(() => {})
}

/**
 * The last checkpoint that is whole; undefined where there is none at all.
 * Errors: `model-invalid` where there are some and none of them can be read.
 */
export async function readLastRun(folder: string, onDamaged: (why: string) => void): Promise<StoredRun | undefined> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const steps = names
    .filter((name) => NAME.test(name))
    .sort()
    .reverse()
  for (const name of steps) {
    try {
      return await readOne(folder, name)
    } catch (error) {
      onDamaged(`${shortPath(join(folder, name))} cannot be used: ${reasonOf(error)}`)
    }
  }
  if (steps.length === 0) return undefined
  throw new SelvageError(
    'model-invalid',
    `None of the ${steps.length} checkpoints in ${shortPath(folder)} can be read. Begin anew with --force.`,
  )
}

async function readOne(folder: string, name: string): Promise<StoredRun> {
  const file: CheckpointFile = JSON.parse(await readFile(join(folder, name), 'utf8'))
  if (file.format !== FORMAT || file.version !== VERSION)
    throw new Error(`it is of format ${file.format} ${file.version}, wanted ${FORMAT} ${VERSION}`)
  const path = join(folder, file.tensors.file)
  const bytes = await readFile(path)
  if (hashOf(bytes) !== file.tensors.sha256) throw new Error(`${file.tensors.file} is not what was written`)
  const all = readSafetensors(bytes, shortPath(path))
  const part = (prefix: (typeof PARTS)[number]): Weights =>
    new Map(
      [...all].flatMap(([key, tensor]) =>
        key.startsWith(`${prefix}/`) ? [[key.slice(prefix.length + 1), tensor]] : [],
      ),
    )
  return {
    record: file.record,
    state: {
      ...file.state,
      weights: part('weights'),
      firstMoments: part('firstMoments'),
      secondMoments: part('secondMoments'),
    },
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
