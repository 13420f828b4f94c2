/**
 * The documents of a folder, in a stable order. A file that cannot be read as text does not stop a build: it is named
 * with its reason, and the caller decides what that means for the exit code.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { asSelvageError, SelvageError } from '../errors.ts'
import { decodeText } from '../text/decode.ts'
import type { Source } from '../text/document.ts'
import { isPagePath } from '../text/parse/index.ts'
import { isMissing } from './fileStore.ts'

/** Folders that hold tools and packages, not documents. */
const SKIPPED_FOLDER = /^(\..*|node_modules)$/

export interface FolderFile {
  /** Relative to the folder, with `/`. */
  readonly path: string
  readonly absolutePath: string
}

/** All documents below the folder, sorted by path. Errors: `no-documents`. */
export async function listDocuments(folder: string): Promise<FolderFile[]> {
  const root = resolve(folder)
  const info = await stat(root).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw asSelvageError(error, 'no-documents', `${root} cannot be opened: `)
  })
  if (info === undefined) throw new SelvageError('no-documents', `There is no folder ${root}.`)
  if (!info.isDirectory())
    throw new SelvageError('no-documents', `${root} is not a folder. Give the folder that it is in.`)
  const files: FolderFile[] = []
  await walk(root, root, files)
  if (files.length === 0)
    throw new SelvageError(
      'no-documents',
      `There are no documents in ${root}: no file there or in its sub-folders ends in .md, .mdx, .html or .txt.`,
    )
  // By code units, not by locale: the same order, hence the same index, on every machine.
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** Links to folders are not followed: they could lead round in a circle, or out of the site. */
async function walk(root: string, folder: string, files: FolderFile[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const absolutePath = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDER.test(entry.name)) await walk(root, absolutePath, files)
    } else if (isPagePath(entry.name) && (entry.isFile() || (await isLinkToFile(absolutePath)))) {
      files.push({ path: relative(root, absolutePath).split(sep).join('/'), absolutePath })
    }
  }
}

async function isLinkToFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false
}

/** Reads the files one by one; those that are not text go to `onUnreadable` with a message that names the path. */
export async function* readDocuments(
  files: readonly FolderFile[],
  onUnreadable: (error: SelvageError) => void,
): AsyncGenerator<Source> {
  for (const { path, absolutePath } of files) {
    try {
      yield { path, content: decodeText(new Uint8Array(await readFile(absolutePath)), path) }
    } catch (error) {
      onUnreadable(asSelvageError(error, 'unreadable-document', `${path} cannot be read: `))
    }
  }
}
