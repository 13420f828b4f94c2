/**
 * Teaching as the page needs it: marks on results, the section of the panel, the dialog for many. Puts together what this folder
 * has; what is asked and what is open is the page's.
 */
import { loadExamples } from './examples.ts'
import { PairsDialog } from './pairsDialog.ts'
import { type TeachEvents, type Teacher, Teaching } from './teaching.ts'
import type { TeachActions } from './teachView.ts'
import { onToldElsewhere, shelf, Told } from './told.ts'

/** What results show and change of it. */
export interface Marks {
  isRight(query: string, url: string): boolean
  /** True where it is right from now on. */
  toggle(query: string, url: string, title: string): boolean
  /** To where it is learned from. */
  reveal(): void
}

export class Teach {
  readonly actions: TeachActions
  readonly marks: Marks
  readonly #teaching: Teaching

  /** @param page what the page does when it is told; whether its model is on its way; the panel's section, brought into view */
  constructor(page: TeachEvents & { isModelComing(): boolean; reveal(): void }) {
    const teaching = new Teaching(new Told(shelf()), loadExamples, page)
    this.#teaching = teaching
    const dialog = new PairsDialog((read) => teaching.add(read))
    this.actions = {
      addMany: () => dialog.open(),
      takeExamples: () => void teaching.takeExamples(),
      remove: (pair) => teaching.remove(pair),
      removeAll: () => teaching.removeAll(),
      teach: () => void teaching.teach(),
      stop: () => teaching.stop(),
      use: () => void teaching.use(),
      leave: () => void teaching.leave(),
      forget: () => void teaching.forget(),
      forgetProblems: () => teaching.forgetProblems(),
      isModelComing: () => page.isModelComing(),
    }
    this.marks = {
      isRight: (query, url) => teaching.has(query, url),
      toggle: (query, url, title) => teaching.toggle({ query, url, title }),
      reveal: () => page.reveal(),
    }
    onToldElsewhere(() => teaching.retold())
  }

  /** Once there is something to draw it on. */
  begin(): void {
    this.#teaching.begin()
  }

  opened(engine: Teacher): void {
    this.#teaching.opened(engine)
  }

  /** Model and vectors are there. */
  loaded(): void {
    void this.#teaching.loaded()
  }

  /** The index, or what is kept with it, is other than before. */
  changed(): void {
    void this.#teaching.reopened()
  }
}
