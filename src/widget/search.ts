/**
 * `selvage/widget`: importing it defines `<selvage-search>`, `<selvage-modal>` and `<selvage-trigger>`, and marks the sentence
 * that someone came for, where the browser did not.
 *
 * Attributes of the first two: `index` and `model` are addresses of folders (default: the script's own, and `model/` in it);
 * `label`, `placeholder`, `lang`; `shortcut` (default "mod+k /", "none"); `preload` (eager, idle, intent, never); `theme`
 * (light, dark, auto; default: as what it stands in); `recents="off"`; `pages`; `filter-NAME="value"`.
 */
import { highlightTarget } from './highlight.ts'
import { SelvageSearch } from './inPlace.ts'
import { SelvageModal } from './modal.ts'
import { SelvageTrigger } from './trigger.ts'

export type { Texts } from './element.ts'
export type { Filters, SearchDetail, SelectDetail, Strings } from './types.ts'
export { highlightTarget, SelvageModal, SelvageSearch, SelvageTrigger }

declare global {
  interface HTMLElementTagNameMap {
    'selvage-search': SelvageSearch
    'selvage-modal': SelvageModal
    'selvage-trigger': SelvageTrigger
  }
}

const ELEMENTS = { 'selvage-search': SelvageSearch, 'selvage-modal': SelvageModal, 'selvage-trigger': SelvageTrigger }
for (const [name, element] of Object.entries(ELEMENTS))
  if (!customElements.get(name)) customElements.define(name, element)
highlightTarget()
