/** The button by which the index of the visitor's files leaves the browser, and how far that is. Draws; decides nothing. */
import { h } from '../dom.ts'
import { formatBytes } from '../format.ts'

export type ExportState =
  | { readonly kind: 'running'; readonly share: number }
  | { readonly kind: 'done'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'failed'; readonly why: string }

export interface ExportActions {
  export(): void
  stopExport(): void
}

export class ExportView {
  readonly #label = h('span', {}, 'Export their index')
  readonly #button = h('button', { class: 'button is-quiet', type: 'button', 'data-testid': 'export' }, this.#label)
  readonly #note = h('p', { class: 'own-export-note', 'data-testid': 'export-note', hidden: true })
  readonly element = h('div', { class: 'own-export', hidden: true }, this.#button, this.#note)
  #isRunning = false

  constructor(actions: ExportActions) {
    this.#button.addEventListener('click', () => (this.#isRunning ? actions.stopExport() : actions.export()))
  }

  show(state: ExportState | undefined, hasFiles: boolean): void {
    this.#isRunning = state?.kind === 'running'
    this.element.hidden = !hasFiles && !this.#isRunning
    const label =
      state?.kind === 'running' ? `Stop exporting (${Math.round(state.share * 100)} %)` : 'Export their index'
    if (this.#label.textContent !== label) this.#label.textContent = label
    const note = noteOf(state)
    this.#note.hidden = note === ''
    if (this.#note.textContent !== note) this.#note.textContent = note
  }
}

function noteOf(state: ExportState | undefined): string {
  if (state?.kind === 'done')
    return `${state.name} was saved, ${formatBytes(state.bytes)}. README.txt in it says how to search it.`
  if (state?.kind === 'failed') return state.why
  return ''
}
