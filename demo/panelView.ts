/**
 * The label sewn to the page: what runs where, how long the last question took, what the index holds, which backends
 * to use. While the engine gets ready it shows the stages instead. Draws states; decides none.
 */
import type { EngineOpened, SearchResult, Status } from 'selvage'
import { backendsView } from './backendsView.ts'
import { choiceView } from './choiceView.ts'
import { h, icon } from './dom.ts'
import { formatBytes, formatCount, formatMs } from './format.ts'
import type { Loading } from './loading.ts'
import { bytesLine, LoadingView } from './loadingView.ts'
import type { Settings } from './settings.ts'
import { TimingsView } from './timings.ts'

export type State = 'loading' | 'ready' | 'searching' | 'done' | 'error'

/** An answer brings its own title; while one is on the way the last one stands. */
const TITLES: Partial<Record<State, string>> = { loading: 'Getting ready', ready: 'Ready', error: 'Stopped' }

/** From here on the panel stands beside the results, and is open. */
export const WIDE = '(min-width: 64rem)'

export class PanelView {
  readonly #details = h('details', { class: 'label', 'data-testid': 'status' })
  readonly #title = h('span', { class: 'label-title' })
  readonly #note = h('span', { class: 'label-note' })
  readonly #stages = new LoadingView()
  readonly #timings = new TimingsView()
  readonly #choice = h('div', { class: 'choice' })
  readonly #facts = h('dl', { class: 'facts' })
  readonly #index = h(
    'details',
    { class: 'fold', hidden: true },
    h('summary', {}, 'Index', icon('chevron', 'm7 10 5 5 5-5')),
    this.#facts,
  )
  /** There is none at first, and room is short. */
  readonly #last = h('section', { hidden: true }, h('h2', {}, 'Last question'), this.#timings.element)
  readonly #engine: HTMLElement
  #isReady = false

  constructor(root: HTMLElement, settings: Settings) {
    this.#engine = h('div', { class: 'engine', hidden: true }, this.#choice, this.#last)
    this.#details.append(
      h(
        'summary',
        {},
        h('span', { class: 'lamp', 'aria-hidden': 'true' }),
        this.#title,
        this.#note,
        icon('chevron', 'm7 10 5 5 5-5'),
      ),
      h('div', { class: 'label-body' }, this.#stages.element, this.#engine, this.#index, backendsView(settings)),
    )
    root.append(this.#details)
    const wide = matchMedia(WIDE)
    const fold = () => {
      this.#details.open = wide.matches
    }
    wide.addEventListener('change', fold)
    fold()
  }

  setState(state: State): void {
    if (this.#details.dataset['state'] === state) return
    this.#details.dataset['state'] = state
    const title = TITLES[state]
    if (title !== undefined) this.#title.textContent = title
  }

  showLoading(loading: Loading): void {
    if (this.#isReady) this.#swap(false)
    this.#stages.show(loading)
    this.#note.textContent = bytesLine(loading)
  }

  /** Words can be searched; the stages go on. */
  showWords(now: EngineOpened): void {
    this.#title.textContent = 'Words are ready'
    this.showFacts(now)
  }

  /** Model or runtime could not be had. */
  showWordsAlone(): void {
    this.#note.textContent = 'Words alone'
  }

  showReady(status: Status): void {
    this.#showChoice(status.encoder, status.engine)
    this.showFacts(status.engine)
    if (!this.#isReady) this.#swap(true)
  }

  showFacts({ pages, sections, passages, tokens, bytes }: EngineOpened): void {
    const facts: [string, string][] = [
      ['Pages', formatCount(pages)],
      ['Sections', formatCount(sections)],
      ['Passages', formatCount(passages)],
      ['Tokens', formatCount(tokens)],
      ['Size', formatBytes(bytes)],
    ]
    this.#facts.replaceChildren(...facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))))
  }

  /** `status`: of what was loaded, once all is. */
  showResult({ elapsedMs, encoder, scorer, mode }: SearchResult, status: Status | undefined): void {
    // What was waited for is told below: a model that loads is no slow answer.
    const how = mode === 'keyword' ? 'By words in' : 'Answered in'
    this.#title.textContent = `${how} ${formatMs(elapsedMs.total - elapsedMs.wait)}`
    this.#timings.show(elapsedMs)
    this.#last.hidden = false
    const told = encoder ?? status?.encoder
    const ran = scorer ?? status?.engine
    if (told === undefined || ran === undefined) return
    // A GPU may have gone away since the index was opened: what the answer says is newer than the status.
    const isSame = status !== undefined && ran.backend === status.engine.backend
    this.#showChoice(told, { ...ran, device: isSame ? status.engine.device : '' })
  }

  #showChoice(
    encoder: Status['encoder'],
    scorer: NonNullable<SearchResult['scorer']> & { readonly device: string },
  ): void {
    this.#details.dataset['encoder'] = encoder.backend
    this.#details.dataset['scorer'] = scorer.backend
    const { summary, content } = choiceView(encoder, scorer)
    this.#note.textContent = summary
    this.#choice.replaceChildren(...content)
  }

  #swap(isReady: boolean): void {
    this.#isReady = isReady
    this.#stages.element.hidden = isReady
    this.#engine.hidden = !isReady
    this.#index.hidden = !isReady
  }
}
