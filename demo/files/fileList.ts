/**
 * The list of the visitor's files: the newest first, a part of ten thousand, a field to find one by its path or title. Rows that
 * stay are not made anew, so that focus, hover and scroll position outlast what is added meanwhile.
 */
import type { AddedDocument } from 'selvage'
import { h } from '../dom.ts'
import { formatCount, plural } from '../format.ts'
import { crossButton } from './buttons.ts'

/** Every row costs, and nobody reads further. */
const MOST_ROWS = 100
/** Fewer are seen at a glance. */
const WORTH_FINDING = 8

export class FileList {
  readonly element: HTMLElement
  readonly #rows = h('ul', { class: 'own-list', role: 'list', 'data-testid': 'own-list' })
  readonly #more = h('p', { class: 'own-more' })
  readonly #field = h('input', {
    class: 'own-find',
    type: 'search',
    placeholder: 'Find a file by its name',
    'aria-label': 'Find one of your files by its name',
    autocomplete: 'off',
    spellcheck: 'false',
    hidden: true,
  })
  readonly #delete: (id: string) => void
  readonly #made = new Map<string, { readonly row: HTMLElement; readonly of: AddedDocument }>()
  #documents: readonly AddedDocument[] = []

  constructor(remove: (id: string) => void) {
    this.#delete = remove
    this.#field.addEventListener('input', () => this.#draw())
    this.element = h('div', { class: 'own-files', hidden: true }, this.#field, this.#rows, this.#more)
  }

  show(documents: readonly AddedDocument[]): void {
    this.#documents = documents
    this.element.hidden = documents.length === 0
    this.#field.hidden = documents.length <= WORTH_FINDING
    if (this.#field.hidden) this.#field.value = ''
    this.#draw()
  }

  #draw(): void {
    const sought = this.#field.value.trim().toLocaleLowerCase()
    const found =
      sought === ''
        ? this.#documents
        : this.#documents.filter(({ id, title }) => `${id}\n${title}`.toLocaleLowerCase().includes(sought))
    const shown = found.slice(0, MOST_ROWS)
    arrange(
      this.#rows,
      shown.map((one) => this.#rowOf(one)),
    )
    const kept = new Set(shown.map(({ id }) => id))
    for (const id of this.#made.keys()) if (!kept.has(id)) this.#made.delete(id)
    const more = found.length - shown.length
    this.#more.hidden = more === 0 && found.length > 0
    this.#more.textContent =
      found.length === 0
        ? 'None of your files is called that.'
        : `and ${formatCount(more)} more, ${plural(found.length, 'file')} in all`
  }

  #rowOf(document: AddedDocument): HTMLElement {
    const { id, title, isWaiting } = document
    const made = this.#made.get(id)
    if (made !== undefined && made.of.title === title && made.of.isWaiting === isWaiting) return made.row
    const note = isWaiting ? 'Waits to be read' : title !== id && title
    const row = h(
      'li',
      { class: 'own-file', 'data-id': id, 'data-state': isWaiting ? 'waiting' : 'added' },
      h('span', { class: 'own-name', title: id }, h('bdi', {}, id), note && h('small', {}, note)),
      crossButton(`Delete ${id}`, () => this.#deleteFrom(row, id)),
    )
    this.#made.set(id, { row, of: document })
    return row
  }

  #deleteFrom(row: HTMLElement, id: string): void {
    focusBeside(row)
    this.#delete(id)
  }
}

/** Whoever takes a row away by the keyboard goes on at the next one. */
export function focusBeside(row: HTMLElement): void {
  const neighbour = row.nextElementSibling ?? row.previousElementSibling
  if (row.contains(document.activeElement)) neighbour?.querySelector('button')?.focus()
}

/** The rows in this order, with as few moves as their order needs: what is moved loses focus. */
export function arrange(list: HTMLElement, rows: readonly HTMLElement[]): void {
  const wanted = new Set<Element>(rows)
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove()
  let at = list.firstElementChild
  for (const row of rows) {
    if (row === at) at = at.nextElementSibling
    else list.insertBefore(row, at)
  }
}
