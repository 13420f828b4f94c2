/**
 * Several files of one example: blocks with their names above them, which a script makes tabs of (demo/docs/tabs.ts). Without
 * it, and on paper, they stand one below the other.
 */
import type { Element } from 'hast'
import { h } from 'hastscript'
import { codeBlock, type Fence } from './code.ts'

export interface NamedFence extends Fence {
  readonly name: string
}

export function codeTabs(files: readonly NamedFence[], label: string): Element {
  const [only] = files
  if (only !== undefined && files.length === 1) return codeBlock(only)
  return h(
    'div',
    { className: ['code-tabs'], 'data-label': label },
    ...files.map((file) => h('figure', { className: ['code-file'] }, h('figcaption', file.name), codeBlock(file))),
  )
}
