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
  readonly #root: ShadowRoot
  #dialog: Dialog | undefined

  constructor() {
    super()
    this.#root = this.attachShadow({ mode: 'open' })
    this.#root.adoptedStyleSheets = [panelSheet, dialogSheet, announcerSheet]
  }

  get isOpen(): boolean {
    return this.#dialog?.isOpen ?? false
  }

  open(): void {
    this.#dialog?.open()
    this.panel?.input.focus()
    this.panel?.input.select()
  }

  close(): void {
    this.#dialog?.close()
  }

  protected override place(panel: Panel, signal: AbortSignal): void {
    const wasOpen = this.isOpen
    this.#dialog?.close()
    const dialog = new Dialog(this.getAttribute('label') ?? this.texts().strings.search, (isOpen) => {
      panel.isOpen = isOpen
      document.dispatchEvent(new CustomEvent('selvage:toggle', { detail: { modal: this, isOpen } }))
    })
    this.#dialog = dialog
    dialog.root.append(panel.root)
    this.#root.replaceChildren(dialog.root)
    signal.addEventListener('abort', () => {
      if (!this.isConnected) dialog.close()
    })
    if (wasOpen) this.open()
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
    this.#dialog?.leave()
  }

  /** The keys that open it close it too. */
  protected override onShortcut(): void {
    if (this.isOpen) this.close()
    else super.onShortcut()
  }
}
