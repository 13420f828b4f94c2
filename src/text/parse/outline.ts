/**
 * From a flat outline (headings, blocks, scopes) to sections.
 *
 * Every parser, whatever its format, writes the same outline; this file alone decides what a section is: where it
 * starts, what its heading path is, and where text goes that follows a nested part (`<DeepDive>`, `<section>`,
 * `<details>`): back to the section that was open before it, as in the HTML outline, and not to the last heading seen.
 * The heading path is DocSearch's hierarchy (lvl0..lvl6), without its empty levels.
 */
import type { Block, Section } from '../document.ts'
import { withAnchor } from './url.ts'

export interface HeadingItem {
  readonly type: 'heading'
  /** 1..6, as written. Parsers may go deeper for parts below a heading (Sphinx objects). */
  readonly depth: number
  readonly title: string
  /** The id that a browser finds in the generated page; undefined where the page gives none. */
  readonly anchor: string | undefined
}

export interface BlockItem {
  readonly type: 'block'
  readonly kind: Block['kind']
  readonly text: string
  /** Joined to text before it by one line break instead of an empty line: items of a list. */
  readonly tight?: boolean
}

/** Opens or closes a part whose headings do not reach beyond it. Scopes nest properly. */
export interface ScopeItem {
  readonly type: 'scope'
  readonly edge: 'open' | 'close'
}

export type Item = HeadingItem | BlockItem | ScopeItem

/** What a parser makes of a file. */
export interface Outline {
  readonly items: readonly Item[]
  /** As the source states it, in front matter or `<title>`; undefined: the first h1, then the file's name. */
  readonly title?: string | undefined
  /** Where there is no first h1 (HTML `<title>`), so weaker than it. */
  readonly fallbackTitle?: string | undefined
  readonly description?: string | undefined
  readonly language?: string | undefined
}

interface Draft {
  readonly headings: readonly string[]
  readonly anchor: string
  text: string
  readonly blocks: Block[]
}

interface OpenHeading {
  readonly depth: number
  readonly draft: Draft
}

export function toSections(items: readonly Item[], title: string, url: string, titled: boolean): Section[] {
  const top: Draft = { headings: [title], anchor: '', text: '', blocks: [] }
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
    else if (item === titleHeading) open = []
    else if (item.anchor === undefined && isLinked) {
      // Where the generator links its headings, one without an id is a label within a section ("Good", "Bad").
      append(open.at(-1)?.draft ?? top, { type: 'block', kind: 'paragraph', text: item.title })
    } else {
      const above = open.filter((heading) => heading.depth < item.depth)
      const path = above.at(-1)?.draft.headings ?? top.headings
      const isTitleAgain = item.depth === 1 && item.title === title
      const draft: Draft = {
        headings: isTitleAgain ? path : [...path, item.title],
        anchor: item.anchor ?? '',
        text: '',
        blocks: [],
      }
      drafts.push(draft)
      open = [...above, { depth: item.depth, draft }]
    }
  }
  if (top.text === '' && !titled) drafts.shift()
  return drafts.map((draft) => ({ ...draft, url: withAnchor(url, draft.anchor) }))
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
  draft.blocks.push({ kind: item.kind, start, end: draft.text.length })
}
