/**
 * From a flat outline (headings, blocks, scopes) to sections.
 *
 * Every parser, whatever its format, writes the same outline; this file alone decides what a section is: where it
 * starts, what its heading path is, and where text goes that follows a nested part (`<DeepDive>`, `<section>`,
 * `<details>`): back to the section that was open before it, as in the HTML outline, and not to the last heading seen.
 * The heading path is DocSearch's hierarchy (lvl0..lvl6), without its empty levels.
 */
import type { Block, Page, Section } from '../document.ts'
import { withAnchor } from './url.ts'

export interface HeadingItem {
  readonly type: 'heading'
  /** 1..6, as written. Parsers may go deeper for parts below a heading (Sphinx objects). */
  readonly depth: number
  readonly title: string
  /** The id that a browser finds in the generated page; undefined where the page gives none. */
  readonly anchor: string | undefined
  /** The section, up to the next heading, is to be left out. */
  readonly isExcluded?: boolean
}

export interface BlockItem {
  readonly type: 'block'
  readonly kind: Block['kind']
  readonly text: string
  /** Joined to text before it by one line break instead of an empty line: items of a list. */
  readonly tight?: boolean
  /** > 0; default 1. */
  readonly weight?: number
}

/** Opens or closes a part whose headings do not reach beyond it. Scopes nest properly. */
export interface ScopeItem {
  readonly type: 'scope'
  readonly edge: 'open' | 'close'
}

export type Item = HeadingItem | BlockItem | ScopeItem

/** What a parser makes of a file. */
export interface Outline extends Omit<Page, 'url' | 'title' | 'sections'> {
  readonly items: readonly Item[]
  /** As the source states it, in front matter or `<title>`; undefined: the first h1, then the file's name. */
  readonly title?: string | undefined
  /** Where there is no first h1 (HTML `<title>`), so weaker than it. */
  readonly fallbackTitle?: string | undefined
}

interface Draft {
  readonly headings: readonly string[]
  readonly anchor: string
  text: string
  readonly blocks: Block[]
  /** Sum of the blocks' lengths, and of their lengths times their weights. */
  length: number
  weighted: number
  isExcluded: boolean
}

interface OpenHeading {
  readonly depth: number
  readonly draft: Draft
}

export function toSections(items: readonly Item[], title: string, url: string, titled: boolean): Section[] {
  const top = newDraft([title], '')
  const drafts = [top]
  const titleHeading = findTitleHeading(items, title)
  const isLinked = items.some((item) => item.type === 'heading' && item !== titleHeading && item.anchor !== undefined)

  let open: readonly OpenHeading[] = []
  const outer: (readonly OpenHeading[])[] = []
  for (const item of items) {
    if (item.type === 'scope') {
      if (item.edge === 'open') outer.push(open)
      else open = outer.pop() ?? []
    } else if (item.type === 'block') append(open.at(-1)?.draft ?? top, item)
    else if (item === titleHeading) {
      open = []
      top.isExcluded = item.isExcluded === true
    } else if (item.anchor === undefined && isLinked && item.isExcluded !== true) {
      // Where the generator links its headings, one without an id is a label within a section ("Good", "Bad").
      append(open.at(-1)?.draft ?? top, { type: 'block', kind: 'paragraph', text: item.title })
    } else {
      const above = open.filter((heading) => heading.depth < item.depth)
      const path = above.at(-1)?.draft.headings ?? top.headings
      const isTitleAgain = path === top.headings && item.title === title
      const draft = newDraft(isTitleAgain ? path : [...path, item.title], item.anchor ?? '', item.isExcluded)
      drafts.push(draft)
      open = [...above, { depth: item.depth, draft }]
    }
  }
  // Without text the top is worth a section only where nothing else is found by the page's title.
  if (top.text === '' && (!titled || drafts.some((draft) => draft !== top && draft.headings === top.headings)))
    drafts.shift()
  return drafts.filter((draft) => !draft.isExcluded).map((draft) => toSection(draft, url))
}

function newDraft(headings: readonly string[], anchor: string, isExcluded = false): Draft {
  return { headings, anchor, text: '', blocks: [], length: 0, weighted: 0, isExcluded }
}

function toSection({ headings, anchor, text, blocks, length, weighted }: Draft, url: string): Section {
  const weight = length === 0 ? 1 : Math.max(Math.round((100 * weighted) / length) / 100, 0.01)
  return { headings, anchor, url: withAnchor(url, anchor), text, blocks, ...(weight === 1 ? {} : { weight }) }
}

/** The h1 that shows the page's title: what follows it is the top of the page, not a section below it. */
function findTitleHeading(items: readonly Item[], title: string): HeadingItem | undefined {
  const first = items.find((item) => item.type === 'heading')
  return first?.depth === 1 && first.title === title ? first : undefined
}

function append(draft: Draft, item: BlockItem): void {
  // Code keeps the indentation of its first line as its own; before a list item it is layout. No blank lines at the ends.
  const text = item.kind === 'code' ? item.text.replace(/^(?:[^\S\n]*\n)+|\s+$/g, '') : item.text.trimEnd()
  if (text.trim() === '') return
  const previous = draft.blocks.at(-1)?.kind
  const isTight = item.tight === true && previous !== 'code' && previous !== 'table'
  if (previous !== undefined) draft.text += isTight ? '\n' : '\n\n'
  const indent = item.kind === 'code' ? 0 : text.length - text.trimStart().length
  const start = draft.text.length + indent
  draft.text += text
  const end = draft.text.length
  draft.blocks.push({ kind: item.kind, start, end })
  draft.length += end - start
  draft.weighted += (end - start) * (item.weight ?? 1)
}
