/** Recent searches below an empty field: each asks again at a click, and can be removed. Up and down go through them. */
import { h } from './dom.ts'
import type { Recents } from './recents.ts'
import { fill } from './strings/index.ts'
import type { Strings } from './types.ts'

export class RecentsView {
  readonly root = h('div', { class: 'recents', part: 'recents' })
  readonly #recents: Recents | undefined
  readonly #strings: Strings
  readonly #onPick: (query: string) => void
  readonly #onLeave: () => void
  #shown = ''

  /** Without `recents` nothing is kept. `onLeave`: the focus goes back to the field. */
  constructor(recents: Recents | undefined, strings: Strings, on: { pick(query: string): void; leave(): void }) {
    this.#recents = recents
    this.#strings = strings
    this.#onPick = on.pick
    this.#onLeave = on.leave
    this.root.hidden = true
  }

  show(isShown: boolean): void {
    const queries = isShown ? (this.#recents?.all ?? []) : []
    this.root.hidden = queries.length === 0
    const shown = queries.join('\n')
    if (shown === this.#shown || queries.length === 0) return // one of its buttons may have the focus
    this.#shown = shown
    const { recent, clearRecent } = this.#strings
    const clear = button(clearRecent, () => this.#change(() => this.#recents?.clear()))
    this.root.replaceChildren(
      h('div', { class: 'group-title', part: 'group-title' }, h('span', { id: 'recent' }, recent), clear),
      h('ul', { 'aria-labelledby': 'recent', role: 'list' }, ...queries.map((query) => this.#item(query))),
    )
  }

  #item(query: string): HTMLElement {
    const name = fill(this.#strings.removeRecent, { query })
    const remove = button('×', () => this.#change(() => this.#recents?.remove(query)))
    remove.setAttribute('aria-label', name)
    remove.title = name
    const ask = button(query, () => this.#onPick(query))
    ask.className = 'recent'
    return h('li', {}, ask, remove)
  }

  #change(change: () => void): void {
    change()
    this.show(true)
    this.#onLeave() // the button that was pressed is gone
  }

  /** Whether there was where to go. */
  move(by: 1 | -1): boolean {
    const all = [...this.root.querySelectorAll<HTMLElement>('.recent')]
    if (this.root.hidden || all.length === 0) return false
    const from = all.findIndex((one) => one.matches(':focus'))
    const to = from < 0 ? (by > 0 ? 0 : all.length - 1) : from + by
    const next = all[to]
    if (next) next.focus()
    else this.#onLeave()
    return true
  }
}

function button(text: string, act: () => void): HTMLButtonElement {
  const made = h('button', { type: 'button', part: 'button' }, text)
  made.addEventListener('click', act)
  return made
}
