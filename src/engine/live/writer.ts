/**
 * The index as it is changed in a browser: documents come in, are encoded, can be found, and are compressed when they are
 * enough; others go. Every step ends in one swap of the collection's record, so a tab that is closed at any moment leaves the
 * state before the step or the one after it. Many tabs may add and delete at the same time; one at a time does the work.
 * Knows the model, the lease and the news between tabs as interfaces.
 */
import { asSelvageError, SelvageError, throwIfAborted } from '../../errors.ts'
import type { SharedStore } from '../../store/store.ts'
import type { DocumentRecord } from '../../text/document.ts'
import type { AddedDocument, AddedDocuments, ExportOptions, IndexFile, WorkProgress } from '../../types.ts'
import { lazily } from '../../util.ts'
import {
  type Change,
  type Collection,
  changeCollection,
  type InboxEntry,
  KEPT_PROBLEMS,
  readCollection,
  sweep,
  waiting,
  waitingIn,
  withCollection,
} from '../collection.ts'
import { withoutLost } from '../lost.ts'
import { idOf } from '../pages.ts'
import { Catalog } from './catalog.ts'
import { advanced, hiding, skipping } from './changes.ts'
import { checkExportable, exportedFiles } from './export.ts'
import { freshSegment, parsed } from './fresh.ts'
import { documentsOf, newEntry, nextPortion } from './inbox.ts'
import { WorkMeter } from './meter.ts'
import { Upkeep, type UpkeepOptions } from './upkeep.ts'
import { Waiters } from './waiters.ts'

export interface WriterOptions extends UpkeepOptions {
  readonly store: SharedStore
  /** Runs the work while nobody else does it; the signal ends the waiting for that. */
  readonly lease: (run: () => Promise<void>, signal: AbortSignal) => Promise<void>
  /** A new state, committed by this writer. */
  readonly onCommit: (now: Collection) => void
  /** What the work is at, and when it rests. */
  readonly onProgress?: (progress: WorkProgress) => void
}

export class LiveWriter {
  readonly #options: WriterOptions
  readonly #catalog: Catalog
  readonly #waiters = new Waiters()
  /** Of entries that are being added, by the name of the inbox pack. */
  readonly #documents = new Map<string, readonly DocumentRecord[]>()
  #working: Promise<void> | undefined
  /** What was asked for last is written down. */
  #written: Promise<unknown> = Promise.resolve()
  #isCalled = false
  readonly #stop = new AbortController()
  readonly #meter: WorkMeter
  readonly #upkeep: Upkeep
  /** What the browser has deleted since the last session is told, once. */
  readonly #withoutLost = lazily(() => this.#dropLost())
  /** What an earlier session has left, once. */
  readonly #swept = lazily(() => sweep(this.#options.store))

  constructor(options: WriterOptions) {
    this.#options = options
    this.#catalog = new Catalog(options.source, options.store)
    this.#meter = new WorkMeter(options.onProgress ?? (() => {}))
    this.#upkeep = new Upkeep(options, {
      meter: this.#meter,
      signal: this.#stop.signal,
      state: () => this.state(),
      change: (change) => this.#change(change),
    })
  }

  /**
   * Writes the documents down, and resolves when they can be found. With `replace`, those with an id that is there already
   * take the old ones' place at that moment.
   * Errors: `duplicate-document` for ids that are there, or come twice; `unreadable-document`; `storage-full`; what the model
   * throws: then they are kept, and `resume` tries again.
   */
  async add(
    documents: readonly unknown[],
    { replace = false }: { readonly replace?: boolean } = {},
  ): Promise<AddedDocuments> {
    if (documents.length === 0) return { ids: [], problems: [] }
    const { entry, generation } = await this.#inTurn(() => this.#writeDown(documents, replace))
    const added = this.#waiters.of(entry, generation)
    this.#settle(await this.state()) // another tab may have been fast
    this.work()
    return added
  }

  async #writeDown(
    documents: readonly unknown[],
    replace: boolean,
  ): Promise<{ entry: InboxEntry; generation: number }> {
    const { entry, put } = await newEntry(documents)
    const ids = new Set(entry.ids)
    const { generation } = await this.#change(async (now) => {
      if (!replace) await this.#refuseKnown(now, entry.ids)
      const inbox = now.inbox.map((other) => skipping(other, ids))
      // What was wrong with them before says nothing about what comes now.
      const problems = now.problems.filter(({ id }) => !ids.has(id))
      return { next: { ...now, inbox: [...inbox, entry], problems }, put }
    })
    return { entry, generation }
  }

  /** Calls that nobody waits between take effect in their order: of two texts with one id the later one stays. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#written.then(run)
    this.#written = result.catch(() => {})
    return result
  }

  /** Ids that were there, and are no more. */
  delete(ids: readonly string[]): Promise<string[]> {
    return this.#inTurn(() => this.#delete(ids))
  }

  async #delete(ids: readonly string[]): Promise<string[]> {
    let found: string[] = []
    await this.#change(async (now) => {
      const known = await this.#catalog.known(now, ids)
      found = [...known]
      if (known.size === 0) return undefined
      const inbox = now.inbox.map((entry) => skipping(entry, known))
      return { next: await hiding({ ...now, inbox }, known, this.#catalog) }
    })
    return found
  }

  /** Adding rests, here and in other tabs, until `resume`; what is on the way is finished. */
  async pause(): Promise<void> {
    await this.#change((now) => (now.isPaused ? undefined : { next: { ...now, isPaused: true } }))
    this.#meter.report(await this.state())
  }

  async resume(): Promise<void> {
    await this.#change((now) => (now.isPaused ? { next: { ...now, isPaused: false } } : undefined))
    this.work()
  }

  async state(): Promise<Collection> {
    await this.#withoutLost()
    return (await readCollection(this.#options.store)).collection
  }

  /** Somebody else has changed the collection. */
  async heardOf(): Promise<void> {
    const now = await this.state()
    this.#settle(now)
    if (waiting(now) > 0) this.work()
  }

  /** Adds what waits and merges what is to be merged, when it is this writer's turn; at once, if there is nothing to do. */
  work(): void {
    this.#isCalled = true
    this.#working ??= this.#options
      .lease(async () => {
        await this.#swept()
        while (this.#isCalled && !this.#stop.signal.aborted) {
          this.#isCalled = false
          await this.#upkeep.reencodeForeign()
          await this.#emptyInbox()
          await this.#upkeep.tidy()
        }
      }, this.#stop.signal)
      .catch((thrown) => this.#fail(asSelvageError(thrown)))
      .finally(() => {
        this.#working = undefined
        if (this.#isCalled && !this.#stop.signal.aborted) this.work()
      })
  }

  /** One segment of all that was added here, without what is hidden. */
  async compact(): Promise<void> {
    await this.#alone(async () => {
      await this.#upkeep.reencodeForeign()
      await this.#upkeep.compact()
    })
  }

  /** All that was added here is encoded anew from its text, and centroids are found anew. */
  async rebuild(): Promise<void> {
    await this.#alone(() => this.#upkeep.rebuild(() => true))
  }

  /**
   * What was added here, as files of an index, manifest last; what waits is added first. Adding rests meanwhile.
   * Errors: `no-documents`; `paused` where documents wait and adding rests; `aborted`, `closed`; what the model throws.
   */
  async export({ onProgress, signal }: ExportOptions = {}): Promise<readonly IndexFile[]> {
    await this.#written
    checkExportable(await this.state())
    const { store, assign, encoder } = this.#options
    let files: readonly IndexFile[] = []
    await this.#alone(async () => {
      throwIfAborted(signal)
      await this.#upkeep.reencodeForeign()
      await this.#emptyInbox()
      const { dim } = await encoder.model()
      files = await withCollection(store, (now) => {
        throwIfAborted(signal)
        if (this.#stop.signal.aborted) throw closed()
        checkExportable(now)
        return exportedFiles({ source: store, segments: now.segments, dim, assign, signal, onProgress })
      })
    })
    return files
  }

  /** The documents that were added here: those that can be found, then those that wait. */
  async documents(): Promise<AddedDocument[]> {
    await this.#withoutLost()
    return withCollection(this.#options.store, async ({ segments, inbox }) => {
      const found = await this.#catalog.documents(segments)
      const ids = new Set(found.map(({ id }) => id))
      const waiting = inbox.flatMap(waitingIn).filter((id) => !ids.has(id))
      return [...found, ...waiting.map((id) => ({ id, url: id, title: id, isWaiting: true as const }))]
    })
  }

  /** Stops at the next moment that can be returned to; what waits is kept. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#waiters.fail(closed())
    await this.#working
  }

  async #alone(run: () => Promise<void>): Promise<void> {
    await this.#working
    await this.#options.lease(run, this.#stop.signal)
    this.#meter.report(await this.state())
  }

  // --- adding

  async #emptyInbox(): Promise<void> {
    for (;;) {
      const now = await this.state()
      this.#meter.report(now)
      const [entry] = now.inbox
      if (entry === undefined || now.isPaused || this.#stop.signal.aborted) return
      await this.#step(entry)
      if (await this.#upkeep.isDue()) await this.#upkeep.tidy()
    }
  }

  /** The next few documents of the entry: encoded, written, and counted as done in one swap. */
  async #step(entry: InboxEntry): Promise<void> {
    const { documents, taken } = nextPortion(entry, await this.#read(entry))
    const { encoder } = this.#options
    const { pages, problems } = await parsed(documents)
    const encoded = pages.length > 0 ? await encoder.encodePages(pages, { signal: this.#stop.signal }) : undefined
    const fresh = encoded && (await freshSegment(pages, encoded))
    await this.#change(async (now) => {
      const at = now.inbox.find(({ pack }) => pack.file === entry.pack.file)
      if (at === undefined || at.done !== entry.done) return undefined // another tab was faster
      const inbox = advanced(now.inbox, at, taken)
      const given = new Set(documents.map(({ id }) => id))
      const skipped = new Set(at.skipped)
      const made = pages.map(idOf)
      // Of those that became pages: whatever a segment hides is in it.
      const unwanted = made.filter((id) => skipped.has(id))
      const found = made.filter((id) => !skipped.has(id))
      // What these replace is there until this moment.
      const before = await hiding({ ...now, inbox }, new Set(found), this.#catalog)
      const segments =
        fresh && found.length > 0 ? [...before.segments, { ...fresh.segment, hidden: unwanted }] : before.segments
      const told = [...before.problems.filter(({ id }) => !given.has(id)), ...problems].slice(-KEPT_PROBLEMS)
      return { next: { ...before, segments, problems: told }, put: fresh && found.length > 0 ? fresh.put : new Map() }
    })
    this.#meter.count(taken)
  }

  async #read(entry: InboxEntry): Promise<readonly DocumentRecord[]> {
    const { file } = entry.pack
    const documents = this.#documents.get(file) ?? (await documentsOf(this.#options.store, entry))
    this.#documents.set(file, documents)
    return documents
  }

  async #refuseKnown(now: Collection, ids: readonly string[]): Promise<void> {
    const known = [...(await this.#catalog.known(now, ids))]
    if (known.length === 0) return
    const named = known.slice(0, 3).map((id) => `"${id}"`)
    throw new SelvageError(
      'duplicate-document',
      `${known.length === 1 ? 'A document is' : `${known.length} documents are`} there already: ${named.join(', ')}` +
        `${known.length > 3 ? ', …' : ''}. Nothing was added. To replace what is there, use update.`,
    )
  }

  // --- telling

  async #change(change: (now: Collection) => Promise<Change | undefined> | Change | undefined): Promise<Collection> {
    await this.#withoutLost()
    let isChanged = false
    const now = await changeCollection(this.#options.store, async (state) => {
      const changed = await change(state)
      isChanged = changed !== undefined
      return changed
    })
    if (isChanged) this.#options.onCommit(now)
    this.#settle(now)
    return now
  }

  async #dropLost(): Promise<void> {
    const { store, onCommit } = this.#options
    const { generation } = (await readCollection(store)).collection
    const now = await withoutLost(store)
    if (now.generation !== generation) onCommit(now)
  }

  #settle(now: Collection): void {
    this.#waiters.show(now)
    const files = new Set(now.inbox.map(({ pack }) => pack.file))
    for (const file of this.#documents.keys()) if (!files.has(file)) this.#documents.delete(file)
  }

  #fail(error: SelvageError): void {
    this.#meter.stop()
    if (error.code === 'worker-died') return // the encoder is started anew, and what waits goes on
    this.#waiters.fail(error)
  }
}

function closed(): SelvageError {
  return new SelvageError('closed', 'The index was closed. What was still waiting is added when it is opened again.')
}
