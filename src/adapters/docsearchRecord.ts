/**
 * A section that was found as a record of DocSearch: its headings as levels, an excerpt as its content. DocSearch puts all of
 * a record's texts into the page as HTML (its crawler writes them so), and so every text here is escaped, not marks alone.
 */
import type { CharRange, Hit } from '../types.ts'
import type { ReadRequest } from './algolia.ts'
import { escapeHtml, markedHtml, windowOf, withEllipsis } from './excerpt.ts'
import { anchorOf } from './shared.ts'

const LEVELS = ['lvl0', 'lvl1', 'lvl2', 'lvl3', 'lvl4', 'lvl5', 'lvl6'] as const
type Level = (typeof LEVELS)[number]

export type Hierarchy<Value> = Record<Level, Value>

export interface Highlighted {
  readonly value: string
  readonly matchLevel: 'none' | 'partial'
  readonly fullyHighlighted: false
  readonly matchedWords: string[]
}

export interface DocSearchRecord {
  readonly objectID: string
  readonly url: string
  readonly url_without_anchor: string
  readonly anchor: string | null
  readonly type: Level | 'content'
  readonly hierarchy: Hierarchy<string | null>
  readonly content: string
  readonly _highlightResult: { readonly hierarchy: Partial<Hierarchy<Highlighted>>; readonly content: Highlighted }
  readonly _snippetResult: { readonly hierarchy: Partial<Hierarchy<Highlighted>>; readonly content: Highlighted }
}

/** What a group of hits is called. Without it hits are grouped by page, and a page's title is its group's. */
export type GroupName = string | ((hit: Hit) => string)

export interface RecordOptions {
  readonly group?: GroupName | undefined
  /** DocSearch 5 shows all levels above an excerpt; versions before it only lvl1, and an excerpt below a lvl1. */
  readonly hasBreadcrumbs: boolean
}

/** A page's own group needs its title once: the levels below it are then the page's headings. */
export function recordOf(
  hit: Hit,
  objectID: string,
  request: ReadRequest,
  { group, hasBreadcrumbs }: RecordOptions,
): DocSearchRecord {
  const { page, headings, passage } = hit
  const own = headings.slice(1)
  const name = typeof group === 'function' ? group(hit) : group
  const path = name === undefined ? [page.title, ...(own.length > 0 ? own : [page.title])] : [name, page.title, ...own]
  const levels = path.slice(0, LEVELS.length)
  const deepest = LEVELS[levels.length - 1]!
  const isHeading = hit.ranking.bonus?.kind === 'title' || (deepest === 'lvl1' && !hasBreadcrumbs)
  const content = contentOf(passage, request)
  const marked = LEVELS.flatMap((level, i) => {
    const text = levels[i]
    // The UI takes groups apart by the text of lvl0.
    return text === undefined ? [] : [[level, level === 'lvl0' ? plain(text) : heading(text, request)] as const]
  })
  const hierarchy: Partial<Hierarchy<Highlighted>> = Object.fromEntries(marked)
  const hash = hit.url.indexOf('#')
  return {
    objectID,
    url: hit.url,
    url_without_anchor: hash < 0 ? hit.url : hit.url.slice(0, hash),
    anchor: anchorOf(hit.url) ?? null,
    type: isHeading ? deepest : 'content',
    hierarchy: {
      ...{ lvl0: null, lvl1: null, lvl2: null, lvl3: null, lvl4: null, lvl5: null, lvl6: null },
      ...Object.fromEntries(levels.map((text, i) => [LEVELS[i], escapeHtml(text)])),
    },
    content: escapeHtml(passage.text.slice(content.range.start, content.range.end)),
    _highlightResult: { hierarchy, content: content.highlighted },
    _snippetResult: { hierarchy, content: content.highlighted },
  }
}

function contentOf(passage: Hit['passage'], { before, after, ellipsis, snippetWords }: ReadRequest) {
  const range = windowOf(passage, snippetWords)
  const html = markedHtml(passage.text, range, passage.matches, { before, after })
  const inside = passage.matches.filter(({ start, end }) => start >= range.start && end <= range.end)
  const words = inside.map(({ start, end }) => passage.text.slice(start, end).toLowerCase())
  return { range, highlighted: highlighted(withEllipsis(html, passage.text, range, ellipsis), words) }
}

/** Which words of a heading matched is not told by a search; those that begin as a word of the query are marked. */
function heading(text: string, { query, before, after }: ReadRequest): Highlighted {
  const asked = wordsIn(query).map(({ word }) => word)
  const matched = wordsIn(text).filter(({ word }) => asked.some((each) => word.startsWith(each)))
  const html = markedHtml(text, { start: 0, end: text.length }, matched, { before, after })
  return highlighted(
    html,
    matched.map(({ word }) => word),
  )
}

function plain(text: string): Highlighted {
  return highlighted(escapeHtml(text), [])
}

function highlighted(value: string, words: readonly string[]): Highlighted {
  const matchedWords = [...new Set(words)]
  return { value, matchLevel: words.length > 0 ? 'partial' : 'none', fullyHighlighted: false, matchedWords }
}

/** Single letters would mark half of every heading. */
function wordsIn(text: string): (CharRange & { readonly word: string })[] {
  return [...text.matchAll(/[\p{L}\p{N}\p{M}_]{2,}/gu)].map(({ 0: word, index }) => ({
    word: word.toLowerCase(),
    ...{ start: index, end: index + word.length },
  }))
}
