/**
 * What both documentations need before they are written out: one `h1`, ids, links that lead to pages here, words in place of
 * pictures, tables that scroll, and no attribute but those that a strict policy and a reader have a use for. Gives the HTML of
 * the article and what "On this page" lists. The ids are those that the index has: both make them by one slugify.
 */
import { slugify } from '@mdit-vue/shared'
import type { Element, ElementContent, Root } from 'hast'
import { toHtml } from 'hast-util-to-html'
import { toString as textOf } from 'hast-util-to-string'
import { h } from 'hastscript'
import { SKIP, visit } from 'unist-util-visit'
import type { DocsPage } from '../pages.ts'
import { classesOf, isCode, isElement, ORIGINAL, picture, replaceElements } from './elements.ts'
import { type Links, originalUrl } from './links.ts'

export interface TocEntry {
  readonly id: string
  readonly text: string
  readonly depth: number
}

export interface Article {
  readonly title: string
  readonly html: string
  readonly toc: readonly TocEntry[]
  readonly ids: ReadonlySet<string>
  readonly links: readonly string[]
}

const KEPT = new Set([
  ...['id', 'className', 'href', 'open', 'colSpan', 'rowSpan', 'scope', 'start', 'lang', 'dataLang', 'dataLabel'],
  ...['ariaLabel', 'ariaHidden', 'type', 'checked', 'disabled'],
])
const HEADING = /^h[1-6]$/
/** Level of a heading that a list of the page has still. */
const DEEPEST_LISTED = 3

export function finish(root: Root, page: DocsPage, title: string | undefined, links: Links): Article {
  replaceElements(root, (element) =>
    element.tagName === 'img' ? [picture(String(element.properties['alt'] ?? ''))] : undefined,
  )
  visit(root, 'comment', (_comment, index, parent) => {
    if (parent === undefined || index === undefined) return undefined
    parent.children.splice(index, 1)
    return index
  })
  unwrapParagraphs(root)
  const heading = root.children.find((node): node is Element => isElement(node, 'h1'))
  const name = title ?? (heading && wordsOf(heading)) ?? page.path
  if (heading === undefined) root.children.unshift(h('h1', name))
  const ids = new Set<string>()
  const toc = headings(root, ids)
  const followed = linkAll(root, page, links)
  visit(root, 'element', (element) => {
    for (const key of Object.keys(element.properties)) if (!KEPT.has(key)) delete element.properties[key]
    if (typeof element.properties['id'] === 'string') ids.add(element.properties['id'])
    return isCode(element) ? SKIP : undefined
  })
  visit(root, 'element', (element, index, parent) => {
    if (element.tagName !== 'table' || parent === undefined || index === undefined)
      return isCode(element) ? SKIP : undefined
    parent.children[index] = h('div', { className: ['table'] }, element)
    return SKIP
  })
  return { title: name, html: toHtml(root), toc, ids, links: followed }
}

/** A block within a paragraph would end it: the paragraph becomes a division, or goes where it holds nothing else. */
function unwrapParagraphs(root: Root): void {
  replaceElements(root, (element) => {
    if (element.tagName !== 'p' || !element.children.some((child) => isElement(child, 'figure', 'div', 'p', 'details')))
      return undefined
    const rest = element.children.filter((child) => child.type !== 'text' || child.value.trim() !== '')
    return rest.every((child) => isElement(child, 'figure', 'div', 'p', 'details'))
      ? rest
      : [h('div', {}, ...element.children)]
  })
}

function headings(root: Root, ids: Set<string>): readonly TocEntry[] {
  const toc: TocEntry[] = []
  /** Headings that this one stands under: their levels in the source, and those given to them. */
  const above: (readonly [own: number, given: number])[] = []
  const repeats = new Map<string, number>()
  visit(root, 'element', (element, _index, parent) => {
    if (!HEADING.test(element.tagName)) return isCode(element) ? SKIP : undefined
    const { id: given } = element.properties
    const slug = typeof given === 'string' ? given : slugify(textOf(element))
    let repeat = repeats.get(slug) ?? 0
    let id = slug
    while (ids.has(id)) id = `${slug}-${++repeat}`
    repeats.set(slug, repeat)
    ids.add(id)
    const own = Number(element.tagName[1])
    while ((above.at(-1)?.[0] ?? 0) >= own) above.pop()
    const depth = (above.at(-1)?.[1] ?? 0) + 1
    above.push([own, depth])
    element.tagName = `h${depth}` // no level is left out
    const text = wordsOf(element)
    const last = element.children.at(-1)
    if (last?.type === 'text') last.value = last.value.trimEnd() // what stood behind it was its id
    const isFolded = parent?.type === 'element' && parent.tagName === 'summary'
    if (own > 1 && own <= DEEPEST_LISTED && !isFolded) toc.push({ id, text, depth })
    element.properties['id'] = id
    if (depth === 1 || isFolded) return SKIP // a summary holds no other thing to press
    element.children.push(h('a', { className: ['anchor'], href: `#${id}`, ariaLabel: `Link to “${text}”` }))
    return SKIP
  })
  return toc
}

/** A heading without its badges and without the stars of Vue's footnotes. */
function wordsOf(heading: Element): string {
  const children = heading.children.filter(
    (child) => !(isElement(child, 'span', 'sup') && classesOf(child).includes('badge')),
  )
  return textOf({ ...heading, children })
    .replace(/\s*\*+\s*$/, '')
    .trim()
}

function linkAll(root: Root, page: DocsPage, links: Links): readonly string[] {
  const followed: string[] = []
  replaceElements(root, (element): readonly ElementContent[] | undefined => {
    const { href } = element.properties
    if (element.tagName !== 'a' || typeof href !== 'string') return undefined
    const resolved = href === ORIGINAL ? originalUrl(page) : links.resolve(href, page)
    if (resolved === undefined) return element.children
    element.properties['href'] = resolved
    followed.push(resolved)
    return undefined
  })
  return followed
}
