/** The button that takes away all of a list, with one question before much is gone; it stays while the list grows. Draws only. */
import { h } from '../dom.ts'
import { button } from './buttons.ts'

export interface DeleteAllWords {
  readonly all: string
  ask(count: number): string
  readonly yes: string
  readonly no: string
}

export class DeleteAll {
  readonly element = h('div', { class: 'own-all' })
  readonly #words: DeleteAllWords
  readonly #deleteAll: () => void
  #count = 0
  #isAsking = false

  constructor(words: DeleteAllWords, deleteAll: () => void) {
    this.#words = words
    this.#deleteAll = deleteAll
  }

  /** One can be deleted by itself. */
  show(count: number): void {
    this.#count = count
    if (count < 2) this.#isAsking = false
    const { all, ask, yes, no } = this.#words
    const { element } = this
    if (this.#isAsking) {
      const question = h('span', {}, ask(count))
      if (element.childElementCount === 3) element.firstElementChild?.replaceWith(question)
      else {
        const keep = button(no, 'link-button', () => this.#answer(false))
        element.replaceChildren(
          question,
          button(yes, 'link-button is-grave', () => this.#answer(true)),
          keep,
        )
        keep.focus()
      }
    } else if (count < 2) element.replaceChildren()
    else if (element.childElementCount !== 1) {
      const press = () => {
        this.#isAsking = true
        this.show(this.#count)
      }
      element.replaceChildren(button(all, 'link-button', press))
    }
  }

  #answer(isYes: boolean): void {
    this.#isAsking = false
    this.show(this.#count)
    this.element.querySelector('button')?.focus() // what was pressed is gone
    if (isYes) this.#deleteAll()
  }
}
