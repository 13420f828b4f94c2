/**
 * A block of code as HTML: coloured by classes, which a strict policy allows, its lines marked and its steps coloured as the
 * documentation's fences say (`js {2-6}`, `[[1, 8, "age"]]`). The text is the fence's own, to the letter. It does not know where
 * a block stands; tabs of several blocks are codeTabs'.
 */
import type { Element, ElementContent, RootContent } from 'hast'
import { h } from 'hastscript'
import { common, createLowlight } from 'lowlight'
import { classesOf } from './elements.ts'

const lowlight = createLowlight(common)

/** Names in fences → grammars. A Vue component is markup with script and style in it. */
const GRAMMARS: Readonly<Record<string, string>> = {
  ...{ js: 'javascript', javascript: 'javascript', jsx: 'javascript', mjs: 'javascript' },
  ...{ ts: 'typescript', typescript: 'typescript', tsx: 'typescript' },
  ...{ vue: 'xml', 'vue-html': 'xml', html: 'xml', template: 'xml', svg: 'xml' },
  ...{ sh: 'bash', bash: 'bash', shell: 'bash' },
  ...{ css: 'css', scss: 'scss', json: 'json', diff: 'diff', yaml: 'yaml' },
}

/** What a reader sees in the corner. */
const LABELS: Readonly<Record<string, string>> = {
  javascript: 'js',
  typescript: 'ts',
  'vue-html': 'template',
  bash: 'sh',
}

interface Step {
  readonly step: number
  /** From 1. */
  readonly line: number
  readonly from: number
  readonly to: number
}

interface Token {
  readonly text: string
  readonly classes: readonly string[]
}

export interface Fence {
  readonly lang: string
  /** What stands behind the language. */
  readonly meta: string
  readonly code: string
}

export function codeBlock({ lang, meta, code }: Fence): Element {
  const text = code.replace(/\n$/, '')
  const lines = linesOf(text, GRAMMARS[lang])
  const marked = markedLines(meta)
  const steps = stepsOf(meta, text.split('\n'))
  const children = lines.flatMap((tokens, i): ElementContent[] => {
    const here = steps.filter((step) => step.line === i + 1)
    const spans = tokens.flatMap((token, j) => spansOf(token, offsetOf(tokens, j), here))
    const end: ElementContent[] = i === lines.length - 1 ? [] : [{ type: 'text', value: '\n' }]
    return marked.has(i + 1) ? [h('span', { className: ['marked'] }, ...spans, ...end)] : [...spans, ...end]
  })
  return h('div', { className: ['code'], 'data-lang': LABELS[lang] ?? lang }, h('pre', h('code', {}, ...children)))
}

/** The name that a fence gives its file: `src/App.js`, or `[npm]` in a group. */
export function fileName(meta: string): string | undefined {
  return /\[([^[\]]+)\](?!\])/.exec(meta.replace(/\[\[.*\]\]/s, ''))?.[1] ?? /^[\w@./-]+\.\w+(?=\s|$)/.exec(meta)?.[0]
}

function linesOf(text: string, grammar: string | undefined): readonly (readonly Token[])[] {
  const lines: Token[][] = [[]]
  const walk = (nodes: readonly RootContent[], classes: readonly string[]): void => {
    for (const node of nodes)
      if (node.type === 'element') walk(node.children, [...classes, ...classesOf(node)])
      else if (node.type === 'text')
        node.value.split('\n').forEach((part, i) => {
          if (i > 0) lines.push([])
          if (part !== '') lines.at(-1)?.push({ text: part, classes })
        })
  }
  walk(grammar === undefined ? [{ type: 'text', value: text }] : lowlight.highlight(grammar, text).children, [])
  return lines
}

function offsetOf(tokens: readonly Token[], index: number): number {
  return tokens.slice(0, index).reduce((sum, { text }) => sum + text.length, 0)
}

/** A token is cut where a step begins or ends. */
function spansOf({ text, classes }: Token, offset: number, steps: readonly Step[]): ElementContent[] {
  const end = offset + text.length
  const cuts = new Set([offset, end])
  for (const { from, to } of steps) for (const at of [from, to]) if (at > offset && at < end) cuts.add(at)
  const places = [...cuts].toSorted((a, b) => a - b)
  return places.slice(0, -1).map((from, i) => {
    const value = text.slice(from - offset, (places[i + 1] ?? end) - offset)
    const step = steps.find((one) => one.from <= from && from < one.to)
    const names = step ? [...classes, 'step', stepClass(step.step)] : classes
    return names.length === 0 ? { type: 'text', value } : h('span', { className: [...names] }, value)
  })
}

export function stepClass(step: number): string {
  return `step-${((step - 1) % 4) + 1}`
}

/** `{2-6,9}`: not the braces of another thing, such as `{expectedErrors: …}`. */
function markedLines(meta: string): ReadonlySet<number> {
  const lines = new Set<number>()
  for (const part of /\{([\d,\s-]+)\}/.exec(meta)?.[1]?.split(',') ?? []) {
    const [from = 0, to = from] = part.split('-').map(Number)
    for (let line = from; line <= to; line++) lines.add(line)
  }
  return lines
}

/** `[[step, line, "text", nth?]]`: where that text stands in that line; `nth` counts from 1, where it is there more than once. */
function stepsOf(meta: string, lines: readonly string[]): readonly Step[] {
  const listed = /\[\[.*\]\]/s.exec(meta)?.[0]
  if (listed === undefined) return []
  let steps: unknown
  try {
    steps = JSON.parse(listed)
  } catch {
    return [] // one that is written another way is shown without colour
  }
  if (!Array.isArray(steps)) return []
  return steps.flatMap((given: unknown): Step[] => {
    if (!Array.isArray(given)) return []
    const [step, line, text, nth = 1]: unknown[] = given
    if (typeof step !== 'number' || typeof line !== 'number' || typeof text !== 'string') return []
    let from = -1
    for (let i = 0; i < Number(nth); i++) from = (lines[line - 1] ?? '').indexOf(text, from + 1)
    return from === -1 ? [] : [{ step, line, from, to: from + text.length }]
  })
}
