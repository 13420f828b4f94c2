/**
 * The three searches side by side: words, meaning, and between them both, which is woven of the two. On a narrow page they are tabs.
 * Ties the same section across them: its ranks elsewhere are said on each card, pointer or focus on one marks the others, and
 * threads lead from column to column.
 */
import type { Hit, SearchResult } from 'selvage'
import { h } from '../dom.ts'
import { ColumnView } from './columnView.ts'
import { COLUMN_NAMES, COLUMNS, type ColumnId, WIDE, workedMs } from './searches.ts'
import { Threads } from './threads.ts'

export class ColumnsView {
  readonly element: HTMLElement
  readonly #views: Readonly<Record<ColumnId, ColumnView>>
  readonly #tabs: Readonly<Record<ColumnId, HTMLButtonElement>>
  readonly #results: Partial<Record<ColumnId, SearchResult>> = {}
  readonly #threads: Threads
  readonly #wide = matchMedia(WIDE)
  #chosen: ColumnId = 'hybrid'

  constructor(openMap: (hit: Hit, column: ColumnId) => void) {
    const view = (id: ColumnId) => new ColumnView(id, (hit) => openMap(hit, id))
    this.#views = { keyword: view('keyword'), hybrid: view('hybrid'), semantic: view('semantic') }
    const tab = (id: ColumnId) => this.#tab(id)
    this.#tabs = { keyword: tab('keyword'), hybrid: tab('hybrid'), semantic: tab('semantic') }
    const cloth = h('div', { class: 'cloth' }, ...COLUMNS.map((id) => this.#views[id].element))
    this.#threads = new Threads(cloth)
    this.element = h(
      'section',
      { class: 'columns', 'aria-label': 'Three searches side by side' },
      h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Search' }, ...COLUMNS.map((id) => this.#tabs[id])),
      cloth,
    )
    for (const type of ['pointerover', 'focusin'] as const)
      cloth.addEventListener(type, ({ target }) => this.#tie(urlAt(target)))
    for (const type of ['pointerleave', 'focusout'] as const) cloth.addEventListener(type, () => this.#tie(undefined))
    this.#wide.addEventListener('change', () => this.#arrange())
    this.#arrange()
  }

  get(id: ColumnId): ColumnView {
    return this.#views[id]
  }

  show(id: ColumnId, result: SearchResult): void {
    this.#results[id] = result
    this.#views[id].show(result)
    this.#compare()
  }

  /** What is shown answers an earlier question. */
  begin(isOther: boolean): void {
    for (const id of COLUMNS) {
      if (isOther) delete this.#results[id]
      this.#views[id].begin(isOther)
    }
    this.#compare()
  }

  #compare(): void {
    const totals = COLUMNS.map((id) => workedMs(this.#results[id]))
    const most = Math.max(...totals)
    for (const id of COLUMNS) {
      const elsewhere = COLUMNS.filter((other) => other !== id).flatMap((other) => {
        const result = this.#results[other]
        return result === undefined ? [] : [{ id: other, urls: result.hits.map(({ url }) => url) }]
      })
      this.#views[id].compare(elsewhere, most)
    }
    this.#threads.draw()
  }

  #tie(url: string | undefined): void {
    for (const card of this.element.querySelectorAll<HTMLElement>('.find'))
      card.classList.toggle('is-tied', url !== undefined && card.dataset['url'] === url)
    this.#threads.tie(url)
  }

  #tab(id: ColumnId): HTMLButtonElement {
    const tab = h(
      'button',
      { class: 'tab', type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `column-${id}` },
      COLUMN_NAMES[id],
    )
    tab.addEventListener('click', () => this.#choose(id))
    tab.addEventListener('keydown', (event) => {
      const at = COLUMNS.indexOf(id)
      const steps: Readonly<Record<string, number>> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }
      const to = steps[event.key]
      const next = to === undefined ? undefined : COLUMNS.at(to % COLUMNS.length)
      if (next === undefined) return
      event.preventDefault()
      this.#choose(next)
      this.#tabs[next].focus()
    })
    return tab
  }

  #choose(id: ColumnId): void {
    this.#chosen = id
    this.#arrange()
  }

  #arrange(): void {
    const isWide = this.#wide.matches
    for (const id of COLUMNS) {
      const isChosen = id === this.#chosen
      const { element } = this.#views[id]
      element.hidden = !isWide && !isChosen
      element.setAttribute('role', isWide ? 'region' : 'tabpanel')
      element.setAttribute('aria-labelledby', isWide ? `name-${id}` : `tab-${id}`)
      this.#tabs[id].setAttribute('aria-selected', String(isChosen))
      this.#tabs[id].tabIndex = isChosen ? 0 : -1
    }
    this.#threads.draw()
  }
}

function urlAt(target: EventTarget | null): string | undefined {
  const card = target instanceof Element ? target.closest<HTMLElement>('.find') : null
  return card?.dataset['url']
}
