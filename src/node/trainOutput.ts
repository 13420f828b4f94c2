/**
 * The folder that a training run writes: checkpoints below it while it runs, the model and a report in it when it is done. It is
 * never the model's own, and what is there already is not touched unasked.
 */
import { readdir, realpath, rm } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { SelvageError } from '../errors.ts'
import { makeFolder } from './fileStore.ts'
import { LOCK_FILE } from './lock.ts'
import { shortPath } from './paths.ts'

export const CHECKPOINTS = 'checkpoints'
export const REPORT_FILE = 'report.json'

/** Whether a file of the folder tells of the run, and is none of the model. */
export function isOfRun(path: string): boolean {
  return path === REPORT_FILE || path.startsWith(`${CHECKPOINTS}/`)
}

export interface OutputOptions {
  readonly output: string
  /** Folder of the model that is trained. */
  readonly model: string
  /** Go on with a run that is there. */
  readonly resume: boolean
  /** Begin anew, whatever is there. */
  readonly force: boolean
}

/** May it be written? Asked before anything that takes time. Errors: `output-conflict`. */
export async function checkOutput(options: OutputOptions): Promise<void> {
  await checkApart(options.output, options.model)
  checkFree(await readdir(options.output).catch(() => []), options) // what is no folder, making it says
}

/** Makes the folder, or checks that it may still be written. Errors: `output-conflict`. */
export async function prepareOutput(options: OutputOptions): Promise<void> {
  checkFree(await makeFolder(options.output), options)
}

function checkFree(found: readonly string[], { output, resume, force }: OutputOptions): void {
  const names = found.filter((name) => name !== LOCK_FILE)
  const place = shortPath(output)
  if (names.length === 0 || force) return
  const hasRun = names.includes(CHECKPOINTS)
  if (resume && hasRun) return
  if (hasRun)
    throw new SelvageError(
      'output-conflict',
      `${place} holds a run that was stopped. Go on with it with --resume, begin anew with --force, or give another folder with -o.`,
    )
  if (resume && names.includes(REPORT_FILE))
    throw new SelvageError(
      'output-conflict',
      `${place} holds a run that is finished: there is nothing to resume. Train its model further with --model ${place} and another -o.`,
    )
  throw new SelvageError(
    'output-conflict',
    `${place} is not empty (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''}). Nothing was written. ` +
      'Give an empty or new folder with -o, or write into this one with --force.',
  )
}

/** What an earlier run left. Its model stays until there is another. */
export async function clearOutput(output: string): Promise<void> {
  for (const name of [CHECKPOINTS, REPORT_FILE]) await rm(join(output, name), { recursive: true, force: true })
}

/** Neither in the other: a model that is trained from stays as it is. */
async function checkApart(output: string, model: string): Promise<void> {
  const [to, from] = [await realOf(output), await realOf(model)]
  const isIn = (inner: string, outer: string) => {
    const path = relative(outer, inner)
    return path === '' || !(path === '..' || path.startsWith(`..${sep}`) || resolve(path) === path)
  }
  if (!isIn(to, from) && !isIn(from, to)) return
  throw new SelvageError(
    'output-conflict',
    `${shortPath(output)} and the model's folder ${shortPath(model)} are one, or one is in the other; the model that is trained from is never written to. Give another folder with -o.`,
  )
}

/** Through links; of what is not there yet, through those of the folders above. */
async function realOf(path: string): Promise<string> {
  const whole = resolve(path)
  return realpath(whole).catch(async () => {
    const above = dirname(whole)
    return above === whole ? whole : join(await realOf(above), relative(above, whole))
  })
}
