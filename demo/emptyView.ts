/** A question that nothing answers, or a place where nothing is yet: what it means, and a way on. */
import type { SearchResult } from 'selvage'
import { h } from './dom.ts'
import { SOURCE_PHRASES, type Source } from './sources.ts'

export interface EmptyActions {
  /** The same question, of all there is. */
  searchAll(): void
  /** Buttons that choose files of the visitor's. */
  chooseButtons(): HTMLElement
}

interface Asked {
  readonly source: Source
  /** What there is in that source. */
  readonly pages: number
}

export function emptyView(
  { query, isUnderstood }: Pick<SearchResult, 'query' | 'isUnderstood'>,
  { source, pages }: Asked,
  { searchAll, chooseButtons }: EmptyActions,
): HTMLElement {
  if (pages === 0 && source === 'own')
    return notice(
      'No files of yours are here yet',
      'Drop some on this page, or choose them. They are read in this tab and stay in this browser.',
      chooseButtons(),
    )
  if (pages === 0)
    return notice(
      'This index is empty',
      'It holds no passages, so no question has an answer. Build it again from a folder with documents.',
    )
  const tip =
    isUnderstood === false
      ? 'The model does not know its script, so only its very words were looked for.'
      : 'Try a sentence, or other words.'
  return notice(
    'Nothing to show',
    `No passage of ${SOURCE_PHRASES[source]} has a word to hold against “${shortened(query)}”. ${tip}`,
    source !== 'all' && wide(searchAll),
  )
}

/** A pasted page as a question would fill this one. */
function shortened(query: string): string {
  return query.length > 120 ? `${query.slice(0, 120).trimEnd()}…` : query
}

function wide(searchAll: () => void): HTMLElement {
  const button = h('button', { class: 'button', type: 'button' }, 'Search all of it')
  button.addEventListener('click', searchAll)
  return h('p', {}, button)
}

function notice(title: string, text: string, wayOn: HTMLElement | false = false): HTMLElement {
  return h('section', { class: 'notice view', 'data-testid': 'empty' }, h('h2', {}, title), h('p', {}, text), wayOn)
}
