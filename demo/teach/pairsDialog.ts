/**
 * Many pairs at once: a dialog to paste lines into, or to drop a file of them on. What can be read of it is said while it is typed;
 * lines that cannot are named by their number. What becomes of the others is the caller's.
 */
import { closesBeside } from '../dialog.ts'
import { h } from '../dom.ts'
import { button } from '../files/buttons.ts'
import { plural } from '../format.ts'
import { type ReadPairs, readPairs } from './pairs.ts'
import { linesSentences } from './sentences.ts'

/** A text of questions that is larger was not meant. */
const MOST_BYTES = 2e6
const PLACEHOLDER = `how do I share state\tdocs/react/learn/sharing-state-between-components.html
{"query": "make it reactive", "url": "docs/vue/api/reactivity-core.html#ref"}`

export class PairsDialog {
  readonly #text = h('textarea', {
    id: 'pairs-text',
    rows: 10,
    required: true,
    spellcheck: 'false',
    placeholder: PLACEHOLDER,
    wrap: 'off',
    'aria-describedby': 'pairs-how',
  })
  readonly #found = h('div', { class: 'paste-kind teach-found', 'aria-live': 'polite' })
  readonly #add = h('button', { class: 'button', type: 'submit', disabled: true }, 'Add them')
  readonly #dialog: HTMLDialogElement
  #read: ReadPairs = { pairs: [], wrong: [] }

  constructor(add: (read: ReadPairs) => void) {
    const file = h('input', { type: 'file', accept: '.tsv,.txt,.jsonl,.ndjson', hidden: true, tabindex: -1 })
    file.addEventListener('change', () => {
      if (file.files?.[0]) void this.#take(file.files[0])
      file.value = ''
    })
    const form = h(
      'form',
      { method: 'dialog', class: 'paste-form' },
      h('h2', { id: 'pairs-head' }, 'Add many questions'),
      h(
        'p',
        { class: 'teach-how', id: 'pairs-how' },
        'A line for each: the question, a tab, the address of the section that answers it. JSON lines with “query” and “url” do too.',
      ),
      h('label', { for: 'pairs-text' }, 'Lines'),
      this.#text,
      this.#found,
      h(
        'div',
        { class: 'paste-buttons' },
        button('From a file', 'button is-quiet', () => file.click()),
        button('Cancel', 'button is-quiet', () => this.#dialog.close()),
        this.#add,
      ),
      file,
    )
    this.#dialog = h(
      'dialog',
      { class: 'paste teach-dialog', 'aria-labelledby': 'pairs-head', 'data-testid': 'pairs' },
      form,
    )
    form.addEventListener('submit', () => add(this.#read))
    this.#text.addEventListener('input', () => this.#weigh())
    this.#takeDrops()
    closesBeside(this.#dialog)
    document.body.append(this.#dialog)
  }

  open(): void {
    if (this.#dialog.open) return
    this.#text.value = ''
    this.#weigh()
    this.#dialog.showModal()
    this.#text.focus()
  }

  /** The page would take them for documents. */
  #takeDrops(): void {
    for (const type of ['dragenter', 'dragover', 'drop'] as const)
      this.#dialog.addEventListener(type, (event) => {
        const { dataTransfer } = event
        if (dataTransfer === null || !dataTransfer.types.includes('Files')) return
        event.preventDefault()
        event.stopPropagation()
        const [file] = dataTransfer.files
        if (type === 'drop' && file !== undefined) void this.#take(file)
      })
  }

  async #take(file: File): Promise<void> {
    try {
      if (file.size > MOST_BYTES) throw new RangeError()
      const text = await file.text()
      const before = this.#text.value.trimEnd()
      this.#text.value = before === '' ? text : `${before}\n${text}`
      this.#weigh()
    } catch (error) {
      const why = error instanceof RangeError ? 'is larger than 2 MB' : 'could not be read'
      this.#found.replaceChildren(h('p', {}, `${file.name} ${why}.`))
    }
  }

  /** What would become of it as it stands. */
  #weigh(): void {
    this.#read = readPairs(this.#text.value, document.baseURI)
    const { pairs, wrong } = this.#read
    this.#add.disabled = pairs.length === 0
    const count = pairs.length > 0 ? `${plural(pairs.length, 'question')} can be added.` : ''
    const rest = wrong.length === 0 && pairs.length === 0 ? 'They are read here and stay in this browser.' : ''
    const sentences = [count || rest, ...linesSentences(wrong)].filter((one) => one !== '')
    this.#found.replaceChildren(...sentences.map((one) => h('p', {}, one)))
  }
}
