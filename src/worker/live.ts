/**
 * Changing the index from a page: documents in, documents out. The writer's worker does the work, with vectors from the
 * encoder's; it is started by the first call, or where documents still wait from before. Passes messages only.
 */

import * as Comlink from 'comlink'
import { SelvageError, throwIfAborted } from '../errors.ts'
import type { AddedDocument, AddedDocuments, DocumentInput, ExportOptions, IndexFile, WorkProgress } from '../types.ts'
import { abortable } from './abortable.ts'
import type { Link } from './link.ts'
import type { EncoderApi, EncoderStatus, EngineApi, EngineOpened, Outcome, WriterApi } from './protocol.ts'
import { Service } from './service.ts'
import type { WorkerLike } from './spawn.ts'

export interface LiveServices {
  readonly name: string
  readonly indexUrl: string | undefined
  readonly encoder: Service<EncoderApi, EncoderStatus>
  readonly engine: Service<EngineApi, EngineOpened>
  readonly spawn: () => WorkerLike
  readonly onWork: (progress: WorkProgress) => void
}

export class Live {
  readonly #services: LiveServices
  readonly #writer: Service<WriterApi, void>
  /** The one that the writer's port leads to. */
  #encoder: Link<EncoderApi> | undefined
  #exports = 0
  #isWorking = false
  /** Told one after the other. */
  #telling: Promise<unknown> = Promise.resolve()

  constructor(services: LiveServices) {
    this.#services = services
    this.#writer = new Service('writer', services.spawn, (link) => this.#start(link))
    // Where it fails, that encoder is gone too, and the next one is told here again.
    services.encoder.onReady = (link) => void this.#reconnect(link).catch(() => {})
    services.encoder.onDeath = () => {
      if (this.#writer.isRunning) this.#call((remote) => remote.disconnected()).catch(() => {})
    }
  }

  async add(documents: readonly DocumentInput[], replace: boolean): Promise<AddedDocuments> {
    const added = await this.#call((remote) => remote.add(documents, { replace }))
    await this.#refresh()
    return added
  }

  async delete(ids: readonly string[]): Promise<string[]> {
    const deleted = await this.#call((remote) => remote.delete(ids))
    await this.#refresh()
    return deleted
  }

  documents(): Promise<AddedDocument[]> {
    return this.#call((remote) => remote.documents())
  }

  pause(): Promise<void> {
    return this.#call((remote) => remote.pause())
  }

  resume(): Promise<void> {
    return this.#call((remote) => remote.resume())
  }

  async compact(): Promise<void> {
    await this.#call((remote) => remote.compact())
    await this.#refresh()
  }

  async rebuild(): Promise<void> {
    await this.#call((remote) => remote.rebuild())
    await this.#refresh()
  }

  async export({ onProgress = () => {}, signal }: ExportOptions): Promise<readonly IndexFile[]> {
    throwIfAborted(signal)
    const id = ++this.#exports
    const stop = () => void this.#call((remote) => remote.stopExport(id)).catch(() => {})
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const files = this.#call((remote) => remote.export(id, Comlink.proxy(onProgress)))
      return await abortable(files, signal, 'The export')
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Goes on with what was left undone when the page was closed. */
  work(): Promise<void> {
    return this.#call((remote) => remote.work())
  }

  /** Nothing is written any more. */
  async end(): Promise<void> {
    if (this.#writer.isRunning) await this.#call((remote) => remote.close())
    this.close()
  }

  close(): void {
    // What waits is kept; the writer ends between two steps, and where it cannot, the store keeps the last one.
    this.#writer.close()
  }

  async #call<T>(send: (remote: Comlink.Remote<WriterApi>) => Promise<Outcome<T>>): Promise<T> {
    return (await this.#writer.call(send)).value
  }

  /** The engine hears of a commit some time later. Whoever is told that the work rests, and asks, finds all that it has done. */
  #tell(progress: WorkProgress): void {
    const isWorking = !['idle', 'paused'].includes(progress.state)
    const isDone = this.#isWorking && !isWorking
    this.#isWorking = isWorking
    this.#telling = this.#telling
      .then(() => (isDone ? this.#refresh() : undefined))
      .catch(() => {}) // a search tells what is wrong
      .then(() => this.#services.onWork(progress))
  }

  async #refresh(): Promise<void> {
    await this.#services.engine.call((remote) => remote.refresh())
  }

  async #start(link: Link<WriterApi>): Promise<void> {
    const { name, indexUrl, engine } = this.#services
    const { status } = await engine.ready()
    const { kind, reason } = status.stored
    if (kind === 'none')
      throw new SelvageError(
        'storage-failed',
        `There is nowhere to keep documents: ${reason ?? 'the index was opened with storage "none"'}.`,
      )
    const encoderPort = await this.#encoderPort()
    const storePort = kind === 'memory' ? await this.#storePort() : undefined
    const options = { name, indexUrl, kind }
    await link.call((remote) =>
      remote.open(
        options,
        Comlink.transfer(encoderPort, [encoderPort]),
        storePort && Comlink.transfer(storePort, [storePort]),
        Comlink.proxy((progress) => this.#tell(progress)),
        Comlink.proxy(() => this.#renewEncoder()),
      ),
    )
  }

  async #encoderPort(): Promise<MessagePort> {
    const { port1, port2 } = new MessageChannel()
    const { link } = await this.#services.encoder.ready()
    await link.call((remote) => remote.connect(Comlink.transfer(port1, [port1])))
    this.#encoder = link
    return port2
  }

  async #storePort(): Promise<MessagePort> {
    const { port1, port2 } = new MessageChannel()
    await this.#services.engine.call((remote) => remote.shareStore(Comlink.transfer(port1, [port1])))
    return port2
  }

  /** The writer's has died, or has lost its GPU: what waits is to go on with another. */
  #renewEncoder(): void {
    const lost = this.#encoder
    if (lost === undefined) return
    const reason = new SelvageError('device-lost', 'The encoder worker was started anew: its GPU device went away.')
    // Where none can be started the writer asks again, and gives up by itself.
    this.#services.encoder.renew(lost, reason).catch(() => this.work().catch(() => {}))
  }

  /** The encoder is another worker now. */
  async #reconnect(link: Link<EncoderApi>): Promise<void> {
    // A writer that is being started takes the encoder that is there by then.
    if (!this.#writer.isRunning || this.#encoder === undefined || link === this.#encoder) return
    this.#encoder = link
    const { port1, port2 } = new MessageChannel()
    await link.call((remote) => remote.connect(Comlink.transfer(port1, [port1])))
    await this.#writer.call((remote) => remote.connect(Comlink.transfer(port2, [port2])))
  }
}
