/** `<selvage-search>`: a search field in the page, and what is found below it. */
import { announcerSheet } from './announcer.ts'
import { SelvageElement } from './element.ts'
import type { Panel } from './panel.ts'
import { panelSheet } from './styles.ts'

export class SelvageSearch extends SelvageElement {
  readonly #root: ShadowRoot

  constructor() {
    super()
    this.#root = this.attachShadow({ mode: 'open', delegatesFocus: true })
    this.#root.adoptedStyleSheets = [panelSheet, announcerSheet]
  }

  open(): void {
    this.panel?.input.focus()
    this.panel?.input.select()
  }

  /** Takes away what was found. */
  close(): void {
    if (!this.panel) return
    this.panel.clear()
    this.panel.input.blur()
  }

  protected override place(panel: Panel, label: string, signal: AbortSignal): void {
    panel.root.role = 'search' // a landmark: within a dialog it would be one too many
    panel.root.ariaLabel = label
    this.#root.replaceChildren(panel.root)
    const enter = () => {
      panel.isOpen = true
    }
    const leave = ({ relatedTarget }: FocusEvent) => {
      if (!(relatedTarget instanceof Node && panel.root.contains(relatedTarget))) panel.isOpen = false
    }
    panel.root.addEventListener('focusin', enter, { signal })
    panel.root.addEventListener('focusout', leave, { signal })
    panel.root.addEventListener('pointerenter', () => panel.intend(), { signal })
  }

  protected override onEscape(): void {
    this.panel?.input.blur()
  }
}
