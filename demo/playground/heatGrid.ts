/**
 * The heat map as tables, in as many bands as the width asks for, like lines of text. One cell at a time is in the tab order; arrow
 * keys move over all bands as over one table. Draws a `HeatModel`; who moves where is told to `tell`.
 */
import { h } from '../dom.ts'
import { bandsOf, type HeatModel, type HeatRow, type HeatWord, wordAt } from './heatModel.ts'

interface Place {
  readonly row: number
  readonly column: number
}

const CELL_PX = 22
const LABEL_PX = 128

export class HeatGrid {
  readonly element = h('div', { class: 'heat-bands', 'data-testid': 'heat' })
  readonly #model: HeatModel
  readonly #tell: (row: HeatRow, column: number) => void
  readonly #cells = new Map<string, HTMLElement>()
  readonly #watch: ResizeObserver
  #rows: readonly HeatRow[]
  #room = 0
  #at: Place = { row: 0, column: 0 }

  constructor(model: HeatModel, tell: (row: HeatRow, column: number) => void) {
    this.#model = model
    this.#tell = tell
    this.#rows = model.rows
    this.#at = { row: 0, column: model.rows[0]?.bestColumn ?? 0 }
    for (const type of ['pointerover', 'focusin'] as const)
      this.element.addEventListener(type, ({ target }) => this.#reach(target, type === 'focusin'))
    this.element.addEventListener('keydown', (event) => this.#move(event))
    this.#watch = new ResizeObserver(() => this.#fit())
    this.#watch.observe(this.element)
  }

  close(): void {
    this.#watch.disconnect()
  }

  /** The padding row by row, or as one. */
  unfold(isUnfolded: boolean): void {
    const { rows, masks } = this.#model
    this.#rows = isUnfolded ? [...rows.filter(({ kind }) => kind !== 'masks'), ...masks] : rows
    if (this.#at.row >= this.#rows.length) this.#at = { row: 0, column: this.#at.column }
    this.#draw()
  }

  #fit(): void {
    const room = Math.max(6, Math.floor((this.element.clientWidth - LABEL_PX) / CELL_PX))
    if (room === this.#room) return
    this.#room = room
    this.#draw()
  }

  #draw(): void {
    if (this.#room === 0) return
    const isFocused = this.element.contains(document.activeElement)
    this.#cells.clear()
    const bands = bandsOf(this.#model.words, this.#room)
    this.element.replaceChildren(...bands.map((words, i) => this.#band(words, `Part ${i + 1} of ${bands.length}`)))
    const current = this.#cells.get(keyOf(this.#at))
    if (current === undefined) return
    current.tabIndex = 0
    if (isFocused) current.focus({ preventScroll: true })
  }

  #band(words: readonly HeatWord[], label: string): HTMLElement {
    const heads = words.map(({ text, columns, isHeading, first }) =>
      h(
        'th',
        {
          scope: 'col',
          colspan: columns,
          class: isHeading ? 'is-heading' : columns > 1 && 'is-parted',
          'data-first': first,
          title: text,
        },
        h('span', {}, text),
      ),
    )
    const body = this.#rows.map((row, at) =>
      h(
        'tr',
        { class: `is-${row.kind}` },
        h('th', { scope: 'row' }, h('span', {}, row.name)),
        ...words.flatMap((word) =>
          Array.from({ length: word.columns }, (_, i) => this.#cell(row, { row: at, column: word.first + i }, word)),
        ),
      ),
    )
    return h(
      'table',
      { class: 'heat-band', role: 'grid', 'aria-label': label },
      h('thead', {}, h('tr', {}, h('td', {}), ...heads)),
      h('tbody', {}, ...body),
    )
  }

  #cell(row: HeatRow, place: Place, word: HeatWord): HTMLElement {
    const { least, most } = this.#model
    const cosine = row.cosines[place.column] ?? 0
    const isBest = row.bestColumn === place.column
    const cell = h('td', {
      tabindex: -1,
      class: `${(place.row + place.column) % 2 === 0 ? 'is-over' : ''}${isBest ? ' is-best' : ''}`.trim(),
      'data-row': place.row,
      'data-column': place.column,
      'aria-label': `${row.name}, ${word.text}, ${cosine.toFixed(2)}${isBest ? ', best' : ''}`,
    })
    // What is far from the best is alike: raised, so that the best stand out.
    const heat = Math.min(1, (cosine - least) / (most - least || 1)) ** 3
    cell.style.setProperty('--heat', heat.toFixed(3))
    this.#cells.set(keyOf(place), cell)
    return cell
  }

  #reach(target: EventTarget | null, isFocus: boolean): void {
    const cell = target instanceof Element ? target.closest<HTMLElement>('tbody td') : null
    if (cell === null) return
    const place = { row: Number(cell.dataset['row']), column: Number(cell.dataset['column']) }
    const row = this.#rows[place.row]
    if (row === undefined) return
    this.#cross(cell, place)
    this.#tell(row, place.column)
    if (!isFocus) return
    const last = this.#cells.get(keyOf(this.#at))
    if (last !== undefined) last.tabIndex = -1
    cell.tabIndex = 0
    this.#at = place
  }

  /** The names of row and column stand out. */
  #cross(cell: HTMLElement, { column }: Place): void {
    for (const marked of this.element.querySelectorAll('.is-crossed')) marked.classList.remove('is-crossed')
    cell.closest('tr')?.querySelector('th')?.classList.add('is-crossed')
    const first = wordAt(this.#model, column)?.first
    cell.closest('table')?.querySelector(`th[data-first="${first}"]`)?.classList.add('is-crossed')
  }

  #move(event: KeyboardEvent): void {
    const { row, column } = this.#at
    const last = this.#model.columns - 1
    const to: Readonly<Record<string, Place>> = {
      ArrowLeft: { row, column: column - 1 },
      ArrowRight: { row, column: column + 1 },
      ArrowUp: { row: row - 1, column },
      ArrowDown: { row: row + 1, column },
      Home: { row, column: 0 },
      End: { row, column: last },
      Enter: { row, column: this.#rows[row]?.bestColumn ?? column },
    }
    const next = to[event.key]
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const cell = this.#cells.get(keyOf(next))
    cell?.focus()
    cell?.scrollIntoView({ block: 'nearest' })
  }
}

function keyOf({ row, column }: Place): string {
  return `${row} ${column}`
}
