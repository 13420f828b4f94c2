/**
 * What the components of react.dev's pages become in plain HTML: boxes, things to open, tabs of files, words in place of pictures
 * and of what runs. One that is not known is its content, so that no text is lost; a test tells of it.
 */
import type { Element, ElementContent } from 'hast'
import { h } from 'hastscript'
import type { Code } from 'mdast'
import type { MdxJsxFlowElement, MdxJsxTextElement } from 'mdast-util-mdx'
import type { State } from 'mdast-util-to-hast'
import { fileName, stepClass } from './code.ts'
import { codeTabs, type NamedFence } from './codeTabs.ts'
import { box, fold, isElement, picture } from './elements.ts'

type Jsx = MdxJsxFlowElement | MdxJsxTextElement
type Content = ElementContent[]
type Render = (node: Jsx, content: Content, state: State) => Element | Content

const BOXES: Readonly<Record<string, readonly [kind: string, title: string]>> = {
  Note: ['note', 'Note'],
  Pitfall: ['warning', 'Pitfall'],
  Deprecated: ['danger', 'Deprecated'],
  Wip: ['note', 'Under construction'],
  Canary: ['canary', 'Canary'],
  Experimental: ['canary', 'Experimental feature'],
  RSC: ['note', 'React Server Components'],
  Recap: ['recap', 'Recap'],
  YouWillLearn: ['learn', 'You will learn'],
  LearnMore: ['note', 'Ready to learn this topic?'],
}

const FOLDS: Readonly<Record<string, string>> = { Solution: 'Show solution', Hint: 'Show hint' }

const COMPONENTS: Readonly<Record<string, Render>> = {
  ...Object.fromEntries(Object.entries(BOXES).map(([name, [kind, title]]) => [name, boxed(kind, title)])),
  ...Object.fromEntries(
    Object.entries(FOLDS).map(([name, summary]): [string, Render] => [
      name,
      (node, content) => fold(name.toLowerCase(), summary, asBlocks(node, content)),
    ]),
  ),
  Intro: (_node, content) => h('div', { className: ['intro'] }, ...content),
  DeepDive: (_node, content) => deepDive(content),
  Challenges: (_node, content) => named('h2', 'Try out some challenges', 'challenges', content),
  Recipes: (node, content) =>
    named('h4', attribute(node, 'titleText') ?? 'Examples', attribute(node, 'titleId'), content),
  Sandpack: sandpack,
  SandpackRSC: sandpack,
  SandpackWithHTMLOutput: sandpack,
  Illustration: (node) => [picture(attribute(node, 'alt') ?? '', textOf(attribute(node, 'caption')))],
  Diagram: (node, content) => picture(attribute(node, 'alt') ?? '', content),
  img: (node) => [picture(attribute(node, 'alt') ?? '')],
  InlineToc: () => [],
  TerminalBlock: (_node, content) => h('div', { className: ['terminal'] }, ...content),
  ConsoleBlock: (node, content) => consoleLine(node, content),
  ConsoleLogLine: (node, content) => consoleLine(node, content),
  CodeStep: (node, content) => {
    const step = Number(expression(node, 'step') ?? 1)
    return h('span', { className: ['step', stepClass(step)] }, ...content)
  },
  CanaryBadge: () => h('span', { className: ['badge'] }, 'Canary'),
  ExperimentalBadge: () => h('span', { className: ['badge'] }, 'Experimental'),
  Math: (_node, content) => h('span', { className: ['math'] }, ...content),
  MathI: (_node, content) => h('var', {}, ...content),
  s: (_node, content) => h('s', {}, ...content),
}

/** Nothing but what holds other things together. */
const TRANSPARENT: ReadonlySet<string> = new Set([
  ...['ConsoleBlockMulti', 'DiagramGroup', 'IllustrationBlock', 'CodeDiagram', 'FullWidth', 'div', 'span'],
])

export function isKnown(name: string): boolean {
  return name in COMPONENTS || TRANSPARENT.has(name)
}

export function component(state: State, node: Jsx): Element | Content {
  const render = COMPONENTS[node.name ?? '']
  const content = state.all({ type: 'root', children: [...node.children] })
  return render?.(node, content, state) ?? content
}

function boxed(kind: string, title: string): Render {
  return (node, content) => box(kind, title, asBlocks(node, content))
}

/** An element on one line with its text has no paragraph of its own. */
function asBlocks(node: Jsx, content: Content): Content {
  return node.type === 'mdxJsxTextElement' ? [h('p', {}, ...content)] : content
}

/** Its first heading says what it is about. */
function deepDive(content: Content): Element {
  const at = content.findIndex((node) => isElement(node, 'h2', 'h3', 'h4', 'h5'))
  const heading = content[at]
  if (heading === undefined || !isElement(heading)) return fold('deep', 'Deep dive', content)
  return fold('deep', heading, content.toSpliced(at, 1))
}

function named(level: 'h2' | 'h4', title: string, id: string | undefined, content: Content): Content {
  return [h(level, id === undefined ? {} : { id }, title), ...content]
}

/** The files of an example; those that the original hides are the last. */
function sandpack(node: Jsx): Element {
  const files = node.children.filter((child): child is Code => child.type === 'code').map(fileOf)
  const shown = files.filter(({ meta }) => !/\bhidden\b/.test(meta))
  return codeTabs([...shown, ...files.filter((file) => !shown.includes(file))], 'Files of this example')
}

function fileOf({ lang, meta, value }: Code): NamedFence {
  const fallback = lang === 'css' ? 'styles.css' : lang === 'json' ? 'package.json' : 'App.js'
  const name = fileName(meta ?? '')?.replace(/^\/?(?:src\/)?/, '') ?? fallback
  return { lang: lang ?? 'js', meta: meta ?? '', code: value, name }
}

function consoleLine(node: Jsx, content: Content): Element {
  const level =
    attribute(node, 'level') === 'warning' ? 'warning' : attribute(node, 'level') === 'info' ? 'info' : 'error'
  return h('div', { className: ['console', `console-${level}`] }, ...content)
}

function attribute({ attributes }: Jsx, name: string): string | undefined {
  const found = attributes.find((given) => given.type === 'mdxJsxAttribute' && given.name === name)
  return typeof found?.value === 'string' ? found.value : undefined
}

/** `step={1}` */
function expression({ attributes }: Jsx, name: string): string | undefined {
  const found = attributes.find((given) => given.type === 'mdxJsxAttribute' && given.name === name)
  return typeof found?.value === 'object' && found.value !== null ? found.value.value : undefined
}

function textOf(text: string | undefined): Content {
  return text === undefined ? [] : [{ type: 'text', value: text }]
}
