/**
 * What a page's author says of it for display, filters and sorting: Pagefind's attributes `meta`, `default-meta`, `filter`
 * and `sort`, wherever they stand in the document, and DocSearch's `<meta name="docsearch:version" content="1,latest">`.
 * A value is `key` (the element's text), `key[attribute]` or `key:text to the end`; several keys are parted by commas.
 */
import { hasMarks, hidesFields, markOf } from './htmlMarks.ts'
import { inlineText } from './htmlText.ts'
import { attribute, type Element, type HtmlNode, isElement, type ParentNode } from './htmlTree.ts'

export interface HtmlFields {
  /** Without the titles. */
  readonly meta: Readonly<Record<string, string>>
  readonly filters: Readonly<Record<string, readonly string[]>>
  readonly sort: Readonly<Record<string, string>>
  /** What `meta` says the title is: it goes before all other titles. */
  readonly title: string | undefined
  /** What `default-meta` says: it comes after them. */
  readonly defaultTitle: string | undefined
}

const MARKS = ['filter', 'meta', 'default-meta', 'sort'] as const

type Mark = (typeof MARKS)[number]

const DOCSEARCH = 'docsearch:'

/** An element's text is a walk through all that is in it. Marked elements nested deeper than this have none. */
const MAX_NESTING = 20

export function readFields(document: ParentNode): HtmlFields {
  const meta = new Map<string, string>()
  const defaults = new Map<string, string>()
  const sort = new Map<string, string>()
  const filters = new Map<string, Set<string>>()
  const addFilter = (key: string, value: string) => filters.set(key, (filters.get(key) ?? new Set()).add(value))

  for (const { element, nesting } of speakingElements(document)) {
    const textOf = () => (nesting > MAX_NESTING ? '' : inlineText(element))
    for (const [key, value] of valuesOf(element, 'filter', textOf)) addFilter(key, value)
    for (const [key, value] of valuesOf(element, 'meta', textOf)) meta.set(key, value)
    for (const [key, value] of valuesOf(element, 'default-meta', textOf)) defaults.set(key, value)
    for (const [key, value] of valuesOf(element, 'sort', textOf)) sort.set(key, value)
    for (const [key, value] of docSearchValues(element)) addFilter(key, value)
  }
  const title = meta.get('title')
  const defaultTitle = defaults.get('title')
  const shown = new Map([...defaults, ...meta])
  shown.delete('title')
  return {
    meta: Object.fromEntries(shown),
    filters: Object.fromEntries([...filters].map(([key, values]) => [key, [...values]])),
    sort: Object.fromEntries(sort),
    title,
    defaultTitle,
  }
}

/** Elements with marks or names, in document order, without those in parts whose metadata is hidden. */
function* speakingElements(root: ParentNode): Generator<{ element: Element; nesting: number }> {
  const stack: { node: HtmlNode; nesting: number }[] = []
  const push = (nodes: readonly HtmlNode[], nesting: number) => {
    for (let i = nodes.length - 1; i >= 0; i--) stack.push({ node: nodes[i]!, nesting })
  }
  push(root.childNodes, 0)
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const { node, nesting } = entry
    if (!isElement(node) || hidesFields(node)) continue
    const isMarked = hasMarks(node) && MARKS.some((mark) => markOf(node, mark) !== undefined)
    if (isMarked || node.tagName === 'meta') yield { element: node, nesting }
    push(node.childNodes, isMarked ? nesting + 1 : nesting)
  }
}

function valuesOf(element: Element, mark: Mark, textOf: () => string): [key: string, value: string][] {
  const list = markOf(element, mark)
  if (list === undefined) return []
  const colon = list.indexOf(':')
  const keys = (colon < 0 ? list : list.slice(0, colon)).split(',')
  const pairs = keys.map((part, i): [string, string] => {
    if (colon >= 0 && i === keys.length - 1) return [part, list.slice(colon + 1)]
    const [, key, name] = /^([^[\]]+)\[(.+)\]\s*$/.exec(part) ?? []
    return key === undefined || name === undefined
      ? [part, textOf()]
      : [key, attribute(element, name.trim().toLowerCase()) ?? '']
  })
  return pairs.map(([key, value]): [string, string] => [tidy(key), tidy(value)]).filter(isWhole)
}

function docSearchValues(element: Element): [key: string, value: string][] {
  if (element.tagName !== 'meta') return []
  const name = attribute(element, 'name')?.trim() ?? ''
  if (!name.startsWith(DOCSEARCH)) return []
  const values = (attribute(element, 'content') ?? '').split(',')
  return values.map((value): [string, string] => [name.slice(DOCSEARCH.length), tidy(value)]).filter(isWhole)
}

function tidy(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function isWhole([key, value]: [string, string]): boolean {
  return key !== '' && value !== ''
}
