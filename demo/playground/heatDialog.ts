/**
 * The heat map of one hit, in a dialog over the page: which token of the question found which of the passage. The same in words below
 * it, as a table of best matches. What it shows belongs to the question and the index that it was opened with.
 */
import type { HeatMap, Hit, SelvageError } from 'selvage'
import { h, icon } from '../dom.ts'
import { errorView } from '../errorView.ts'
import { plural } from '../format.ts'
import { toSelvageError } from '../searcher.ts'
import { HeatGrid } from './heatGrid.ts'
import { type HeatModel, type HeatRow, heatModel, wordAt } from './heatModel.ts'

export class HeatDialog {
  readonly #dialog = h('dialog', { class: 'map', 'aria-labelledby': 'map-title', 'data-testid': 'map' })
  readonly #title = h('h2', { id: 'map-title' })
  readonly #path = h('p', { class: 'map-path' })
  readonly #body = h('div', { class: 'map-body' })
  #grid: HeatGrid | undefined
  #running: AbortController | undefined

  constructor() {
    const close = h(
      'button',
      { class: 'icon-button map-close', type: 'button', 'aria-label': 'Close' },
      icon('cross', 'm6 6 12 12M18 6 6 18'),
    )
    close.addEventListener('click', () => this.#dialog.close())
    this.#dialog.append(h('header', { class: 'map-head' }, h('div', {}, this.#path, this.#title), close), this.#body)
    this.#dialog.addEventListener('close', () => this.#end())
    // A click beside it closes it, as in other dialogs.
    this.#dialog.addEventListener('click', (event) => {
      if (event.target === this.#dialog) this.#dialog.close()
    })
    document.body.append(this.#dialog)
  }

  async open(query: string, hit: Hit, read: (signal: AbortSignal) => Promise<HeatMap>): Promise<void> {
    this.#end()
    const running = new AbortController()
    this.#running = running
    this.#title.textContent = hit.title
    this.#path.textContent = hit.headings.slice(0, -1).join(' › ')
    this.#body.replaceChildren(
      h('p', { class: 'map-wait', role: 'status' }, 'The passage is held against the question …'),
    )
    if (!this.#dialog.open) this.#dialog.showModal()
    try {
      const map = await read(running.signal)
      if (!running.signal.aborted) this.#show(query, hit, heatModel(map, query, hit.passage.text))
    } catch (thrown) {
      if (!running.signal.aborted) this.#fail(toSelvageError(thrown), () => void this.open(query, hit, read))
    }
  }

  close(): void {
    this.#dialog.close()
  }

  #show(query: string, hit: Hit, model: HeatModel): void {
    const readout = h('p', { class: 'map-readout', role: 'status', 'data-testid': 'readout' }, HOW)
    const grid = new HeatGrid(model, (row, column) => readout.replaceChildren(...told(model, row, column)))
    this.#grid = grid
    this.#body.replaceChildren(
      h(
        'p',
        { class: 'map-what' },
        h('q', {}, query),
        ' runs down the side, the passage along the top. ',
        sumOf(model, hit),
      ),
      grid.element,
      h('div', { class: 'map-tools' }, readout, unfolder(model, grid)),
      h('h3', {}, 'Best matches'),
      bestTable(model),
    )
  }

  #fail(error: SelvageError, retry: () => void): void {
    this.#body.replaceChildren(errorView(error, retry))
  }

  #end(): void {
    this.#running?.abort()
    this.#grid?.close()
    this.#grid = undefined
  }
}

const HOW =
  'Point at a crossing, or reach the map with Tab and move with the arrow keys; Enter goes to the best of a row.'

function told(model: HeatModel, row: HeatRow, column: number): (Node | string)[] {
  const word = wordAt(model, column)
  const cosine = h('strong', {}, (row.cosines[column] ?? 0).toFixed(2))
  const of = word?.isHeading ? 'a heading or marker' : `“${word?.text ?? ''}”`
  return [`“${row.name}” with ${of}: `, cosine, row.bestColumn === column ? ', the best of its row' : '']
}

/** The stored vectors are compressed, and so is the arithmetic of the search: the two may differ in the last digit. */
function sumOf({ sum, tokens }: HeatModel, { ranking }: Hit): string {
  const score = ranking.semantic?.score
  const adds = `The best cosines of its ${tokens} tokens add up to ${sum.toFixed(2)}`
  return score === undefined ? `${adds}.` : `${adds}; its score by meaning is ${score.toFixed(2)}.`
}

function unfolder({ masks }: HeatModel, grid: HeatGrid): HTMLElement | undefined {
  if (masks.length === 0) return undefined
  const rows = plural(masks.length, '[MASK] row')
  const button = h(
    'button',
    { class: 'button is-quiet', type: 'button', 'aria-pressed': 'false', 'data-testid': 'masks' },
    `Show ${rows}`,
  )
  button.addEventListener('click', () => {
    const isUnfolded = button.getAttribute('aria-pressed') !== 'true'
    button.setAttribute('aria-pressed', String(isUnfolded))
    button.textContent = isUnfolded ? `Fold ${rows}` : `Show ${rows}`
    grid.unfold(isUnfolded)
  })
  return button
}

function bestTable(model: HeatModel): HTMLElement {
  const rows = model.rows.map((row) => {
    const word = wordAt(model, row.bestColumn)
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, row.name),
      h('td', {}, word?.isHeading ? h('em', {}, 'a heading or marker') : (word?.text ?? '')),
      h('td', { class: 'number' }, (row.cosines[row.bestColumn] ?? 0).toFixed(2)),
    )
  })
  const head = ['Of the question', 'Its best match', 'Cosine'].map((name) => h('th', { scope: 'col' }, name))
  return h(
    'table',
    { class: 'map-best', 'data-testid': 'best' },
    h('thead', {}, h('tr', {}, ...head)),
    h('tbody', {}, ...rows),
  )
}
