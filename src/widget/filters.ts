/** Filters as a row of buttons that stay pressed, each with the number of pages that have its value. */
import type { FacetCounts } from '../types.ts'
import { h, holds } from './dom.ts'
import type { Filters, Strings } from './types.ts'

export class FilterRow {
  readonly root: HTMLElement
  readonly #onChange: (filters: Filters) => void
  readonly #chips = new Map<string, HTMLButtonElement>()
  #filters: Filters = {}

  constructor(strings: Strings, onChange: (filters: Filters) => void) {
    this.#onChange = onChange
    const names = { class: 'filters', part: 'filters', role: 'group', 'aria-label': strings.filters }
    this.root = h('div', names)
    this.root.hidden = true
  }

  render(counts: FacetCounts, filters: Filters): void {
    this.#filters = filters
    const names = new Set([...Object.keys(counts), ...Object.keys(filters)])
    const chips = [...names].flatMap((name) => {
      const values = new Set([...Object.keys(counts[name] ?? {}), ...(filters[name] ?? [])])
      return [...values].flatMap((value) => {
        const count = counts[name]?.[value] ?? 0
        // A value that no page had yet is another part's of the site, where a filter is always set. Once here it stays.
        const isMet = count > 0 || this.#chips.has(keyOf(name, value)) || filters[name]?.includes(value)
        return isMet ? [this.#chip(name, value, count)] : []
      })
    })
    // The same nodes in the same order are left alone: one of them may have the focus.
    if (!holds(this.root, chips)) {
      const focused = chips.find((chip) => chip.matches(':focus'))
      this.root.replaceChildren(...chips)
      focused?.focus()
    }
    this.root.hidden = chips.length === 0
  }

  #chip(name: string, value: string, count: number): HTMLButtonElement {
    const key = keyOf(name, value)
    let chip = this.#chips.get(key)
    if (chip === undefined) {
      chip = h('button', { type: 'button', class: 'chip', part: 'chip', title: name })
      chip.addEventListener('click', () => this.#toggle(name, value))
      this.#chips.set(key, chip)
    }
    const isOn = this.#filters[name]?.includes(value) ?? false
    chip.setAttribute('aria-pressed', String(isOn))
    chip.replaceChildren(`${value} `, h('span', { class: 'count' }, String(count)))
    return chip
  }

  #toggle(name: string, value: string): void {
    const { [name]: set = [], ...others } = this.#filters
    const values = set.includes(value) ? set.filter((one) => one !== value) : [...set, value]
    this.#onChange(values.length === 0 ? others : { ...others, [name]: values })
  }
}

function keyOf(name: string, value: string): string {
  return JSON.stringify([name, value])
}
