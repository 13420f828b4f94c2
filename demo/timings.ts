/** How long each step of the last question took: one proportional bar, and the numbers under it. */
import type { SearchResult } from 'selvage'
import { h } from './dom.ts'
import { formatMs } from './format.ts'

type Elapsed = SearchResult['elapsedMs']

const STEPS: readonly { readonly key: Exclude<keyof Elapsed, 'total'>; readonly name: string }[] = [
  { key: 'wait', name: 'Wait' },
  { key: 'encode', name: 'Encode' },
  { key: 'keyword', name: 'Words' },
  { key: 'score', name: 'Score' },
  { key: 'texts', name: 'Texts' },
  { key: 'explain', name: 'Explain' },
]

export class TimingsView {
  readonly element = h('div', { class: 'timings', 'data-testid': 'timings' })

  constructor() {
    this.show(undefined)
  }

  show(elapsedMs: Elapsed | undefined): void {
    const bar = h('div', { class: 'steps-bar', 'aria-hidden': 'true' })
    const rows = STEPS.map(({ key, name }) => {
      const ms = Math.max(0, elapsedMs?.[key] ?? 0)
      const part = h('span', { class: `step-${key}` })
      part.style.setProperty('--ms', ms.toFixed(3))
      bar.append(part)
      return row(key, name, elapsedMs && formatMs(ms))
    })
    const total = row('total', 'Total', elapsedMs && formatMs(elapsedMs.total))
    this.element.classList.toggle('is-empty', elapsedMs === undefined)
    this.element.replaceChildren(bar, h('dl', { class: 'steps' }, ...rows, total))
  }
}

function row(key: string, name: string, value: string | undefined): HTMLElement {
  return h('div', { class: `step step-${key}`, 'data-step': key }, h('dt', {}, name), h('dd', {}, value ?? '–'))
}
