/** The field in the header: what is typed, the button that clears it, and that it stays in sight. Asks nothing. */
import { byId } from './dom.ts'

export interface FieldEvents {
  typed(text: string): void
  /** Enter: no pause is to be waited for. */
  submitted(text: string): void
}

export class Field {
  readonly input = byId('query', HTMLInputElement)
  readonly #clearButton = byId('clear', HTMLButtonElement)
  readonly #events: FieldEvents

  constructor(events: FieldEvents) {
    this.#events = events
    this.input.addEventListener('input', () => {
      this.#sync()
      events.typed(this.input.value)
    })
    this.#clearButton.addEventListener('click', () => this.clear())
    byId('search', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      events.submitted(this.input.value)
      // On a touch screen the keyboard covers the answers.
      if (matchMedia('(pointer: coarse)').matches) this.input.blur()
    })
    keepInSight()
  }

  get text(): string {
    return this.input.value
  }

  set text(text: string) {
    this.input.value = text
    this.#sync()
  }

  focus(): void {
    this.input.focus({ preventScroll: true })
  }

  clear(): void {
    this.text = ''
    this.focus()
    this.#events.typed('')
  }

  #sync(): void {
    this.#clearButton.hidden = this.input.value === ''
  }
}

/** The header sticks by its field alone: what stands above it is as high as its words need. */
function keepInSight(): void {
  const brand = byId('brand', HTMLElement)
  const head = byId('head', HTMLElement)
  new ResizeObserver(() => head.style.setProperty('--brand-height', `${brand.offsetHeight}px`)).observe(brand)
}
