/** A model folder's small files: in memory, alone or over another one, before they are written anywhere; and JSON in and out. */
import type { ModelFiles } from '../encoder/encoder.ts'
import { type JsonObject, parseJsonObject } from '../encoder/json.ts'
import { SelvageError } from '../errors.ts'

/** The files by path; where `under` is given, its own for all other paths. */
export function memoryFiles(
  changes: ReadonlyMap<string, Uint8Array>,
  location: string,
  under?: ModelFiles,
): ModelFiles {
  return {
    location,
    read: async (path, onBytes) => changes.get(path) ?? under?.read(path, onBytes),
  }
}

/** A file of the folder that must be there. Errors: `model-missing`, `model-invalid`. */
export async function readJson(files: ModelFiles, path: string): Promise<JsonObject> {
  const bytes = await files.read(path)
  if (bytes !== undefined) return parseJsonObject(bytes, `${files.location}/${path}`)
  throw new SelvageError('model-missing', `${files.location} has no ${path}. Copy the whole model folder.`)
}

/** As Python's json writes it with an indent of two, and a line's end. */
export function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)
}
