/**
 * Front matter: what a page says about itself before its text. Broken or unknown front matter never loses the page,
 * it only says nothing. TOML (`+++`) is skipped unread: it would need a parser of its own for one generator (Hugo).
 */
import { parse } from 'yaml'
import type { Outline } from './outline.ts'

export interface FrontMatter {
  /** The page does not want to be found. */
  readonly isExcluded: boolean
  readonly fields: Omit<Outline, 'items'>
}

const FENCES = ['---', '+++']

/** Front matter and the text after it. */
export function splitFrontMatter(content: string): { data: FrontMatter; body: string } {
  const end = content.indexOf('\n')
  const fence = end < 0 ? '' : content.slice(0, end).trimEnd()
  if (!FENCES.includes(fence)) return { data: read({}), body: content }
  let lineStart = end + 1
  while (lineStart < content.length) {
    const newline = content.indexOf('\n', lineStart)
    const lineEnd = newline < 0 ? content.length : newline
    if (content.slice(lineStart, lineEnd).trimEnd() === fence) {
      const source = content.slice(end + 1, lineStart)
      return { data: read(fence === '---' ? parseYaml(source) : {}), body: content.slice(lineEnd + 1) }
    }
    lineStart = lineEnd + 1
  }
  return { data: read({}), body: content } // no closing fence: `---` was a thematic break
}

function parseYaml(source: string): Record<string, unknown> {
  try {
    return asRecord(parse(source, { logLevel: 'silent' }))
  } catch {
    return {}
  }
}

function read(data: Record<string, unknown>): FrontMatter {
  const search = asRecord(data['search'])
  const date = asText(data['date'])
  const tags = tagsOf(data['tags'])
  return {
    isExcluded:
      data['search'] === false || // VitePress
      data['pagefind'] === false || // Starlight
      search['exclude'] === true || // MkDocs Material
      data['draft'] === true || // Docusaurus, Astro, Hugo: not on the site
      data['unlisted'] === true, // Docusaurus: on the site, by its address only
    fields: {
      title: asText(data['title']),
      description: asText(data['description']),
      language: asText(data['lang']) ?? asText(data['language']),
      weight: asWeight(search['boost']), // MkDocs Material
      meta: date === undefined ? {} : { date },
      // Text sorts as time does only where the year stands first.
      sort: date !== undefined && /^\d{4}\b/.test(date) ? { date } : {},
      filters: tags.length === 0 ? {} : { tag: tags },
    },
  }
}

/** `tags` of Docusaurus, MkDocs, Hugo and VitePress' blogs: a list, one string, or Docusaurus' `{ label, permalink }`. */
function tagsOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = list.map((tag) => asText(tag) ?? asText(asRecord(tag)['label']))
  return [...new Set(texts.filter((text) => text !== undefined))]
}

/** MkDocs takes any number; a factor beyond 100 either way is a mistake, and 0 would take the page's words away. */
function asWeight(value: unknown): number | undefined {
  return typeof value === 'number' && !Number.isNaN(value) ? Math.min(Math.max(value, 0.01), 100) : undefined
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

/** `title: 2024` and `title: true` are what an author wrote without quotes. */
function asText(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
  const text = String(value).replace(/\s+/g, ' ').trim()
  return text === '' ? undefined : text
}
