/**
 * The list of results. An answer replaces the last one in place: sections that stay glide to their new rank, others fade in;
 * while words are shown and meaning comes, what somebody points at stays where it is. Knows nothing of typing or of the engine.
 */
import type { Hit, SearchResult } from 'selvage'
import { h, prefersStillness } from './dom.ts'
import { ordinal, plural } from './format.ts'
import { hitView } from './hitView.ts'
import { letGo, mergeAround, placeAround } from './hold.ts'
import { showMark } from './teach/markView.ts'
import type { Marks } from './teach/teach.ts'

const GLIDE: KeyframeAnimationOptions = { duration: 280, easing: 'cubic-bezier(.2, .7, .2, 1)' }
/** A section that comes from further away than this fades in instead. */
const FAR_PX = 1200

export class ResultsView {
  readonly element: HTMLElement
  readonly #list = h('ol', { class: 'hits', role: 'list', 'data-testid': 'hits' })
  readonly #count = h('span', {})
  readonly #query = h('q', {})
  readonly #how = h('p', { class: 'how', 'data-testid': 'how' })
  readonly #marks: Marks
  #shown: readonly Hit[] = []
  /** The answer whose ranks are held back by somebody's pointer or focus. */
  #heldBack: SearchResult | undefined
  /** A pointer that lies where a list appears points at nothing. */
  #hasPointed = false

  constructor(marks: Marks) {
    this.#marks = marks
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
          ...[h('kbd', {}, '↑'), h('kbd', {}, '↓'), 'move', h('kbd', {}, '↵'), 'open', h('kbd', {}, 'esc'), 'clear'],
        ),
        this.#how,
      ),
      this.#list,
      h(
        'p',
        { class: 'results-note' },
        'The edge beside a result is its passage from top to bottom: a stitch for each word that your question matched, ' +
          'darker where it matched better.',
      ),
    )
    this.#list.addEventListener('pointermove', ({ pointerType, movementX, movementY }) => {
      if (pointerType === 'mouse' && (movementX !== 0 || movementY !== 0)) this.#hasPointed = true
    })
    for (const leaving of ['pointerleave', 'focusout'] as const)
      this.#list.addEventListener(leaving, () => setTimeout(() => this.#release()))
  }

  show(result: SearchResult): void {
    const isSame = this.element.isConnected && result.query === this.#list.dataset['query']
    if (!isSame) this.#hasPointed = false
    const held = isSame ? this.#heldItem() : undefined
    this.#count.textContent = plural(result.hits.length, 'section')
    this.#query.textContent = result.query
    this.#list.dataset['query'] = result.query
    this.#list.dataset['mode'] = result.mode
    this.#draw(result, held)
    this.setStale(false)
  }

  /** By what the answer was found, and what is still to come. */
  tellHow(text: string): void {
    if (this.#how.textContent !== text) this.#how.textContent = text
  }

  /** Where the first section stands by words alone. */
  tellRank(url: string, rank: number | undefined): void {
    const note = this.#items()
      .find((item) => item.dataset['url'] === url)
      ?.querySelector<HTMLElement>('.by-words')
    if (note == null) return
    note.textContent =
      rank === undefined ? 'By words alone it is not among the first 100' : `By words alone it is ${ordinal(rank)}`
    note.hidden = false
  }

  /** Which are right, here or in the list of the panel, may have changed. */
  tellMarks(): void {
    const query = this.#list.dataset['query'] ?? ''
    for (const item of this.#items()) showMark(item, this.#marks.isRight(query, item.dataset['url'] ?? ''))
  }

  /** These results answer an earlier question; the next ones are on the way. */
  setStale(isStale: boolean): void {
    this.#list.classList.toggle('is-stale', isStale)
  }

  /** The titles in order of rank: links, or what opens a file of the visitor's. */
  links(): HTMLElement[] {
    return this.element.isConnected ? [...this.#list.querySelectorAll<HTMLElement>('.hit-title')] : []
  }

  #draw(result: SearchResult, held: HTMLElement | undefined): void {
    const before = this.#places()
    const best = result.hits[0]?.score ?? 0
    const url = held?.dataset['url']
    const hits = url === undefined ? result.hits : mergeAround(this.#shown, result.hits, url)
    const items = hits.map((hit, i) =>
      held !== undefined && hit.url === url ? held : this.#item(result.query, hit, i + 1, best),
    )
    if (held === undefined) {
      letGo(this.#list)
      this.#list.replaceChildren(...items)
    } else placeAround(this.#list, items, held)
    this.#shown = hits
    this.#heldBack = held && result
    if (!prefersStillness() && this.element.isConnected) this.#glide(before, held)
  }

  #item(query: string, hit: Hit, rank: number, best: number): HTMLElement {
    const { isRight, toggle, reveal } = this.#marks
    return hitView(hit, rank, best, {
      isRight: isRight(query, hit.url),
      toggle: () => toggle(query, hit.url, hit.title),
      reveal,
    })
  }

  /** Nobody holds it any more: the true order. */
  #release(): void {
    if (this.#heldBack === undefined || this.#heldItem() !== undefined) return
    this.#draw(this.#heldBack, undefined)
  }

  #heldItem(): HTMLElement | undefined {
    const focused = document.activeElement?.closest<HTMLElement>('.hit')
    if (focused && this.#list.contains(focused)) return focused
    return this.#hasPointed ? (this.#list.querySelector<HTMLElement>('.hit:hover') ?? undefined) : undefined
  }

  #items(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>('.hit')]
  }

  #places(): Map<string, number> {
    return new Map(this.#items().map((item) => [item.dataset['url'] ?? '', item.getBoundingClientRect().top]))
  }

  #glide(before: ReadonlyMap<string, number>, held: HTMLElement | undefined): void {
    for (const item of this.#items()) {
      if (item === held) continue
      const from = before.get(item.dataset['url'] ?? '')
      const distance = from === undefined ? Number.POSITIVE_INFINITY : from - item.getBoundingClientRect().top
      if (Math.abs(distance) < 1) continue
      if (Math.abs(distance) < FAR_PX) item.animate({ transform: [`translateY(${distance}px)`, 'none'] }, GLIDE)
      else item.animate({ opacity: [0, 1], transform: ['translateY(6px)', 'none'] }, GLIDE)
    }
  }
}
