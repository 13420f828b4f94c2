/**
 * The visitor's own files: read, handed to the engine, listed, taken out again. Decides what happens; `OwnView` draws it.
 * What is handed over is the engine's: it is written down before anything else, and goes on by itself after a reload.
 */
import type { AddedDocument, DocumentInput, EngineOpened, Selvage, WorkProgress } from 'selvage'
import { plural } from '../format.ts'
import { toSelvageError } from '../searcher.ts'
import { OWN_FILTER, ownDocument } from './own.ts'
import type { OwnState } from './ownView.ts'
import { type Found, type Gathered, readText } from './readFiles.ts'

/** Text that is handed over at a time: little enough that adding begins while the rest is read. */
const PORTION_CHARS = 1 << 20
const PORTION_FILES = 50
/** The list is asked for when changes have rested for so long. */
const LIST_REST_MS = 150

export interface OwnEvents {
  draw(state: OwnState): void
  /** What can be found is other than before, and stays so for now. */
  settled(): void
  announce(text: string): void
}

export class OwnFiles {
  readonly #events: OwnEvents
  readonly #engine: Promise<Selvage>
  #open: (engine: Selvage) => void = () => {}
  /** Handed over, and not known to be findable yet. */
  readonly #underWay = new Set<string>()
  #state: OwnState = { documents: [], coming: 0, reading: 0, problems: [] }
  #isListed = false
  #listTimer: ReturnType<typeof setTimeout> | undefined
  #listings = 0

  constructor(events: OwnEvents) {
    this.#events = events
    this.#engine = new Promise((resolve) => {
      this.#open = resolve
    })
    this.#draw({})
  }

  /** Files that were dropped before wait for this. */
  opened(engine: Selvage, now: EngineOpened): void {
    this.#open(engine)
    this.changed(now)
  }

  /** What is searched has changed, or is known for the first time. */
  changed({ filters, stored }: EngineOpened): void {
    // Listing starts the engine's writer: a page without own files does without it.
    if (filters.includes(OWN_FILTER) || stored.waiting > 0) this.#isListed = true
    if (this.#isListed) this.#listSoon()
    // Nobody works where adding was paused before a reload, so nobody tells.
    if (stored.waiting > 0 && stored.isPaused && this.#state.work === undefined)
      this.worked({ state: 'paused', documents: { done: 0, total: stored.waiting } })
  }

  worked(work: WorkProgress): void {
    const before = this.#state.work?.state
    this.#draw({ work: work.state === 'idle' ? undefined : work })
    if (work.state === 'idle' && before !== undefined) {
      this.#listSoon()
      this.#events.settled()
    }
  }

  async add(gathering: Promise<Gathered>): Promise<void> {
    this.#draw({ problems: [] })
    let gathered: Gathered
    try {
      gathered = await gathering
    } catch {
      this.#tell(['A folder could not be read. It may have been moved meanwhile.'])
      return
    }
    this.#tell(gathered.problems)
    this.#draw({ reading: this.#state.reading + gathered.found.length })
    const added = await this.#handOver(gathered.found)
    if (added > 0) this.#events.announce(`${plural(added, 'file')} added.`)
  }

  async pause(): Promise<void> {
    await this.#tried((engine) => engine.pause())
  }

  async resume(): Promise<void> {
    await this.#tried((engine) => engine.resume())
  }

  async delete(ids: readonly string[]): Promise<void> {
    const gone = new Set(ids)
    // Gone from the list at once; should it fail, the next listing has it again.
    this.#draw({ documents: this.#state.documents.filter(({ id }) => !gone.has(id)) })
    await this.#tried((engine) => engine.delete(ids))
    this.#events.announce(`${plural(ids.length, 'file')} deleted.`)
    this.#listSoon()
    this.#events.settled()
  }

  /** Those that are still on their way, too. */
  deleteAll(): Promise<void> {
    return this.delete([...this.#state.documents.map(({ id }) => id), ...this.#coming()])
  }

  forgetProblems(): void {
    this.#draw({ problems: [] })
  }

  /** Reads one file after the other and hands them over as they come. Returns how many can be found in the end. */
  async #handOver(found: readonly Found[]): Promise<number> {
    const calls: Promise<number>[] = []
    let portion: DocumentInput[] = []
    let chars = 0
    const send = () => {
      if (portion.length > 0) calls.push(this.#update(portion))
      portion = []
      chars = 0
    }
    for (const one of found) {
      try {
        const text = await readText(one)
        portion.push(ownDocument(one.path, text))
        chars += text.length
      } catch (error) {
        this.#tell([error instanceof Error ? error.message : String(error)])
      }
      this.#draw({ reading: this.#state.reading - 1 })
      if (chars >= PORTION_CHARS || portion.length >= PORTION_FILES) send()
    }
    send()
    return (await Promise.all(calls)).reduce((sum, count) => sum + count, 0)
  }

  async #update(documents: readonly DocumentInput[]): Promise<number> {
    for (const { id } of documents) this.#underWay.add(id)
    this.#isListed = true
    const added = await this.#tried((engine) => engine.update(documents))
    for (const { id } of documents) this.#underWay.delete(id)
    this.#listSoon()
    if (added === undefined) return 0
    this.#tell(added.problems.map(({ id, message }) => `${id} was left out. ${message}`))
    return added.ids.length
  }

  async #tried<T>(run: (engine: Selvage) => Promise<T>): Promise<T | undefined> {
    try {
      return await run(await this.#engine)
    } catch (thrown) {
      const error = toSelvageError(thrown)
      if (error.code !== 'closed') this.#tell([error.message])
      return undefined
    }
  }

  /** On their way, and not in the list yet. */
  #coming({ documents } = this.#state): string[] {
    const listed = new Set(documents.map(({ id }) => id))
    return [...this.#underWay].filter((id) => !listed.has(id))
  }

  #listSoon(): void {
    clearTimeout(this.#listTimer)
    this.#listTimer = setTimeout(() => void this.#list(), LIST_REST_MS)
  }

  async #list(): Promise<void> {
    const listing = ++this.#listings
    const documents: AddedDocument[] | undefined = await this.#tried((engine) => engine.documents())
    if (documents !== undefined && listing === this.#listings) this.#draw({ documents: documents.toReversed() })
  }

  #tell(problems: readonly string[]): void {
    if (problems.length > 0) this.#draw({ problems: [...this.#state.problems, ...problems] })
  }

  #draw(change: Partial<OwnState>): void {
    const state = { ...this.#state, ...change }
    this.#state = { ...state, coming: this.#coming(state).length }
    this.#events.draw(this.#state)
  }
}
