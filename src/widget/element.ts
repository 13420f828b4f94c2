/**
 * What `<selvage-search>` and `<selvage-modal>` have in common: attributes, properties and events, and a panel that is made
 * anew where one of them changes. It does not know where the panel stands.
 */
import { isPreload } from './intent.ts'
import { Panel } from './panel.ts'
import { Recents } from './recents.ts'
import { createSession } from './session.ts'
import { onShortcut, parseShortcuts } from './shortcuts.ts'
import { loadLanguage, stringsFor } from './strings/index.ts'
import type { Filters, SearchDetail, SelectDetail, SessionOptions, Strings } from './types.ts'

/** The folder of this script. No `new URL`: bundlers would look for a file of that name. */
const HERE = import.meta.url.replace(/[^/]*([?#].*)?$/, '')
export const SHORTCUT = 'mod+k /'
/** A selection longer than this, or of several lines, is no question. */
const MOST_PREFILLED = 80
const MOST_PAGES = 100
const PROPERTIES = ['strings', 'filters'] as const

export type Texts = Partial<Strings>

declare global {
  interface HTMLElementEventMap {
    'selvage:search': CustomEvent<SearchDetail>
    'selvage:select': CustomEvent<SelectDetail>
    'selvage:noresults': CustomEvent<SearchDetail>
  }
}

export abstract class SelvageElement extends HTMLElement {
  static readonly observedAttributes = [
    ...['index', 'model', 'label', 'placeholder', 'shortcut', 'preload', 'theme', 'lang', 'dir', 'recents', 'pages'],
  ]

  // Declared only: a page may set them before the element is defined.
  /** A search has its whole answer. */
  declare onSearch?: ((detail: SearchDetail) => void) | undefined
  /** A link is about to be followed. */
  declare onSelect?: ((detail: SelectDetail) => void) | undefined
  declare onNoResults?: ((detail: SearchDetail) => void) | undefined

  #panel: Panel | undefined
  #connected: AbortController | undefined
  #isStale = false
  #strings: Texts = {}
  #filters: Filters = {}

  /** Texts in place of those of the page's language. */
  get strings(): Texts {
    return this.#strings
  }
  set strings(strings: Texts) {
    this.#strings = strings
    this.#refresh()
  }

  /** Filters that are always set, besides those of `filter-NAME` attributes. */
  get filters(): Filters {
    return this.#filters
  }
  set filters(filters: Filters) {
    this.#filters = filters
    this.#refresh()
  }

  abstract open(): void
  abstract close(): void

  /** Opens it, and searches for this. */
  search(query: string): void {
    this.open()
    this.#panel?.search(query)
  }

  /** Loads what a search needs, as `preload` allows, when it is likely that there will be one. */
  intend(): void {
    this.#panel?.intend()
  }

  connectedCallback(): void {
    // Set before there were accessors to set them by.
    for (const name of PROPERTIES)
      if (Object.hasOwn(this, name)) {
        const { [name]: value } = this
        Reflect.deleteProperty(this, name)
        Object.assign(this, { [name]: value })
      }
    this.#connect()
  }

  disconnectedCallback(): void {
    this.#connected?.abort()
    this.#connected = undefined
    this.#panel?.close()
    this.#panel = undefined
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (name === 'theme') applyTheme(this)
    else if (before !== after) this.#refresh()
  }

  protected get panel(): Panel | undefined {
    return this.#panel
  }

  /** Puts the panel where it belongs. `signal` fires when the element, or this panel, goes. */
  protected abstract place(panel: Panel, label: string, signal: AbortSignal): void
  /** Buttons that stand beside the field. */
  protected buttons(_strings: Strings): readonly HTMLElement[] {
    return []
  }
  protected abstract onEscape(): void
  /** A link is followed in this very tab. */
  protected onFollow(): void {}

  /** Several changes in a row are one. */
  #refresh(): void {
    if (this.#connected === undefined || this.#isStale) return
    this.#isStale = true
    queueMicrotask(() => {
      this.#isStale = false
      if (this.#connected === undefined) return
      const query = this.#panel?.input.value ?? ''
      const hadFocus = this.#panel?.root.matches(':focus-within')
      this.disconnectedCallback()
      this.#connect()
      this.#panel?.search(query, hadFocus)
    })
  }

  #connect(): void {
    const connected = new AbortController()
    this.#connected = connected
    applyTheme(this)
    const options = this.#sessionOptions()
    const { strings, ...where } = textsOf(this, this.#strings)
    whenSpoken(where.language, () => this.#refresh())
    onLanguage(() => this.#refresh(), connected.signal)
    const label = this.getAttribute('label') ?? strings.search
    const panel = new Panel({
      session: createSession(options),
      strings,
      ...where,
      label,
      placeholder: this.getAttribute('placeholder') ?? strings.placeholder,
      recents: this.getAttribute('recents') === 'off' ? undefined : new Recents(options.index),
      buttons: this.buttons(strings),
      onSearch: (detail) => {
        this.onSearch?.(detail)
        this.#tell('selvage:search', detail)
      },
      onNoResults: (detail) => {
        this.onNoResults?.(detail)
        this.#tell('selvage:noresults', detail)
      },
      onSelect: (detail, { button, ctrlKey, metaKey, shiftKey }) => {
        this.onSelect?.(detail)
        const isFollowed = this.#tell('selvage:select', detail)
        if (isFollowed && button === 0 && !ctrlKey && !metaKey && !shiftKey) this.onFollow()
        return isFollowed
      },
      onEscape: () => this.onEscape(),
    })
    this.#panel = panel
    this.place(panel, label, connected.signal)
    const shortcuts = parseShortcuts(this.getAttribute('shortcut') ?? SHORTCUT)
    onShortcut(shortcuts, () => this.onShortcut(), connected.signal)
  }

  /** Opens with what is selected in the page. */
  protected onShortcut(): void {
    const selected = getSelection()?.toString().trim() ?? ''
    this.open()
    if (selected === '') return
    this.#panel?.offer(selected)
    if (selected.length <= MOST_PREFILLED && !selected.includes('\n')) this.#panel?.search(selected)
    this.#panel?.input.select()
  }

  #tell(name: string, detail: SearchDetail | SelectDetail): boolean {
    const isCancelable = name === 'selvage:select'
    return this.dispatchEvent(
      new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: isCancelable }),
    )
  }

  #sessionOptions(): SessionOptions {
    const preload = this.getAttribute('preload') ?? ''
    const pages = Number(this.getAttribute('pages'))
    const filters: Record<string, readonly string[]> = { ...this.#filters }
    for (const { name, value } of this.attributes)
      if (name.startsWith('filter-')) filters[name.slice('filter-'.length)] = [value]
    return {
      index: this.getAttribute('index') ?? HERE,
      model: this.getAttribute('model') ?? `${HERE}model/`,
      ...(isPreload(preload) && { preload }),
      ...(Number.isInteger(pages) && pages > 0 && pages <= MOST_PAGES && { pages }),
      filters,
    }
  }
}

/** Without the attribute an element is as light or dark as what it stands in. */
export function applyTheme(element: HTMLElement): void {
  const theme = element.getAttribute('theme')
  if (theme !== null) element.style.colorScheme = theme === 'auto' ? 'light dark' : theme
}

/** Calls when the language has come, where it was not here yet. */
export function whenSpoken(language: string, call: () => void): void {
  void loadLanguage(language)?.then((hasCome) => hasCome && call())
}

/** Calls when the page gets another language: sites that change pages without loading them change that too. */
export function onLanguage(call: () => void, signal: AbortSignal): void {
  const observer = new MutationObserver(call)
  observer.observe(document.documentElement, { attributeFilter: ['lang'] })
  signal.addEventListener('abort', () => observer.disconnect())
}

/** In the language of the part of the page that the element stands in. */
export function textsOf(
  element: HTMLElement,
  own: Texts = {},
): { strings: Strings; direction: 'ltr' | 'rtl'; language: string } {
  const { documentElement } = document // what is above a shadow tree is not looked through
  const language = element.closest<HTMLElement>('[lang]')?.lang || documentElement.lang || navigator.language
  const { strings, direction } = stringsFor(language)
  return { strings: { ...strings, ...own, notices: { ...strings.notices, ...own.notices } }, direction, language }
}
