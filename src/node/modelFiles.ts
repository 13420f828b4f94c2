/** A model folder on disk, for the encoder. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { ModelFiles } from '../encoder/encoder.ts'
import { SelvageError } from '../errors.ts'
import { isMissing } from './fileStore.ts'

export function folderFiles(directory: string): ModelFiles {
  return {
    location: directory,
    async read(path) {
      try {
        return await readFile(join(directory, path))
      } catch (cause) {
        if (isMissing(cause)) return undefined
        throw new SelvageError('model-missing', `${join(directory, path)} cannot be read: ${String(cause)}`, { cause })
      }
    },
  }
}

/** Paths of all files in the folder, with `/`, for `makeManifest`. */
export async function listModelFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/')).sort()
}
