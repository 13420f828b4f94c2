/**
 * A page of Vue's documentation as a tree of HTML: by VitePress' own Markdown, as its site has it, and then what stands there for
 * Vue itself (components, directives, examples that run) is put into words. Links, ids and pictures are still as the source has
 * them; finish.ts does for both documentations what both need.
 */
import { join } from 'node:path'
import type { Element, ElementContent, Root } from 'hast'
import { fromHtml } from 'hast-util-from-html'
import { toString as textOf } from 'hast-util-to-string'
import { h } from 'hastscript'
import { visit } from 'unist-util-visit'
import { createMarkdownRenderer, type MarkdownRenderer } from 'vitepress'
import { codeBlock, fileName } from './code.ts'
import { codeTabs } from './codeTabs.ts'
import { classesOf, elsewhere, isElement, replaceElements } from './elements.ts'

const BY_PROGRAM = 'A part of this page is made by a program.'

/** Pages say which of Vue's two ways of writing components a part is for; the site shows one, here both are named. */
const STYLES: Readonly<Record<string, string>> = { 'options-api': 'Options API', 'composition-api': 'Composition API' }

/** What a page says of its sponsors, and what it runs. */
const DROPPED = ['banner-wrapper', 'logo-wrapper', 'lambdatest', 'vue-mastery-link']

const HTML = new Set(
  (
    'a abbr b blockquote br code dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img input kbd label li nav ol p pre s ' +
    'small span strong sub summary sup table tbody td th thead tr ul'
  ).split(' '),
)

export class VueRenderer {
  readonly #markdown: MarkdownRenderer
  readonly #folder: string

  private constructor(markdown: MarkdownRenderer, folder: string) {
    this.#markdown = markdown
    this.#folder = folder
  }

  static async create(root: string): Promise<VueRenderer> {
    const folder = join(root, 'demo/content/vue')
    // A highlighter of one's own keeps it from loading the one that it has, which colours by style attributes.
    const markdown = await createMarkdownRenderer(folder, { highlight: () => '' }, '/', { warn: () => {} })
    const { escapeHtml } = markdown.utils
    markdown.renderer.rules.fence = (tokens, index) => {
      const { content = '', info = '', attrs } = tokens[index] ?? {}
      // Lines in braces were taken for an attribute list.
      const lines = attrs?.map(([name]) => name).find((name) => /^[\d,-]+$/.test(name))
      const whole = lines === undefined ? info.trim() : `${info.trim()} {${lines}}`
      return `<pre data-info="${escapeHtml(whole)}">${escapeHtml(content)}</pre>\n`
    }
    return new VueRenderer(markdown, folder)
  }

  render(path: string, source: string): Root {
    const file = `${path}.md`
    const env = { path: join(this.#folder, file), relativePath: file, cleanUrls: false }
    const root = fromHtml(closeAll(this.#markdown.render(source, env)), { fragment: true })
    replaceElements(root, (element) => replacement(element))
    return root
  }
}

/** `<Name />` closes itself in Vue, and nothing but voids does in HTML. Code is escaped, so that none of it is met here. */
function closeAll(html: string): string {
  return html.replace(
    /<([A-Za-z][\w-]*)((?:\s+[^\s"<>/=]+(?:="[^"]*")?)*)\s*\/>/g,
    (tag, name: string, attributes: string) =>
      /^(?:br|hr|img|input)$/.test(name) ? tag : `<${name}${attributes}></${name}>`,
  )
}

function replacement(element: Element): readonly ElementContent[] | undefined {
  const { tagName, properties, children } = element
  const classes = classesOf(element)
  if (tagName === 'script' || tagName === 'style') return []
  if (classes.some((name) => DROPPED.includes(name))) return []
  if (tagName === 'a' && classes.includes('header-anchor')) return []
  // What Vue chooses between when the page runs: it cannot be told here.
  if ('v-else' in properties) return []
  if ('v-if' in properties) return [elsewhere(BY_PROGRAM)]
  if ('dataInfo' in properties) return [fence(element)]
  if (classes.includes('vp-code-group')) return [group(element)]
  if (classes.includes('demo')) return [elsewhere('An example runs here.')]
  if (classes.includes('custom-block')) return block(element)
  if (tagName === 'sup' && classes.includes('vt-badge')) return [badge(element)]
  const style = tagName === 'div' ? classes.find((name) => name in STYLES) : undefined
  if (style !== undefined) {
    const name = h('p', { className: ['api-name'] }, STYLES[style])
    return [
      h('div', { className: ['api', style === 'options-api' ? 'api-options' : 'api-composition'] }, name, ...children),
    ]
  }
  if (HTML.has(tagName)) return undefined
  // A lesson elsewhere, as a link.
  const { href, title } = properties
  if (typeof href === 'string') {
    const words = textOf(element).trim() || String(title ?? href)
    return [h('p', { className: ['lesson'] }, h('a', { href }, words))]
  }
  return textOf(element).trim() === '' ? [elsewhere(BY_PROGRAM)] : children
}

function fence(pre: Element): Element {
  const info = String(pre.properties['dataInfo'] ?? '')
  const [, lang = '', meta = ''] = /^([\w-]*)(.*)$/s.exec(info) ?? []
  return codeBlock({ lang, meta: meta.trim(), code: textOf(pre) })
}

function group(element: Element): Element {
  const files: Element[] = []
  visit(element, 'element', (inner) => {
    if (inner.tagName === 'pre') files.push(inner)
  })
  const named = files.map((pre, i) => {
    const [, lang = '', meta = ''] = /^([\w-]*)(.*)$/s.exec(String(pre.properties['dataInfo'] ?? '')) ?? []
    return { lang, meta, code: textOf(pre), name: fileName(meta.trim()) ?? `File ${i + 1}` }
  })
  return codeTabs(named, 'Ways to do this')
}

/** VitePress' containers, and its `details`, in the boxes that both documentations have here. */
function block(element: Element): readonly ElementContent[] {
  const kind = ['tip', 'info', 'warning', 'danger'].find((name) => classesOf(element).includes(name)) ?? 'details'
  const children = element.children.map((child) =>
    isElement(child, 'p') && classesOf(child).includes('custom-block-title')
      ? { ...child, properties: { className: ['box-title'] } }
      : child,
  )
  return [{ ...element, properties: { className: ['box', `box-${kind}`] }, children }]
}

function badge(element: Element): Element {
  const [, kind = ''] = classesOf(element)
  const text =
    element.properties['dataText'] ?? { ts: 'TS', 'dev-only': 'Dev only', experimental: 'Experimental' }[kind]
  return h('span', { className: ['badge'] }, ...(text === undefined ? element.children : [String(text)]))
}
