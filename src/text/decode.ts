/**
 * Bytes of a file → text, or a clear reason why not. UTF-8; UTF-16 where a byte order mark says so; in HTML, the encoding
 * that the page declares. Nothing is guessed, since a wrong guess gives a page of nonsense that nobody notices.
 */
import { SelvageError } from '../errors.ts'
import { formatBytes } from '../util.ts'

/** How far the HTML standard lets a browser look for a declared encoding. */
const PRESCAN_BYTES = 1024

/** `path` is for messages, and tells HTML by its ending. Throws `unreadable-document`. */
export function decodeText(bytes: Uint8Array, path: string): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return decodeUtf16(bytes, path, 'utf-16le')
  if (first === 0xfe && second === 0xff) return decodeUtf16(bytes, path, 'utf-16be')
  const nul = bytes.indexOf(0)
  if (nul >= 0) {
    throw unreadable(path, `is not text: byte ${nul} is NUL, as in a binary file or UTF-16 without its mark`)
  }
  const declared = /\.html?$/i.test(path) && !hasUtf8Mark(bytes) ? declaredEncoding(bytes) : undefined
  if (declared !== undefined) return decodeDeclared(bytes, path, declared)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    const offset = firstInvalidByte(bytes)
    if (offset < 0) throw unreadable(path, `is ${formatBytes(bytes.length)} of text, more than fits one string`, cause)
    const line = countLines(bytes, offset)
    const value = bytes[offset]!.toString(16).toUpperCase().padStart(2, '0')
    throw unreadable(path, `is not UTF-8: byte ${offset} (line ${line}) is 0x${value}`, cause)
  }
}

function hasUtf8Mark([first, second, third]: Uint8Array): boolean {
  return first === 0xef && second === 0xbb && third === 0xbf
}

/** The label in `<meta charset>` or `<meta http-equiv>`, lower case. Undefined for UTF-8, which needs no special care. */
function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, PRESCAN_BYTES)).replace(/<!--.*?(?:-->|$)/gs, '')
  const label = /<meta\s[^>]*?charset\s*=\s*["']?\s*([^\s"'/>;]+)/i.exec(head)?.[1]?.toLowerCase()
  // A page whose declaration can be read as ASCII is not in UTF-16, whatever it says: the standard takes it for UTF-8.
  return label === undefined || /^(?:unicode-1-1-)?utf-?(?:8|16(?:le|be)?)$/.test(label) ? undefined : label
}

function decodeDeclared(bytes: Uint8Array, path: string, label: string): string {
  let decoder: TextDecoder
  try {
    decoder = new TextDecoder(label, { fatal: true })
  } catch (cause) {
    throw unreadable(path, `declares the encoding "${label}", which is not known here`, cause)
  }
  try {
    // In two steps: at once, Node 20 takes windows-1252 for Latin-1 and turns quotation marks into control characters.
    return decoder.decode(bytes, { stream: true }) + decoder.decode()
  } catch (cause) {
    throw unreadable(path, `declares the encoding "${label}" and is not valid in it`, cause)
  }
}

function decodeUtf16(bytes: Uint8Array, path: string, encoding: 'utf-16le' | 'utf-16be'): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (cause) {
    throw unreadable(path, `begins as ${encoding.toUpperCase()} and is not valid in it`, cause)
  }
}

function unreadable(path: string, reason: string, cause?: unknown): SelvageError {
  return new SelvageError('unreadable-document', `${path} ${reason}. Save it as UTF-8, or leave it out.`, { cause })
}

/** Offset of the first byte that no UTF-8 sequence may have there; -1 where all is well. Unicode 16, table 3-7. */
function firstInvalidByte(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at]!
    const length =
      lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead < 0xc2 ? 0 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
    if (length === 0) return at
    for (let i = 1; i < length; i++) {
      const byte = bytes[at + i] ?? 0
      const low = i > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
      const high = i > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
      if (byte < low || byte > high) return at
    }
    at += length
  }
  return -1
}

function countLines(bytes: Uint8Array, end: number): number {
  let lines = 1
  for (let at = 0; at < end; at++) if (bytes[at] === 10) lines++
  return lines
}
