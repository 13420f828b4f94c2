/**
 * The section of what is kept: index, model and pages, whole or not, one button for all that is missing, and what it takes of
 * the browser's room. Draws only.
 */
import type { Progress, Storage, StoredState } from 'selvage'
import { h, icon } from './dom.ts'
import { formatBytes, formatBytesOf, formatCount } from './format.ts'
import { MeterView } from './meterView.ts'
import type { Shell } from './shell.ts'
import type { PagesReport } from './sw/pages.ts'

export interface KeptState {
  readonly stored?: StoredState | undefined
  /** Of the whole index. */
  readonly indexBytes?: number
  readonly storage?: Storage | undefined
  /** Why the model is not kept. */
  readonly modelProblem?: string | undefined
  readonly shell?: Shell | undefined
  /** Of the documentation; undefined where no worker keeps them. */
  readonly pages?: PagesReport | undefined
  /** The browser offers to install the page. */
  readonly canInstall?: boolean
  /** While everything is being fetched: how far each stage is, in bytes. */
  readonly download?:
    | ReadonlyMap<Progress['stage'] | 'pages', { readonly loaded: number; readonly total: number }>
    | undefined
  /** Why it could not be. */
  readonly problem?: string | undefined
}

export interface KeptActions {
  download(): void
  cancel(): void
  install(): void
}

interface Row {
  readonly element: HTMLElement
  readonly amount: HTMLElement
  readonly bar: HTMLProgressElement
}

export class KeptView {
  readonly element: HTMLElement
  readonly #rows = { index: row('Index'), model: row('Model and runtime'), pages: row('All pages') }
  readonly #stages = h(
    'ul',
    { class: 'stages', role: 'list' },
    ...Object.values(this.#rows).map(({ element }) => element),
  )
  readonly #whole = h(
    'p',
    { class: 'kept-whole', 'data-testid': 'offline', hidden: true },
    icon('tick', 'm5 12.5 4.5 4.5L19 7.5'),
    'Available offline',
  )
  readonly #button = h('button', { class: 'button is-quiet', type: 'button', 'data-testid': 'keep', hidden: true })
  readonly #install = h(
    'button',
    { class: 'button is-quiet', type: 'button', 'data-testid': 'install', hidden: true },
    'Install as an app',
  )
  readonly #notes = h('div', { class: 'kept-notes' })
  readonly #meter = new MeterView()
  #isDownloading = false

  constructor({ download, cancel, install }: KeptActions) {
    this.#install.addEventListener('click', install)
    this.#button.addEventListener('click', () => (this.#isDownloading ? cancel() : download()))
    this.element = h(
      'section',
      { class: 'kept', 'data-testid': 'kept', 'aria-labelledby': 'kept-title', hidden: true },
      h('h2', { id: 'kept-title' }, 'Kept in this browser'),
      this.#stages,
      this.#whole,
      this.#button,
      this.#install,
      this.#notes,
      this.#meter.element,
    )
  }

  show(state: KeptState): void {
    const { stored, storage, indexBytes = 0, download, pages } = state
    this.#install.hidden = state.canInstall !== true
    if (stored === undefined || storage === undefined) return
    this.element.hidden = false
    this.#isDownloading = download !== undefined
    const isKept = stored.kind === 'browser'
    this.#stages.hidden = !isKept
    const { index, model } = storage
    const indexHere = index.bytes.total - index.bytes.waiting
    draw(
      this.#rows.index,
      isIndexWhole(state),
      isIndexWhole(state) ? formatBytes(indexHere) : formatBytesOf(indexHere, Math.max(indexBytes, indexHere)),
      download,
      ['index'],
    )
    draw(this.#rows.model, model.isComplete, model.bytes > 0 ? formatBytes(model.bytes) : '', download, [
      'model',
      'runtime',
    ])
    const pageWords = pages === undefined ? '' : `${formatCount(pages.keptPages)} of ${formatCount(pages.pages)}`
    draw(this.#rows.pages, arePagesWhole(state), pageWords, download, ['pages'])
    const isWhole = isOffline(state)
    this.#whole.hidden = !isWhole || this.#isDownloading
    this.#button.hidden = !isKept || (isWhole && !this.#isDownloading)
    // Of a model that runs, little can be missing: what other backends would need.
    const missing = Math.max(0, indexBytes - indexHere) + (pages === undefined ? 0 : pages.bytes - pages.keptBytes)
    const amount = model.bytes > 0 && missing > 0 ? ` (${formatBytes(missing)})` : ''
    this.#button.textContent = this.#isDownloading ? 'Cancel' : `Make available offline${amount}`
    this.#notes.replaceChildren(...notesOf(state).map((note) => h('p', {}, note)))
    this.#meter.show(storage, pages)
  }
}

/** Index, model and pages are here: nothing is wanted of the network. */
export function isOffline(state: KeptState): boolean {
  return isIndexWhole(state) && state.storage?.model.isComplete === true && arePagesWhole(state)
}

function arePagesWhole({ shell, pages }: KeptState): boolean {
  return shell?.isKept === true && pages !== undefined && pages.keptPages === pages.pages
}

function isIndexWhole({ stored, storage }: KeptState): boolean {
  return stored?.kind === 'browser' && stored.isComplete && storage?.index.isComplete === true
}

function row(name: string): Row {
  const amount = h('span', { class: 'stage-amount' })
  const bar = h('progress', { max: 1, value: 0, 'aria-label': name, hidden: true })
  const tick = icon('tick', 'm5 12.5 4.5 4.5L19 7.5')
  const element = h('li', { class: 'stage' }, tick, h('span', { class: 'stage-name' }, name), amount, bar)
  return { element, amount, bar }
}

function draw(
  { element, amount, bar }: Row,
  isWhole: boolean,
  words: string,
  download: KeptState['download'],
  stages: readonly (Progress['stage'] | 'pages')[],
): void {
  const told = stages.map((stage) => download?.get(stage)).filter((progress) => progress !== undefined)
  const sum = (of: 'loaded' | 'total') => told.reduce((total, progress) => total + progress[of], 0)
  const isBusy = !isWhole && told.length > 0
  element.dataset['state'] = isWhole ? 'done' : isBusy ? 'busy' : 'waiting'
  amount.textContent = isBusy ? formatBytesOf(sum('loaded'), sum('total')) : words
  bar.hidden = !isBusy
  bar.value = sum('total') > 0 ? sum('loaded') / sum('total') : 0
}

/** What a person may want to know of it, calmly. */
function notesOf({ stored, storage, shell, pages, modelProblem, problem }: KeptState): string[] {
  const notes: string[] = []
  if (stored === undefined || storage === undefined) return notes
  if (problem !== undefined) notes.push(problem)
  if (stored.kind !== 'browser')
    notes.push(`Nothing outlasts this tab, and the search works all the same. ${stored.reason ?? ''}`.trim())
  else if (stored.reason !== undefined) notes.push(`Nothing more is kept for now. ${stored.reason}`)
  if (modelProblem !== undefined && stored.kind === 'browser') notes.push(`The model is not kept. ${modelProblem}`)
  if (stored.offline !== undefined) notes.push('The site cannot be reached just now. What is kept is searched.')
  if (stored.isOutdated) notes.push('There is a newer index. Until it is here whole, this one is searched.')
  if (shell?.reason !== undefined) notes.push(shell.reason)
  if (isOffline({ stored, storage, shell, pages }))
    notes.push('The playground and the check read small indexes of their own from the site: those are not among it.')
  return notes
}
