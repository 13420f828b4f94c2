/**
 * A built HTML page of any generator → outline. Finds the main content, then leaves the reading to htmlWriter.ts.
 * The marks for content and for what to ignore are Pagefind's, with our own names beside them.
 */
import { parse } from 'parse5'
import { isChrome } from './htmlChrome.ts'
import { readFields } from './htmlFields.ts'
import { markOf } from './htmlMarks.ts'
import { inlineText } from './htmlText.ts'
import { attribute, type Element, findAll, findFirst, type HtmlNode } from './htmlTree.ts'
import { writeHtml } from './htmlWriter.ts'
import type { Item, Outline } from './outline.ts'

/** Undefined for a page that only sends the reader to another, or asks robots not to index it. */
export function readHtml(content: string): Outline | undefined {
  const document = parse(content)
  const html = findFirst(document, isTag('html'))
  const body = findFirst(document, isTag('body'))
  const head = findFirst(document, isTag('head'))
  if (head !== undefined && findFirst(head, (element) => isRedirect(element) || isNoIndex(element))) return undefined

  const { title, defaultTitle, ...fields } = readFields(document)
  const marked = body === undefined ? [] : markedParts(body)
  const items: Item[] = []
  if (marked.length > 0) writeHtml(marked, items)
  else if (body !== undefined) writeHtml(mainContent(body), items)
  // An h1 outside the main content is the site's name more often than the page's.
  const outside = textOf(head && findFirst(head, isTag('title'))) ?? textOf(body && findFirst(body, isTag('h1')))
  return {
    items,
    title,
    fallbackTitle: outside ?? defaultTitle,
    description: nonEmpty(head && metaDescription(head)),
    language: nonEmpty(html && attribute(html, 'lang')),
    ...fields,
    ...(marked.length > 0 ? { isMarked: true } : {}),
  }
}

function markedParts(body: Element): readonly HtmlNode[] {
  const parts = findAll(body, isMarkedBody, true)
  return parts.length === 0 && isMarkedBody(body) ? body.childNodes : parts
}

/** `<main>`, else `<article>`, else the body without its header. */
function mainContent(body: Element): readonly HtmlNode[] {
  const main = findFirst(body, (element) => element.tagName === 'main' || attribute(element, 'role') === 'main')
  const article = soleArticle(main ?? body)
  if (article !== undefined) return [article]
  return main === undefined ? body.childNodes.filter((node) => node.nodeName !== 'header') : [main]
}

/** The one article that holds most of the text: Docusaurus has breadcrumbs and contents beside it in `<main>`. */
function soleArticle(root: Element): Element | undefined {
  const [article, ...others] = findAll(root, isTag('article'), true)
  if (article === undefined || others.length > 0 || isChrome(article)) return undefined
  return inlineText(article).length > inlineText(root).length / 2 ? article : undefined
}

function isMarkedBody(element: Element): boolean {
  return markOf(element, 'body') !== undefined
}

function isRedirect(element: Element): boolean {
  const isRefresh = element.tagName === 'meta' && attribute(element, 'http-equiv')?.toLowerCase() === 'refresh'
  return isRefresh && attribute(element, 'content')?.toLowerCase().includes('url=') === true
}

function isNoIndex(element: Element): boolean {
  const isRobots = element.tagName === 'meta' && attribute(element, 'name')?.toLowerCase() === 'robots'
  return isRobots && /\b(?:noindex|none)\b/i.test(attribute(element, 'content') ?? '')
}

function metaDescription(head: Element): string | undefined {
  const meta = findFirst(head, (element) => attribute(element, 'name') === 'description')
  return meta && attribute(meta, 'content')
}

function isTag(name: string): (element: Element) => boolean {
  return (element) => element.tagName === name
}

function textOf(element: Element | undefined): string | undefined {
  return nonEmpty(element && inlineText(element))
}

function nonEmpty(text: string | undefined): string | undefined {
  const trimmed = text?.replace(/\s+/g, ' ').trim()
  return trimmed === '' ? undefined : trimmed
}
