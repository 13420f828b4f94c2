/**
 * How a passage is read on the page: its paragraphs, which words to shade in them, and what part to show of an excerpt
 * that is too long. Strings and ranges only; it draws nothing.
 */
import type { CharRange, Hit } from 'selvage'
import { type BlockRange, blocksOf, sharedIndent } from './blocks.ts'

type Passage = Hit['passage']

/** A stretch of text drawn in one way. */
export interface Piece {
  readonly text: string
  /** 0 .. 1 where a word of the question matched. */
  readonly strength: number | undefined
  /** Part of what is shown first. */
  readonly isShown: boolean
}

export interface Paragraph {
  readonly kind: BlockRange['kind']
  /** Of an item: how many lists it stands in, less one. */
  readonly depth: number
  readonly pieces: readonly Piece[]
}

/** An excerpt that takes more room than this is narrowed to its best stretch: one sentence may be a page of code. */
const LONG_EXCERPT = 460
const WINDOW = 360
/** An excerpt shorter than this is a scrap of a paragraph: the paragraph is shown, or what fits of it. */
const SHORT_EXCERPT = 100
/** Room that a line break takes, in characters: most of a line stays empty. */
const BREAK_CHARS = 30
/** A window may begin this far before its first match, to begin where a line does. */
const RUN_UP_CHARS = 60

/** The part of the passage to show first; its beginning where only the headings matched. */
export function shownExcerpt(passage: Passage): CharRange {
  const { text, matches } = passage
  if (matches.length === 0) return { start: 0, end: reach(text, 0, WINDOW, text.length) }
  const best = bestStretch(passage)
  if (best.end - best.start >= SHORT_EXCERPT) return best
  const start = paragraphStart(text, best)
  return { start, end: Math.max(best.end, reach(text, start, WINDOW, text.length)) }
}

/** The excerpt, or the window in it with the strongest matches. */
function bestStretch({ text, excerpt, matches }: Passage): CharRange {
  if (reach(text, excerpt.start, LONG_EXCERPT, excerpt.end) === excerpt.end) return excerpt
  let best: CharRange = { start: excerpt.start, end: reach(text, excerpt.start, WINDOW, excerpt.end) }
  let bestWeight = 0
  for (const match of matches) {
    if (match.start < excerpt.start || match.start >= excerpt.end) continue
    const start = runUp(text, match.start, excerpt.start)
    const end = reach(text, start, WINDOW, excerpt.end)
    const inside = matches.filter((other) => other.start >= start && other.end <= end)
    const weight = inside.reduce((sum, { strength }) => sum + 0.1 + strength, 0)
    if (weight > bestWeight) {
      bestWeight = weight
      best = { start, end }
    }
  }
  return best
}

/** Where the paragraph of an excerpt begins, if the excerpt is then still in sight. */
function paragraphStart(text: string, { start, end }: CharRange): number {
  const paragraph = text.lastIndexOf('\n\n', start)
  const from = paragraph < 0 ? 0 : paragraph + 2
  return from <= start && reach(text, from, WINDOW, text.length) >= end ? from : start
}

/** How far text from `start` fits into `room` characters, ending at a line or a word; not beyond `last`. */
function reach(text: string, start: number, room: number, last: number): number {
  let left = room
  let end = start
  for (; end < last && left > 0; end++) left -= text[end] === '\n' ? BREAK_CHARS : 1
  if (end >= last) return last
  const line = text.lastIndexOf('\n', end)
  if (line > end - RUN_UP_CHARS && line > start) return line
  const space = text.lastIndexOf(' ', end)
  return space > end - RUN_UP_CHARS && space > start ? space : end
}

/** Where a window around the match begins: at its line if that is near, else at a word. */
function runUp(text: string, match: number, first: number): number {
  const from = Math.max(first, match - RUN_UP_CHARS)
  const line = text.lastIndexOf('\n', match - 1) + 1
  if (line >= from) return line
  if (from === first) return first
  const space = text.slice(from, match).search(/\s/)
  return space < 0 ? match : from + space + 1
}

/** The paragraphs of a passage that lie in `range`, cut where shading changes; `shown` is what stands out of it. */
export function paragraphsOf(passage: Passage, range: CharRange, shown: CharRange): Paragraph[] {
  const blocks = blocksOf(passage).filter(({ start, end }) => start < range.end && end > range.start)
  // Items of an inner list stand at the edge where the outer one is not shown.
  const depths = blocks.filter(({ kind }) => kind === 'item').map(({ depth }) => depth)
  return blocks.map(({ kind, depth, start, end }) => {
    const from = Math.max(start, range.start)
    const to = Math.min(end, range.end)
    if (kind !== 'code') {
      const pieces = piecesOf(passage, { start: from, end: to }, shown)
      return { kind, depth: kind === 'item' ? depth - Math.min(...depths) : 0, pieces }
    }
    return {
      kind,
      depth: 0,
      pieces: dedent(piecesOf(passage, { start: withIndent(passage.text, from), end: to }, shown)),
    }
  })
}

function piecesOf({ text, matches }: Passage, range: CharRange, shown: CharRange): Piece[] {
  const cuts = new Set([range.start, range.end])
  for (const { start, end } of [shown, ...matches])
    for (const cut of [start, end]) if (cut > range.start && cut < range.end) cuts.add(cut)
  const places = [...cuts].sort((a, b) => a - b)
  return places.slice(0, -1).map((start, i) => ({
    text: text.slice(start, places[i + 1]),
    strength: matches.find((match) => match.start <= start && start < match.end)?.strength,
    isShown: shown.start <= start && start < shown.end,
  }))
}

/** A first line of code keeps the spaces before it, so that it lines up with the others. */
function withIndent(text: string, start: number): number {
  const line = text.lastIndexOf('\n', start - 1) + 1
  return text.slice(line, start).trim() === '' ? line : start
}

/** Takes away the indentation that all lines share. */
function dedent(pieces: readonly Piece[]): Piece[] {
  const text = pieces.map((piece) => piece.text).join('')
  const shared = sharedIndent(text.split('\n'))
  let column = 0
  return pieces.map((piece) => {
    let text = ''
    for (const character of piece.text) {
      if (character !== ' ' || column >= shared) text += character
      column = character === '\n' ? 0 : column + 1
    }
    return { ...piece, text }
  })
}
