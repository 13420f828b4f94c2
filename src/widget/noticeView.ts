/** What went wrong and what still works, in a sentence; the error's own words for whoever wants them; and another try. */
import { h } from './dom.ts'
import type { Notice, Strings } from './types.ts'

export class NoticeView {
  readonly root = h('div', { class: 'notice', part: 'notice' })
  readonly #strings: Strings
  readonly #onRetry: () => void
  #shown = ''

  constructor(strings: Strings, onRetry: () => void) {
    this.#strings = strings
    this.#onRetry = onRetry
    this.root.hidden = true
  }

  render(notice: Notice | undefined): void {
    this.root.hidden = notice === undefined
    const shown = JSON.stringify(notice) ?? ''
    if (shown === this.#shown) return // its button may have the focus
    this.#shown = shown
    this.root.replaceChildren(...(notice ? this.#parts(notice) : []))
  }

  #parts({ kind, detail, canRetry }: Notice): HTMLElement[] {
    const parts: HTMLElement[] = [h('p', {}, this.#strings.notices[kind])]
    if (detail !== undefined) parts.push(h('details', {}, h('summary', {}, this.#strings.details), h('p', {}, detail)))
    if (canRetry) {
      const again = h('button', { type: 'button', part: 'button' }, this.#strings.retry)
      again.addEventListener('click', this.#onRetry)
      parts.push(again)
    }
    return parts
  }
}
