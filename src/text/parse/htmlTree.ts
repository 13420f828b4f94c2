/**
 * Getting about in a parse5 tree: attributes and search. Nothing here recurses: a tree may be as deep as its source
 * likes. What the elements mean is told by htmlChrome.ts, htmlText.ts and htmlWriter.ts.
 */
import type { DefaultTreeAdapterTypes } from 'parse5'

export type Element = DefaultTreeAdapterTypes.Element
export type HtmlNode = DefaultTreeAdapterTypes.ChildNode
export type ParentNode = DefaultTreeAdapterTypes.ParentNode

export function isElement(node: HtmlNode): node is Element {
  return 'tagName' in node
}

export function isText(node: HtmlNode): node is DefaultTreeAdapterTypes.TextNode {
  return node.nodeName === '#text'
}

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((candidate) => candidate.name === name)?.value
}

/** The id that a link can go to: `id`, or the old `<a name>`. */
export function idOf(element: Element): string | undefined {
  const id = attribute(element, 'id') ?? (element.tagName === 'a' ? attribute(element, 'name') : undefined)
  return id === '' ? undefined : id
}

export function classesOf(element: Element): readonly string[] {
  const value = attribute(element, 'class')
  return value === undefined ? [] : value.split(/\s+/)
}

/** Elements below `root` for which `test` holds, in document order; with `outermost`, none inside another. */
export function findAll(root: ParentNode, test: (element: Element) => boolean, outermost = false): Element[] {
  const found: Element[] = []
  for (const element of elementsBelow(root, outermost ? test : () => false)) if (test(element)) found.push(element)
  return found
}

export function findFirst(root: ParentNode, test: (element: Element) => boolean): Element | undefined {
  for (const element of elementsBelow(root, () => false)) if (test(element)) return element
  return undefined
}

function* elementsBelow(root: ParentNode, isLeaf: (element: Element) => boolean): Generator<Element> {
  const stack: HtmlNode[] = [...root.childNodes].reverse()
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (!isElement(node)) continue
    yield node
    if (!isLeaf(node)) pushReversed(stack, node.childNodes)
  }
}

/** All text of a subtree as it stands, chrome and white space included: for rules that measure. */
export function rawText(root: HtmlNode): string {
  let text = ''
  const stack: HtmlNode[] = [root]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (isText(node)) text += node.value
    else if (isElement(node)) pushReversed(stack, node.childNodes)
  }
  return text
}

/** Puts nodes on a stack so that they come off in document order. */
export function pushReversed<Other>(stack: (HtmlNode | Other)[], nodes: readonly HtmlNode[]): void {
  for (let i = nodes.length - 1; i >= 0; i--) stack.push(nodes[i]!)
}
