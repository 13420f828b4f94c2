/**
 * Inline text of mdast nodes, twice: as a reader sees it, and as the generator sees a heading when it makes its id
 * (without inline HTML, as VitePress's anchor setup has it and as mdast's toString does).
 */
import type { Nodes } from 'mdast'
import type { MdxJsxFlowElement, MdxJsxTextElement, MdxTextExpression } from 'mdast-util-mdx'
import { parseFragment } from 'parse5'
import { isIgnoreName } from './htmlMarks.ts'
import { cleanInline, inlineText as htmlInlineText, imageText } from './htmlText.ts'
import { isElement } from './htmlTree.ts'
import { isComment } from './syntax.ts'

type JsxElement = MdxJsxFlowElement | MdxJsxTextElement

/** Attributes of components that their readers see. On HTML elements the same names are tooltips, and left out. */
const VISIBLE_ATTRIBUTES = ['name', 'title', 'label', 'alt', 'caption', 'description']

const INVISIBLE_ELEMENTS: ReadonlySet<string> = new Set(['script', 'style', 'template', 'svg', 'iframe', 'noscript'])

/** Lines end only at hard breaks. */
export function inlineText(nodes: readonly Nodes[]): string {
  return cleanInline(readableAll(nodes))
}

/** Where one inline element ends and the next begins, a reader sees two things: `<span>a</span><span>b</span>`. */
function readableAll(nodes: readonly Nodes[]): string {
  let text = ''
  nodes.forEach((node, i) => {
    const previous = nodes[i - 1]
    const isSeam =
      node.type === 'html' && previous?.type === 'html' && isEndTag(previous.value) && !isEndTag(node.value)
    text += (isSeam ? ' ' : '') + readable(node)
  })
  return text
}

function isEndTag(html: string): boolean {
  return html.startsWith('</')
}

function readable(node: Nodes): string {
  switch (node.type) {
    case 'text':
      return node.value.replaceAll('\n', ' ')
    case 'inlineCode':
      return node.value
    case 'break':
      return '\n'
    case 'image':
    case 'imageReference':
      return node.alt ?? ''
    case 'html':
      return inlineHtml(node.value)
    case 'attributeList':
      return isComment(node) ? '' : node.value
    case 'mdxJsxTextElement':
    case 'mdxJsxFlowElement':
      if (node.name === 'br') return '\n'
      return isInvisible(node)
        ? ''
        : [jsxText(node), readableAll(node.children)].filter((text) => text !== '').join(' ')
    case 'mdxTextExpression':
      return literalOf(node)
    default:
      return 'children' in node ? readableAll(node.children) : ''
  }
}

/** Inline HTML is one tag or comment per node: it says something only where the tag itself is content. */
function inlineHtml(value: string): string {
  const element = parseFragment(value).childNodes.find(isElement)
  if (element === undefined) return ''
  if (element.tagName === 'br') return '\n'
  return element.tagName === 'img' ? imageText(element) : htmlInlineText(element)
}

export function slugText(nodes: readonly Nodes[]): string {
  return nodes.map(slugPart).join('').trim()
}

function slugPart(node: Nodes): string {
  switch (node.type) {
    case 'text':
    case 'inlineCode':
      return node.value
    case 'image':
    case 'imageReference':
      return node.alt ?? ''
    default:
      return 'children' in node ? node.children.map(slugPart).join('') : ''
  }
}

/** What a component shows by its attributes: `<LinkCard title="Setup" description="…" />`. */
export function jsxText(element: JsxElement): string {
  const name = element.name ?? ''
  const names = isComponent(name) ? VISIBLE_ATTRIBUTES : name === 'img' ? ['alt'] : []
  const texts = names.map((wanted) => {
    const value = jsxAttribute(element, wanted)?.trim() ?? ''
    // A name of one word is an identifier (`<Icon name="star" />`), of several it is a person's or a thing's.
    return wanted === 'name' && !value.includes(' ') ? '' : value
  })
  return texts.filter((text) => text !== '').join(': ')
}

/** The value of an attribute that is a plain string. */
export function jsxAttribute(element: JsxElement, name: string): string | undefined {
  const found = element.attributes.find((candidate) => candidate.type === 'mdxJsxAttribute' && candidate.name === name)
  return typeof found?.value === 'string' ? found.value : undefined
}

export function isInvisible(element: JsxElement): boolean {
  const isIgnored = element.attributes.some((given) => given.type === 'mdxJsxAttribute' && isIgnoreName(given.name))
  return isIgnored || (element.name !== null && INVISIBLE_ELEMENTS.has(element.name))
}

function isComponent(name: string): boolean {
  return /^\p{Uppercase_Letter}/u.test(name) || name.includes('.')
}

/** `{' '}` and `{"text"}` are how JSX writes text; any other expression is code. */
function literalOf(expression: MdxTextExpression): string {
  const statement = expression.data?.estree?.body[0]
  if (statement?.type !== 'ExpressionStatement' || statement.expression.type !== 'Literal') return ''
  const { value } = statement.expression
  return typeof value === 'string' ? value : ''
}
