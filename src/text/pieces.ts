/**
 * Cuts a stretch of text that has no sentence or line small enough: between words, after a clause where there is one;
 * inside a word only where it does not fit; never inside a grapheme cluster that fits, never inside a code point.
 * The work is linear: each piece is counted about once, its length guessed from the tokens per character before it.
 */
import { SelvageError } from '../errors.ts'
import type { CharRange } from '../types.ts'
import { isSpace } from './sentences.ts'

export interface Piece extends CharRange {
  readonly tokens: number
  /** True where a clause ends here (`,` `;` `:` `)` or their like), or the stretch itself does. */
  readonly isClauseEnd: boolean
}

/** Tokens of `text.slice(start, end)`. */
export type Measure = (start: number, end: number) => number

const CLAUSE_END = new Set([',', ';', ':', ')', ']', '}', '.', '!', '?', '…', '—', '、', '，', '；', '：', '。', '）'])

/** Text up to `end`, and what a piece of it may cost. */
interface Stretch {
  readonly text: string
  readonly end: number
  readonly max: number
  readonly measure: Measure
}

export interface PieceOptions {
  /** Tokens of the whole stretch. */
  readonly tokens: number
  /** Wanted size of a piece, and the most it may have. */
  readonly target: number
  readonly max: number
  readonly measure: Measure
}

/** Pieces of about `target` tokens, each at most `max`, that cover the range but for white space between them. */
export function cutPieces(text: string, { start, end }: CharRange, options: PieceOptions): Piece[] {
  const { tokens, target, max, measure } = options
  const stretch = { text, end, max, measure }
  const pieces: Piece[] = []
  let perToken = (end - start) / Math.max(1, tokens)
  let from = skipSpace(text, start, end)
  while (from < end) {
    const guess = Math.min(end, from + Math.max(1, Math.floor(perToken * target)))
    const piece = longestFit(stretch, from, guess)
    pieces.push(piece)
    perToken = (piece.end - from) / Math.max(1, piece.tokens)
    from = skipSpace(text, piece.end, end)
  }
  return pieces
}

/** The longest piece from `from` that ends by `guess` at the latest and fits; shorter guesses until it does. */
function longestFit(stretch: Stretch, from: number, guess: number): Piece {
  const { text, end, max, measure } = stretch
  let to = guess
  let canSplitCluster = false
  for (;;) {
    const cut: number = canSplitCluster ? codePointBefore(text, from, to) : boundaryBefore(stretch, from, to)
    const pieceEnd = trimEnd(text, from, cut)
    const tokens = measure(from, pieceEnd)
    if (tokens <= max) {
      const isClauseEnd = pieceEnd === end || CLAUSE_END.has(text[pieceEnd - 1]!)
      return { start: from, end: pieceEnd, tokens, isClauseEnd }
    }
    const character = String.fromCodePoint(text.codePointAt(from)!)
    if (cut - from <= character.length) {
      throw new SelvageError(
        'invalid-argument',
        `maxTokens leaves room for ${max} tokens, but the single character ${JSON.stringify(character)} takes ${tokens}: raise maxTokens.`,
      )
    }
    // A cut past the guess is one grapheme cluster that does not fit: the limit holds, the cluster cannot.
    canSplitCluster ||= cut > to || to <= from + 1
    to = Math.max(from + 1, Math.min(cut - 1, from + Math.floor(((cut - from) * max * 0.9) / tokens)))
  }
}

/** The best place to cut in `(from, to]`: after a clause, else a word, else a grapheme; past `to` if one is longer. */
function boundaryBefore({ text, end }: Stretch, from: number, to: number): number {
  if (to >= end) return end
  const space = spaceBefore(text, from, to)
  if (space > from) return space
  const window = text.slice(from, Math.min(end, to + MAX_CLUSTER))
  const limit = to - from
  return from + (boundaryIn(words, window, limit) ?? boundaryIn(graphemes, window, limit) ?? clusterLength(window))
}

/** The last white space up to `to`, or an earlier one after a clause if it costs less than half the piece. */
function spaceBefore(text: string, from: number, to: number): number {
  let last = -1
  for (let at = to; at > from; at--) {
    if (!isSpace(text, at)) continue
    if (last < 0) last = at
    if (CLAUSE_END.has(text[at - 1]!)) return at
    if (at < from + (to - from) / 2) break
  }
  return last
}

/** The boundary at or before `limit`, if it is not the window's start. */
function boundaryIn(segmenter: Intl.Segmenter, window: string, limit: number): number | undefined {
  const index = segmenter.segment(window).containing(limit)?.index ?? 0
  return index > 0 ? index : undefined
}

/** Length of the grapheme cluster at the window's start. What is longer than the window is no letter of any script. */
function clusterLength(window: string): number {
  return graphemes.segment(window).containing(0)?.segment.length ?? window.length
}

function codePointBefore(text: string, from: number, to: number): number {
  const splitsPair = isHighSurrogate(text.charCodeAt(to - 1)) && isLowSurrogate(text.charCodeAt(to))
  return splitsPair ? (to - 1 > from ? to - 1 : to + 1) : to
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000
}

function skipSpace(text: string, from: number, end: number): number {
  let at = from
  while (at < end && isSpace(text, at)) at++
  return at
}

function trimEnd(text: string, from: number, to: number): number {
  let at = to
  while (at > from + 1 && isSpace(text, at - 1)) at--
  return at
}

/** Code units: a family emoji has 11, a flag of a region 14, the longest conjuncts of Indic scripts some 30. */
const MAX_CLUSTER = 64

const words = new Intl.Segmenter('en', { granularity: 'word' })
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
