/** A model folder in memory, alone or over another one: what training makes before it is written anywhere. */
import type { ModelFiles } from '../encoder/encoder.ts'

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

/** As Python's json writes it with an indent of two, and a line's end. */
export function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)
}
