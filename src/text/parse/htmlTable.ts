/** HTML tables as text, one line per row; and which tables only lay out a page and tabulate nothing. */
import { isUnread } from './htmlChrome.ts'
import { inlineText } from './htmlText.ts'
import { attribute, type Element, findAll, findFirst, isElement } from './htmlTree.ts'
import { tableText } from './plainLayout.ts'

/** With its caption as the first line; undefined where the cells are to be read as blocks, in order. */
export function readTable(table: Element): string | undefined {
  if (isLayout(table)) return undefined
  const rows = findAll(table, (element) => element.tagName === 'tr')
    .filter((row) => !isUnread(row))
    .map((row) =>
      row.childNodes
        .filter(isElement)
        .filter((cell) => !isUnread(cell))
        .map(inlineText),
    )
  if (!rows.some((row) => row.length > 1)) return undefined
  const caption = findFirst(table, (element) => element.tagName === 'caption')
  const title = caption === undefined ? '' : inlineText(caption)
  return tableText(title === '' ? rows : [[title], ...rows])
}

function isLayout(table: Element): boolean {
  if (attribute(table, 'role') === 'presentation') return true
  return findFirst(table, (element) => /^(?:pre|table|h[1-6])$/.test(element.tagName)) !== undefined
}
