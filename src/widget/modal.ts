/** `<selvage-modal>`: the search in a dialog over the page. It is opened by a trigger, or by `open()`. */
const PASSED = ['index', 'model', 'label', 'placeholder']

export class SelvageModal extends HTMLElement {
  readonly #dialog = document.createElement('dialog')

  constructor() {
    super()
    this.attachShadow({ mode: 'open' }).append(this.#dialog)
  }

  connectedCallback(): void {
    const search = document.createElement('selvage-search')
    for (const name of PASSED) {
      const value = this.getAttribute(name)
      if (value !== null) search.setAttribute(name, value)
    }
    this.#dialog.replaceChildren(search)
  }

  open(): void {
    if (this.isConnected && !this.#dialog.open) this.#dialog.showModal()
  }

  close(): void {
    this.#dialog.close()
  }
}
