/**
 * A text that lies on the clipboard, as one of the visitor's files: a dialog to paste it into, to look at it and to name it.
 * What is pasted outside of any field opens it too, with the text in it; pasted files go where dropped ones go.
 */
import { closesBeside } from '../dialog.ts'
import { h } from '../dom.ts'
import { formatCount, plural } from '../format.ts'
import { button } from './buttons.ts'
import { MOST_BYTES } from './leftOut.ts'
import { isMarkdown, type Pasted, titleOf } from './pasted.ts'

export class PasteDialog {
  readonly #text = h('textarea', {
    id: 'paste-text',
    rows: 12,
    required: true,
    spellcheck: 'false',
    placeholder: 'Notes, a mail, a chapter: anything with words in it',
  })
  readonly #title = h('input', { id: 'paste-title', type: 'text', autocomplete: 'off', maxlength: 200 })
  readonly #kind = h('p', { class: 'paste-kind', 'aria-live': 'polite' })
  readonly #add = h('button', { class: 'button', type: 'submit', disabled: true }, 'Add the text')
  readonly #dialog: HTMLDialogElement

  constructor(add: (pasted: Pasted) => void) {
    const form = h(
      'form',
      { method: 'dialog', class: 'paste-form' },
      h('h2', { id: 'paste-head' }, 'Paste text'),
      h('label', { for: 'paste-text' }, 'Text'),
      this.#text,
      this.#kind,
      h('label', { for: 'paste-title' }, 'Title ', h('small', {}, 'optional')),
      this.#title,
      h(
        'div',
        { class: 'paste-buttons' },
        button('Cancel', 'button is-quiet', () => this.#dialog.close()),
        this.#add,
      ),
    )
    this.#dialog = h('dialog', { class: 'paste', 'aria-labelledby': 'paste-head', 'data-testid': 'paste' }, form)
    form.addEventListener('submit', () => add({ text: this.#text.value, title: this.#title.value }))
    this.#text.addEventListener('input', () => this.#weigh())
    // In a text Enter is a new line.
    this.#text.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !this.#add.disabled) this.#add.click()
    })
    closesBeside(this.#dialog)
    document.body.append(this.#dialog)
  }

  open(text = ''): void {
    if (this.#dialog.open) return
    this.#text.value = text
    this.#title.value = ''
    this.#weigh()
    this.#dialog.showModal()
    if (text === '') this.#text.focus()
    else this.#title.focus()
  }

  /** What would become of it as it stands. */
  #weigh(): void {
    const text = this.#text.value
    const words = text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0
    const isTooLong = text.length > MOST_BYTES
    this.#add.disabled = words === 0 || isTooLong
    this.#title.placeholder = words === 0 ? 'Its first line' : titleOf({ text, title: '' })
    this.#kind.textContent = isTooLong
      ? `${formatCount(text.length)} characters are too many; ${formatCount(MOST_BYTES)} may be pasted.`
      : words === 0
        ? 'It is read here and stays in this browser.'
        : `${plural(words, 'word')}, read as ${isMarkdown(text) ? 'Markdown' : 'plain text'}.`
  }
}

/** Pasting outside of any field; files also into one, which could not take them. */
export function takePastes(onText: (text: string) => void, onFiles: (data: DataTransfer) => void): void {
  addEventListener('paste', (event) => {
    const { clipboardData: data, target } = event
    if (data === null || document.querySelector('dialog[open]') !== null) return
    if (data.files.length > 0) {
      event.preventDefault()
      onFiles(data)
      return
    }
    const text = data.getData('text/plain')
    if (isField(target) || text.trim() === '') return
    event.preventDefault()
    onText(text)
  })
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
}
