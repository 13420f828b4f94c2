/**
 * Markdown files that are MDX by what is in them: react.dev gives heading ids as comments, Docusaurus imports components
 * into .md files. First a look at the lines, to spare most files a second parse; then the tree decides.
 */
import type { Root } from 'mdast'
import { visit } from 'unist-util-visit'
import { isComment } from './syntax.ts'

/** A line outside of fences that only MDX gives a meaning. Vue's pages have imports too, but in a `<script>`. */
export function looksLikeMdx(body: string): boolean {
  const mayImport = !body.includes('<script')
  let fence = ''
  return body.split('\n').some((line) => {
    const opening = line.trimStart().slice(0, 3)
    if (fence !== '') {
      if (opening === fence) fence = ''
      return false
    }
    if (opening === '```' || opening === '~~~') fence = opening
    if (line.startsWith('#')) return line.trimEnd().endsWith('*/}')
    return mayImport && line.startsWith('import ') && /['"];?\s*$/.test(line)
  })
}

export function isMdx(root: Root): boolean {
  let isFound = false
  visit(root, (node) => {
    if (node.type === 'mdxjsEsm') isFound = true
    if (node.type === 'heading')
      isFound ||= node.children.some((child) => child.type === 'attributeList' && isComment(child))
  })
  return isFound
}
