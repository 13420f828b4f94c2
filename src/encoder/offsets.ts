/**
 * From a tokenizer's words and subwords back to characters. The JavaScript tokenizers give strings, not offsets: a
 * pre-token is a stretch of the normalised text in the model's alphabet (as it is, as bytes, or with ▁ for spaces)
 * and a model splits it into surfaces ("play", "##ing"). Here both are found again, and since the normalised text
 * remembers its source, every surface gets the range of source characters it stands for. Exact for WordPiece and
 * byte-level BPE; for Unigram exact but for text its normaliser rewrote across characters.
 */
import { type AlignedText, Rewriter, slice, sourceRange } from './aligned.ts'

/** In what letters pre-tokens are written. */
export type Alphabet = 'plain' | 'bytes' | 'metaspace'

export const METASPACE = '▁'
/** A space in the alphabets that have none. */
const SPACE_LETTERS = [METASPACE, 'Ġ']

/** The text in the alphabet of its pre-tokens; in bytes, each byte stands for its whole character. */
export function inAlphabet(input: AlignedText, alphabet: Alphabet): AlignedText {
  if (alphabet === 'plain') return input
  if (alphabet === 'metaspace') return { ...input, text: input.text.replaceAll(' ', METASPACE) }
  const rewriter = new Rewriter(input)
  let at = 0
  for (const char of input.text) {
    const end = at + char.length
    // One call per byte, so that each has the range of the whole character even where the lengths agree.
    for (const byte of utf8.encode(char)) rewriter.write(at, end, BYTE_LETTERS[byte] ?? '')
    at = end
  }
  return rewriter.finish()
}

/** Finds the pre-tokens one after the other in `text`; one that is not there stands for no text. */
export class PieceFinder {
  readonly #text: AlignedText
  #at = 0

  constructor(text: AlignedText) {
    this.#text = text
  }

  next(piece: string): AlignedText {
    const { text } = this.#text
    // A space that the pre-tokenizer put in front is looked for first: an equal word may follow with a real one.
    const isPrefixed =
      SPACE_LETTERS.includes(piece.charAt(0)) &&
      !text.startsWith(piece, this.#at) &&
      text.startsWith(piece.slice(1), this.#at)
    const from = isPrefixed ? this.#at : text.indexOf(piece, this.#at)
    if (!isPrefixed && from >= 0) {
      this.#at = from + piece.length
      return slice(this.#text, from, this.#at)
    }
    const rewriter = new Rewriter(this.#text)
    rewriter.insert(this.#at, isPrefixed ? piece.charAt(0) : piece)
    if (isPrefixed) {
      this.#at = from + piece.length - 1
      for (let i = from; i < this.#at; i++) rewriter.write(i, i + 1, text.charAt(i))
    }
    return rewriter.finish()
  }
}

/** How a model marks its surfaces. */
export interface SurfaceRules {
  /** Put before every surface of a word but the first: "##". */
  readonly continuingPrefix: string
  /** Put after the last surface of a word: "</w>". */
  readonly endOfWord: string
}

export interface Ranges {
  readonly starts: number[]
  readonly ends: number[]
}

/** The source range of every surface of one pre-token; empty where it stands for no text. */
export function locateSurfaces(piece: AlignedText, surfaces: readonly string[], rules: SurfaceRules): Ranges {
  const starts: number[] = []
  const ends: number[] = []
  const letters = surfaces.map((surface, i) => bare(surface, i > 0, i === surfaces.length - 1, rules))
  let at = 0
  let bytesUsed = 0
  for (const [i, surface] of letters.entries()) {
    let to = at
    if (surface !== '' && piece.text.startsWith(surface, at)) {
      to = at + surface.length
    } else if (/^<0x[0-9A-F]{2}>$/.test(surface)) {
      // One byte of a character that is not in the vocabulary: it stands for the character, passed with its last byte.
      const char = codePoint(piece.text, at)
      push(at, at + char.length)
      if (++bytesUsed >= utf8.encode(char).length) {
        at += char.length
        bytesUsed = 0
      }
      continue
    } else if (letters.length === 1) {
      to = piece.text.length
    } else {
      to = endOfUnknown(piece.text, at, letters, i)
    }
    push(at, to)
    at = to
  }
  return { starts, ends }

  function push(from: number, to: number): void {
    const range = sourceRange(piece, from, to)
    starts.push(range?.start ?? 0)
    ends.push(range?.end ?? 0)
  }
}

/** An unknown surface reaches one character, or up to where the next known one begins. */
function endOfUnknown(text: string, at: number, surfaces: readonly string[], i: number): number {
  const next = surfaces[i + 1]
  const oneOn = at + codePoint(text, at).length
  if (next === undefined) return text.length
  const found = text.indexOf(next, oneOn)
  return next === surfaces[i] || found < 0 ? Math.min(oneOn, text.length) : found
}

function bare(surface: string, inner: boolean, last: boolean, rules: SurfaceRules): string {
  let text = surface
  if (inner && rules.continuingPrefix !== '' && text.startsWith(rules.continuingPrefix)) {
    text = text.slice(rules.continuingPrefix.length)
  }
  if (last && rules.endOfWord !== '' && text.endsWith(rules.endOfWord)) text = text.slice(0, -rules.endOfWord.length)
  return text
}

/** The range without whitespace at its ends; as it is where it holds nothing else. */
export function trimRange(source: string, start: number, end: number): { start: number; end: number } {
  let from = start
  let to = end
  while (from < to && /\s/.test(source.charAt(from))) from++
  while (to > from && /\s/.test(source.charAt(to - 1))) to--
  return from === to ? { start, end } : { start: from, end: to }
}

const codePoint = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at) ?? 0x20)
const utf8 = new TextEncoder()

/** GPT-2's byte alphabet: printable Latin-1 bytes are themselves, the other 68 are the letters from U+0100 on. */
const BYTE_LETTERS: readonly string[] = (() => {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
    return String.fromCharCode(printable ? byte : next++)
  })
})()
