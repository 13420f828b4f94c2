/**
 * A page that was found, in the shape of Pagefind's results and their `data()`. Places are counted in words between white
 * space of `content`, as Pagefind does. What is known of a page are the passages that were found: `content` is those, and a
 * page's own filters are not told.
 */
import type { Hit } from '../types.ts'
import { escapeHtml, markedHtml, spacedWords, windowOf, withEllipsis } from './excerpt.ts'
import { anchorOf } from './shared.ts'

export interface PagefindWordLocation {
  readonly weight: number
  /** Strength of the match, 0 .. 1 within the passage. */
  readonly balanced_score: number
  readonly location: number
}

export interface PagefindAnchor {
  readonly element: string
  readonly id: string
  readonly text: string
  readonly location: number
}

export interface PagefindSubResult {
  readonly title: string
  readonly url: string
  readonly locations: number[]
  readonly weighted_locations: PagefindWordLocation[]
  readonly excerpt: string
  readonly plain_excerpt: string
  readonly anchor?: PagefindAnchor
}

export interface PagefindFragment {
  readonly url: string
  readonly raw_url: string
  readonly content: string
  readonly raw_content: string
  readonly excerpt: string
  readonly plain_excerpt: string
  readonly sub_results: PagefindSubResult[]
  readonly word_count: number
  readonly locations: number[]
  readonly weighted_locations: PagefindWordLocation[]
  readonly filters: Record<string, string[]>
  readonly meta: Record<string, string>
  readonly anchors: PagefindAnchor[]
}

export interface PagefindResult {
  readonly id: string
  readonly score: number
  readonly words: number[]
  readonly data: () => Promise<PagefindFragment>
}

export interface ResultOptions {
  readonly baseUrl?: string | undefined
  /** Words. */
  readonly excerptLength: number
  readonly excerptEllipsis: string
  readonly highlightParam?: string | undefined
  readonly indexWeight: number
}

const MARK = { before: '<mark>', after: '</mark>' }

export function resultOf(hit: Hit, query: string, options: ResultOptions): PagefindResult {
  let made: PagefindFragment | undefined
  const fragment = () => {
    made ??= fragmentOf(hit, query, options)
    return made
  }
  return {
    id: hit.page.url,
    score: hit.score * options.indexWeight,
    get words() {
      return fragment().locations
    },
    data: async () => fragment(),
  }
}

function fragmentOf(hit: Hit, query: string, options: ResultOptions): PagefindFragment {
  // The part above the first heading comes first: UIs look for it there. The others' order on the page is not known.
  const all = [hit, ...hit.more]
  const sections = [...all.filter(isTop), ...all.filter((section) => !isTop(section))]
  let count = 0
  const sub_results = sections.map((section) => {
    const first = count
    count += spacedWords(section.passage.text, []).length
    return subResult(section, first, query, options)
  })
  const content = sections.map(({ passage }) => passage.text.trim()).join(' ')
  const weighted_locations = sub_results.flatMap((sub) => sub.weighted_locations)
  return {
    url: processedUrl(hit.page.url, query, options),
    raw_url: hit.page.url,
    content,
    raw_content: content.replace(/</g, '&lt;').replace(/>/g, '&gt;'),
    ...excerptsOf(hit, options),
    sub_results,
    word_count: count,
    locations: weighted_locations.map(({ location }) => location),
    weighted_locations,
    filters: {},
    meta: { title: hit.page.title, ...hit.page.meta },
    anchors: sub_results.flatMap(({ anchor }) => anchor ?? []),
  }
}

function isTop(section: Hit): boolean {
  return section.url === section.page.url
}

function subResult(section: Hit, first: number, query: string, options: ResultOptions): PagefindSubResult {
  const { text, matches } = section.passage
  const weighted_locations = spacedWords(text, matches).flatMap(({ strength }, i) =>
    strength > 0 ? [{ weight: 1, balanced_score: strength, location: first + i }] : [],
  )
  const id = anchorOf(section.url)
  // How deep the heading is, not how it is written: levels that a page leaves out are not known.
  const element = `h${Math.max(1, Math.min(section.headings.length, 6))}`
  return {
    title: isTop(section) ? section.page.title : section.title,
    url: processedUrl(section.url, query, options),
    locations: weighted_locations.map(({ location }) => location),
    weighted_locations,
    ...excerptsOf(section, options),
    ...(id !== undefined && { anchor: { element, id, text: section.title, location: first } }),
  }
}

function excerptsOf({ passage }: Hit, { excerptLength, excerptEllipsis }: ResultOptions) {
  const range = windowOf(passage, excerptLength)
  const cut = (html: string) => withEllipsis(html, passage.text, range, excerptEllipsis)
  return {
    excerpt: cut(markedHtml(passage.text, range, passage.matches, MARK)),
    plain_excerpt: cut(escapeHtml(passage.text.slice(range.start, range.end))), // escaped in Pagefind as well
  }
}

function processedUrl(raw: string, query: string, { baseUrl, highlightParam }: ResultOptions): string {
  const isWhole = baseUrl === undefined || /^(https?:)?\/\//.test(raw)
  const url = isWhole ? raw : `${baseUrl}/${raw}`.replace(/\/+/g, '/').replace(/^(https?:\/)/, '$1/')
  if (highlightParam === undefined || query.trim() === '') return url
  const at = `${url}#`.indexOf('#')
  const path = url.slice(0, at)
  const terms = query.trim().split(/\s+/)
  const added = new URLSearchParams(terms.map((term) => [highlightParam, term])).toString()
  return `${path}${path.includes('?') ? '&' : '?'}${added}${url.slice(at)}`
}
