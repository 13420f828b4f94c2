/** `--with-runtime`: what a page needs to search an index, beside the index: one folder and one tag are then a whole search. */
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { SelvageError } from '../errors.ts'
import { type RuntimeFile, runtimeFiles } from './runtimeFiles.ts'

/** Copies what is missing or differs. Errors: `output-conflict`, and those of runtimeFiles. */
export async function writeRuntime(output: string, model?: string): Promise<void> {
  for (const file of await runtimeFiles(model)) {
    const target = join(resolve(output), file.name)
    if (await isSame(file, target)) continue
    try {
      await mkdir(dirname(target), { recursive: true })
      await copyFile(file.absolutePath, target)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new SelvageError('output-conflict', `${target} could not be written: ${reason}`, { cause })
    }
  }
}

async function isSame({ absolutePath }: RuntimeFile, target: string): Promise<boolean> {
  const there = await readFile(target).catch(() => undefined)
  return there?.equals(await readFile(absolutePath)) ?? false
}
