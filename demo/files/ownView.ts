/** The section of the visitor's own files: how to bring some, how far adding is, what is there. Draws; decides nothing. */
import type { AddedDocument, WorkProgress } from 'selvage'
import { h, icon } from '../dom.ts'
import { formatCount, plural } from '../format.ts'
import { ENDINGS } from './own.ts'

export interface OwnState {
  /** That can be found; the newest first. */
  readonly documents: readonly AddedDocument[]
  /** Files that were handed over here, and cannot be found yet. */
  readonly coming: number
  /** Undefined while there is nothing to do. */
  readonly work?: WorkProgress | undefined
  /** Files that are not read yet. */
  readonly reading: number
  /** Sentences. */
  readonly problems: readonly string[]
}

export interface OwnActions {
  choose(files: FileList): void
  pause(): void
  resume(): void
  delete(id: string): void
  deleteAll(): void
  forgetProblems(): void
}

/** Nobody reads further, and every row costs. */
const MOST_ROWS = 200
const CROSS = 'm6 6 12 12M18 6 6 18'

export class OwnView {
  readonly element: HTMLElement
  readonly #actions: OwnActions
  readonly #hint = h(
    'p',
    { class: 'own-hint' },
    'Markdown, HTML and text that you drop on the page is read here, stays here, and is found beside the docs.',
  )
  readonly #count = h('span', { class: 'own-count' })
  readonly #words = h('p', { class: 'own-words' })
  readonly #bar = h('progress', { max: 1, value: 0, 'aria-label': 'Files added' })
  readonly #hold = button('Pause', 'link-button', () => this.#toggleWork())
  readonly #work = h(
    'div',
    { class: 'own-work', 'data-testid': 'own-work', hidden: true },
    this.#words,
    this.#hold,
    this.#bar,
  )
  readonly #problems = h('div', { class: 'own-problems', 'data-testid': 'own-problems', hidden: true })
  readonly #list = h('ul', { class: 'own-list', role: 'list', 'data-testid': 'own-list', hidden: true })
  readonly #all = h('div', { class: 'own-all' })
  #state: OwnState = { documents: [], coming: 0, reading: 0, problems: [] }
  #isAsking = false

  constructor(actions: OwnActions) {
    this.#actions = actions
    this.element = h(
      'section',
      { class: 'own', 'data-testid': 'own', 'aria-labelledby': 'own-title' },
      h('div', { class: 'own-head' }, h('h2', { id: 'own-title' }, 'Your files ', this.#count), this.#all),
      this.#hint,
      this.#work,
      this.#problems,
      this.#list,
      chooseButtons((files) => actions.choose(files)),
    )
  }

  show(state: OwnState): void {
    const before = this.#state
    this.#state = state
    const { documents, problems } = state
    this.#hint.hidden = documents.length > 0
    this.#count.textContent = documents.length > 0 ? formatCount(documents.length) : ''
    this.#showWork(state)
    if (problems !== before.problems) this.#showProblems(problems)
    if (documents !== before.documents) this.#showList(documents)
  }

  #showWork({ work, reading }: OwnState): void {
    this.#work.hidden = work === undefined && reading === 0
    this.#words.textContent = work === undefined ? `Reading ${plural(reading, 'file')}` : wordsOf(work)
    const { done, total } = work?.documents ?? { done: 0, total: 0 }
    const isMeasured = work?.state === 'adding' || work?.state === 'paused'
    if (isMeasured) this.#bar.value = total > 0 ? done / total : 0
    else this.#bar.removeAttribute('value')
    this.#hold.hidden = !isMeasured
    this.#hold.textContent = work?.state === 'paused' ? 'Continue' : 'Pause'
    this.#work.dataset['state'] = work?.state ?? 'reading'
  }

  #showProblems(problems: readonly string[]): void {
    this.#problems.hidden = problems.length === 0
    const close = iconButton('Dismiss these messages', () => this.#actions.forgetProblems())
    this.#problems.replaceChildren(h('ul', { role: 'list' }, ...problems.map((problem) => h('li', {}, problem))), close)
  }

  #showList(documents: readonly AddedDocument[]): void {
    this.#list.hidden = documents.length === 0
    const rows = documents.slice(0, MOST_ROWS).map(({ id, title, isWaiting }) =>
      h(
        'li',
        { class: 'own-file', 'data-id': id, 'data-state': isWaiting ? 'waiting' : 'added' },
        h(
          'span',
          { class: 'own-name', title: id },
          h('bdi', {}, id),
          (isWaiting || title !== id) && h('small', {}, isWaiting ? 'Waits to be read' : title),
        ),
        iconButton(`Delete ${id}`, () => this.#actions.delete(id)),
      ),
    )
    const more = documents.length - rows.length
    if (more > 0) rows.push(h('li', { class: 'own-more' }, `and ${formatCount(more)} more`))
    this.#list.replaceChildren(...rows)
    this.#showAll()
  }

  /** One question before much is gone; it stays while files are added. */
  #showAll(): void {
    const count = this.#state.documents.length + this.#state.coming
    if (count < 2) this.#isAsking = false
    const answer = (isYes: boolean) => {
      this.#isAsking = false
      this.#showAll()
      if (isYes) this.#actions.deleteAll()
    }
    if (this.#isAsking) {
      if (this.#all.childElementCount === 3) this.#all.firstElementChild?.replaceWith(question(count))
      else {
        const no = button('Keep', 'link-button', () => answer(false))
        this.#all.replaceChildren(
          question(count),
          button('Delete', 'link-button is-grave', () => answer(true)),
          no,
        )
        no.focus()
      }
    } else if (count < 2) this.#all.replaceChildren()
    else {
      const ask = () => {
        this.#isAsking = true
        this.#showAll()
      }
      this.#all.replaceChildren(button('Delete all', 'link-button', ask))
    }
  }

  #toggleWork(): void {
    if (this.#state.work?.state === 'paused') this.#actions.resume()
    else this.#actions.pause()
  }
}

/** One line: what is done, and how long it may take. */
function wordsOf({ state, documents: { done, total }, secondsLeft }: WorkProgress): string {
  if (state === 'merging') return 'Putting the index in order'
  if (state === 'rebuilding') return 'Reading all of them anew'
  const count = `${formatCount(done)} of ${formatCount(total)}`
  if (state === 'paused') return `Paused at ${count}`
  return secondsLeft === undefined ? `Added ${count}` : `Added ${count}, ${timeLeft(secondsLeft)} left`
}

function timeLeft(seconds: number): string {
  if (seconds < 50) return `${Math.max(5, Math.ceil(seconds / 5) * 5)} s`
  return `${Math.ceil(seconds / 60)} min`
}

/** Files, and folders where the browser lets them be chosen. */
export function chooseButtons(choose: (files: FileList) => void): HTMLElement {
  const files = picker({ accept: ENDINGS.join() }, choose)
  const folder = picker({ webkitdirectory: true }, choose)
  const knowsFolders = 'webkitdirectory' in folder
  return h(
    'div',
    { class: 'own-choose' },
    button('Choose files', 'button is-quiet', () => files.click()),
    knowsFolders && button('A folder', 'button is-quiet', () => folder.click()),
    files,
    knowsFolders && folder,
  )
}

function question(count: number): HTMLElement {
  return h('span', {}, `Delete ${plural(count, 'file')}?`)
}

function picker(attributes: Record<string, string | boolean>, choose: (files: FileList) => void): HTMLInputElement {
  const input = h('input', { type: 'file', multiple: true, hidden: true, tabindex: -1, ...attributes })
  input.addEventListener('change', () => {
    if (input.files !== null && input.files.length > 0) choose(input.files)
    input.value = '' // the same files may be chosen again
  })
  return input
}

function button(label: string, name: string, press: () => void): HTMLButtonElement {
  const element = h('button', { class: name, type: 'button' }, label)
  element.addEventListener('click', press)
  return element
}

function iconButton(label: string, press: () => void): HTMLButtonElement {
  const element = h(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': label, title: label },
    icon('cross', CROSS),
  )
  element.addEventListener('click', press)
  return element
}
