/**
 * The card that a check is started from: what it will run on, the button, and while it runs how far it is. Draws what it is told
 * and tells what was pressed; it measures nothing.
 */
import { h } from '../dom.ts'
import { formatCount, plural } from '../format.ts'
import { bytesLine } from '../loadingView.ts'
import { backendName } from '../settings.ts'
import type { Machine } from './machine.ts'
import { backendsOf, type Step } from './run.ts'
import { WAY_NAMES } from './types.ts'

export interface RunEvents {
  run(onSoftware: boolean): void
  cancel(): void
  save(): void
}

export type RunState = 'before' | 'running' | 'cancelled' | 'done' | 'error'

export class RunView {
  readonly element: HTMLElement
  readonly #events: RunEvents
  readonly #where = h('dl', { class: 'where' })
  readonly #software = h('input', { type: 'checkbox', id: 'software', 'data-testid': 'software' })
  readonly #switch = h(
    'label',
    { class: 'switch', for: 'software', hidden: true },
    this.#software,
    h(
      'span',
      {},
      'Also on the software GPU ',
      h('small', { class: 'switch-note' }, 'slow: it shows that the answers are the same'),
    ),
  )
  readonly #run = h(
    'button',
    { class: 'button is-large', type: 'button', 'data-testid': 'run', disabled: true },
    'Run the check',
  )
  readonly #cancel = h(
    'button',
    { class: 'button is-quiet', type: 'button', 'data-testid': 'cancel', hidden: true },
    'Cancel',
  )
  readonly #save = h(
    'button',
    { class: 'button is-quiet', type: 'button', 'data-testid': 'save', hidden: true },
    'Save as JSON',
  )
  readonly #bar = h('progress', { class: 'warp', max: 1, value: 0, 'aria-label': 'The check', hidden: true })
  readonly #said = h('p', { class: 'said', 'data-testid': 'said' })
  #machine: Machine | undefined

  constructor(element: HTMLElement, events: RunEvents) {
    this.element = element
    this.#events = events
    element.replaceChildren(
      this.#where,
      this.#switch,
      h('div', { class: 'bench-foot' }, this.#run, this.#cancel, this.#save),
      this.#bar,
      this.#said,
    )
    this.#run.addEventListener('click', () => events.run(this.onSoftware))
    this.#cancel.addEventListener('click', () => this.#events.cancel())
    this.#save.addEventListener('click', () => this.#events.save())
    this.#software.addEventListener('change', () => this.#drawWhere())
    this.setState('before', 'Looking at this machine …')
  }

  get onSoftware(): boolean {
    return this.#software.checked
  }

  /** What there is to run on is known. */
  ready(machine: Machine, questions: number, onSoftware: boolean): void {
    this.#machine = machine
    this.#switch.hidden = machine.adapter?.isSoftware !== true
    this.#software.checked = onSoftware
    this.#run.disabled = false
    this.#drawWhere()
    this.setState(
      'before',
      `${plural(questions, 'question')}, each by words, by meaning and by both; the last two also with every passage scored in full.`,
    )
  }

  setState(state: RunState, said: string): void {
    this.element.dataset['state'] = state
    const isRunning = state === 'running'
    // A focused button must not vanish from under the finger: focus goes to the one that takes its place.
    const had = document.activeElement === this.#run || document.activeElement === this.#cancel
    this.#run.hidden = isRunning
    this.#run.textContent = state === 'before' ? 'Run the check' : 'Run it again'
    this.#cancel.hidden = !isRunning
    this.#software.disabled = isRunning
    this.#save.hidden = state !== 'done'
    this.#bar.hidden = !isRunning
    if (isRunning) this.#bar.value = 0
    this.#said.textContent = said
    if (had) (isRunning ? this.#cancel : this.#run).focus({ preventScroll: true })
  }

  /** A sentence of where it is, for the card. */
  step({ backend, way, fraction, secondsLeft, loading }: Step): void {
    this.#bar.value = fraction
    const doing =
      way === undefined ? `loading ${loading ? bytesLine(loading) : ''}`.trim() : WAY_NAMES[way].toLowerCase()
    const left = secondsLeft === undefined ? '' : ` · ${timeLeft(secondsLeft)} left`
    this.#said.textContent = `${backendName(backend)}: ${doing}${left}`
  }

  #drawWhere(): void {
    const machine = this.#machine
    if (machine === undefined) return
    const { adapter, noAdapter, cores } = machine
    const software = adapter?.isSoftware ? `${adapter.name}, which is software` : adapter?.name
    const isRun = backendsOf(machine, this.onSoftware).includes('webgpu')
    const gpu = adapter === undefined ? (noAdapter ?? '') : isRun ? (software ?? '') : `${software}: not run by itself`
    this.#where.replaceChildren(
      row('WASM', `${formatCount(cores)} cores, of which a search uses one`, true),
      row('WebGPU', gpu, isRun),
    )
  }
}

function row(name: string, what: string, isRun: boolean): HTMLElement {
  return h(
    'div',
    { class: isRun ? 'is-run' : undefined },
    h('dt', {}, h('span', { class: 'lamp', 'aria-hidden': 'true' }), name),
    h('dd', {}, what),
  )
}

function timeLeft(seconds: number): string {
  return seconds < 60 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`
}
