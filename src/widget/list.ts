/**
 * The listbox of what was found: pages with their sections as options, and which option is active. What is shown already
 * stays the node it is, an option that is chosen stays where it is on the screen, and nothing changes below a finger or
 * button that is down. It knows no session.
 */
import type { Hit } from '../types.ts'
import { h, holds } from './dom.ts'
import { groupView } from './hitView.ts'
import type { PageGroup, Strings } from './types.ts'

export interface Option {
  readonly anchor: HTMLAnchorElement
  readonly group: PageGroup
  readonly hit: Hit
}

interface Shown {
  readonly root: HTMLElement
  readonly options: readonly HTMLAnchorElement[]
}

export class ResultList {
  readonly root: HTMLElement
  readonly #strings: Strings
  readonly #onChange: () => void
  readonly #ids = new Map<string, string>()
  #groups: readonly PageGroup[] = []
  /** What `#options` answer. */
  #query = ''
  #shown = new Map<string, Shown>()
  #options: readonly Option[] = []
  /** Url of the section that someone went to. */
  #chosen: string | undefined
  #isPressed = false
  /** A finger was the last that moved it. */
  #isTouched = false
  #waiting: (() => void) | undefined

  /** `onChange`: another option is active, or the options are others. */
  constructor(strings: Strings, onChange: () => void) {
    this.#strings = strings
    this.#onChange = onChange
    const names = { id: 'list', class: 'list', part: 'list', 'aria-label': strings.results }
    // Tab goes past it, though it scrolls: the field's arrows go through it.
    this.root = h('div', { role: 'listbox', tabindex: '-1', ...names })
    this.root.hidden = true
    this.root.addEventListener('pointerdown', (event) => this.#press(event))
    this.root.addEventListener('scroll', () => this.#isTouched && this.#follow())
    this.root.addEventListener('mousedown', (event) => event.preventDefault()) // the focus stays in the field
  }

  get options(): readonly Option[] {
    return this.#options
  }

  /** Which one was gone to; undefined for none. */
  get chosen(): Option | undefined {
    return this.#options.find(({ hit }) => hit.url === this.#chosen)
  }

  /** What Enter opens: the first, until someone goes elsewhere. */
  get active(): Option | undefined {
    return this.chosen ?? this.#options[0]
  }

  /** `isNew`: another question is asked, of whose answer nothing is chosen yet. */
  render(groups: readonly PageGroup[], query: string, isNew: boolean): void {
    if (isNew) this.choose(undefined)
    if (groups === this.#groups) return // they answer what was asked before, and say so as they are
    this.#groups = groups
    this.#waiting = () => this.#render(groups, query)
    if (!this.#isPressed) this.#flush()
  }

  #flush(): void {
    const render = this.#waiting
    this.#waiting = undefined
    render?.()
  }

  #render(groups: readonly PageGroup[], query: string): void {
    const isOther = query !== this.#query
    this.#query = query
    this.#isTouched = false // from here on it is us who scroll
    const before = this.chosen?.anchor.getBoundingClientRect().top
    const shown = new Map(groups.map((group) => [group.url, this.#view(group, query)] as const))
    const roots = [...shown.values()].map(({ root }) => root)
    // All of them anew where one moves: what is put in again has not shifted, and comes without a transition.
    if (!holds(this.root, roots)) {
      const { scrollTop } = this.root
      this.root.replaceChildren(...roots)
      this.root.scrollTop = scrollTop
    }
    this.#shown = shown
    this.#options = groups.flatMap((group) =>
      (shown.get(group.url)?.options ?? []).flatMap((anchor, at) => {
        const hit = group.hits[at]
        return hit === undefined ? [] : [{ anchor, group, hit }]
      }),
    )
    this.root.hidden = this.#options.length === 0
    if (isOther) {
      this.root.style.paddingBlock = ''
      this.root.scrollTop = 0
    } else if (before !== undefined) this.#scrollBack(before)
    this.#mark()
  }

  /** What is chosen was so far down; where the list does not scroll that far, it is given room to. */
  #scrollBack(top: number): void {
    const moved = () => (this.chosen?.anchor.getBoundingClientRect().top ?? top) - top
    const { style } = this.root
    style.paddingBlock = ''
    this.root.scrollTop += moved()
    const room = moved()
    if (Math.abs(room) < 1) return
    if (room < 0) style.paddingBlockStart = `${-room}px`
    else style.paddingBlockEnd = `${room + this.root.clientHeight}px`
    this.root.scrollTop += moved()
  }

  /** The node that is there already, if it says the same. */
  #view(group: PageGroup, query: string): Shown {
    const fresh = groupView(group, { strings: this.#strings, idOf: (url) => this.#idOf(url), query })
    const kept = this.#shown.get(group.url)
    if (kept === undefined) return fresh
    for (const anchor of kept.options) anchor.setAttribute('aria-selected', 'false') // as a fresh one has it
    return kept.root.isEqualNode(fresh.root) ? kept : fresh
  }

  /** Ids are of this list only: letters and numbers, whatever the url. */
  #idOf(url: string): string {
    const id = this.#ids.get(url) ?? `o${this.#ids.size}`
    this.#ids.set(url, id)
    return id
  }

  /** By so many options; from the first to the last and back, but a page stops at the ends. */
  move(by: number): void {
    const count = this.#options.length
    if (count === 0) return
    this.#isTouched = false
    const from = this.active === undefined ? 0 : this.#options.indexOf(this.active)
    const to = from + by
    const isStep = Math.abs(by) === 1
    this.choose(this.#options[isStep ? (to + count) % count : Math.min(count - 1, Math.max(0, to))])
    this.chosen?.anchor.scrollIntoView({ block: 'nearest' })
  }

  choose(option: Option | undefined): void {
    if (option?.hit.url === this.#chosen) return
    this.#chosen = option?.hit.url
    this.#mark()
  }

  /** A finger can only scroll: what is active goes from the first to the last as the list does. */
  #follow(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.root
    const line = this.root.getBoundingClientRect().top + (scrollTop / (scrollHeight - clientHeight)) * clientHeight
    this.choose(this.#options.findLast(({ anchor }) => anchor.getBoundingClientRect().top <= line))
  }

  /** The option that an event came from. */
  optionAt({ target }: Event): Option | undefined {
    return this.#options.find(({ anchor }) => target instanceof Node && anchor.contains(target))
  }

  #mark(): void {
    const { active } = this
    for (const option of this.#options) option.anchor.setAttribute('aria-selected', String(option === active))
    this.#onChange()
  }

  /** A click is of the node that was pressed: a render meanwhile would lose it. */
  #press(event: PointerEvent): void {
    this.#isTouched = event.pointerType === 'touch'
    if (!this.optionAt(event)) return
    this.#isPressed = true
    const end = new AbortController()
    const release = () => {
      end.abort()
      setTimeout(() => {
        this.#isPressed = false
        this.#flush()
      })
    }
    for (const name of ['pointerup', 'pointercancel', 'dragend'])
      addEventListener(name, release, { signal: end.signal })
  }
}
