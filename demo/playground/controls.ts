/**
 * What can be turned: how many candidates are scored in full, with how many bits and how many tokens to a vector the index keeps,
 * where scores are computed, and whether the finest index is asked too. Beside it what an index of these settings weighs.
 */
import type { SelvageError } from 'selvage'
import { h, icon } from '../dom.ts'
import { formatBytes, formatCount, plural } from '../format.ts'
import { backendName } from '../settings.ts'
import type { Compared } from './asker.ts'
import { indexOf, type LabIndex } from './lab.ts'
import { WIDE } from './searches.ts'
import {
  BITS,
  candidateStops,
  DEFAULT_CANDIDATES,
  FINEST,
  PLAYGROUND_SCORERS,
  POOLS,
  type Settings,
} from './settings.ts'
import { SizeView } from './sizeView.ts'

export class ControlsView {
  readonly element: HTMLDetailsElement
  readonly #lab: readonly LabIndex[]
  readonly #size: SizeView
  readonly #stops: readonly number[]
  readonly #slider: HTMLInputElement
  readonly #amount = h('output', { class: 'control-value', for: 'candidates' })
  readonly #compare: HTMLInputElement
  readonly #agreement = h('p', { class: 'agreement', role: 'status', 'data-testid': 'agreement' })
  readonly #summary = h('span', { class: 'fold-summary' })
  readonly #where = h('p', { class: 'control-note', 'data-testid': 'where' })

  constructor(lab: readonly LabIndex[], settings: Settings, change: (changes: Partial<Settings>) => void) {
    this.#lab = lab
    this.#size = new SizeView(lab)
    this.#stops = candidateStops(indexOf(lab, settings).passages, settings.candidates)
    const last = this.#stops.length - 1
    this.#slider = h('input', {
      type: 'range',
      id: 'candidates',
      min: 0,
      max: last,
      step: 1,
      'data-testid': 'candidates',
    })
    this.#slider.addEventListener('input', () => {
      const candidates = this.#stops[this.#slider.valueAsNumber] ?? Number.POSITIVE_INFINITY
      this.#showCandidates(candidates)
      change({ candidates })
    })
    this.#compare = h('input', { type: 'checkbox', id: 'compare', 'data-testid': 'compare' })
    this.#compare.addEventListener('change', () => change({ isCompared: this.#compare.checked }))
    const standard = h('span', { class: 'slider-mark', 'aria-hidden': 'true' }, 'default')
    standard.style.setProperty('--at', String(this.#stops.indexOf(DEFAULT_CANDIDATES) / last))

    const panel = h(
      'section',
      { class: 'controls', 'aria-label': 'Settings' },
      h(
        'div',
        { class: 'control is-full' },
        h('div', { class: 'control-head' }, h('label', { for: 'candidates' }, 'Scored in full'), this.#amount),
        h('div', { class: 'slider' }, this.#slider, standard),
        h('p', { class: 'control-note' }, 'All are scanned by their centroids; so many of the nearest get every bit.'),
      ),
      h(
        'div',
        { class: 'control' },
        choice('bits', 'Bits a dimension', BITS, settings.bits, (bits) => change({ bits })),
        h('p', { class: 'control-note' }, 'Kept of a vector besides its centroid.'),
      ),
      h(
        'div',
        { class: 'control' },
        choice('pool', 'Tokens to a vector', POOLS, settings.pool, (pool) => change({ pool })),
        h('p', { class: 'control-note' }, 'Pooling: tokens that are alike share one.'),
      ),
      h('div', { class: 'control is-size' }, this.#size.element),
      h(
        'div',
        { class: 'control is-compare' },
        h('label', { class: 'check', for: 'compare' }, this.#compare, 'Ask the finest index too'),
        this.#agreement,
      ),
      h('div', { class: 'control is-scorer' }, scorerChoice(settings, change), this.#where),
    )
    this.element = h(
      'details',
      { class: 'controls-fold' },
      h('summary', {}, h('span', { class: 'fold-name' }, 'Settings'), this.#summary, icon('chevron', 'm7 10 5 5 5-5')),
      panel,
    )
    // On a wide page there is room, and no summary to close it by.
    const wide = matchMedia(WIDE)
    const fold = () => {
      this.element.open = wide.matches
    }
    wide.addEventListener('change', fold)
    fold()
    this.show(settings)
  }

  show(settings: Settings): void {
    this.#showCandidates(settings.candidates)
    const at = this.#stops.indexOf(settings.candidates)
    this.#slider.value = String(at < 0 ? this.#stops.length - 1 : at)
    const index = indexOf(this.#lab, settings)
    this.#size.show(index)
    this.#summary.textContent = `${plural(settings.bits, 'bit')}, pooling ${settings.pool}, ${formatBytes(index.bytes)}`
    this.#compare.checked = settings.isCompared
    if (!settings.isCompared) this.#agreement.replaceChildren(...whatItDoes(indexOf(this.#lab, FINEST)))
  }

  /** The finest index is being asked, or there is no question yet. */
  comparing(isAsked: boolean): void {
    this.#agreement.replaceChildren(isAsked ? 'Asking it …' : 'Ask something, and it will be asked as well.')
  }

  compared({ semantic, hybrid }: Compared): void {
    const share = (name: string, { shared, of }: Compared['semantic']) =>
      h('span', { class: 'share' }, `${name} `, h('strong', {}, `${shared} of ${of}`))
    this.#agreement.replaceChildren(
      'Of its ten best these settings find ',
      share('Both', hybrid),
      ' ',
      share('Meaning', semantic),
    )
  }

  compareFailed(error: SelvageError): void {
    this.#agreement.replaceChildren(`It could not be asked: ${error.message}`)
  }

  /** Where the last answer was computed, and why not elsewhere. */
  ran(backend: string, reason: string | undefined): void {
    this.#where.replaceChildren(`It ran on ${backendName(backend)}.`, reason === undefined ? '' : ` ${reason}`)
  }

  #showCandidates(candidates: number): void {
    const all = indexOf(this.#lab, FINEST).passages
    const isAll = candidates >= all
    const text = isAll
      ? `all ${formatCount(all)} passages`
      : `${formatCount(candidates)} of ${formatCount(all)} passages`
    this.#amount.textContent = text
    this.#slider.setAttribute('aria-valuetext', text)
    const at = isAll ? this.#stops.length - 1 : this.#stops.indexOf(candidates)
    this.#slider.style.setProperty('--at', String(at / (this.#stops.length - 1)))
  }
}

function whatItDoes({ bytes }: LabIndex): string[] {
  return [`How much do these settings lose? It loads ${formatBytes(bytes)} and a second model.`]
}

function choice<T extends number>(
  name: string,
  legend: string,
  values: readonly T[],
  chosen: T,
  change: (value: T) => void,
): HTMLElement {
  const radios = values.map((value) => {
    const input = h('input', {
      type: 'radio',
      name,
      value,
      checked: value === chosen,
      'data-testid': `${name}-${value}`,
    })
    input.addEventListener('change', () => change(value))
    return h('label', { class: 'segment' }, input, h('span', {}, String(value)))
  })
  return h('fieldset', { class: 'choice-row' }, h('legend', {}, legend), h('div', { class: 'segments' }, ...radios))
}

function scorerChoice({ scorer }: Settings, change: (changes: Partial<Settings>) => void): HTMLElement {
  const options = PLAYGROUND_SCORERS.map((value) =>
    h('option', { value, selected: value === scorer }, backendName(value)),
  )
  const select = h('select', { id: 'scorer', 'data-testid': 'scorer' }, ...options)
  select.addEventListener('change', () => {
    const chosen = PLAYGROUND_SCORERS.find((value) => value === select.value)
    if (chosen !== undefined) change({ scorer: chosen })
  })
  return h('div', { class: 'choice-row' }, h('label', { for: 'scorer' }, 'Score on'), select)
}
