/**
 * The native dialog: it keeps the focus, and gives it back. Around it: a click on the backdrop closes, the page behind stays
 * where it is, and on phones the back button closes. It knows nothing of what is in it.
 */
import { h } from './dom.ts'

/** How long a router may take. */
const KEEP_MS = 500
/** Where people expect "back" to close what fills the screen. */
const PHONE = '(max-width: 40em), (pointer: coarse)'

export class Dialog {
  readonly root: HTMLDialogElement
  readonly #onToggle: (isOpen: boolean) => void
  #opener: Element | null = null
  /** Ends what lasts as long as the dialog is open. */
  #opened: AbortController | undefined
  /** Whether the entry of the history that stands for the open dialog is still there. */
  #hasEntry = false
  /** Where the page is scrolled to. */
  #at: ScrollToOptions = {}
  /** Of the page's root, as they were. */
  #overflow = ''
  #gutter = ''

  constructor(onToggle: (isOpen: boolean) => void) {
    this.root = h('dialog', { class: 'dialog', part: 'dialog' })
    this.#onToggle = onToggle
    let isPressed = false // a selection that is dragged out of the field ends on the backdrop too
    this.root.addEventListener('pointerdown', ({ target }) => {
      isPressed = target === this.root
    })
    this.root.addEventListener('click', ({ target }) => {
      if (isPressed && target === this.root) this.close()
    })
    // Esc is the panel's; what is left is the back gesture of Android, and an Esc that is the input method's.
    let isComposing = false
    this.root.addEventListener('compositionstart', () => {
      isComposing = true
    })
    this.root.addEventListener('compositionend', () => {
      isComposing = false
    })
    this.root.addEventListener('cancel', (event) => {
      if (isComposing) event.preventDefault()
    })
    // The event comes later: by then it may be open again.
    this.root.addEventListener('close', () => {
      if (!this.root.open) this.#end()
    })
  }

  get isOpen(): boolean {
    return this.root.open
  }

  open(): void {
    if (this.root.open || !this.root.isConnected) return
    this.#opened = new AbortController()
    this.#opener = document.activeElement
    this.#at = { left: scrollX, top: scrollY, behavior: 'instant' }
    this.root.showModal()
    const { style, clientWidth } = document.documentElement
    this.#overflow = style.overflow
    this.#gutter = style.scrollbarGutter
    if (innerWidth > clientWidth) style.scrollbarGutter = 'stable' // else the page gets wider
    style.overflow = 'hidden'
    if (matchMedia(PHONE).matches) this.#pushEntry(this.#opened.signal)
    this.#onToggle(true)
  }

  close(): void {
    if (this.root.open) this.root.close()
    this.#end() // now: the event comes later, or never to what is not connected
  }

  /** A link is followed: the entry stays, since going back would undo that. */
  leave(): void {
    this.#hasEntry = false
    this.close()
  }

  #end(): void {
    if (this.#opened === undefined) return
    this.#opened.abort()
    this.#opened = undefined
    const { style } = document.documentElement
    style.overflow = this.#overflow
    style.scrollbarGutter = this.#gutter
    if (this.#hasEntry) {
      this.#hasEntry = false
      keepScroll(this.#at)
      // Later: whoever closed it may lead to another page, which going back would undo.
      queueMicrotask(() => history.state?.selvage && history.back())
    }
    // Chromium leaves the focus in what is no longer seen until it draws again, and keys would go there.
    const within = this.root.getRootNode()
    if (within instanceof ShadowRoot && within.activeElement instanceof HTMLElement) within.activeElement.blur()
    // Safari does not focus the button that is clicked.
    if (this.#opener instanceof HTMLElement && document.activeElement === document.body) this.#opener.focus()
    this.#opener = null
    this.#onToggle(false)
  }

  #pushEntry(signal: AbortSignal): void {
    this.#hasEntry = true
    history.pushState({ ...history.state, selvage: true }, '')
    const back = () => {
      this.#hasEntry = false
      keepScroll(this.#at)
      this.close()
    }
    addEventListener('popstate', back, { signal })
  }
}

/** Routers take our entry for a page of theirs, and go to the top of it: not before the reader does something. */
function keepScroll(at: ScrollToOptions): void {
  const end = new AbortController()
  const { signal } = end
  addEventListener('scroll', () => scrollTo(at), { signal })
  for (const name of ['pointerdown', 'wheel', 'keydown']) addEventListener(name, () => end.abort(), { signal })
  setTimeout(() => end.abort(), KEEP_MS)
}
