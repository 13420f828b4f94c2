/**
 * Which part of a passage is shown as its excerpt, in about two lines, and which one sentence of it the hit is about?
 * `passage.excerpt` is the window of sentences with the largest sum of MaxSim; within it the sentence with the largest sum is
 * taken, and what is before it is left out where its first match would not be seen. Code is read by lines, and shown so.
 */
import type { Block, CharRange, Hit } from '../types.ts'

type Passage = Hit['passage']

export interface Sentence extends CharRange {
  readonly kind: Block['kind']
}

export interface Excerpt {
  readonly isCode: boolean
  /** Of code the lines; else one range. White space in it is layout of the source. */
  readonly lines: readonly CharRange[]
  /** Whether something of the same sentence, or text, is left out before and behind. */
  readonly isCutBefore: boolean
  readonly isCutAfter: boolean
}

/** Characters: two lines of a result list on a wide screen, and somewhat more. */
const SHOWN = 210
/** A match that is further in than this would be in the third line on a phone. */
const FAR = 70
/** What is shown before such a match. */
const LEAD = 30

const LIST_MARKER = /^\s*(?:[-*•]|\d{1,3}[.)])\s+/

/** The sentence, or line of code or of a table, with the largest sum of matches; the first of those with the same. */
export function sentenceOf(passage: Passage): Sentence {
  const { text, excerpt, matches } = passage
  const sentences = blocksOf(passage).flatMap((block) => {
    const within = { start: Math.max(block.start, excerpt.start), end: Math.min(block.end, excerpt.end) }
    return within.start < within.end ? unitsOf(text, within, block.kind) : []
  })
  let best: Sentence | undefined
  let most = -1
  for (const sentence of sentences) {
    const sum = weightOf(sentence, matches)
    if (sum > most) [best, most] = [sentence, sum]
  }
  return best ?? { start: 0, end: text.length, kind: 'paragraph' }
}

export function excerptOf(passage: Passage): Excerpt {
  const { text, excerpt, matches } = passage
  const best = sentenceOf(passage)
  const blocks = blocksOf(passage)
  const at = blocks.findIndex(({ start, end }) => best.start >= start && best.start < end)
  const block = blocks[at] ?? best
  if (best.kind === 'code') {
    const lines = codeLines(passage, block, best)
    if (lines.every(({ start, end }) => end - start <= SHOWN))
      return { isCode: true, lines, isCutBefore: false, isCutAfter: false }
  }
  const lined = best.kind === 'code' ? best : block
  const first = runStart(blocks, at)
  const last = runEnd(blocks, at)
  const room = isProse(best.kind) ? { start: blocks[first]!.start, end: blocks[last]!.end } : lined
  const firstMatch = matches.find(({ start, end }) => start >= best.start && end <= best.end)?.start ?? best.start
  let start = Math.max(room.start, excerpt.start)
  let isCutBefore = false
  if (start > best.start || firstMatch - start > FAR) start = best.start
  if (firstMatch - start > FAR) {
    start = wordStart(text, firstMatch - LEAD, matches)
    isCutBefore = true
  }
  start += LIST_MARKER.exec(text.slice(start, room.end))?.[0].length ?? 0
  const end = room.end - start <= SHOWN ? room.end : wordEnd(text, start + SHOWN, matches)
  return { isCode: best.kind === 'code', lines: [{ start, end }], isCutBefore, isCutAfter: end < room.end }
}

/** A text of which nothing is known is one paragraph. */
function blocksOf({ text, blocks }: Passage): readonly Block[] {
  return blocks.length > 0 ? blocks : [{ start: 0, end: text.length, kind: 'paragraph' }]
}

function isProse(kind: Block['kind']): boolean {
  return kind !== 'code' && kind !== 'table'
}

/** The first of the blocks of prose that follow each other up to this one. */
function runStart(blocks: readonly Block[], at: number): number {
  let first = Math.max(at, 0)
  while (first > 0 && isProse(blocks[first - 1]!.kind)) first--
  return first
}

function runEnd(blocks: readonly Block[], at: number): number {
  let last = Math.max(at, 0)
  while (last + 1 < blocks.length && isProse(blocks[last + 1]!.kind)) last++
  return last
}

function unitsOf(text: string, { start, end }: CharRange, kind: Block['kind']): Sentence[] {
  const part = text.slice(start, end)
  const marker = kind === 'list-item' ? (LIST_MARKER.exec(part)?.[0].length ?? 0) : 0
  const pieces = isProse(kind)
    ? Array.from(new Intl.Segmenter(undefined, { granularity: 'sentence' }).segment(part.slice(marker)), (piece) => ({
        index: piece.index + marker,
        segment: piece.segment,
      }))
    : Array.from(part.matchAll(/[^\n]+/g), (line) => ({ index: line.index, segment: line[0] }))
  return pieces.flatMap(({ index, segment }) => {
    const trimmed = segment.trim()
    const from = start + index + segment.indexOf(trimmed)
    return trimmed === '' ? [] : [{ start: from, end: from + trimmed.length, kind }]
  })
}

/** The line, and of its neighbours the one that says more, without the indentation that they share. */
function codeLines({ text, matches }: Passage, block: CharRange, best: CharRange): CharRange[] {
  const lines = Array.from(text.slice(block.start, block.end).matchAll(/[^\n]*\S[^\n]*/g), ({ 0: line, index }) => ({
    start: block.start + index,
    end: block.start + index + line.trimEnd().length,
  }))
  const at = lines.findIndex(({ end }) => best.start < end)
  const says = (line: CharRange | undefined) => {
    if (line === undefined || !/[\p{L}\p{N}]/u.test(text.slice(line.start, line.end))) return -1 // a brace says nothing
    return weightOf(line, matches)
  }
  const [before, after] = [says(lines[at - 1]), says(lines[at + 1])]
  const from = before > after ? at - 1 : at
  const shown = lines.slice(from, from + (Math.max(before, after) < 0 ? 1 : 2))
  const shared = Math.min(...shown.map(({ start, end }) => text.slice(start, end).search(/\S/)))
  return shown.map(({ start, end }) => ({ start: start + shared, end }))
}

/** What is matched in a range; more matches are more, however weak. */
function weightOf({ start, end }: CharRange, matches: Passage['matches']): number {
  return matches.reduce((sum, match) => sum + (match.start >= start && match.end <= end ? 0.1 + match.strength : 0), 0)
}

/** The beginning of a word near `at`, or of a character in a script without spaces; never within a match. */
function wordStart(text: string, at: number, matches: readonly CharRange[]): number {
  const space = text.lastIndexOf(' ', at)
  const from = at - space < LEAD ? space + 1 : wholeCharacter(text, at)
  return matches.find(({ start, end }) => from > start && from < end)?.start ?? from
}

function wordEnd(text: string, at: number, matches: readonly CharRange[]): number {
  const space = text.lastIndexOf(' ', at)
  const to = at - space < LEAD ? space : wholeCharacter(text, at)
  return matches.find(({ start, end }) => to > start && to < end)?.end ?? to
}

/** Back to where no surrogate pair, accent or joined emoji is torn apart. */
function wholeCharacter(text: string, at: number): number {
  let whole = at
  while (whole > 0 && (/^[\uDC00-\uDFFF\p{M}\u200D]/u.test(text[whole] ?? '') || text[whole - 1] === '\u200D')) whole--
  return whole
}
