/**
 * A zip, read in the tab as if it were a folder: its list of files at once, each file when its turn comes. Loaded when the first
 * one is dropped. What an archive claims is not believed: its list and its files may only be so large, and a file that unpacks to
 * more than it said is refused. Passwords are not asked for.
 */
import { BlobReader, type Reader, unzipRaw, type ZipEntry } from 'unzipit'
import { formatBytes, formatCount } from '../format.ts'
import { type LeftOut, MOST_BYTES } from './leftOut.ts'
import { type Found, isPassedBy, Unreadable } from './readFiles.ts'

const MOST_ENTRIES = 20_000
/** Of all texts of an archive together. */
const MOST_UNPACKED = 200e6
/** Bytes of an archive's list: of 20,000 names that are as long as they may be there are fewer. */
const MOST_LIST_BYTES = 16e6

/** Files of the archive whose names say that they are text; whatever is wrong is told to `leftOut`. */
export async function filesOfZip(
  path: string,
  file: Blob,
  leftOut: LeftOut,
  isText: (path: string) => boolean,
): Promise<Found[]> {
  let entries: readonly ZipEntry[]
  try {
    entries = (await unzipRaw(guarded(file))).entries.filter(({ isDirectory }) => !isDirectory)
  } catch (error) {
    leftOut.say(`${path} ${whyUnread(error)}`)
    return []
  }
  if (entries.length > MOST_ENTRIES) {
    const [has, may] = [formatCount(entries.length), formatCount(MOST_ENTRIES)]
    leftOut.say(`${path} has ${has} files, and was not read; a zip may have ${may}. Unpack it and drop a part of it.`)
    return []
  }
  const meant = entries.filter(({ name }) => !isPassedBy(pathOf(name)))
  const open = meant.filter(({ encrypted }) => !encrypted)
  if (meant.length > 0 && open.length === 0) {
    leftOut.say(`${path} is encrypted, and was not read. Unpack it and drop its folder; everything else was taken.`)
    return []
  }
  const found: Found[] = []
  let unpacked = 0
  for (const entry of meant) {
    const within = `${path}/${pathOf(entry.name)}`
    if (!isText(within)) leftOut.count(within)
    else if (entry.encrypted) leftOut.name(within, 'encrypted')
    else {
      found.push({ path: within, open: async () => ({ size: entry.size, bytes: () => unpack(entry) }) })
      unpacked += Math.min(entry.size, MOST_BYTES)
    }
  }
  if (unpacked > MOST_UNPACKED) {
    const [has, may] = [formatBytes(unpacked), formatBytes(MOST_UNPACKED)]
    leftOut.say(
      `${path} unpacks to ${has} of text or more, and was not read; a zip may have ${may}. Drop a part of it.`,
    )
    return []
  }
  if (found.length === 0) leftOut.say(`${path} has no Markdown, HTML or text in it.`)
  return found
}

/** Names of archives from Windows may have its strokes; of those that would leave the archive, only the name is left. */
function pathOf(name: string): string {
  return name
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/')
}

/** A list that is too long is not read, whatever the archive says of it. */
function guarded(file: Blob): Reader {
  const reader = new BlobReader(file)
  return {
    getLength: () => reader.getLength(),
    read(offset, length) {
      if (length > MOST_LIST_BYTES) throw new TooLong()
      if (offset < 0 || offset + length > file.size) throw new Error('That lies outside of the file.')
      return reader.read(offset, length)
    },
    readStream: (offset, length) => reader.readStream(offset, length),
  }
}

class TooLong extends Error {}

function whyUnread(error: unknown): string {
  if (error instanceof TooLong)
    return 'has a list of files that is too long, and was not read. Unpack it and drop a part of it.'
  const message = error instanceof Error ? error.message : ''
  if (/encrypt/.test(message)) return 'is encrypted, and was not read. Unpack it and drop its folder.'
  if (/multi-volume/.test(message)) return 'is one of several parts, and was not read. Unpack it and drop its folder.'
  return 'could not be read: it is damaged, cut off, or no zip at all. Everything else was taken.'
}

async function unpack(entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(entry.size)
  let at = 0
  try {
    const reader = (await entry.stream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (at + value.length > bytes.length) {
        await reader.cancel()
        throw new Unreadable('garbled')
      }
      bytes.set(value, at)
      at += value.length
    }
  } catch {
    throw new Unreadable('garbled')
  }
  if (at < bytes.length) throw new Unreadable('garbled')
  return bytes
}
