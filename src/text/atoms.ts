/**
 * A section as a row of atoms: the smallest parts that passages are made of, with the price of cutting after each.
 * A whole block where it is small or must stay whole (code, tables that fit), else its sentences or lines, else pieces.
 *
 * The idea of scored break points is QMD's (github.com/tobi/qmd: headings 100, fences 80, … with distance decay); here
 * a low price is a good place, and passages.ts weighs prices against how well passages are filled.
 */
import type { CharRange } from '../types.ts'
import type { Block } from './document.ts'
import { cutPieces, type Measure } from './pieces.ts'
import { isLined, isSpace, sentencesIn } from './sentences.ts'

export interface Atom extends CharRange {
  /** Tokens of the atom alone, at most maxTokens. */
  readonly tokens: number
  /** Price of ending a passage after this atom: 0 where a new paragraph follows. */
  readonly cutPrice: number
}

/** Prices of a cut, on the scale on which an empty passage costs 100 (passages.ts). */
const PRICE = {
  paragraph: 0,
  /** Between items of a list; before a nested item it parts an item from its own. */
  item: 6,
  nestedItem: 20,
  /** Between two blocks of code: variants (npm, yarn), or a program and its output. */
  code: 10,
  /** Before a list, code or a table: the text before introduces it. With a colon it says so. */
  introduced: 25,
  announced: 45,
  /** After a short line without a full stop: a label ("Note", "Good", "Parameters"). */
  label: 45,
  sentence: 35,
  row: 40,
  /** Before a line of code that follows a blank one, or another line; more the deeper the line is nested. */
  blankCodeLine: 30,
  codeLine: 50,
  perCodeColumn: 2,
  mostForColumns: 25,
  /** Before a line that only closes what is open. */
  closingLine: 15,
  clause: 60,
  word: 80,
} as const

/** Blocks up to this share of the budget are not opened: cutting them gains little and costs the reader. */
const WHOLE_SHARE = 1 / 3
/** Pieces of what has no sentences are this share of the budget: small enough to balance passages with. */
const PIECE_SHARE = 1 / 4
const LABEL_LENGTH = 40

export interface AtomOptions {
  readonly maxTokens: number
  /** Tokens of `text.slice(start, end)`. */
  readonly measure: Measure
  readonly language?: string | undefined
}

export function atomsOf(text: string, blocks: readonly Block[], options: AtomOptions): Atom[] {
  return blocks.flatMap((block, i) => {
    const next = blocks[i + 1]
    const atoms = atomsOfBlock(text, block, options)
    const last = atoms.pop()
    if (last === undefined) return []
    return [...atoms, { ...last, cutPrice: next === undefined ? 0 : priceBetween(text, block, next) }]
  })
}

function atomsOfBlock(text: string, block: Block, options: AtomOptions): Atom[] {
  const { maxTokens, measure } = options
  const tokens = measure(block.start, block.end)
  const most = maxTokens * (isLined(block) ? 1 : WHOLE_SHARE)
  if (tokens <= most) return [{ start: block.start, end: block.end, tokens, cutPrice: 0 }]
  if (isLined(block)) return atomsOfLines(text, block, options)
  return sentencesIn(text, block, options.language).flatMap((sentence) =>
    atomsOfRange(text, sentence, PRICE.sentence, options),
  )
}

/** Lines between two blank lines stay together where they are small; otherwise each line is an atom. */
function atomsOfLines(text: string, block: Block, options: AtomOptions): Atom[] {
  const groups = lineGroups(text, block)
  const margin = groups.flat().reduce((least, line) => Math.min(least, indentOf(text, line)), Number.POSITIVE_INFINITY)
  const priceBefore = (line: CharRange | undefined, base: number) => {
    if (line === undefined) return 0 // the block's end: its price is set by what follows the block
    const columns = indentOf(text, line) - margin
    const closing = /^\s*(?:[)\]}]|<\/)/.test(text.slice(line.start, line.end)) ? PRICE.closingLine : 0
    return base + Math.min(PRICE.mostForColumns, columns * PRICE.perCodeColumn) + closing
  }
  return groups.flatMap((lines, g) => {
    const nextGroup = groups[g + 1]?.[0]
    const whole = { start: lines[0]!.start, end: lines.at(-1)!.end }
    const tokens = options.measure(whole.start, whole.end)
    const lastPrice = priceBefore(nextGroup, PRICE.blankCodeLine)
    if (tokens <= options.maxTokens * WHOLE_SHARE) return [{ ...whole, tokens, cutPrice: lastPrice }]
    return lines.flatMap((line, i) => {
      const next = lines[i + 1]
      const price =
        next === undefined ? lastPrice : priceBefore(next, block.kind === 'table' ? PRICE.row : PRICE.codeLine)
      return atomsOfRange(text, line, price, options)
    })
  })
}

/** The range as one atom where it fits, else as pieces. */
function atomsOfRange(text: string, range: CharRange, cutPrice: number, options: AtomOptions): Atom[] {
  const { maxTokens, measure } = options
  const tokens = measure(range.start, range.end)
  if (tokens <= maxTokens) return [{ ...range, tokens, cutPrice }]
  const target = Math.max(1, Math.floor(maxTokens * PIECE_SHARE))
  const pieces = cutPieces(text, range, { tokens, target, max: maxTokens, measure })
  return pieces.map(({ start, end, tokens, isClauseEnd }) => {
    const price = end === range.end ? cutPrice : isClauseEnd ? PRICE.clause : PRICE.word
    return { start, end, tokens, cutPrice: price }
  })
}

function priceBetween(text: string, block: Block, next: Block): number {
  if (isLined(block)) return block.kind === next.kind ? PRICE.code : PRICE.paragraph
  const content = text.slice(block.start, block.end)
  if (/[:：]$/.test(content)) return PRICE.announced
  const isBullet = block.kind === 'list-item' && /^(?:-|\d+\.) /.test(content)
  if (!isBullet && content.length <= LABEL_LENGTH && !/\p{Sentence_Terminal}$/u.test(content)) return PRICE.label
  if (next.kind === 'list-item' && block.kind === 'list-item') {
    return layoutIndent(text, next) > layoutIndent(text, block) ? PRICE.nestedItem : PRICE.item
  }
  return next.kind === 'list-item' || isLined(next) ? PRICE.introduced : PRICE.paragraph
}

/** Columns before a list item: its depth. */
function layoutIndent(text: string, { start }: CharRange): number {
  let at = start
  while (at > 0 && text[at - 1] === ' ') at--
  return start - at
}

/** Lines with their indentation, in groups between blank lines. */
function lineGroups(text: string, block: Block): CharRange[][] {
  const groups: CharRange[][] = []
  let group: CharRange[] = []
  for (let start = block.start; start < block.end; ) {
    const newline = text.indexOf('\n', start)
    const lineEnd = newline < 0 || newline > block.end ? block.end : newline
    const end = start + text.slice(start, lineEnd).trimEnd().length
    if (end > start) group.push({ start, end })
    if (end === start || lineEnd === block.end) {
      if (group.length > 0) groups.push(group)
      group = []
    }
    start = lineEnd + 1
  }
  return groups
}

function indentOf(text: string, { start, end }: CharRange): number {
  let at = start
  while (at < end && isSpace(text, at)) at++
  return at - start
}
