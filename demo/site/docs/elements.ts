/** Small hands for trees of HTML: boxes as both documentations have them, and what is said in place of what is left out. */
import type { Element, ElementContent, Root } from 'hast'
import { h } from 'hastscript'
import { SKIP, visit } from 'unist-util-visit'

type Content = readonly ElementContent[]

/** A box with a title: a tip, a warning, a note. `kind` decides its colour. */
export function box(kind: string, title: string, content: Content): Element {
  return h('div', { className: ['box', `box-${kind}`] }, h('p', { className: ['box-title'] }, title), ...content)
}

/** What a reader opens. The summary may hold a heading, so that a link to it opens it. */
export function fold(kind: string, summary: string | Element, content: Content): Element {
  const head = typeof summary === 'string' ? h('span', summary) : summary
  return h('details', { className: ['box', `box-${kind}`] }, h('summary', head), h('div', {}, ...content))
}

/** An alternative text is all that is kept of a picture. */
export function picture(alt: string, caption: Content = []): Element {
  const text = alt.trim() === '' ? 'A picture, left out here.' : alt.trim()
  const head = h('p', { className: ['picture-text'] }, h('span', { className: ['picture-mark'] }, 'Picture'), ' ', text)
  return h('figure', { className: ['picture'] }, head, ...(caption.length > 0 ? [h('figcaption', {}, ...caption)] : []))
}

/** In place of what runs on the original page: the link is made to lead there by finish.ts. */
export function elsewhere(text: string): Element {
  return h(
    'p',
    { className: ['elsewhere'] },
    `${text} `,
    h('a', { href: ORIGINAL }, 'See it on the original page'),
    '.',
  )
}
/** An address that stands for the page at its own site. */
export const ORIGINAL = 'original:page'

export function classesOf({ properties }: Element): readonly string[] {
  const { className } = properties
  return Array.isArray(className) ? className.map(String) : []
}

export function isElement(node: { readonly type: string }, ...names: readonly string[]): node is Element {
  return node.type === 'element' && (names.length === 0 || ('tagName' in node && names.includes(String(node.tagName))))
}

/** What stands in a block of code is text, in any number of spans, and nothing else that one would look for. */
export function isCode(element: Element): boolean {
  return element.tagName === 'div' && classesOf(element).includes('code')
}

/** Each element once, the outer first; what it is replaced by is looked at too. Blocks of code are not looked into. */
export function replaceElements(
  root: Root,
  replace: (element: Element) => readonly ElementContent[] | undefined,
): void {
  visit(root, 'element', (element, index, parent) => {
    const instead = replace(element)
    if (instead === undefined || parent === undefined || index === undefined) return isCode(element) ? SKIP : undefined
    parent.children.splice(index, 1, ...instead)
    return [SKIP, index]
  })
}
