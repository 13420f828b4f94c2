/**
 * The list of results. An answer replaces the last one in place: sections that stay glide to their new rank, others
 * fade in. Knows nothing of typing or of the engine.
 */
import type { SearchResult } from 'selvage'
import { h, prefersStillness } from './dom.ts'
import { plural } from './format.ts'
import { hitView } from './hitView.ts'

const GLIDE: KeyframeAnimationOptions = { duration: 280, easing: 'cubic-bezier(.2, .7, .2, 1)' }
/** A section that comes from further away than this fades in instead. */
const FAR_PX = 1200

export class ResultsView {
  readonly element: HTMLElement
  readonly #list = h('ol', { class: 'hits', role: 'list', 'data-testid': 'hits' })
  readonly #count = h('span', {})
  readonly #query = h('q', {})

  constructor() {
    this.element = h(
      'section',
      { class: 'results view', 'aria-labelledby': 'results-head' },
      h(
        'div',
        { class: 'results-head' },
        h('h2', { id: 'results-head' }, this.#count, ' for ', this.#query),
        h(
          'p',
          { class: 'keys', 'aria-hidden': 'true' },
          h('kbd', {}, '↑'),
          h('kbd', {}, '↓'),
          'move',
          h('kbd', {}, '↵'),
          'open',
          h('kbd', {}, 'esc'),
          'clear',
        ),
      ),
      this.#list,
      h(
        'p',
        { class: 'results-note' },
        'The edge beside a result is its passage from top to bottom: a stitch for each word that your question matched, ' +
          'darker where it matched better.',
      ),
    )
  }

  show({ query, hits, isUnderstood }: SearchResult): void {
    const before = this.#places()
    const best = hits[0]?.score ?? 0
    const how = isUnderstood === false ? ', by words alone: the model does not know this script' : ''
    this.#count.textContent = plural(hits.length, 'section') + how
    this.#query.textContent = query
    this.#list.replaceChildren(...hits.map((hit, i) => hitView(hit, i + 1, best)))
    this.setStale(false)
    if (!prefersStillness() && this.element.isConnected) this.#glide(before)
  }

  /** These results answer an earlier question; the next ones are on the way. */
  setStale(isStale: boolean): void {
    this.#list.classList.toggle('is-stale', isStale)
  }

  /** The titles in order of rank: links, or what opens a file of the visitor's. */
  links(): HTMLElement[] {
    return this.element.isConnected ? [...this.#list.querySelectorAll<HTMLElement>('.hit-title')] : []
  }

  #items(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>('.hit')]
  }

  #places(): Map<string, number> {
    return new Map(this.#items().map((item) => [item.dataset['url'] ?? '', item.offsetTop]))
  }

  #glide(before: ReadonlyMap<string, number>): void {
    for (const item of this.#items()) {
      const from = before.get(item.dataset['url'] ?? '')
      const distance = from === undefined ? Number.POSITIVE_INFINITY : from - item.offsetTop
      if (distance === 0) continue
      if (Math.abs(distance) < FAR_PX) item.animate({ transform: [`translateY(${distance}px)`, 'none'] }, GLIDE)
      else item.animate({ opacity: [0, 1], transform: ['translateY(6px)', 'none'] }, GLIDE)
    }
  }
}

/** A question that nothing answers. */
export function noHitsView({ query, isUnderstood }: SearchResult, passages: number): HTMLElement {
  const isEmpty = passages === 0
  const tip =
    isUnderstood === false
      ? 'The model does not know its script, so only its very words were looked for.'
      : 'Try a sentence.'
  return h(
    'section',
    { class: 'notice view' },
    h('h2', {}, isEmpty ? 'This index is empty' : 'Nothing to show'),
    h(
      'p',
      {},
      isEmpty
        ? 'It holds no passages, so no question has an answer. Build it again from a folder with documents.'
        : `No passage of the documentation has a word to hold against “${query}”. ${tip}`,
    ),
  )
}
