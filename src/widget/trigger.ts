/** `<selvage-trigger>`: a button that opens the page's `<selvage-modal>`; where there is none it makes one. */
import { SelvageModal } from './modal.ts'

export class SelvageTrigger extends HTMLElement {
  readonly #button = document.createElement('button')

  constructor() {
    super()
    this.#button.type = 'button'
    this.#button.addEventListener('click', () => this.#modal().open())
    this.attachShadow({ mode: 'open', delegatesFocus: true }).append(this.#button)
  }

  connectedCallback(): void {
    this.#button.textContent = this.getAttribute('label') ?? 'Search'
  }

  #modal(): SelvageModal {
    const found = document.querySelector('selvage-modal')
    if (found instanceof SelvageModal) return found
    const made = new SelvageModal()
    for (const { name, value } of this.attributes) made.setAttribute(name, value)
    document.body.append(made)
    return made
  }
}
