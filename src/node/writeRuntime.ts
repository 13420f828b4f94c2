/** `--with-runtime`: what a page needs to search an index, beside the index: one folder and one tag are then a whole search. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isRuntimeName, writeWhole } from './fileStore.ts'
import type { RuntimeFile } from './runtimeFiles.ts'

/** A name that changes with its content, so that what it replaces is left behind; and what a killed build was writing. */
const REPLACED = /^onnxruntime-.*\.bin$|\.tmp$/

/** Writes what is missing or differs, and deletes what earlier versions wrote under other names. Errors: `output-conflict`. */
export async function writeRuntime(output: string, files: readonly RuntimeFile[]): Promise<void> {
  const folder = resolve(output)
  for (const { name, absolutePath } of files) {
    const bytes = await readFile(absolutePath)
    const there = await readFile(join(folder, name)).catch(() => undefined)
    if (!there?.equals(bytes)) await writeWhole(folder, name, bytes)
  }
  const written = new Set(files.map(({ name }) => name))
  for (const name of await readdir(folder))
    if (isRuntimeName(name) && REPLACED.test(name) && !written.has(name)) await rm(join(folder, name), { force: true })
}
