/** Blocks of a text that has none: what lies between blank lines. For .txt files, and records that are only a string. */
import type { Block } from './document.ts'

export function paragraphsOf(text: string): Block[] {
  const blocks: Block[] = []
  let lineStart = 0
  let start = -1
  let end = -1
  while (lineStart <= text.length) {
    const newline = text.indexOf('\n', lineStart)
    const lineEnd = newline < 0 ? text.length : newline
    const line = text.slice(lineStart, lineEnd).trimEnd()
    if (line !== '') {
      if (start < 0) start = lineStart + (line.length - line.trimStart().length)
      end = lineStart + line.length
    } else if (start >= 0) {
      blocks.push({ kind: 'paragraph', start, end })
      start = -1
    }
    lineStart = lineEnd + 1
  }
  if (start >= 0) blocks.push({ kind: 'paragraph', start, end })
  return blocks
}
