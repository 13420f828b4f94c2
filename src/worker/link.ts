/**
 * A worker seen from the page: calls by comlink, and what comlink leaves out: when the worker dies, every pending call
 * rejects with the reason, and so does every later one.
 */

import * as Comlink from 'comlink'
import { SelvageError } from '../errors.ts'
import { type Outcome, unwrap } from './protocol.ts'
import type { WorkerLike } from './spawn.ts'

export class Link<Api> {
  readonly #name: string
  readonly #worker: WorkerLike
  readonly #remote: Comlink.Remote<Api>
  readonly #pending = new Set<(reason: SelvageError) => void>()
  #dead: SelvageError | undefined
  /** Called once when the worker dies by itself. */
  onDeath: (reason: SelvageError) => void = () => {}

  constructor(name: string, worker: WorkerLike) {
    this.#name = name
    this.#worker = worker
    this.#remote = Comlink.wrap<Api>(worker)
    worker.addEventListener('error', this.#onError)
    worker.addEventListener('messageerror', this.#onMessageError)
  }

  /** `send` makes one call on the remote; the result is its value, or its error thrown. */
  async call<T>(send: (remote: Comlink.Remote<Api>) => Promise<Outcome<T>>): Promise<T> {
    if (this.#dead) throw this.#dead
    let reject: (reason: SelvageError) => void = () => {}
    const death = new Promise<never>((_, fail) => {
      reject = fail
    })
    this.#pending.add(reject)
    try {
      return unwrap(await Promise.race([send(this.#remote), death]))
    } finally {
      this.#pending.delete(reject)
    }
  }

  /** Stops the worker; pending and later calls reject with the reason. */
  close(reason = new SelvageError('closed', `The ${this.#name} worker was closed.`)): void {
    this.#end(reason)
  }

  #end(reason: SelvageError): boolean {
    if (this.#dead) return false
    this.#dead = reason
    this.#worker.removeEventListener('error', this.#onError)
    this.#worker.removeEventListener('messageerror', this.#onMessageError)
    this.#worker.terminate()
    for (const reject of this.#pending) reject(reason)
    this.#pending.clear()
    return true
  }

  #die(why: string): void {
    const reason = new SelvageError('worker-died', `The ${this.#name} worker stopped: ${why}`)
    if (this.#end(reason)) this.onDeath(reason)
  }

  readonly #onError = (event: Event): void => {
    // A script that cannot be loaded gives a plain Event without a message.
    const message = 'message' in event && typeof event.message === 'string' ? event.message : ''
    this.#die(message || "its script could not be loaded. Are the library's files served beside each other?")
  }

  readonly #onMessageError = (): void => {
    this.#die('it sent a message that could not be read.')
  }
}
