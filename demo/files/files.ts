/**
 * All of the visitor's files as the page needs it: dropped, chosen, pasted, added, listed, exported. Puts together what this
 * folder has; what is open and what is asked is the page's.
 */
import type { EngineOpened, Selvage, WorkProgress } from 'selvage'
import { bringButtons } from './buttons.ts'
import { takeDrops } from './dropTarget.ts'
import { IndexExport } from './indexExport.ts'
import { OwnFiles } from './ownFiles.ts'
import type { OwnActions, OwnState } from './ownView.ts'
import { PasteDialog, takePastes } from './pasteDialog.ts'
import { chosen, dropped, type Source } from './readFiles.ts'

export interface FilesEvents {
  draw(state: OwnState): void
  /** There is something to be seen. */
  began(): void
  /** What can be found is other than before, and stays so for now. */
  settled(): void
  announce(text: string): void
}

export class Files {
  readonly actions: OwnActions
  readonly #events: FilesEvents
  readonly #own: OwnFiles
  readonly #export: IndexExport
  #state: OwnState | undefined

  constructor(events: FilesEvents) {
    this.#events = events
    const draw = () => {
      if (this.#state !== undefined) events.draw({ ...this.#state, export: this.#export.state })
    }
    this.#export = new IndexExport({ draw, announce: events.announce })
    this.#own = new OwnFiles({
      draw: (state) => {
        // What was exported is no longer what is there.
        if (state.documents !== this.#state?.documents) this.#export.forget()
        this.#state = state
        draw()
      },
      settled: events.settled,
      announce: events.announce,
    })
    const dialog = new PasteDialog((pasted) => {
      events.began()
      void this.#own.paste(pasted)
    })
    this.actions = {
      choose: (files) => this.#add(chosen(files)),
      paste: () => dialog.open(),
      pause: () => void this.#own.pause(),
      resume: () => void this.#own.resume(),
      delete: (id) => void this.#own.delete([id]),
      deleteAll: () => void this.#own.deleteAll(),
      forgetProblems: () => this.#own.forgetProblems(),
      export: () => void this.#export.run(this.#state?.documents.length ?? 0),
      stopExport: () => this.#export.stop(),
    }
    takeDrops((data) => this.#add(dropped(data)))
    takePastes(
      (text) => dialog.open(text),
      (data) => this.#add(dropped(data)),
    )
  }

  /** Files, a folder, or text: for wherever the page invites some. */
  buttons(): HTMLElement {
    return bringButtons(this.actions)
  }

  opened(engine: Selvage, now: EngineOpened): void {
    this.#export.opened(engine)
    this.#own.opened(engine, now)
  }

  changed(now: EngineOpened): void {
    this.#own.changed(now)
  }

  worked(work: WorkProgress): void {
    this.#own.worked(work)
  }

  #add(source: Source): void {
    this.#events.began()
    void this.#own.add(source)
  }
}
