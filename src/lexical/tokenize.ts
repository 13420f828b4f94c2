/**
 * Text as the words that keyword search compares. Identifiers are kept whole and taken apart: `torch.nn.Linear` is itself,
 * `torch`, `nn` and `linear`; `useRef` is itself, `use` and `ref`. Scripts without spaces are cut by the platform's
 * segmenter, and Chinese, Japanese and Korean give their pairs of characters too: dictionaries differ from browser to
 * browser, pairs do not. Index and query must come from this file alike; it knows no index.
 */
import type { CharRange } from '../types.ts'

export interface Word extends CharRange {
  /** Lower case, without accents. */
  readonly term: string
  /**
   * `word`: plain. `whole`: an identifier as written, followed by its `part`s. `pair`: two neighbouring characters of Chinese,
   * Japanese or Korean, after the words that they are in.
   */
  readonly kind: 'word' | 'whole' | 'part' | 'pair'
}

/** Longer runs are data (hashes, base64), not words. */
const MAX_TERM_CHARS = 64

const INNER = String.raw`[\p{L}\p{N}_][\p{L}\p{M}\p{N}_$]*`
/** A word with what makes it an identifier: `--flag`, `@scope/name`, `.env`, `$refs`, `a.b-c::d`, `C++`, `C#`. */
const RUN = new RegExp(
  String.raw`(?:--?(?=\p{L})|[@$#.](?=\p{L}))?${INNER}(?:(?:::|[./:@-])\$?${INNER})*(?:\+\+|#(?![\p{L}\p{N}]))?`,
  'gu',
)
const SEPARATORS = /[^\p{L}\p{M}\p{N}]+/u
/** Between the humps of `camelCase` and `HTTPServer`. */
const HUMPS = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u
const UNSPACED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`
const HAS_UNSPACED = new RegExp(`[${UNSPACED}]`, 'u')
const SCRIPT_RUNS = new RegExp(`[${UNSPACED}\\p{M}]+|[^${UNSPACED}]+`, 'gu')
/** Korean has spaces, but particles stick to words. */
const PAIRED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\p{Script=Hangul}]{2,}/gu
/** What an apostrophe leaves: isn't, it's, we'll; but not the module 're' in quotes. */
const ENCLITIC = /^(?:s|t|d|m|re|ve|ll)$/i
const APOSTROPHE = /[\p{L}\p{M}\p{N}]['’]$/u

/** Words in order of place; an identifier's parts follow it. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  for (const { 0: run, index } of text.matchAll(RUN)) {
    if (ENCLITIC.test(run) && APOSTROPHE.test(text.slice(Math.max(0, index - 3), index))) continue
    if (HAS_UNSPACED.test(run)) addUnspaced(run, index, words)
    else addRun(run, index, words)
  }
  return words
}

/** Letters that are no plain ones with a mark, as they are written where they are not at hand. */
const PLAIN: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th' },
}

/** How terms are compared: case and accents do not count, full and half width are the same. */
export function fold(text: string): string {
  const lower = text.toLowerCase()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant
  if (/^[\x00-\x7f]*$/.test(lower)) return lower
  return lower
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase() // mathematical capitals become plain ones only now
    .normalize('NFC')
    .replace(/[ßæœøłđðþ]/g, (letter) => PLAIN[letter] ?? letter)
}

function addRun(run: string, start: number, words: Word[]): void {
  const parts = partsOf(run)
  const [only] = parts
  if (parts.length === 1 && only?.text === run) {
    push('word', run, start, words)
    if (run.length > 2) addPairs(run, start, new Set(), words)
    return
  }
  push('whole', run, start, words)
  // `--watch` is found by `watch`, and `@types/node` by `types/node`.
  for (const { text, at } of parts) push('part', text, start + at, words)
}

function partsOf(run: string): { text: string; at: number }[] {
  const parts: { text: string; at: number }[] = []
  let at = 0
  for (const piece of run.split(SEPARATORS)) {
    at = run.indexOf(piece, at)
    for (const text of piece.split(HUMPS)) {
      if (text !== '') parts.push({ text, at })
      at += text.length
    }
  }
  return parts
}

function addUnspaced(run: string, start: number, words: Word[]): void {
  for (const { 0: stretch, index } of run.matchAll(SCRIPT_RUNS)) {
    const at = start + index
    if (!HAS_UNSPACED.test(stretch)) {
      for (const inner of stretch.matchAll(RUN)) addRun(inner[0], at + inner.index, words)
      continue
    }
    const own = segments(stretch)
    for (const segment of own) push('word', segment.text, at + segment.at, words)
    addPairs(stretch, at, new Set(own.filter(({ text }) => [...text].length === 2).map((pair) => pair.at)), words)
  }
}

/** Every two neighbouring characters, whatever words were found, but for words of two at `known`: these are there already. */
function addPairs(stretch: string, start: number, known: ReadonlySet<number>, words: Word[]): void {
  for (const { 0: run, index } of stretch.matchAll(PAIRED)) {
    const characters = [...run]
    let at = index
    for (const [i, character] of characters.entries()) {
      const next = characters[i + 1]
      if (next !== undefined && !known.has(at)) push('pair', character + next, start + at, words)
      at += character.length
    }
  }
}

let segmenter: Intl.Segmenter | undefined

function segments(text: string): { text: string; at: number }[] {
  // Firefox has it since 125; before, the pairs alone must do.
  if (typeof Intl.Segmenter === 'undefined') return [{ text, at: 0 }]
  segmenter ??= new Intl.Segmenter('und', { granularity: 'word' })
  return [...segmenter.segment(text)]
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment, index }) => ({ text: segment, at: index }))
}

function push(kind: Word['kind'], text: string, start: number, words: Word[]): void {
  if (text.length > MAX_TERM_CHARS) return
  const term = fold(text)
  if (term.trim() !== '') words.push({ term, start, end: start + text.length, kind }) // an accent alone is none
}
