/**
 * The second label of the panel: what is in this browser, the visitor's own files, what it was taught, what is kept of the
 * site, and what was asked of the network. One line where the page is narrow.
 */

import type { WorkProgress } from 'selvage'
import { h, icon } from './dom.ts'
import { type OwnActions, type OwnState, OwnView } from './files/ownView.ts'
import type { Asked } from './files/requests.ts'
import { RequestsView } from './files/requestsView.ts'
import { formatCount, plural } from './format.ts'
import { isOffline, type KeptActions, type KeptState, KeptView } from './keptView.ts'
import { WIDE } from './panelView.ts'
import type { TeachState } from './teach/teaching.ts'
import { type TeachActions, TeachView } from './teach/teachView.ts'

export class HereView {
  readonly #details = h('details', { class: 'label here', 'data-testid': 'here' })
  readonly #note = h('span', { class: 'label-note' })
  readonly #own: OwnView
  readonly #teach: TeachView
  readonly #kept: KeptView
  readonly #requests = new RequestsView()
  #ownState: OwnState | undefined
  #teachState: TeachState | undefined
  #isOffline = false

  constructor(root: HTMLElement, actions: OwnActions & KeptActions, teach: TeachActions) {
    this.#own = new OwnView(actions)
    this.#teach = new TeachView(teach)
    this.#kept = new KeptView(actions)
    this.#details.append(
      h(
        'summary',
        {},
        h('span', { class: 'lamp', 'aria-hidden': 'true' }),
        h('span', { class: 'label-title' }, 'In this browser'),
        this.#note,
        icon('chevron', 'm7 10 5 5 5-5'),
      ),
      h(
        'div',
        { class: 'label-body' },
        this.#own.element,
        this.#teach.element,
        this.#kept.element,
        this.#requests.element,
      ),
    )
    root.append(this.#details)
    const wide = matchMedia(WIDE)
    const fold = () => {
      this.#details.open = wide.matches
    }
    wide.addEventListener('change', fold)
    fold()
  }

  /** Something is to be seen in it. */
  open(): void {
    this.#details.open = true
  }

  showRequests(asked: readonly Asked[]): void {
    this.#requests.show(asked)
  }

  showOwn(state: OwnState): void {
    this.#ownState = state
    this.#own.show(state)
    this.#sum()
  }

  showTeach(state: TeachState): void {
    this.#teachState = state
    this.#teach.show(state)
    this.#sum()
  }

  /** Where it is learned from what was marked. */
  revealTeach(): void {
    this.open()
    this.#teach.reveal()
  }

  showKept(state: KeptState): void {
    this.#isOffline = isOffline(state)
    this.#kept.show(state)
    this.#sum()
  }

  #sum(): void {
    const { work, reading = 0, documents = [] } = this.#ownState ?? {}
    const { doing: learning = 'nothing', pairs: { length: told } = [] } = this.#teachState ?? {}
    const isBusy = reading > 0 || learning !== 'nothing' || (work !== undefined && work.state !== 'paused')
    this.#details.dataset['state'] = isBusy ? 'loading' : this.#isOffline ? 'done' : 'rest'
    const files = documents.length > 0 ? plural(documents.length, 'file') : undefined
    const doing = work ? shortOf(work) : reading > 0 ? 'Reading' : learning === 'learning' ? 'Learning' : undefined
    const words = told > 0 ? `${formatCount(told)} told` : undefined
    this.#note.textContent = doing ?? files ?? words ?? (this.#isOffline ? 'Available offline' : 'Add your files')
  }
}

/** The title leaves little room. */
function shortOf({ state, documents: { done, total } }: WorkProgress): string {
  if (state === 'adding') return `${done} of ${total}`
  return state === 'paused' ? 'Paused' : 'At work'
}
