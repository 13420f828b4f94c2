/**
 * What can be done with the active option: options hold no buttons, so these stand after the list. "Why" opens a region with
 * the heat map, which is asked for when it is wanted.
 */
import { asSelvageError, type SelvageError } from '../errors.ts'
import type { Hit } from '../types.ts'
import { h } from './dom.ts'
import { explanationNotice } from './notices.ts'
import { NoticeView } from './noticeView.ts'
import type { SearchSession, Strings } from './types.ts'

export class Bar {
  readonly root: HTMLElement
  readonly details: HTMLElement
  readonly #session: SearchSession
  readonly #strings: Strings
  readonly #why: HTMLButtonElement
  #hit: Hit | undefined
  #query = ''

  constructor(session: SearchSession, strings: Strings, onMore: (hit: Hit) => void) {
    this.#session = session
    this.#strings = strings
    const button = { type: 'button', part: 'button' }
    this.#why = h('button', { ...button, 'aria-expanded': 'false', 'aria-controls': 'details' }, strings.why)
    this.#why.addEventListener('click', () => (this.isOpen ? this.hide() : void this.#show()))
    const more = h('button', button, strings.moreLikeThis)
    more.addEventListener('click', () => {
      if (this.#hit) onMore(this.#hit)
    })
    this.root = h('div', { class: 'bar', part: 'bar', role: 'group' }, this.#why, more)
    const region = { id: 'details', class: 'details', part: 'details', role: 'region', 'aria-label': strings.details }
    this.details = h('div', region)
    this.root.hidden = true
    this.details.hidden = true
  }

  get isOpen(): boolean {
    return !this.details.hidden
  }

  /** `query`: without one there is nothing to explain; nor of a section that is only a heading. */
  render(hit: Hit | undefined, query: string): void {
    if (hit?.url !== this.#hit?.url || query !== this.#query) this.hide()
    this.#hit = hit
    this.#query = query
    this.root.hidden = hit === undefined
    this.#why.hidden = query === '' || hit?.passage.text === ''
    this.root.setAttribute('aria-label', hit?.title ?? '')
  }

  hide(): void {
    this.details.hidden = true
    this.details.replaceChildren()
    this.#why.setAttribute('aria-expanded', 'false')
    this.#why.textContent = this.#strings.why
  }

  async #show(): Promise<void> {
    const hit = this.#hit
    if (hit === undefined) return
    this.#why.setAttribute('aria-expanded', 'true')
    this.#why.textContent = this.#strings.whyHide
    const waiting = h('p', { class: 'status', part: 'status' }, this.#strings.searching)
    this.details.replaceChildren(waiting)
    this.details.hidden = false
    const view = import('./heatMapView.ts') // few ever look at it
    const shown = await Promise.all([view, this.#session.heatMap(hit)]).then(
      ([{ heatMapView }, map]) => heatMapView(map, hit, this.#strings),
      (thrown) => this.#failure(asSelvageError(thrown)),
    )
    if (waiting.isConnected) this.details.replaceChildren(shown) // else it was closed meanwhile
  }

  #failure(error: SelvageError): HTMLElement {
    const view = new NoticeView(this.#strings, () => {}) // "Why this result?" is what tries again
    view.render(explanationNotice(error))
    return view.root
  }
}
