/** The list of what was told: question and right section, each to be taken back. Rows that stay are not made anew. Draws only. */
import { h } from '../dom.ts'
import { crossButton } from '../files/buttons.ts'
import { arrange, focusBeside } from '../files/fileList.ts'
import { formatCount } from '../format.ts'
import { placeOf } from '../sources.ts'
import { keyOf, type Pair } from './pairs.ts'

/** Every row costs, and nobody reads further. */
const MOST_ROWS = 100

export class PairList {
  readonly #rows = h('ul', { class: 'own-list', role: 'list', 'data-testid': 'told-list' })
  readonly #more = h('p', { class: 'own-more', hidden: true })
  readonly element = h('div', { class: 'own-files', hidden: true }, this.#rows, this.#more)
  readonly #remove: (pair: Pair) => void
  #made = new Map<string, HTMLElement>()

  constructor(remove: (pair: Pair) => void) {
    this.#remove = remove
  }

  show(pairs: readonly Pair[]): void {
    this.element.hidden = pairs.length === 0
    const shown = pairs.slice(0, MOST_ROWS).map((pair) => [keyOf(pair), pair] as const)
    this.#made = new Map(shown.map(([key, pair]) => [key, this.#made.get(key) ?? this.#rowOf(pair)]))
    arrange(this.#rows, [...this.#made.values()])
    this.#more.hidden = pairs.length <= MOST_ROWS
    this.#more.textContent = `and ${formatCount(pairs.length - MOST_ROWS)} more`
  }

  #rowOf(pair: Pair): HTMLElement {
    const { query, url } = pair
    const row = h(
      'li',
      { class: 'own-file' },
      h('span', { class: 'own-name', title: url }, h('bdi', {}, query), h('small', {}, `→ ${titleOf(pair)}`)),
      crossButton(`Take back “${query}”`, () => this.#removeFrom(row, pair)),
    )
    return row
  }

  #removeFrom(row: HTMLElement, pair: Pair): void {
    focusBeside(row)
    this.#remove(pair)
  }
}

/** What leads to the section where nobody said its title. */
function titleOf({ title, url }: Pair): string {
  return title === '' ? placeOf(url).path : title
}
