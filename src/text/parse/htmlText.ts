/**
 * Text out of a parse5 subtree: on one line (titles, cells, terms) or with its line breaks (code). White space as a
 * browser shows it, page chrome left out.
 */
import { isUnread } from './htmlChrome.ts'
import { indexedText } from './htmlMarks.ts'
import { attribute, type Element, type HtmlNode, isElement, isText, pushReversed } from './htmlTree.ts'

/** Elements that stand on lines of their own: around them inline text breaks. */
export const BLOCK_ELEMENTS: ReadonlySet<string> = new Set(
  (
    'address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure ' +
    'footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu ol optgroup p pre search section ' +
    'summary table tbody td tfoot th thead tr ul'
  ).split(' '),
)

/** All text of a subtree on one line: titles, table cells, terms. */
export function inlineText(root: Element): string {
  return cleanInline(gather(root, ' ')).replaceAll('\n', ' ')
}

/** The text of a `<pre>` with its line breaks, also where a highlighter made each line a `<div>`. */
export function codeText(root: Element): string {
  return gather(root, '\n').replaceAll('\u00a0', ' ')
}

function gather(root: Element, blockBreak: ' ' | '\n'): string {
  let text = ''
  const separate = () => {
    if (text !== '' && !text.endsWith(blockBreak)) text += blockBreak
  }
  const stack: (HtmlNode | 'break')[] = [root]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node === 'break') separate()
    else if (isText(node)) text += node.value
    else if (node === root) pushReversed(stack, node.childNodes)
    else if (isElement(node)) {
      text += indexedText(node)
      if (isUnread(node)) continue
      if (node.tagName === 'br') text += '\n'
      else if (node.tagName === 'img') text += imageText(node)
      else {
        if (BLOCK_ELEMENTS.has(node.tagName)) {
          separate()
          stack.push('break')
        }
        pushReversed(stack, node.childNodes)
      }
    }
  }
  return text
}

/** An image's alternative text; Sphinx writes the file's path where the author gave none, which says nothing. */
export function imageText(image: Element): string {
  const alt = attribute(image, 'alt')?.trim() ?? ''
  const isPath = !/\s/.test(alt) && (alt.includes('/') || /\.\w{3,4}$/.test(alt))
  return isPath ? '' : alt
}

/** White space as HTML shows it: runs are one space, `<br>` (here already `\n`) ends a line. */
export function cleanInline(text: string): string {
  return text
    .replaceAll('\u00ad', '') // soft hyphens would split words for the model
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{2,}/g, '\n')
    .trim()
}
