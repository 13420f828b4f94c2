/**
 * From what was dropped or chosen to texts: files and folders walked, each file read as text or refused with a sentence.
 * Knows no index; what becomes of the texts is the caller's.
 */
import { formatBytes, plural } from '../format.ts'
import { formatOf } from './own.ts'

/** A file, and its path from the folder that it came in with. */
export interface Found {
  readonly path: string
  readonly file: File
}

export interface Gathered {
  readonly found: readonly Found[]
  /** Sentences: what was left out, and why. */
  readonly problems: readonly string[]
}

/** As the command line has it: what is larger is seldom written by hand. */
const MOST_BYTES = 20e6
/** Folders of tools, whose texts nobody means. */
const PASSED_BY = /^(?:\.|node_modules$)/

/** Must be called while the drop event is handled: after it, the items are empty. */
export function dropped({ items, files }: DataTransfer): Promise<Gathered> {
  const given = [...items].filter(({ kind }) => kind === 'file')
  const entries = given.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  // Where a browser gives no entries there are no folders either.
  if (entries.every(({ entry }) => entry === null)) return gather([...files].map((file) => ({ path: file.name, file })))
  return (async () => {
    const found: Found[] = []
    for (const { entry, file } of entries) {
      if (entry !== null) await walk(entry, found)
      else if (file !== null) found.push({ path: file.name, file })
    }
    return gather(found)
  })()
}

/** From a file dialog. */
export function chosen(files: FileList): Promise<Gathered> {
  const found = [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }))
  return gather(found.filter(({ path }) => !path.split('/').some((part) => PASSED_BY.test(part))))
}

/** Text of a file. The error's message is a sentence for its reader. */
export async function readText({ path, file }: Found): Promise<string> {
  if (file.size === 0) throw new Error(`${path} is empty.`)
  if (file.size > MOST_BYTES)
    throw new Error(`${path} has ${formatBytes(file.size)}; a file may have ${formatBytes(MOST_BYTES)}.`)
  let bytes: Uint8Array
  try {
    bytes = new Uint8Array(await file.arrayBuffer())
  } catch {
    throw new Error(`${path} could not be read. It may have been moved or changed meanwhile.`)
  }
  const text = decode(bytes)
  if (text === undefined) throw new Error(`${path} is not text, or not in UTF-8.`)
  if (text.trim() === '') throw new Error(`${path} has nothing but white space.`)
  return text
}

/** In folders there is much that was not meant: it is counted. What was given by itself is named. */
async function gather(all: readonly Found[]): Promise<Gathered> {
  const found = new Map<string, Found>()
  const problems: string[] = []
  let others = 0
  for (const one of all) {
    const { path } = one
    if (formatOf(path) === undefined) {
      if (path.includes('/')) others++
      else problems.push(`${path} is not Markdown, HTML or plain text, by its ending.`)
      continue
    }
    if (found.has(path)) problems.push(`Two files are called ${path}: the later one was taken.`)
    found.set(path, one)
  }
  if (others > 0)
    problems.push(`${plural(others, 'other file')} in the folder ${others === 1 ? 'is' : 'are'} not text.`)
  if (all.length === 0) problems.push('There was no file to read.')
  return { found: [...found.values()], problems }
}

async function walk(entry: FileSystemEntry, found: Found[]): Promise<void> {
  const path = entry.fullPath.replace(/^\//, '')
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject)).catch(() => undefined)
    // An empty one is refused with its name when it is read.
    found.push({ path, file: file ?? new File([], entry.name) })
  } else if (isFolder(entry)) {
    const reader = entry.createReader()
    for (;;) {
      // A hundred at a time, until there are none.
      const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
      if (part.length === 0) return
      for (const child of part) if (!PASSED_BY.test(child.name)) await walk(child, found)
    }
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory
}

/** UTF-8, or UTF-16 where a mark says so; undefined for anything else, since a wrong guess gives nonsense. */
function decode(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes
  const utf16 =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : undefined
  if (utf16 === undefined && bytes.includes(0)) return undefined
  try {
    return new TextDecoder(utf16 ?? 'utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
