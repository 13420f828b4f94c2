/**
 * An mdast tree (Markdown, or MDX with its JSX) as an outline. Headings get their ids here, in document order, as the
 * site's generator would count them; raw HTML goes through the same reader as HTML pages do.
 */
import type { Blockquote, Heading, List, ListItem, Nodes, PhrasingContent, Root, Table } from 'mdast'
import type { MdxJsxFlowElement, MdxJsxTextElement } from 'mdast-util-mdx'
import { parseFragment } from 'parse5'
import type { Block } from '../document.ts'
import type { Anchors } from './anchors.ts'
import { findFirst, idOf as htmlIdOf } from './htmlTree.ts'
import { writeHtml } from './htmlWriter.ts'
import { inlineText, isInvisible, jsxAttribute, jsxText, slugText } from './mdastText.ts'
import type { Item } from './outline.ts'
import { listIndent, listMarker, tableText } from './plainLayout.ts'
import { containerTitle, idOf, isSearchExclude } from './syntax.ts'

interface Context {
  /** Lists around this place. */
  readonly listDepth: number
  readonly isQuote: boolean
}

export function writeMdast(root: Root, items: Item[], anchors: Anchors): void {
  new MdastWriter(items, anchors).writeAll(root.children, { listDepth: 0, isQuote: false })
}

class MdastWriter {
  readonly #items: Item[]
  readonly #anchors: Anchors
  /** A list item's bullet, waiting for the item's first text. */
  #bullet = ''
  /** The id of an empty `<a id>` standing just before. */
  #pendingId: string | undefined

  constructor(items: Item[], anchors: Anchors) {
    this.#items = items
    this.#anchors = anchors
  }

  writeAll(nodes: readonly Nodes[], context: Context): void {
    for (const node of nodes) this.#node(node, context)
  }

  #node(node: Nodes, context: Context): void {
    switch (node.type) {
      case 'heading':
        this.#heading(node, context)
        break
      case 'paragraph':
        this.#paragraph(node.children, context)
        break
      case 'containerMarker':
        this.#text(containerTitle(inlineText(node.children)), context)
        break
      case 'code':
        this.#block('code', node.value)
        break
      case 'list':
        this.#list(node, context)
        break
      case 'blockquote':
        this.#quote(node, context)
        break
      case 'table':
        this.#table(node)
        break
      case 'html':
        this.#html(node.value)
        break
      case 'mdxJsxFlowElement':
        this.#jsx(node, context)
        break
      case 'footnoteDefinition':
        this.writeAll(node.children, context)
        break
      default:
        // Thematic breaks, definitions, MDX imports, exports and expressions say nothing to a reader.
        break
    }
  }

  #heading(heading: Heading, context: Context): void {
    const last = heading.children.at(-1)
    const attributes = last?.type === 'attributeList' ? last : undefined
    const title = inlineText(attributes === undefined ? heading.children : heading.children.slice(0, -1))
    const explicit = attributes && idOf(attributes)
    const physical = targetIn(heading.children) ?? this.#pendingId
    this.#pendingId = undefined
    // Counted in any case, since the generator counts it. An id that stands in the page is a safer target than a slug.
    const slug = this.#anchors.next(slugText(heading.children), explicit)
    if (title === '') return
    if (context.isQuote || context.listDepth > 0) this.#text(title, context)
    else {
      const anchor = explicit ?? physical ?? slug
      const isExcluded = attributes !== undefined && isSearchExclude(attributes)
      this.#items.push({
        type: 'heading',
        depth: heading.depth,
        title: title.replaceAll('\n', ' '),
        anchor,
        isExcluded,
      })
    }
  }

  #paragraph(nodes: readonly PhrasingContent[], context: Context): void {
    // MDX takes an element on a line of its own for a paragraph with an element in it.
    const [only, ...others] = nodes.filter((node) => node.type !== 'text' || node.value.trim() !== '')
    if (only?.type === 'mdxJsxTextElement' && others.length === 0) {
      this.#jsx(only, context)
      return
    }
    if (nodes.some((node) => node.type === 'attributeList' && isSearchExclude(node))) return
    const text = inlineText(nodes)
    if (text !== '') this.#text(text, context)
    // `<a id="x"></a>` on a line of its own stands for what follows.
    else this.#pendingId = targetIn(nodes) ?? this.#pendingId
  }

  #text(text: string, context: Context): void {
    if (text === '' || isGeneratorCommand(text)) return
    if (context.listDepth > 0) {
      const indent = listIndent(context.listDepth - (this.#bullet === '' ? 0 : 1))
      this.#block('list-item', indent + this.#bullet + text)
    } else this.#block(context.isQuote ? 'quote' : 'paragraph', text)
  }

  #block(kind: Block['kind'], text: string): void {
    this.#bullet = ''
    this.#pendingId = undefined
    this.#items.push({ type: 'block', kind, text, tight: kind === 'list-item' })
  }

  #list(list: List, context: Context): void {
    const inner = { ...context, listDepth: context.listDepth + 1 }
    let number = list.ordered === true ? (list.start ?? 1) : undefined
    for (const item of list.children) {
      this.#bullet = listMarker(number) + taskBox(item)
      if (number !== undefined) number++
      this.writeAll(item.children, inner)
      this.#bullet = ''
    }
  }

  #quote(quote: Blockquote, context: Context): void {
    this.writeAll(withoutAlertMark(quote), { ...context, isQuote: true })
  }

  #table(table: Table): void {
    const rows = table.children.map((row) =>
      row.children.map((cell) => inlineText(cell.children).replaceAll('\n', ' ')),
    )
    this.#block('table', tableText(rows))
  }

  #html(value: string): void {
    const fragment = parseFragment(value)
    const before = this.#items.length
    writeHtml(fragment.childNodes, this.#items)
    const target = findFirst(fragment, (element) => element.tagName === 'a' && htmlIdOf(element) !== undefined)
    if (this.#items.length > before) this.#pendingId = undefined
    else if (target !== undefined) this.#pendingId = htmlIdOf(target)
  }

  #jsx(element: MdxJsxFlowElement | MdxJsxTextElement, context: Context): void {
    if (isInvisible(element)) return
    if (element.name === 'a' && element.children.length === 0) {
      this.#pendingId = jsxAttribute(element, 'id') ?? this.#pendingId
    }
    if (element.name !== null && /^h[1-6]$/.test(element.name)) {
      const title = inlineText(element.children).replaceAll('\n', ' ')
      const depth = Number(element.name.slice(1))
      if (title !== '') this.#items.push({ type: 'heading', depth, title, anchor: jsxAttribute(element, 'id') })
      return
    }
    const label = jsxText(element)
    if (label !== '') this.#text(label, context)
    this.#items.push({ type: 'scope', edge: 'open' })
    if (element.type === 'mdxJsxFlowElement') this.writeAll(element.children, context)
    else this.#paragraph(element.children, context)
    this.#items.push({ type: 'scope', edge: 'close' })
  }
}

/** The id of the last inline element that has one. */
function targetIn(nodes: readonly Nodes[]): string | undefined {
  return nodes.map(elementId).findLast((id) => id !== undefined)
}

function elementId(node: Nodes): string | undefined {
  if (node.type === 'mdxJsxTextElement' || node.type === 'mdxJsxFlowElement') return jsxAttribute(node, 'id')
  if (node.type !== 'html') return undefined
  const element = parseFragment(node.value).childNodes[0]
  return element !== undefined && 'tagName' in element ? htmlIdOf(element) : undefined
}

/** `[[toc]]` and `[TOC]` become a table of contents, `<<< file` becomes code from elsewhere: neither is in the file. */
function isGeneratorCommand(text: string): boolean {
  return /^(?:\[\[toc\]\]|\[toc\])$/i.test(text) || text.startsWith('<<< ')
}

/** Task lists stay readable without their own syntax extension: `[x]` is text there. */
function taskBox(item: ListItem): string {
  return item.checked === true ? '[x] ' : item.checked === false ? '[ ] ' : ''
}

/** GitHub's alerts: `> [!NOTE]` opens a quote that a reader sees as a titled box. */
function withoutAlertMark(quote: Blockquote): readonly Nodes[] {
  const [first, ...rest] = quote.children
  if (first?.type !== 'paragraph' || first.children[0]?.type !== 'text') return quote.children
  const [text, ...inline] = first.children
  const value = text.value.replace(/^\[!\w+\]\s*/, '')
  return [{ ...first, children: [{ ...text, value }, ...inline] }, ...rest]
}
