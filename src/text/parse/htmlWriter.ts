/**
 * A parse5 tree as an outline: which elements are headings, code, tables, list items, quotes, terms, and what is plain
 * inline text between them. Serves whole pages and the raw HTML inside Markdown alike.
 * Inline text gathers in `run` until a block begins or ends; so `<div>text<p>text</p>text</div>` is three paragraphs.
 */
import type { Block } from '../document.ts'
import { isChrome } from './htmlChrome.ts'
import { excludesSection, indexedText, weightOf } from './htmlMarks.ts'
import { readTable } from './htmlTable.ts'
import { BLOCK_ELEMENTS, cleanInline, codeText, imageText, inlineText } from './htmlText.ts'
import {
  attribute,
  classesOf,
  type Element,
  findAll,
  findFirst,
  type HtmlNode,
  idOf,
  isElement,
  isText,
} from './htmlTree.ts'
import type { Item } from './outline.ts'
import { listIndent, listMarker } from './plainLayout.ts'

/** Browsers stop nesting at 512 elements; below this the text is kept and the structure let go. */
const MAX_DEPTH = 400

/** Below every heading; deeper elements of the page are deeper objects (a class's methods). */
const FIRST_OBJECT_DEPTH = 7

interface Context {
  readonly depth: number
  /** Lists around this place. */
  readonly listDepth: number
  readonly isQuote: boolean
  /** As the nearest element states it that states one; text of weight 0 is left out. */
  readonly weight: number
  /** The id of the nearest `<section>`, for the first heading in it. */
  readonly sectionId?: { id: string | undefined } | undefined
}

const TOP: Context = { depth: 0, listDepth: 0, isQuote: false, weight: 1 }

/** Appends what the nodes say to `items`. */
export function writeHtml(nodes: readonly HtmlNode[], items: Item[]): void {
  const writer = new HtmlWriter(items)
  writer.writeAll(nodes, TOP)
  writer.end()
}

class HtmlWriter {
  readonly #items: Item[]
  #run = ''
  /** Sum of the weights of the run's characters. */
  #runWeight = 0
  /** A bullet or a term, waiting for the text that it stands before. */
  #lead: { text: string; isLabel: boolean } | undefined
  /** An empty `<a id>` or `<span id>` just seen. */
  #pendingId: string | undefined
  #lastTitle = ''
  /** The element before was a `<dt>` too. */
  #isAfterTerm = false
  /** Scopes around this place; true once a heading has made one worth writing. */
  readonly #scopes: boolean[] = []

  constructor(items: Item[]) {
    this.#items = items
  }

  end(): void {
    this.#flush(TOP)
    this.#flushLead(TOP)
  }

  writeAll(nodes: readonly HtmlNode[], context: Context): void {
    for (const node of nodes) {
      if (isText(node)) this.#inline(node.value.replace(/\s+/g, ' '), context)
      else if (isElement(node)) {
        this.#inline(indexedText(node), context)
        if (!isChrome(node)) this.#element(node, context)
      }
    }
  }

  #inline(text: string, { weight }: Context): void {
    if (weight === 0) return
    this.#run += text
    this.#runWeight += weight * text.length
  }

  #element(element: Element, outer: Context): void {
    const context = { ...outer, depth: outer.depth + 1, weight: weightOf(element) ?? outer.weight }
    if (element.tagName !== 'dt') this.#isAfterTerm = false
    if (context.depth > MAX_DEPTH) {
      this.#inline(` ${inlineText(element)} `, context)
      return
    }
    switch (element.tagName) {
      case 'br':
        this.#inline('\n', context)
        break
      case 'img':
        this.#inline(imageText(element), context)
        break
      case 'h1':
      case 'h2':
      case 'h3':
      case 'h4':
      case 'h5':
      case 'h6':
        if (outer.weight > 0) this.#heading(element, context)
        break
      case 'pre':
        this.#flush(context)
        this.#block('code', codeText(element), context)
        break
      case 'table':
        this.#table(element, context)
        break
      case 'ul':
      case 'ol':
      case 'menu':
        this.#list(element, context)
        break
      case 'dl':
        this.#scope(element, context)
        this.#flushLead(context)
        break
      case 'dt':
        this.#term(element, context)
        break
      case 'blockquote':
        this.#flush(outer)
        this.#around(element, { ...context, isQuote: true })
        break
      case 'section':
      case 'article':
      case 'details':
      case 'aside':
        this.#scope(element, context)
        break
      case 'div':
        if (classesOf(element).includes('section')) this.#scope(element, context)
        else this.#around(element, context)
        break
      default:
        if (BLOCK_ELEMENTS.has(element.tagName)) this.#around(element, context)
        else {
          const isTarget = element.childNodes.length === 0 && (element.tagName === 'a' || element.tagName === 'span')
          if (isTarget) this.#pendingId = idOf(element) ?? this.#pendingId
          this.writeAll(element.childNodes, context)
        }
    }
  }

  #around(element: Element, context: Context): void {
    this.#flush(context)
    this.writeAll(element.childNodes, context)
    this.#flush(context)
  }

  #scope(element: Element, context: Context): void {
    const sectionId = element.tagName === 'dl' ? undefined : { id: idOf(element) }
    this.#scopes.push(false)
    this.#around(element, { ...context, sectionId })
    if (this.#scopes.pop() === true) this.#items.push({ type: 'scope', edge: 'close' })
  }

  #heading(element: Element, context: Context): void {
    this.#flush(context)
    const title = inlineText(element)
    if (title === '') return
    if (context.isQuote) {
      this.#block('quote', title, context)
      return
    }
    this.#flushLead(context)
    const inner = findFirst(element, (child) => idOf(child) !== undefined)
    const anchor =
      idOf(element) ?? context.sectionId?.id ?? (inner === undefined ? undefined : idOf(inner)) ?? this.#pendingId
    if (context.sectionId !== undefined) context.sectionId.id = undefined
    this.#pendingId = undefined
    this.#startSection(Number(element.tagName.slice(1)), title, anchor, excludesSection(element))
  }

  #startSection(depth: number, title: string, anchor: string | undefined, isExcluded = false): void {
    for (let i = 0; i < this.#scopes.length; i++) {
      if (!this.#scopes[i]) this.#items.push({ type: 'scope', edge: 'open' })
      this.#scopes[i] = true
    }
    this.#items.push({ type: 'heading', depth, title, anchor, isExcluded })
    this.#lastTitle = title
  }

  #list(element: Element, context: Context): void {
    this.#flush(context)
    let number = element.tagName === 'ol' ? Number.parseInt(attribute(element, 'start') ?? '1', 10) : undefined
    const inner = { ...context, listDepth: context.listDepth + 1 }
    for (const child of element.childNodes) {
      if (!isElement(child) || isChrome(child)) continue
      this.#flush(inner)
      if (this.#lead?.isLabel === true) this.#flushLead(context)
      this.#lead = { text: listMarker(number), isLabel: false }
      if (number !== undefined) number++
      this.#scopes.push(false)
      this.#around(child, { ...inner, depth: inner.depth + 1 })
      if (this.#scopes.pop() === true) this.#items.push({ type: 'scope', edge: 'close' })
      if (this.#lead?.isLabel === false) this.#lead = undefined
    }
  }

  /** A term waits for its definition: "Returns: The size in bytes". A program's signature is code on its own line. */
  #term(element: Element, context: Context): void {
    this.#flush(context)
    const text = context.weight === 0 ? '' : inlineText(element)
    if (text === '') return
    const name = objectName(element)
    if (name === '') {
      const before = this.#lead === undefined ? '' : this.#lead.isLabel ? `${this.#lead.text}, ` : this.#lead.text
      this.#lead = { text: before + text.replace(/\s*:$/, ''), isLabel: true }
    } else {
      this.#flushLead(context)
      this.#object(element, name, context)
      this.#block('code', text, context)
    }
    this.#isAfterTerm = true
  }

  /**
   * A function or class that Sphinx documents starts a section: in API pages its id is what one links to, and headings
   * are few. Not where the heading says it already (a page per object), nor for an overload of the same object.
   */
  #object(element: Element, name: string, context: Context): void {
    const id = idOf(element)
    if (id === undefined || id === this.#lastTitle || name === this.#lastTitle || this.#isAfterTerm) return
    this.#startSection(FIRST_OBJECT_DEPTH + context.depth, name, id)
  }

  #table(table: Element, context: Context): void {
    this.#flush(context)
    const text = readTable(table)
    if (text === undefined) this.#around(table, context)
    else this.#block('table', text, context)
  }

  #flush(context: Context): void {
    const text = cleanInline(this.#run)
    const weight = this.#runWeight / this.#run.length
    this.#run = ''
    this.#runWeight = 0
    if (text !== '') this.#block(context.isQuote ? 'quote' : 'paragraph', text, { ...context, weight })
  }

  #flushLead(context: Context): void {
    if (this.#lead?.isLabel === true) {
      const { text } = this.#lead
      this.#lead = undefined
      this.#push(context.listDepth > 0 ? 'list-item' : 'paragraph', text, context)
    }
    this.#lead = undefined
  }

  #block(kind: Block['kind'], text: string, context: Context): void {
    if (text.trim() === '') return
    this.#pendingId = undefined
    const isInline = kind === 'paragraph' || kind === 'quote'
    if (!isInline) {
      this.#flushLead(context)
      this.#push(kind, text, context)
      return
    }
    const lead = this.#lead
    this.#lead = undefined
    if (lead === undefined) this.#push(context.listDepth > 0 ? 'list-item' : kind, text, context, true)
    else {
      const isItem = context.listDepth > 0
      this.#push(isItem ? 'list-item' : kind, lead.text + (lead.isLabel ? ': ' : '') + text, context)
    }
  }

  /** Text in a list is indented to its item; code keeps its columns. */
  #push(kind: Block['kind'], text: string, context: Context, isContinued = false): void {
    const { weight } = context
    if (weight === 0) return
    const isItem = kind === 'list-item'
    const indent = isItem ? listIndent(context.listDepth - (isContinued ? 0 : 1)) : ''
    this.#items.push({ type: 'block', kind, text: indent + text, tight: isItem, weight })
  }
}

/** `module.name` of a Sphinx signature; empty for what is no object of a program (options, glossary terms). */
function objectName(term: Element): string {
  if (!classesOf(term).includes('sig-object') || classesOf(term).includes('std')) return ''
  const parts = findAll(term, (part) => classesOf(part).some((name) => name === 'sig-prename' || name === 'sig-name'))
  return parts.map(inlineText).join('')
}
