/**
 * The visitor's own files: read, handed to the engine, listed, taken out again. Decides what happens; `OwnView` draws it.
 * What is handed over is the engine's: it is written down before anything else, and goes on by itself after a reload.
 */
import type { AddedDocument, DocumentInput, EngineOpened, Selvage, WorkProgress } from 'selvage'
import { plural } from '../format.ts'
import { toSelvageError } from '../searcher.ts'
import { breathe } from './breathe.ts'
import { LeftOut, type Reason } from './leftOut.ts'
import { hashIn, OWN_FILTER, ownDocument } from './own.ts'
import type { OwnState } from './ownView.ts'
import { type Pasted, pathOf, titleOf } from './pasted.ts'
import { type Found, hashOf, readText, type Source, Unreadable } from './readFiles.ts'
import { Speed } from './speed.ts'

/** Text that is handed over at a time: little enough that adding begins while the rest is read. */
const PORTION_CHARS = 1 << 20
const PORTION_FILES = 50
/** Files that are read at a time: a disk has an answer for one while another is decoded. */
const AT_A_TIME = 4
/** The list is asked for when changes have rested for so long. */
const LIST_REST_MS = 150
/** Ten thousand files change more in a second than anybody sees. */
const DRAW_REST_MS = 60

export interface OwnEvents {
  draw(state: OwnState): void
  /** What can be found is other than before, and stays so for now. */
  settled(): void
  announce(text: string): void
}

/** What came of the files of one drop. */
interface Tally {
  added: number
  same: number
  replaced: number
}

export class OwnFiles {
  readonly #events: OwnEvents
  readonly #engine: Promise<Selvage>
  #open: (engine: Selvage) => void = () => {}
  /** Handed over, and not known to be findable yet; with their hashes. */
  readonly #underWay = new Map<string, string | undefined>()
  readonly #speed = new Speed()
  #state: OwnState = { documents: [], coming: 0, looking: 0, reading: 0, problems: [], told: [] }
  #leftOut = new LeftOut()
  #gatherings = 0
  #isListed = false
  #listTimer: ReturnType<typeof setTimeout> | undefined
  #drawTimer: ReturnType<typeof setTimeout> | undefined
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
    this.#draw({ home: stored })
    // Listing starts the engine's writer: a page without own files does without it.
    if (filters.includes(OWN_FILTER) || stored.waiting > 0) this.#isListed = true
    if (this.#isListed) this.#listSoon()
    // Nobody works where adding was paused before a reload, so nobody tells.
    if (stored.waiting > 0 && stored.isPaused && this.#state.work === undefined)
      this.worked({ state: 'paused', documents: { done: 0, total: stored.waiting } })
  }

  worked(work: WorkProgress): void {
    const before = this.#state.work?.state
    const perSecond = this.#speed.of(work, performance.now())
    this.#draw({ work: work.state === 'idle' ? undefined : work, perSecond })
    if (work.state === 'idle' && before !== undefined) {
      this.#listSoon()
      this.#events.settled()
    }
  }

  async add(source: Source): Promise<void> {
    if (this.#gatherings === 0) this.#leftOut = new LeftOut()
    this.#gatherings++
    this.#draw({ told: [] })
    const tally: Tally = { added: 0, same: 0, replaced: 0 }
    try {
      const found = await source(this.#leftOut, (looking) => this.#draw({ looking }))
      this.#draw({ looking: 0, reading: this.#state.reading + found.length })
      await this.#handOver(found, tally)
    } catch (thrown) {
      this.#tell(toSelvageError(thrown).message)
    } finally {
      this.#gatherings--
      this.#draw({ looking: 0, told: sentencesOf(tally) })
    }
    const said = [...sentencesOf(tally), ...this.#leftOut.sentences().slice(0, 2)]
    if (said.length > 0) this.#events.announce(said.join(' '))
  }

  /** A text that was pasted, as a file like others. */
  async paste(pasted: Pasted): Promise<void> {
    const path = pathOf(pasted, new Date())
    const bytes = new TextEncoder().encode(pasted.text)
    const document = ownDocument(path, pasted.text, await hashOf(bytes), titleOf(pasted))
    if (this.#gatherings === 0) this.#leftOut = new LeftOut()
    this.#draw({ told: [] })
    if ((await this.#update([document])).length === 0) return
    this.#draw({ told: [`“${titleOf(pasted)}” was added.`] })
    this.#events.announce('The text was added.')
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
    this.#draw({ documents: this.#state.documents.filter(({ id }) => !gone.has(id)), told: [] })
    const deleted = await this.#tried((engine) => engine.delete(ids))
    this.#listSoon()
    if (deleted === undefined) return
    for (const id of ids) this.#underWay.delete(id)
    this.#events.announce(`${plural(ids.length, 'file')} deleted.`)
    this.#events.settled()
  }

  /** Those that are still on their way, too. */
  deleteAll(): Promise<void> {
    return this.delete([...this.#state.documents.map(({ id }) => id), ...this.#coming()])
  }

  forgetProblems(): void {
    this.#leftOut = new LeftOut()
    this.#draw({})
  }

  /** Reads one file after the other and hands them over as they come. */
  async #handOver(found: readonly Found[], tally: Tally): Promise<void> {
    const known = found.length > 0 ? await this.#known() : new Map<string, string | undefined>()
    const calls: Promise<readonly string[]>[] = []
    let portion: DocumentInput[] = []
    let chars = 0
    const send = () => {
      if (portion.length > 0) calls.push(this.#update(portion))
      portion = []
      chars = 0
    }
    for (let from = 0; from < found.length; from += AT_A_TIME) {
      const few = found.slice(from, from + AT_A_TIME)
      const texts = await Promise.all(few.map((one) => readText(one).catch((error: unknown) => whyNot(error))))
      for (const [i, { path }] of few.entries()) {
        const text = texts[i]
        if (text === undefined || typeof text === 'string') this.#leftOut.name(path, text ?? 'unreadable')
        else if (text.hash !== undefined && text.hash === (this.#underWay.get(path) ?? known.get(path))) tally.same++
        else {
          portion.push(ownDocument(path, text.text, text.hash))
          chars += text.text.length
        }
        if (chars >= PORTION_CHARS || portion.length >= PORTION_FILES) send()
      }
      this.#draw({ reading: this.#state.reading - few.length })
      await breathe()
    }
    send()
    const added = (await Promise.all(calls)).flat()
    tally.added = added.length
    tally.replaced = added.filter((id) => known.has(id)).length
  }

  /** What can be found already, by path, with the hashes that are known. */
  async #known(): Promise<Map<string, string | undefined>> {
    await this.#engine
    const documents = this.#isListed ? await this.#tried((engine) => engine.documents()) : undefined
    return new Map(documents?.map((one) => [one.id, hashIn(one)]))
  }

  /** Ids of those that can be found now; not of those that were deleted on their way, or came anew. */
  async #update(documents: readonly DocumentInput[]): Promise<readonly string[]> {
    for (const one of documents) this.#underWay.set(one.id, hashIn(one))
    this.#isListed = true
    const added = await this.#tried((engine) => engine.update(documents), documents.length)
    const isWanted = (one: DocumentInput) => this.#underWay.has(one.id) && this.#underWay.get(one.id) === hashIn(one)
    const wanted = new Set(documents.filter(isWanted).map(({ id }) => id))
    for (const id of wanted) this.#underWay.delete(id)
    this.#listSoon()
    if (added === undefined) return []
    for (const { id, message } of added.problems) this.#tell(`${id} was left out. ${message}`)
    return added.ids.filter((id) => wanted.has(id))
  }

  /** @param files that are lost to this page when it fails. */
  async #tried<T>(run: (engine: Selvage) => Promise<T>, files = 0): Promise<T | undefined> {
    try {
      return await run(await this.#engine)
    } catch (thrown) {
      const error = toSelvageError(thrown)
      if (error.code === 'storage-full') this.#fullFor(files)
      else if (error.code !== 'closed') this.#tell(error.message)
      return undefined
    }
  }

  /** There is one sentence of this, however many portions it is. */
  #fullFor(files: number): void {
    const what = files > 0 ? 'Not all of the files could be kept' : 'That could not be kept'
    this.#tell(
      `${what}: the browser gives this site no more room. What is in the list stays and is found. Delete files from it, or ` +
        'free space on the disk, and drop the rest again.',
    )
  }

  /** On their way, and not in the list yet. */
  #coming({ documents } = this.#state): string[] {
    if (this.#underWay.size === 0) return []
    const listed = new Set(documents.map(({ id }) => id))
    return [...this.#underWay.keys()].filter((id) => !listed.has(id))
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

  #tell(sentence: string): void {
    this.#leftOut.say(sentence)
    this.#draw({})
  }

  /** The same list as before where they say the same. */
  #problems(): readonly string[] {
    const now = this.#leftOut.sentences()
    return now.join('\n') === this.#state.problems.join('\n') ? this.#state.problems : now
  }

  /** What changes often is drawn together. */
  #draw(change: Partial<OwnState>): void {
    this.#state = { ...this.#state, ...change }
    this.#drawTimer ??= setTimeout(() => {
      this.#drawTimer = undefined
      this.#state = { ...this.#state, coming: this.#coming().length, problems: this.#problems() }
      this.#events.draw(this.#state)
    }, DRAW_REST_MS)
  }
}

function whyNot(error: unknown): Reason {
  return error instanceof Unreadable ? error.reason : 'unreadable'
}

function sentencesOf({ added, same, replaced }: Tally): string[] {
  const isNew = added - replaced
  return [
    ...(isNew > 0 ? [`${plural(isNew, 'file')} ${isNew === 1 ? 'was' : 'were'} added.`] : []),
    ...(replaced > 0
      ? [`${plural(replaced, 'file')} took the place of ${replaced === 1 ? 'its' : 'their'} older text.`]
      : []),
    ...(same > 0
      ? [`${plural(same, 'file')} ${same === 1 ? 'is the same' : 'are the same'} as before, and stayed.`]
      : []),
  ]
}
