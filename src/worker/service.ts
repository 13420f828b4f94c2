/**
 * A worker that a page relies on: spawned when first needed, spawned anew after it died, ready once its first call has
 * answered. What needs no such start is asked aside from it, and begins none. Knows no worker's calls.
 */

import type * as Comlink from 'comlink'
import { asSelvageError, SelvageError } from '../errors.ts'
import { Link } from './link.ts'
import type { Outcome } from './protocol.ts'
import type { WorkerLike } from './spawn.ts'

interface Running<Api, S> {
  readonly link: Link<Api>
  /** Undefined until somebody needs it started. */
  status: Promise<S> | undefined
  isReady: boolean
}

export class Service<Api, S> {
  readonly #name: string
  readonly #spawn: () => WorkerLike
  readonly #start: (link: Link<Api>) => Promise<S>
  #running: Running<Api, S> | undefined
  #closed = false
  /** Called whenever a worker is ready, the first time too. */
  onReady: (link: Link<Api>) => void = () => {}
  /** Called when a worker has died by itself. */
  onDeath: () => void = () => {}

  constructor(name: string, spawn: () => WorkerLike, start: (link: Link<Api>) => Promise<S>) {
    this.#name = name
    this.#spawn = spawn
    this.#start = start
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Answers at once: it has started. */
  get isReady(): boolean {
    return this.#running?.isReady ?? false
  }

  async ready(): Promise<{ link: Link<Api>; status: S }> {
    const running = this.#worker()
    running.status ??= this.#begin(running)
    return { link: running.link, status: await running.status }
  }

  /** A call that needs no start. Where one is on its way and fails, its worker ends, and the reason is this call's too. */
  async aside<T>(send: (remote: Comlink.Remote<Api>) => Promise<Outcome<T>>): Promise<T> {
    return this.#worker().link.call(send)
  }

  /**
   * One call, with the status of the worker that answered it. A call that fails because the GPU went away is made once
   * more, on a fresh worker that finds another device; so are the calls that wait beside it.
   */
  async call<T>(send: (remote: Comlink.Remote<Api>) => Promise<Outcome<T>>): Promise<{ value: T; status: S }> {
    const { link, status } = await this.ready()
    try {
      return { value: await link.call(send), status }
    } catch (error) {
      if (!(error instanceof SelvageError && error.code === 'device-lost')) throw error
      await this.renew(link, error)
      const fresh = await this.ready()
      return { value: await fresh.link.call(send), status: fresh.status }
    }
  }

  /** Another worker in the place of this one, if it is still that; its pending calls reject with the reason. */
  async renew(link: Link<Api>, reason: SelvageError): Promise<void> {
    if (this.#running?.link === link) this.#running = undefined
    link.close(reason)
    await this.ready()
  }

  close(): void {
    this.#closed = true
    this.#running?.link.close()
  }

  /** The one that runs, else a new one, which is not started. */
  #worker(): Running<Api, S> {
    if (this.#closed) throw new SelvageError('closed', 'This Selvage was closed. Open another one.')
    if (this.#running !== undefined) return this.#running
    let link: Link<Api>
    try {
      link = new Link<Api>(this.#name, this.#spawn())
    } catch (error) {
      throw asSelvageError(error, 'worker-died', `The ${this.#name} worker could not be started: `)
    }
    const running: Running<Api, S> = { link, status: undefined, isReady: false }
    link.onDeath = () => {
      this.#forget(running)
      this.onDeath()
    }
    this.#running = running
    return running
  }

  #begin(running: Running<Api, S>): Promise<S> {
    const { link } = running
    const status = this.#start(link)
    void status.then(
      () => {
        running.isReady = true
        this.onReady(link)
      },
      () => {},
    )
    // A failed start is forgotten too, so that the next call tries again with a fresh worker.
    status.catch((error) => {
      this.#forget(running)
      link.close(asSelvageError(error))
    })
    return status
  }

  #forget(running: Running<Api, S>): void {
    if (this.#running === running) this.#running = undefined
  }
}
