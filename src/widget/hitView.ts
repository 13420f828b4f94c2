/** What is shown of a page that was found, and of its sections? */
import { h } from './dom.ts'
import { hrefOf } from './links.ts'
import type { PageGroup, Strings } from './types.ts'

export interface HitContext {
  readonly strings: Strings
  /** The same id for the same section, so that focus and `aria-activedescendant` stay where they are. */
  idOf(url: string): string
  readonly query: string
}

export function groupView(
  group: PageGroup,
  context: HitContext,
): { root: HTMLElement; options: readonly HTMLAnchorElement[] } {
  const titleId = `${context.idOf(group.url)}-title`
  const options = group.hits.map((hit) =>
    h(
      'a',
      {
        role: 'option',
        part: 'option',
        class: 'option',
        id: context.idOf(hit.url),
        href: hrefOf(hit),
        tabindex: '-1',
        'aria-selected': 'false',
      },
      h('span', { class: 'title', part: 'title' }, hit.title),
      h('span', { class: 'path', part: 'path' }, hit.headings.slice(1, -1).join(' › ')),
      h('span', { class: 'excerpt', part: 'excerpt' }, hit.passage.text.slice(0, 200)),
    ),
  )
  const title = h('div', { class: 'group-title', part: 'group-title', id: titleId }, group.title)
  const root = h('div', { role: 'group', class: 'group', part: 'group', 'aria-labelledby': titleId }, title, ...options)
  return { root, options }
}
