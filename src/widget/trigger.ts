/**
 * `<selvage-trigger>`: a button that opens the page's `<selvage-modal>` and shows the keys that open it. Where the page has no
 * modal, one is made.
 */
import { h } from './dom.ts'
import { applyTheme, onLanguage, SHORTCUT, textsOf, whenSpoken } from './element.ts'
import { SelvageModal } from './modal.ts'
import { ariaShortcut, parseShortcuts, shortcutText } from './shortcuts.ts'
import { triggerSheet } from './styles.ts'

export class SelvageTrigger extends HTMLElement {
  static readonly observedAttributes = ['label', 'shortcut', 'lang', 'theme']

  readonly #text = h('span', { class: 'label', part: 'label' })
  readonly #keys = h('kbd', { class: 'kbd', part: 'kbd', 'aria-hidden': 'true' })
  readonly #button = h(
    'button',
    { type: 'button', class: 'trigger', part: 'trigger', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' },
    this.#text,
    this.#keys,
  )
  #connected: AbortController | undefined

  constructor() {
    super()
    this.#button.addEventListener('click', () => this.#modal().open())
    for (const name of ['pointerenter', 'focus']) this.#button.addEventListener(name, () => this.#modal().intend())
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true })
    root.adoptedStyleSheets = [triggerSheet]
    root.append(this.#button)
  }

  connectedCallback(): void {
    this.#connected = new AbortController()
    const { signal } = this.#connected
    const toggle = (event: Event) => {
      const isOpen = event instanceof CustomEvent && event.detail.isOpen === true
      this.#button.setAttribute('aria-expanded', String(isOpen))
    }
    document.addEventListener('selvage:toggle', toggle, { signal })
    // Later: a modal that comes with the same change of the page, or is still to be parsed, is the page's own.
    const show = () => signal.aborted || this.#show(this.#modal())
    if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', show, { signal })
    else queueMicrotask(show)
    onLanguage(show, signal)
  }

  disconnectedCallback(): void {
    this.#connected?.abort()
    this.#button.setAttribute('aria-expanded', 'false')
  }

  attributeChangedCallback(): void {
    if (this.#connected && this.isConnected) queueMicrotask(() => this.#show(this.#modal()))
  }

  #show(modal: SelvageModal): void {
    const { strings, direction, language } = textsOf(this)
    whenSpoken(language, () => this.#show(modal))
    this.#button.dir = direction
    this.#text.textContent = this.getAttribute('label') ?? strings.search
    const shortcuts = parseShortcuts(modal.getAttribute('shortcut') ?? SHORTCUT)
    this.#keys.hidden = shortcuts.length === 0
    this.#keys.textContent = shortcuts[0] ? shortcutText(shortcuts[0]) : ''
    this.#button.setAttribute('aria-keyshortcuts', shortcuts.map(ariaShortcut).join(' '))
    applyTheme(this)
  }

  /** The page's first; one that is made has the attributes of the trigger. */
  #modal(): SelvageModal {
    const found = document.querySelector('selvage-modal')
    if (found instanceof SelvageModal) return found
    const made = new SelvageModal()
    for (const { name, value } of this.attributes)
      if (!['id', 'class', 'style', 'slot', 'label'].includes(name)) made.setAttribute(name, value)
    document.body.append(made)
    return made
  }
}
