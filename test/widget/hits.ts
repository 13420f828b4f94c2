/** Hits as an engine gives them, made from a text and the words of it that matched. */
import type { Block, CharRange, Hit } from '../../src/types.ts'

export interface HitParts {
  readonly matches?: readonly (string | readonly [word: string, strength: number])[]
  readonly blocks?: readonly Block[]
  readonly excerpt?: CharRange
  readonly url?: string
  readonly headings?: readonly string[]
  readonly queryWords?: Hit['queryWords']
}

/** The place of `part` in `text`, which has it. */
export function rangeOf(text: string, part: string): CharRange {
  const start = text.indexOf(part)
  if (start < 0) throw new Error(`"${part}" is not in the text.`)
  return { start, end: start + part.length }
}

export function hitOf(text: string, parts: HitParts = {}): Hit {
  const headings = parts.headings ?? ['Page', 'Section']
  const matches = (parts.matches ?? []).map((match) => {
    const [word, strength] = typeof match === 'string' ? ([match, 1] as const) : match
    return { ...rangeOf(text, word), strength }
  })
  const blocks = parts.blocks ?? [{ start: 0, end: text.length, kind: 'paragraph' as const }]
  const excerpt = parts.excerpt ?? { start: 0, end: text.length }
  return {
    ref: 'r',
    title: headings.at(-1) ?? '',
    headings,
    url: parts.url ?? '/page#section',
    page: { title: headings[0] ?? '', url: '/page' },
    score: 1,
    ranking: {},
    passage: { text, blocks, excerpt, matches: matches.sort((a, b) => a.start - b.start) },
    queryWords: parts.queryWords ?? [],
    more: [],
  }
}
