/**
 * `<selvage-modal>`: the search in a dialog over the page. Keys, a trigger or `open()` open it; it knows of no trigger, but
 * tells with `selvage:toggle` on the document whether it is open.
 */
import { announcerSheet } from './announcer.ts'
import { Dialog } from './dialog.ts'
import { h } from './dom.ts'
import { SelvageElement } from './element.ts'
import type { Panel } from './panel.ts'
import { dialogSheet, panelSheet } from './styles.ts'
import type { Strings } from './types.ts'

export class SelvageModal extends SelvageElement {
  readonly #dialog = new Dialog((isOpen) => {
    if (this.panel) this.panel.isOpen = isOpen
    document.dispatchEvent(new CustomEvent('selvage:toggle', { detail: { modal: this, isOpen } }))
  })

  constructor() {
    super()
    const root = this.attachShadow({ mode: 'open' })
    root.adoptedStyleSheets = [panelSheet, dialogSheet, announcerSheet]
    root.append(this.#dialog.root)
  }

  get isOpen(): boolean {
    return this.#dialog.isOpen
  }

  open(): void {
    this.#dialog.open()
    this.panel?.input.focus()
    this.panel?.input.select()
  }

  close(): void {
    this.#dialog.close()
  }

  /** The dialog stays the one it is: closed and opened again it would be two steps of the history at once. */
  protected override place(panel: Panel, label: string, signal: AbortSignal): void {
    const { root } = this.#dialog
    root.ariaLabel = label
    root.append(panel.root)
    if (this.isOpen) panel.isOpen = true
    signal.addEventListener('abort', () => {
      if (!this.isConnected) this.close()
    })
  }

  protected override buttons({ close }: Strings): readonly HTMLElement[] {
    const button = h('button', { type: 'button', class: 'close', part: 'close' }, close)
    button.addEventListener('click', () => this.close())
    return [button]
  }

  protected override onEscape(): void {
    this.close()
  }

  protected override onFollow(): void {
    this.#dialog.leave()
  }

  /** The keys that open it close it too. */
  protected override onShortcut(): void {
    if (this.isOpen) this.close()
    else super.onShortcut()
  }
}
