/**
 * A labelled set for the demo's own documents that nobody had to make up: where an author of the documentations links to a section
 * in words of their own ("must be pure"), those words are a question and the section is its answer. Links that only repeat a title
 * are left out, and so are names of functions. `demo/content/teach/make.mjs` writes them down.
 */
import { posix } from 'node:path'
import type { Element, Nodes } from 'hast'
import { fromHtml } from 'hast-util-from-html'
import { toString as textOf } from 'hast-util-to-string'
import { SKIP, visit } from 'unist-util-visit'
import { isElement } from './docs/elements.ts'
import type { RenderedPage } from './docs/render.ts'

export interface LinkPair {
  readonly query: string
  /** Below the demo's folder. */
  readonly url: string
  readonly title: string
}

/** Fewer name a thing, or nothing; more are a sentence that says all the answer says. `own`: of words that say something. */
const WORDS = { least: 3, most: 14, own: 2 }
const HEADING = /^h[1-6]$/
/** What a link says of being one. */
const LEAD =
  /^(?:(?:you can )?(?:read|learn|find|see|check)(?: out| more| here| how)* (?:about |on |in |to )*|(?:the )?(?:guide|docs|section) (?:on |about |to )|guide - |more (?:about|on) |here'?s )/i
const LITTLE = new Set(
  'a an and are as at be by can do does for from has have how if in into is it its not of on or out section see so that the their them there this to use used using we what when where which why with you your'.split(
    ' ',
  ),
)

/** In the order of the pages. One question has one answer: where two links of the same words lead to two places, both are left out. */
export function linkPairs(pages: readonly RenderedPage[]): readonly LinkPair[] {
  const trees = new Map(pages.map((page) => [page.address, fromHtml(page.html, { fragment: true })]))
  const titles = new Map(
    pages.flatMap((page) => titlesOf(page, trees.get(page.address))).map(({ url, title }) => [url, title]),
  )
  const found = new Map<string, LinkPair | 'ambiguous'>()
  for (const page of pages)
    for (const { words, href } of linksIn(trees.get(page.address))) {
      const url = targetOf(href, page)
      const title = titles.get(url)
      const query = unquoted(words.replace(LEAD, '').replace(/^[^\p{L}\p{N}"“]+|[^\p{L}\p{N}?"”]+$/gu, ''))
      if (title === undefined || !isQuestion(query, `${title} ${titles.get(url.replace(/#.*/, '')) ?? ''}`)) continue
      const before = found.get(query.toLowerCase())
      const isOther = before !== undefined && (before === 'ambiguous' || before.url !== url)
      found.set(query.toLowerCase(), isOther ? 'ambiguous' : (before ?? { query, url, title }))
    }
  return [...found.values()].filter((one) => one !== 'ambiguous')
}

/** The page by its address, and its sections. */
function titlesOf(
  { address, title }: RenderedPage,
  tree: Nodes | undefined,
): readonly { readonly url: string; readonly title: string }[] {
  const sections: { url: string; title: string }[] = [{ url: address, title }]
  visitElements(tree, (element) => {
    const { id } = element.properties
    if (!HEADING.test(element.tagName) || element.tagName === 'h1' || typeof id !== 'string') return undefined
    const own = element.children.filter((child) => !isElement(child, 'a', 'span'))
    sections.push({
      url: `${address}#${id}`,
      title: tidy(textOf({ ...element, children: own })).replace(/\s*\*+$/, ''),
    })
    return SKIP
  })
  return sections
}

function linksIn(tree: Nodes | undefined): readonly { readonly words: string; readonly href: string }[] {
  const links: { words: string; href: string }[] = []
  visitElements(tree, (element) => {
    if (HEADING.test(element.tagName)) return SKIP
    const { href } = element.properties
    if (element.tagName === 'a' && typeof href === 'string') links.push({ words: tidy(textOf(element)), href })
    return undefined
  })
  return links
}

function visitElements(tree: Nodes | undefined, see: (element: Element) => typeof SKIP | undefined): void {
  if (tree !== undefined) visit(tree, 'element', see)
}

function targetOf(href: string, { address }: RenderedPage): string {
  return href.startsWith('#') ? address + href : posix.join(posix.dirname(address), href)
}

/** Words of a person, some of which are not the title's. */
function isQuestion(query: string, titles: string): boolean {
  const words = query.match(/[\p{L}\p{N}'’]+/gu) ?? []
  if (words.length < WORDS.least || words.length > WORDS.most || /[<>(){}=@/]|[a-z][A-Z]|^v-/.test(query)) return false
  const known = new Set(contentWords(titles))
  const own = contentWords(query)
  return own.length >= WORDS.own && own.some((word) => !known.has(word))
}

/** Without endings that only make another form of a word. */
function contentWords(text: string): readonly string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
    .filter((word) => !LITTLE.has(word))
    .map((word) => (word.length > 4 ? word.replace(/(?:ing|ed|es|s|e)$/, '') : word.replace(/s$/, '')))
}

/** Without quotation marks around it, or one that lost its other. */
function unquoted(text: string): string {
  return /["“”]/.test(text.slice(1, -1)) ? text : text.replace(/["“”]/g, '')
}

function tidy(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
