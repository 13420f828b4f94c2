/** Files of training data, plain or gzipped, read and written whole. What their lines say is training/'s matter. */
import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { SelvageError } from '../errors.ts'
import { contextualText } from '../text/context.ts'
import type { DataFile } from '../training/data.ts'
import { makeFolder, writeWhole } from './fileStore.ts'
import { shortPath } from './paths.ts'
import { readEither } from './systems/readSet.ts'

/** Errors: `no-documents` where there is no such file; `unreadable-document` where it is damaged, or no text. */
export async function readDataFiles(paths: readonly string[]): Promise<DataFile[]> {
  const files: DataFile[] = []
  for (const path of paths) {
    const isFolder = await stat(path).then(
      (info) => info.isDirectory(),
      () => false,
    )
    if (isFolder)
      throw new SelvageError(
        'no-documents',
        `${shortPath(path)} is a folder. Give the .jsonl or .jsonl.gz files in it.`,
      )
    const [content, file] = await readEither(path)
    files.push({ name: shortPath(file), content })
  }
  return files
}

/** What a model reads of a document with a title: the same as of a passage below a heading. */
export function withTitle(title: string, text: string): string {
  return contextualText([title], text).text
}

/** Written beside its place and renamed into it; gzipped where its name says so. Errors: `output-conflict`. */
export async function writeDataFile(path: string, rows: readonly unknown[]): Promise<void> {
  const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const folder = dirname(resolve(path))
  await makeFolder(folder)
  await writeWhole(folder, basename(path), /\.gz$/i.test(path) ? gzipSync(bytes) : bytes)
}
