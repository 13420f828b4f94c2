/**
 * What a passage is made of, as the page draws it: paragraphs, list items, code. The index says which is which; here
 * marks and indentation of lists, which the text keeps, become the page's own.
 */
import type { CharRange, Hit } from 'selvage'

export interface BlockRange extends CharRange {
  readonly kind: 'text' | 'code' | 'item'
  /** Of an item: how deep its list lies within others. */
  readonly depth: number
}

const MARK = /^(?:[-*+•]|\d+[.)]) +/
const INDENT_CHARS = 2

export function blocksOf({ text, blocks }: Hit['passage']): BlockRange[] {
  return blocks.map(({ kind, start, end }) => {
    // Tables are lines of cells: they line up like code.
    if (kind === 'code' || kind === 'table') return { kind: 'code', start, end, depth: 0 }
    if (kind !== 'list-item') return { kind: 'text', start, end, depth: 0 }
    const mark = MARK.exec(text.slice(start, end))?.[0].length ?? 0
    const indent = start - (text.lastIndexOf('\n', start - 1) + 1)
    return { kind: 'item', start: start + mark, end, depth: Math.floor(indent / INDENT_CHARS) }
  })
}

/** Spaces that all lines of a block begin with. */
export function sharedIndent(lines: readonly string[]): number {
  return Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)))
}
