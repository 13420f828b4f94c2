/**
 * What a page's author says of it for display, filters and sorting: Pagefind's attributes `meta`, `default-meta`, `filter`
 * and `sort`, wherever they stand in the document, and DocSearch's `<meta name="docsearch:version" content="1,latest">`.
 * A value is `key` (the element's text), `key[attribute]` or `key:text to the end`; several keys are parted by commas.
 */
import { hidesFields, markOf } from './htmlMarks.ts'
import { inlineText } from './htmlText.ts'
import { attribute, type Element, isElement, type ParentNode, pushReversed } from './htmlTree.ts'

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

const DOCSEARCH = 'docsearch:'

/** Elements read for their text: each is a walk through all that is in it, and marked elements may lie nested. */
const MAX_READ = 2_000

export function readFields(document: ParentNode): HtmlFields {
  const meta = new Map<string, string>()
  const defaults = new Map<string, string>()
  const sort = new Map<string, string>()
  const filters = new Map<string, Set<string>>()
  const reader = new ValueReader()
  const addFilter = (key: string, value: string) => filters.set(key, (filters.get(key) ?? new Set()).add(value))

  for (const element of speakingElements(document)) {
    for (const [key, value] of reader.valuesOf(element, 'filter')) addFilter(key, value)
    for (const [key, value] of reader.valuesOf(element, 'meta')) meta.set(key, value)
    for (const [key, value] of reader.valuesOf(element, 'default-meta')) defaults.set(key, value)
    for (const [key, value] of reader.valuesOf(element, 'sort')) sort.set(key, value)
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

/** Elements with attributes, in document order, without those in parts whose metadata is hidden. */
function* speakingElements(root: ParentNode): Generator<Element> {
  const stack = [...root.childNodes].reverse()
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (!isElement(node)) continue
    if (node.attrs.length > 0) {
      if (hidesFields(node)) continue
      yield node
    }
    pushReversed(stack, node.childNodes)
  }
}

class ValueReader {
  #read = 0

  valuesOf(element: Element, mark: 'meta' | 'default-meta' | 'filter' | 'sort'): [key: string, value: string][] {
    const list = markOf(element, mark)
    if (list === undefined) return []
    const colon = list.indexOf(':')
    const keys = (colon < 0 ? list : list.slice(0, colon)).split(',')
    const pairs = keys.map((part, i): [string, string] => {
      if (colon >= 0 && i === keys.length - 1) return [part, list.slice(colon + 1)]
      const [, key, name] = /^([^[\]]+)\[(.+)\]\s*$/.exec(part) ?? []
      return key === undefined || name === undefined
        ? [part, this.#textOf(element)]
        : [key, attribute(element, name.trim().toLowerCase()) ?? '']
    })
    return pairs.map(([key, value]): [string, string] => [tidy(key), tidy(value)]).filter(isWhole)
  }

  #textOf(element: Element): string {
    return ++this.#read > MAX_READ ? '' : inlineText(element)
  }
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
