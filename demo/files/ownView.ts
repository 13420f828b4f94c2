/** The section of the visitor's own files: how to bring some, how far adding is, what is there. Draws; decides nothing. */
import type { AddedDocument, StoredState, WorkProgress } from 'selvage'
import { h } from '../dom.ts'
import { formatCount, plural } from '../format.ts'
import { type BringActions, bringButtons, button, crossButton } from './buttons.ts'
import { DeleteAll } from './deleteAll.ts'
import { type ExportState, ExportView } from './exportView.ts'
import { FileList } from './fileList.ts'

export interface OwnState {
  /** That can be found; the newest first. */
  readonly documents: readonly AddedDocument[]
  /** Files that were handed over here, and cannot be found yet. */
  readonly coming: number
  /** Undefined while there is nothing to do. */
  readonly work?: WorkProgress | undefined
  /** Files added in a second. */
  readonly perSecond?: number | undefined
  /** Files found so far, while a folder is looked through. */
  readonly looking: number
  /** Files that are not read yet. */
  readonly reading: number
  /** Sentences: what was left out. */
  readonly problems: readonly string[]
  /** Sentences: what came of the last files. */
  readonly told: readonly string[]
  /** Where all this is kept. */
  readonly home?: StoredState | undefined
  readonly export?: ExportState | undefined
}

export interface OwnActions extends BringActions {
  pause(): void
  resume(): void
  delete(id: string): void
  deleteAll(): void
  forgetProblems(): void
  export(): void
  stopExport(): void
}

export class OwnView {
  readonly element: HTMLElement
  readonly #actions: OwnActions
  readonly #hint = h(
    'p',
    { class: 'own-hint' },
    'Markdown, HTML and text that you drop on the page or paste, zips too, is read here, stays here, and is found beside the docs.',
  )
  readonly #home = h('p', { class: 'own-home', 'data-testid': 'own-home', hidden: true })
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
  readonly #told = h('p', { class: 'own-told', 'data-testid': 'own-told', hidden: true })
  readonly #problems = h('div', { class: 'own-problems', 'data-testid': 'own-problems', hidden: true })
  readonly #list: FileList
  readonly #export: ExportView
  readonly #all: DeleteAll
  #state: OwnState = { documents: [], coming: 0, looking: 0, reading: 0, problems: [], told: [] }

  constructor(actions: OwnActions) {
    this.#actions = actions
    this.#list = new FileList((id) => actions.delete(id))
    this.#export = new ExportView(actions)
    this.#all = new DeleteAll(
      { all: 'Delete all', yes: 'Delete', no: 'Keep', ask: (count) => `Delete ${plural(count, 'file')}?` },
      () => actions.deleteAll(),
    )
    this.element = h(
      'section',
      { class: 'own', 'data-testid': 'own', 'aria-labelledby': 'own-title' },
      h('div', { class: 'own-head' }, h('h2', { id: 'own-title' }, 'Your files ', this.#count), this.#all.element),
      this.#hint,
      this.#home,
      this.#work,
      this.#told,
      this.#problems,
      this.#list.element,
      bringButtons(actions, true),
      this.#export.element,
    )
  }

  show(state: OwnState): void {
    const before = this.#state
    this.#state = state
    const { documents, problems, told, home } = state
    this.#hint.hidden = documents.length > 0
    this.#count.textContent = documents.length > 0 ? formatCount(documents.length) : ''
    if (home !== before.home) this.#showHome(home)
    this.#showWork(state)
    this.#told.hidden = told.length === 0
    this.#told.textContent = told.join(' ')
    if (problems !== before.problems) this.#showProblems(problems)
    if (documents !== before.documents) this.#list.show(documents)
    this.#export.show(state.export, documents.length > 0)
    if (documents.length !== before.documents.length || state.coming !== before.coming)
      this.#all.show(documents.length + state.coming)
  }

  /** Where what is added does not stay, that is said before anything is. */
  #showHome(home: StoredState | undefined): void {
    this.#home.hidden = home === undefined || home.kind === 'browser'
    if (home === undefined) return
    this.#home.textContent =
      home.kind === 'none'
        ? `Nothing can be added: this page keeps nothing in this browser${because(home)}.`
        : `This browser gives the page no database, so what you add here is gone when the tab is closed${because(home)}.`
  }

  #showWork({ work, perSecond, looking, reading }: OwnState): void {
    this.#work.hidden = work === undefined && reading === 0 && looking === 0
    this.#words.textContent =
      looking > 0
        ? `Looking through the folder: ${plural(looking, 'file')}`
        : work === undefined
          ? `Reading ${plural(reading, 'file')}`
          : wordsOf(work, perSecond)
    const { done, total } = work?.documents ?? { done: 0, total: 0 }
    const isMeasured = looking === 0 && (work?.state === 'adding' || work?.state === 'paused')
    if (isMeasured) this.#bar.value = total > 0 ? done / total : 0
    else this.#bar.removeAttribute('value')
    this.#hold.hidden = !isMeasured
    this.#hold.textContent = work?.state === 'paused' ? 'Continue' : 'Pause'
    this.#work.dataset['state'] = work?.state ?? 'reading'
  }

  #showProblems(problems: readonly string[]): void {
    this.#problems.hidden = problems.length === 0
    const close = crossButton('Dismiss these messages', () => this.#actions.forgetProblems())
    this.#problems.replaceChildren(h('ul', { role: 'list' }, ...problems.map((problem) => h('li', {}, problem))), close)
  }

  #toggleWork(): void {
    if (this.#state.work?.state === 'paused') this.#actions.resume()
    else this.#actions.pause()
  }
}

/** One line: what is done, how fast, and how long it may take. */
function wordsOf({ state, documents: { done, total }, secondsLeft }: WorkProgress, perSecond?: number): string {
  if (state === 'merging') return 'Putting the index in order'
  if (state === 'rebuilding') return 'Reading all of them anew'
  const count = `${formatCount(done)} of ${formatCount(total)}`
  if (state === 'paused') return `Paused at ${count}`
  const speed = perSecond === undefined ? '' : ` · ${paceOf(perSecond)}`
  const left = secondsLeft === undefined ? '' : ` · ${timeLeft(secondsLeft)} left`
  return `Added ${count}${speed}${left}`
}

function paceOf(perSecond: number): string {
  if (perSecond < 0.5) return `${formatCount(Math.max(1, Math.round(perSecond * 60)))} a minute`
  return `${perSecond < 9.95 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond))} a second`
}

function timeLeft(seconds: number): string {
  if (seconds < 50) return `${Math.max(5, Math.ceil(seconds / 5) * 5)} s`
  return `${Math.ceil(seconds / 60)} min`
}

function because({ reason }: StoredState): string {
  return reason === undefined ? '' : ` (${reason.replace(/\.$/, '')})`
}
