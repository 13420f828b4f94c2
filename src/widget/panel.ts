/**
 * The search itself, as the element in the page and the dialog both have it: a field, what was found, and what can be done
 * with it. It shows what a session tells and asks it for what is typed and pressed; it does not know where it stands, nor
 * how anything is searched. Made anew for other options, languages or texts.
 */
import type { Hit } from '../types.ts'
import { Announcer } from './announcer.ts'
import { Bar } from './bar.ts'
import { h } from './dom.ts'
import { FilterRow } from './filters.ts'
import { rememberTarget } from './highlight.ts'
import { type Action, actionOf, clickLike } from './keyboard.ts'
import { type Option, ResultList } from './list.ts'
import { NoticeView } from './noticeView.ts'
import type { Recents } from './recents.ts'
import { RecentsView } from './recentsView.ts'
import { foundText, isUnable, statusText } from './status.ts'
import type { SearchDetail, SearchSession, SelectDetail, Strings, ViewState } from './types.ts'

/** Kana, Bopomofo and Chinese characters. */
const CONVERTED = /[\u3040-\u312f\u3400-\u9fff]/
/** A page of options, for Page Up and Page Down. */
const PAGE = 5
/** A pointer that rests means the option below it; one that passes over it on its way does not. */
const REST_MS = 80

export interface PanelOptions {
  readonly session: SearchSession
  readonly strings: Strings
  readonly direction: 'ltr' | 'rtl'
  readonly language: string
  readonly label: string
  readonly placeholder: string
  readonly recents: Recents | undefined
  /** Buttons of the place it stands in, beside the field. */
  readonly buttons?: readonly HTMLElement[]
  onSearch(detail: SearchDetail): void
  onNoResults(detail: SearchDetail): void
  /** Returns whether the link is to be followed. */
  onSelect(detail: SelectDetail, event: MouseEvent): boolean
  /** Esc, where there is nothing to clear. */
  onEscape(): void
}

export class Panel {
  readonly root: HTMLElement
  readonly input: HTMLInputElement
  readonly #options: PanelOptions
  readonly #session: SearchSession
  readonly #strings: Strings
  readonly #clear: HTMLButtonElement
  readonly #selection: HTMLButtonElement
  readonly #status = h('p', { class: 'status', part: 'status' })
  readonly #notice: NoticeView
  readonly #filters: FilterRow
  readonly #list: ResultList
  readonly #recents: RecentsView
  readonly #bar: Bar
  readonly #announcer = new Announcer()
  readonly #unwatch: () => void
  #state: ViewState
  #isOpen = false
  #selected = ''
  #resting: ReturnType<typeof setTimeout> | undefined

  constructor(options: PanelOptions) {
    const { session, strings, direction, language } = options
    this.#options = options
    this.#session = session
    this.#strings = strings
    this.#state = session.state
    this.input = h('input', {
      ...{ class: 'input', part: 'input', id: 'field', type: 'text', inputmode: 'search', enterkeyhint: 'search' },
      ...{ autocomplete: 'off', autocorrect: 'off', autocapitalize: 'off', spellcheck: 'false', role: 'combobox' },
      ...{ 'aria-autocomplete': 'list', 'aria-controls': 'list', 'aria-expanded': 'false' },
      placeholder: options.placeholder,
    })
    this.#clear = h('button', { type: 'button', class: 'clear', part: 'clear', 'aria-label': strings.clear }, '×')
    this.#clear.addEventListener('click', () => this.clear())
    this.#selection = h('button', { type: 'button', class: 'chip', part: 'chip' }, strings.searchSelection)
    this.#selection.addEventListener('click', () => this.#searchSelection())
    this.#notice = new NoticeView(strings, () => session.retry())
    this.#filters = new FilterRow(strings, (filters) => session.setFilters(filters))
    this.#list = new ResultList(strings, () => this.#showActive())
    this.#recents = new RecentsView(options.recents, strings, {
      pick: (query) => this.search(query),
      leave: () => this.input.focus(),
    })
    this.#bar = new Bar(session, strings, (hit) => this.#moreLike(hit))
    const label = h('label', { class: 'label', part: 'label', for: 'field' }, options.label)
    const buttons = options.buttons ?? []
    this.root = h(
      'div',
      { class: 'panel', part: 'panel', dir: direction, lang: language },
      h('div', { class: 'field', part: 'field' }, label, this.input, this.#clear, ...buttons),
      this.#selection,
      this.#status,
      this.#filters.root,
      this.#recents.root,
      this.#list.root,
      this.#notice.root,
      this.#bar.root,
      this.#bar.details,
      keyHints(strings),
      this.#announcer.root,
    )
    this.#listen()
    this.#unwatch = session.watch((state) => this.#render(state))
    this.#render(session.state)
  }

  /** Someone is there, or went away: recent searches are offered while someone is. */
  set isOpen(isOpen: boolean) {
    this.#isOpen = isOpen
    if (isOpen) this.#session.intend()
    else this.offer('')
    this.#showAround()
  }

  search(query: string, takesFocus = true): void {
    this.input.value = query
    this.#typed()
    if (takesFocus) this.input.focus()
  }

  clear(): void {
    this.search('')
  }

  /** A text that is selected in the page, for a search with it; '' for none. */
  offer(selected: string): void {
    this.#selected = selected
    this.#showAround()
  }

  intend(): void {
    this.#session.intend()
  }

  close(): void {
    clearTimeout(this.#resting)
    this.#announcer.stop()
    this.#unwatch()
    this.#session.close()
    this.root.remove()
  }

  #listen(): void {
    this.input.addEventListener('focus', () => this.#session.intend())
    // Kana that become other characters are not yet what is meant. Phones compose every word, and Korean every syllable.
    this.input.addEventListener('input', (event) => {
      if (!(event instanceof InputEvent && event.isComposing && CONVERTED.test(event.data ?? ''))) this.#typed()
    })
    this.input.addEventListener('compositionend', () => this.#typed())
    this.root.addEventListener('keydown', (event) => this.#press(event))
    const list = this.#list.root
    list.addEventListener('click', (event) => this.#select(event))
    list.addEventListener('auxclick', (event) => {
      if (event.button === 1) this.#select(event)
    })
    list.addEventListener('pointermove', (event) => this.#point(this.#list.optionAt(event)))
    list.addEventListener('pointerleave', () => this.#point(undefined))
  }

  #typed(): void {
    this.#session.search(this.input.value.trim())
    this.#showAround()
  }

  #point(option: Option | undefined): void {
    clearTimeout(this.#resting)
    this.#hold(option ?? this.#list.chosen)
    if (option) this.#resting = setTimeout(() => this.#list.choose(option), REST_MS)
  }

  #hold(option: Option | undefined): void {
    this.#session.hold(option && { group: option.group.url, hit: option.hit.url })
  }

  #press(event: KeyboardEvent): void {
    const action = actionOf(event)
    if (action === undefined) return
    const isInField = event.target === this.input
    if (action === 'type') {
      if (!isInField) this.input.focus() // which gets the character
    } else if (this.#act(action, event, isInField)) event.preventDefault()
  }

  /** Whether the key was for us. */
  #act(action: Exclude<Action, 'type'>, event: KeyboardEvent, isInField: boolean): boolean {
    if (action === 'escape') return this.#escape()
    const step = action === 'down' ? 1 : -1
    if (action === 'open') {
      // What is shown may answer what was typed before.
      const { active } = this.#list
      if (!isInField || !active || this.#state.stage === 'searching' || this.#state.query !== this.#asked())
        return isInField
      clickLike(active.anchor, event)
    } else if (this.#list.root.hidden) return action === 'down' || action === 'up' ? this.#recents.move(step) : false
    else {
      this.input.focus()
      this.#list.move(action === 'down' || action === 'up' ? step : action === 'pageDown' ? PAGE : -PAGE)
    }
    return true
  }

  /** The text that the answer shown should be to: what is like a section is not asked for by the field. */
  #asked(): string {
    return this.#state.similarTo === undefined ? this.input.value.trim() : this.#state.query
  }

  #escape(): boolean {
    if (this.#bar.isOpen) {
      this.#bar.hide()
      this.input.focus()
    } else if (this.input.value !== '' || this.#state.stage !== 'idle') this.clear()
    else this.#options.onEscape()
    return true
  }

  #select(event: MouseEvent): void {
    const option = this.#list.optionAt(event)
    if (option === undefined) return
    const { query } = this.#state
    const rank = this.#list.options.indexOf(option) + 1
    this.#options.recents?.add(query)
    rememberTarget(option.hit)
    const isFollowed = this.#options.onSelect({ query, hit: option.hit, href: option.anchor.href, rank }, event)
    if (!isFollowed) event.preventDefault()
  }

  #moreLike(hit: Hit): void {
    this.input.value = '' // it does not say what is asked now
    this.#session.moreLike(hit)
    this.input.focus()
  }

  #searchSelection(): void {
    this.input.value = ''
    this.#session.searchSelection(location.href.replace(/#.*/, ''), this.#selected)
    this.offer('')
    this.input.focus()
  }

  #render(state: ViewState): void {
    const before = this.#state
    this.#state = state
    const isNew = state.query !== before.query || state.similarTo !== before.similarTo
    this.root.dataset['stage'] = state.stage
    this.#status.textContent = statusText(state, this.#strings, this.#options.language)
    this.#notice.render(state.notice)
    const { hidden } = this.#filters.root
    this.#filters.render(state.counts, state.filters)
    if (hidden !== this.#filters.root.hidden) this.#settle()
    this.#list.render(state.groups, state.query, isNew)
    this.#showAround()
    this.#tell(before, state)
  }

  /** A row more or less: what is put in again below it has come, not shifted. */
  #settle(): void {
    const { root } = this.#list
    const { scrollTop } = root
    this.root.insertBefore(this.#status, this.#filters.root)
    this.root.insertBefore(root, this.#notice.root)
    root.scrollTop = scrollTop
  }

  /** What depends on the list: the field says what is active, the bar what can be done with it. */
  #showActive(): void {
    const { active, chosen } = this.#list
    this.#hold(chosen)
    this.input.setAttribute('aria-expanded', String(active !== undefined))
    if (active) this.input.setAttribute('aria-activedescendant', active.anchor.id)
    else this.input.removeAttribute('aria-activedescendant')
    this.#bar.render(active?.hit, this.#state.query)
  }

  #showAround(): void {
    const isEmpty = this.input.value === '' && this.#state.groups.length === 0
    this.#clear.hidden = isEmpty
    this.#recents.show(this.#isOpen && isEmpty)
    this.#selection.hidden = !this.#isOpen || this.#selected === ''
  }

  /** Announcements and events, each once. */
  #tell(before: ViewState, state: ViewState): void {
    const { strings, language, onSearch, onNoResults } = this.#options
    const said = []
    if (state.notice && state.notice.kind !== before.notice?.kind) said.push(strings.notices[state.notice.kind])
    if (state.stage === 'done' && (before.stage !== 'done' || before.query !== state.query)) {
      said.push(foundText(state, strings, language))
      if (before.stage === 'words' && state.groups.length > 0) said.push(strings.improved)
      if (!isUnable(state)) {
        const detail = { query: state.query, pages: state.groups.length, elapsedMs: state.elapsedMs ?? 0 }
        onSearch(detail)
        if (detail.pages === 0) onNoResults(detail)
      }
    }
    const text = said.filter((part) => part !== '').join('. ')
    if (text !== '') this.#announcer.say(text)
  }
}

function keyHints({ toSelect, toNavigate, toClose }: Strings): HTMLElement {
  const hint = (keys: readonly string[], text: string) =>
    h('span', {}, ...keys.map((key) => h('kbd', { class: 'kbd', part: 'kbd' }, key)), ` ${text}`)
  const hints = [hint(['↵'], toSelect), hint(['↑', '↓'], toNavigate), hint(['esc'], toClose)]
  return h('p', { class: 'keys', part: 'keys', 'aria-hidden': 'true' }, ...hints)
}
