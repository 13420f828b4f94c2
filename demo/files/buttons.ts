/** Buttons of the visitor's files, and those that bring some. Draw; decide nothing. */
import { h, icon } from '../dom.ts'
import { ENDINGS } from './own.ts'

const CROSS = 'm6 6 12 12M18 6 6 18'

export interface BringActions {
  choose(files: FileList): void
  /** A text is to be pasted. */
  paste(): void
}

/** Files and zips, folders where the browser lets them be chosen, and text; in one row where room is short. */
export function bringButtons({ choose, paste }: BringActions, isCompact = false): HTMLElement {
  const files = picker({ accept: ENDINGS.join() }, choose)
  const folder = picker({ webkitdirectory: true }, choose)
  const knowsFolders = 'webkitdirectory' in folder
  return h(
    'div',
    { class: isCompact ? 'own-choose is-compact' : 'own-choose' },
    button(isCompact ? 'Files' : 'Choose files', 'button is-quiet', () => files.click()),
    knowsFolders && button(isCompact ? 'Folder' : 'A folder', 'button is-quiet', () => folder.click()),
    button(isCompact ? 'Paste' : 'Paste text', 'button is-quiet', paste),
    files,
    knowsFolders && folder,
  )
}

export function button(label: string, name: string, press: () => void): HTMLButtonElement {
  const element = h('button', { class: name, type: 'button' }, label)
  element.addEventListener('click', press)
  return element
}

/** A cross; the label says what it takes away. */
export function crossButton(label: string, press: () => void): HTMLButtonElement {
  const element = h(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': label, title: label },
    icon('cross', CROSS),
  )
  element.addEventListener('click', press)
  return element
}

function picker(attributes: Record<string, string | boolean>, choose: (files: FileList) => void): HTMLInputElement {
  const input = h('input', { type: 'file', multiple: true, hidden: true, tabindex: -1, ...attributes })
  input.addEventListener('change', () => {
    if (input.files !== null && input.files.length > 0) choose(input.files)
    input.value = '' // the same files may be chosen again
  })
  return input
}
