/** A worker without a thread: a comlink endpoint whose other side is an object here. It can be made to die. */
import * as Comlink from 'comlink'
import type { WorkerLike } from '../../src/worker/spawn.ts'

export class FakeWorker extends EventTarget implements WorkerLike {
  readonly #port: MessagePort
  readonly #other: MessagePort
  terminated = false

  constructor(api: object) {
    super()
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#other = port2
    Comlink.expose(api, port2)
    port1.addEventListener('message', (event) => this.dispatchEvent(new MessageEvent('message', { data: event.data })))
    port1.start()
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer)
  }

  terminate(): void {
    this.terminated = true
    this.#port.close()
    this.#other.close()
  }

  /** What a browser does when a worker's script throws outside of a call. */
  die(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error'), { message }))
  }
}
