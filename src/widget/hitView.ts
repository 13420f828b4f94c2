/**
 * What is shown of a page that was found, and of its sections? Every section is a link and an option at once. It has the same
 * height whatever is known of it, so that nothing moves when ranks by meaning replace those by words: one line of title, path
 * and words that are missing, two of excerpt.
 */
import type { CharRange, Hit } from '../types.ts'
import { type Child, h } from './dom.ts'
import { excerptOf } from './excerpt.ts'
import { hrefOf } from './links.ts'
import { fill } from './strings/index.ts'
import type { PageGroup, Strings } from './types.ts'

export interface HitContext {
  readonly strings: Strings
  /** The same id for the same section, so that focus and `aria-activedescendant` stay where they are. */
  idOf(url: string): string
  /** The text that the hits' `queryWords` are ranges of. */
  readonly query: string
}

/** Words that are said to be missing: more of them say only that the section is a poor answer. */
const MOST_WEAK = 3

export function groupView(
  group: PageGroup,
  context: HitContext,
): { root: HTMLElement; options: readonly HTMLAnchorElement[] } {
  const titleId = `${context.idOf(group.url)}-page`
  const options = group.hits.map((hit) => optionView(hit, context))
  const title = h('div', { class: 'group-title', part: 'group-title', id: titleId }, h('bdi', {}, group.title))
  const root = h('div', { role: 'group', class: 'group', part: 'group', 'aria-labelledby': titleId }, title, ...options)
  return { root, options }
}

function optionView(hit: Hit, context: HitContext): HTMLAnchorElement {
  const option = h('a', {
    role: 'option',
    part: 'option',
    class: 'option',
    id: context.idOf(hit.url),
    tabindex: '-1',
    'aria-selected': 'false',
  })
  const href = hrefOf(hit)
  if (href !== '') option.href = href
  const path = hit.headings.slice(1, -1).join(' › ')
  const head = h('span', { class: 'head' }, h('span', { class: 'title', part: 'title', dir: 'auto' }, hit.title))
  if (path !== '') head.append(' ', h('span', { class: 'path', part: 'path', dir: 'auto' }, path))
  const weak = weakView(hit, context)
  if (weak) head.append(' ', weak)
  option.append(head, ' ', excerptView(hit))
  return option
}

/** Query words that nothing in the passage came near to. */
function weakView({ queryWords }: Hit, { strings, query }: HitContext): HTMLElement | undefined {
  const words = queryWords.flatMap(({ start, end, isWeak }) => (isWeak ? [query.slice(start, end)] : []))
  if (words.length === 0 || words.length === queryWords.length) return undefined
  // Filled in as elements: where the word stands in the sentence is up to the language.
  const [before = '', after = ''] = fill(strings.weakWord, { word: '\n' }).split('\n')
  const crossed = words.slice(0, MOST_WEAK).flatMap((word, at) => [...(at > 0 ? [' '] : []), h('s', {}, word)])
  return h('span', { class: 'weak', part: 'weak' }, before, ...crossed, after)
}

function excerptView({ passage }: Hit): HTMLElement {
  const { isCode, lines, isCutBefore, isCutAfter } = excerptOf(passage)
  const parts = lines.flatMap((line, at) => [...(at > 0 ? ['\n'] : []), ...marked(passage, line)])
  const shown = [...(isCutBefore ? ['… '] : []), ...parts, ...(isCutAfter ? [' …'] : [])]
  const attributes = { class: isCode ? 'excerpt code' : 'excerpt', part: 'excerpt', dir: isCode ? 'ltr' : 'auto' }
  return h('span', attributes, ...shown)
}

/** The words that matched, marked; how strongly each did is a number for the style sheet, 0 .. 1. */
function marked({ text, matches }: Hit['passage'], { start, end }: CharRange): Child[] {
  const parts: Child[] = []
  let at = start
  for (const match of matches) {
    if (match.start < at || match.end > end) continue
    const mark = h('mark', {}, text.slice(match.start, match.end))
    mark.style.setProperty('--strength', match.strength.toFixed(2))
    parts.push(text.slice(at, match.start), mark)
    at = match.end
  }
  return [...parts, text.slice(at, end)]
}
