/** One of the three: what it is, its ten sections, and what they cost. It is told what the others found. */
import type { Hit, SearchResult } from 'selvage'
import { h, prefersStillness } from '../dom.ts'
import { formatMs, plural } from '../format.ts'
import { cardView, type Elsewhere, showRanks } from './cardView.ts'
import { barOf, costView } from './costView.ts'
import { COLUMN_NAMES, type ColumnId, workedMs } from './searches.ts'

const WHAT: Readonly<Record<ColumnId, string>> = {
  keyword: 'By the words themselves: BM25F. No model.',
  hybrid: 'Both rankings in one, by their scores.',
  semantic: 'By what is meant: each token finds its nearest.',
}

/** What stands where nothing was found. */
const NOTHING: Readonly<Record<ColumnId, string>> = {
  keyword: 'No section has any of these words.',
  hybrid: 'No section answers, neither by words nor by meaning.',
  semantic: 'There is nothing that could be near.',
}

/** A shorter wait is for the question before. */
const LONG_WAIT_MS = 1000

const GLIDE: KeyframeAnimationOptions = { duration: 280, easing: 'cubic-bezier(.2, .7, .2, 1)' }

export class ColumnView {
  readonly element: HTMLElement
  readonly #id: ColumnId
  readonly #openMap: (hit: Hit) => void
  readonly #total = h('span', { class: 'column-total' })
  readonly #bar = h('div', { class: 'cost-bar', 'aria-hidden': 'true' })
  readonly #note = h('p', { class: 'column-note', hidden: true })
  readonly #list = h('ol', { class: 'finds', role: 'list' })
  readonly #cost = h('div', { class: 'cost' })

  constructor(id: ColumnId, openMap: (hit: Hit) => void) {
    this.#id = id
    this.#openMap = openMap
    this.element = h(
      'section',
      { class: 'arm', id: `column-${id}`, 'data-testid': `column-${id}`, 'data-state': 'waiting' },
      h(
        'div',
        { class: 'arm-head' },
        h('h2', { id: `name-${id}` }, COLUMN_NAMES[id]),
        this.#total,
        h('p', { class: 'arm-what' }, WHAT[id]),
        this.#bar,
        this.#note,
      ),
      this.#list,
      this.#cost,
    )
  }

  /** An answer is on the way; what is shown stays until then, unless it is another question's. */
  begin(isOther: boolean): void {
    this.element.dataset['state'] = isOther || this.#list.childElementCount === 0 ? 'waiting' : 'stale'
    if (!isOther) return
    this.#clear()
    this.#list.replaceChildren(...Array.from({ length: 4 }, ghost))
  }

  /** What the wait is for: the model on its way. `share`: 0 .. 1. */
  wait(text: string, share: number): void {
    if (this.element.dataset['state'] !== 'waiting') return
    this.#tell(text, h('progress', { max: 1, value: share.toFixed(3), 'aria-label': 'The model is loaded' }))
  }

  /** It has no answer to this question; why is said elsewhere. */
  fail(text: string): void {
    this.element.dataset['state'] = 'failed'
    this.#clear()
    this.#tell(text)
    this.#list.replaceChildren()
  }

  show(result: SearchResult): void {
    const before = this.#places()
    const { hits, elapsedMs, isUnderstood } = result
    this.element.dataset['state'] = 'done'
    this.#total.textContent = formatMs(workedMs(result))
    const waited =
      elapsedMs.wait > LONG_WAIT_MS ? `It waited ${formatMs(elapsedMs.wait)} for the model; that is not counted.` : ''
    const unknown = isUnderstood === false ? unknownScript(this.#id) : ''
    if (hits.length === 0) this.#tell(`${NOTHING[this.#id]} ${unknown}`)
    else if (unknown !== '' || waited !== '') this.#tell(`${unknown} ${waited}`.trim())
    else this.#note.hidden = true
    const open = this.#id === 'keyword' ? undefined : this.#openMap
    this.#list.replaceChildren(...hits.map((hit, i) => cardView(hit, i + 1, open)))
    this.#bar.replaceChildren(...barOf(result))
    this.#cost.replaceChildren(costView(result))
    if (!prefersStillness()) this.#glide(before)
  }

  /** Of the others that have answered, what each found; `mostMs`: what the dearest took. */
  compare(elsewhere: readonly Elsewhere[], mostMs: number): void {
    for (const card of this.#cards()) showRanks(card, this.#id, elsewhere)
    this.#bar.style.setProperty('--most', mostMs.toFixed(2))
  }

  /** "Meaning: 10 sections, first: …" for those who hear the page. */
  summary({ hits }: SearchResult): string {
    const first = hits[0]
    const name = COLUMN_NAMES[this.#id]
    return first === undefined
      ? `${name}: nothing.`
      : `${name}: ${plural(hits.length, 'section')}, first ${first.title}.`
  }

  #clear(): void {
    this.#total.textContent = ''
    this.#note.hidden = true
    this.#bar.replaceChildren()
    this.#cost.replaceChildren()
  }

  #tell(text: string, ...more: readonly Node[]): void {
    this.#note.hidden = false
    const line = this.#note.firstChild
    // The bar moves on; a new one each time would start its motion anew.
    const bar = this.#note.querySelector('progress')
    const [next] = more
    if (line !== null && bar !== null && next instanceof HTMLProgressElement) {
      line.textContent = text
      bar.value = next.value
    } else this.#note.replaceChildren(text, ...more)
  }

  #cards(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>('.find')]
  }

  #places(): Map<string, number> {
    return new Map(this.#cards().map((card) => [card.dataset['url'] ?? '', card.offsetTop]))
  }

  #glide(before: ReadonlyMap<string, number>): void {
    for (const card of this.#cards()) {
      const from = before.get(card.dataset['url'] ?? '')
      const distance = from === undefined ? undefined : from - card.offsetTop
      if (distance === 0) continue
      if (distance !== undefined) card.animate({ transform: [`translateY(${distance}px)`, 'none'] }, GLIDE)
      else card.animate({ opacity: [0, 1] }, GLIDE)
    }
  }
}

function unknownScript(id: ColumnId): string {
  if (id === 'hybrid') return 'The model does not know this script, so words alone were searched.'
  return 'The model does not know this script: what it finds near is chance.'
}

function ghost(): HTMLElement {
  return h('li', { class: 'find-ghost', 'aria-hidden': 'true' }, h('span', {}), h('span', {}), h('span', {}))
}
