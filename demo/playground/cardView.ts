/** One section, compactly: where it stands here and in the other columns, what it is, the lines that matched. */
import type { Hit } from 'selvage'
import { h, icon } from '../dom.ts'
import { linkOf } from '../link.ts'
import { paragraphsOf } from '../passage.ts'
import { COLUMN_NAMES, type ColumnId } from './searches.ts'
import { snippetOf } from './snippet.ts'

/** What another column found. */
export interface Elsewhere {
  readonly id: ColumnId
  readonly urls: readonly string[]
}

/** `openMap` is undefined where no vectors were compared. */
export function cardView(hit: Hit, rank: number, openMap: ((hit: Hit) => void) | undefined): HTMLLIElement {
  const { title, headings, url } = hit
  const map = openMap && mapButton(title)
  map?.addEventListener('click', () => openMap?.(hit))
  const path = headings.slice(0, -1).join(' › ')
  return h(
    'li',
    { class: 'find', 'data-testid': 'find', 'data-url': url, 'data-rank': rank },
    h('span', { class: 'find-rank', 'aria-hidden': 'true' }, String(rank)),
    h(
      'div',
      { class: 'find-body' },
      path !== '' && h('p', { class: 'find-path' }, path),
      h('h3', {}, h('a', { class: 'find-title', href: linkOf(hit) }, title)),
      h('p', { class: 'find-text' }, ...textOf(hit)),
      h('div', { class: 'find-foot' }, h('p', { class: 'find-ranks' }), map),
    ),
  )
}

function mapButton(title: string): HTMLButtonElement {
  return h(
    'button',
    { class: 'map-button', type: 'button', 'data-testid': 'open-map' },
    icon('map-icon', 'M4 7h16M4 12h16M4 17h16M7 4v16M12 4v16M17 4v16'),
    'Heat map',
    h('span', { class: 'visually-hidden' }, ` of ${title}`),
  )
}

function textOf({ passage }: Hit): (Node | string)[] {
  if (passage.text.trim() === '') return ['Only a heading; its text is in the parts below it.']
  const range = snippetOf(passage)
  const parts = paragraphsOf(passage, range, range).flatMap(({ kind, pieces }) => {
    const drawn = pieces.map(({ text, strength }) => {
      const words = text.replace(/\s+/g, ' ')
      if (strength === undefined) return words
      const mark = h('mark', {}, words)
      mark.style.setProperty('--strength', strength.toFixed(2))
      return mark
    })
    return kind === 'code' ? [h('code', {}, ...drawn), ' '] : [...drawn, ' ']
  })
  const isCut = /[\p{L}\p{N},]\s*$/u.test(passage.text.slice(0, range.start))
  return isCut ? ['… ', ...parts] : parts
}

/** "Words 7 → 1", or that the section is not among the other’s ten. */
export function showRanks(card: HTMLElement, id: ColumnId, elsewhere: readonly Elsewhere[]): void {
  const { url = '', rank = '' } = card.dataset
  const ranks = elsewhere.map(({ id: other, urls }) => ({ name: COLUMN_NAMES[other], at: urls.indexOf(url) + 1 }))
  const isAlone = ranks.length > 1 && ranks.every(({ at }) => at === 0)
  const parts = ranks.map(({ name, at }) => {
    if (at === 0) return absent(`not among ${name}${name.endsWith('s') ? '’' : '’s'} ten`)
    // What is woven of both says what became of each: elsewhere the other's rank alone.
    const moved = id === 'hybrid' && String(at) !== rank
    return h('span', { class: 'rank-tag' }, `${name} `, h('strong', {}, String(at)), moved && ` → ${rank}`)
  })
  card.querySelector('.find-ranks')?.replaceChildren(...(isAlone ? [absent('here alone')] : parts))
}

function absent(text: string): HTMLElement {
  return h('span', { class: 'rank-tag is-absent' }, text)
}
