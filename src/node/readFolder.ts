/**
 * The documents of a folder, in a stable order, or the records of one data file. What cannot be read does not stop a
 * build: it is named with its reason, and the caller decides what that means for the exit code.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { type ErrorCode, SelvageError } from '../errors.ts'
import { decodeText } from '../text/decode.ts'
import type { Input } from '../text/document.ts'
import { isPagePath } from '../text/parse/index.ts'
import { formatBytes } from '../util.ts'
import { isMissing } from './fileStore.ts'
import { reasonOf, shortPath } from './paths.ts'
import { isRecordPath, readRecords } from './recordFile.ts'

/**
 * What holds no documents: tools and packages, and the hidden files beside documents, which are locks of editors (`.#a.md`)
 * and what macOS keeps of a file on foreign disks (`._a.md`).
 */
const SKIPPED = /^(\..*|node_modules)$/

/**
 * No page for readers is as long: of Ray's 2,851 pages the longest has 0.6 MB. Parsed as HTML, 20 MB of prose or of links
 * take 0.5 GB of memory and 3 s, of `<p>a` without an end 3 GB and 18 s (parse5 8.1, Node 20): all within Node's 4 GB.
 */
const MAX_BYTES = 20_000_000

type OnUnreadable = (error: SelvageError) => void

export interface FolderFile {
  /** Relative to the folder, with `/`; of a data file, its name. */
  readonly path: string
  readonly absolutePath: string
}

/**
 * All documents below the folder, sorted by path; of a .jsonl or .jsonl.gz file, that file alone. Data files in a folder
 * are no documents. Sub-folders that cannot be opened go to `onUnreadable`; by default the first of them is an error.
 * Errors: `no-documents`, `unreadable-document`.
 */
export async function listDocuments(input: string, onUnreadable: OnUnreadable = raise): Promise<FolderFile[]> {
  const root = resolve(input)
  const name = shortPath(root)
  const info = await stat(root).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw cannotOpen('no-documents', name, error)
  })
  if (info === undefined)
    throw new SelvageError('no-documents', `There is no folder or file ${name}. Give the folder of the documents.`)
  if (info.isFile() && isRecordPath(root)) return [{ path: basename(root), absolutePath: root }]
  if (!info.isDirectory())
    throw new SelvageError(
      'no-documents',
      `${name} is not a folder. Give the folder that it is in, or a .jsonl or .jsonl.gz file of records.`,
    )
  const files: FolderFile[] = []
  await walk(root, root, files, onUnreadable)
  if (files.length === 0)
    throw new SelvageError(
      'no-documents',
      `There are no documents in ${name}: no file there or in its sub-folders ends in .md, .mdx, .html or .txt.`,
    )
  // By code units, not by locale: the same order, hence the same index, on every machine.
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** Links to folders are not followed: they could lead round in a circle, or out of the site. */
async function walk(root: string, folder: string, files: FolderFile[], onUnreadable: OnUnreadable): Promise<void> {
  const pathOf = (absolutePath: string) => relative(root, absolutePath).split(sep).join('/')
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    if (folder === root) throw cannotOpen('no-documents', shortPath(root), cause)
    onUnreadable(cannotOpen('unreadable-document', `${pathOf(folder)}/`, cause))
    return []
  })
  for (const entry of entries.filter(({ name }) => !SKIPPED.test(name))) {
    const absolutePath = join(folder, entry.name)
    if (entry.isDirectory()) await walk(root, absolutePath, files, onUnreadable)
    else if (isPagePath(entry.name) && (entry.isFile() || (await isLinkToFile(absolutePath))))
      files.push({ path: pathOf(absolutePath), absolutePath })
  }
}

/** One that leads nowhere or round in a circle counts: reading it says so. */
async function isLinkToFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? true
}

/** Reads the files one by one; what is not text, or no record, goes to `onUnreadable` with a message that names it. */
export async function* readDocuments(files: readonly FolderFile[], onUnreadable: OnUnreadable): AsyncGenerator<Input> {
  for (const { path, absolutePath } of files) {
    if (isRecordPath(path)) yield* readRecords(absolutePath, path, MAX_BYTES, onUnreadable)
    else {
      const content = await readPage(path, absolutePath).catch((error: unknown) => {
        onUnreadable(error instanceof SelvageError ? error : cannotOpen('unreadable-document', path, error))
      })
      if (content !== undefined) yield { path, content }
    }
  }
}

async function readPage(path: string, absolutePath: string): Promise<string> {
  const { size } = await stat(absolutePath)
  if (size > MAX_BYTES)
    throw new SelvageError(
      'unreadable-document',
      `${path} is ${formatBytes(size)}, and a document may have at most ${formatBytes(MAX_BYTES)}. ` +
        'Split it into pages, or leave it out.',
    )
  return decodeText(new Uint8Array(await readFile(absolutePath)), path)
}

function cannotOpen(code: ErrorCode, name: string, cause: unknown): SelvageError {
  const reason = `${reasonOf(cause)}. Make it readable, or leave it out`
  return new SelvageError(code, `${name} cannot be opened: ${reason}.`, { cause })
}

function raise(error: SelvageError): never {
  throw error
}
