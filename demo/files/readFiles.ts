/**
 * From what was dropped, chosen or pasted to texts: files, folders and zips walked, each file read as text or refused with a
 * reason. Nothing is read before its turn, and what is too large never. Knows no index; what becomes of the texts is the caller's.
 */
import { breathe } from './breathe.ts'
import { endingOf, type LeftOut, MOST_BYTES, type Reason } from './leftOut.ts'
import { formatOf } from './own.ts'

/** A file that may be read, and its path from the folder or archive that it came in with. */
export interface Found {
  readonly path: string
  /** How large it is, and nothing else. Errors: whatever a disk throws. */
  open(): Promise<Opened>
}

export interface Opened {
  readonly size: number
  /** Errors: `Unreadable`, and whatever a disk throws. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>
}

/** Looks through what was given. `onCount` is told how many files there are so far. */
export type Source = (leftOut: LeftOut, onCount: (files: number) => void) => Promise<Found[]>

export class Unreadable extends Error {
  readonly reason: Reason

  constructor(reason: Reason) {
    super(reason)
    this.reason = reason
  }
}

interface Given {
  readonly path: string
  file(): Promise<File>
}

/** Folders of tools, whose texts nobody means; what macOS puts into its archives. */
const PASSED_BY = /^(?:\.|node_modules$|__MACOSX$)/
/** Text that is decoded in one turn. */
const SLICE_BYTES = 1 << 20

export function isPassedBy(path: string): boolean {
  return path.split('/').some((part) => PASSED_BY.test(part))
}

/** Must be called while the drop event is handled: after it, the items are empty. */
export function dropped({ items, files }: DataTransfer): Source {
  const given = [...items].filter(({ kind }) => kind === 'file')
  const entries = given.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  // Where a browser gives no entries there are no folders either.
  if (entries.every(({ entry }) => entry === null)) {
    const all = [...files].map((file) => ({ path: file.name, file: async () => file }))
    return (leftOut) => sorted(all, leftOut)
  }
  return async (leftOut, onCount) => {
    const all: Given[] = []
    for (const { entry, file } of entries) {
      if (entry !== null) await walk(entry, all, leftOut, onCount)
      else if (file !== null) all.push({ path: file.name, file: async () => file })
    }
    return sorted(all, leftOut)
  }
}

/** From a file dialog. */
export function chosen(files: FileList): Source {
  const all = [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file: async () => file }))
  const meant = all.filter(({ path }) => !isPassedBy(path))
  return (leftOut) => sorted(meant, leftOut)
}

export interface Text {
  readonly text: string
  /** By which the same text is known again; undefined where the page may not compute one. */
  readonly hash: string | undefined
}

/** Errors: `Unreadable`. */
export async function readText({ open }: Found): Promise<Text> {
  let bytes: Uint8Array<ArrayBuffer>
  try {
    const { size, bytes: read } = await open()
    if (size === 0) throw new Unreadable('empty')
    if (size > MOST_BYTES) throw new Unreadable('large')
    bytes = await read()
  } catch (error) {
    throw error instanceof Unreadable ? error : new Unreadable('unreadable')
  }
  const text = await decode(bytes)
  if (text === undefined) throw new Unreadable('binary')
  if (!/\S/.test(text)) throw new Unreadable('blank')
  return { text, hash: await hashOf(bytes) }
}

/** 32 hex digits. Pages without https have no such thing: there, what comes again is read again. */
export async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const { subtle }: { subtle?: SubtleCrypto } = crypto
  if (subtle === undefined) return undefined
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes))
  return [...digest.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Texts and archives by their endings. In folders there is much that was not meant; what was given by itself is named. */
async function sorted(all: readonly Given[], leftOut: LeftOut): Promise<Found[]> {
  const found = new Map<string, Found>()
  const add = (one: Found) => {
    if (found.has(one.path)) leftOut.say(`Two files are called ${one.path}: the later one was taken.`)
    found.set(one.path, one)
  }
  for (const { path, file } of all) {
    if (isText(path)) add({ path, open: async () => opened(await file()) })
    else if (path.includes('/')) leftOut.count(path)
    else if (endingOf(path) === 'zip') for (const one of await unzipped(path, await file(), leftOut)) add(one)
    else leftOut.name(path, 'ending')
    await breathe()
  }
  if (all.length === 0) leftOut.say('There was no file to read.')
  return [...found.values()]
}

function opened(file: File): Opened {
  return { size: file.size, bytes: async () => new Uint8Array(await file.arrayBuffer()) }
}

function isText(path: string): boolean {
  return formatOf(path) !== undefined
}

async function unzipped(path: string, file: File, leftOut: LeftOut): Promise<Found[]> {
  if (file.size === 0) {
    leftOut.name(path, 'empty')
    return []
  }
  let zip: typeof import('./zip.ts')
  try {
    zip = await import('./zip.ts')
  } catch {
    leftOut.say(
      `${path} was not read: the part of this page that reads zips could not be loaded. Unpack it, or try again.`,
    )
    return []
  }
  return zip.filesOfZip(path, file, leftOut, isText)
}

async function walk(
  entry: FileSystemEntry,
  found: Given[],
  leftOut: LeftOut,
  onCount: (files: number) => void,
): Promise<void> {
  const path = entry.fullPath.replace(/^\//, '')
  if (isFile(entry)) {
    found.push({ path, file: () => new Promise((resolve, reject) => entry.file(resolve, reject)) })
    onCount(found.length)
    return
  }
  if (!isFolder(entry)) return
  const reader = entry.createReader()
  try {
    for (;;) {
      // A hundred at a time, until there are none.
      const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
      if (part.length === 0) return
      for (const child of part) if (!PASSED_BY.test(child.name)) await walk(child, found, leftOut, onCount)
      await breathe()
    }
  } catch {
    leftOut.say(`The folder ${path} could not be read. It may have been moved meanwhile.`)
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory
}

/** UTF-8, or UTF-16 where a mark says so; undefined for anything else, since a wrong guess gives nonsense. */
async function decode(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const [first, second] = bytes
  const utf16 =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : undefined
  if (utf16 === undefined && bytes.includes(0)) return undefined
  const decoder = new TextDecoder(utf16 ?? 'utf-8', { fatal: true })
  const parts: string[] = []
  try {
    for (let from = 0; from < bytes.length; from += SLICE_BYTES) {
      parts.push(decoder.decode(bytes.subarray(from, from + SLICE_BYTES), { stream: true }))
      await breathe()
    }
    parts.push(decoder.decode())
  } catch {
    return undefined
  }
  return parts.join('')
}
