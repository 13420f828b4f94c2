/**
 * The model for a worker that has none: the two ends of a port between the worker that writes an index and the one that
 * encodes. Passages are encoded a few at a time, so that the page's questions, which come to the encoder's worker by another
 * way, need not wait for a whole call. Who hands out the ports is the page's affair.
 */

import * as Comlink from 'comlink'
import type { Encoder } from '../encoder/encoder.ts'
import { type EncodedPages, type PageEncoder, pageEncoder } from '../engine/encodePages.ts'
import { SelvageError, throwIfAborted } from '../errors.ts'
import type { Page } from '../text/document.ts'
import { abortable } from './abortable.ts'
import { Link } from './link.ts'
import { type Outcome, outcome } from './protocol.ts'

/** What crosses the port. A call has a number, by which it can be cancelled: a signal cannot cross. */
export interface PageEncoderApi {
  model(): Promise<Outcome<EncodedPages['model']>>
  encodePages(
    call: number,
    pages: readonly Page[],
    onDone?: (done: number, of: number) => void,
  ): Promise<Outcome<EncodedPages>>
  /** Heard between portions; one that is over is no error. */
  cancel(call: number): Promise<Outcome<void>>
}

/** The encoder's end. What is returned ends it: calls that run are dropped, and answered by nobody. */
export function servePages(encoder: () => Promise<Encoder>, port: MessagePort): () => void {
  const running = new Map<number, AbortController>()
  const near = async () => pageEncoder(await encoder())
  const api: PageEncoderApi = {
    model: () => outcome(async () => (await near()).model()),

    async encodePages(call, pages, onDone) {
      const stop = new AbortController()
      running.set(call, stop)
      const result = await outcome(async () =>
        (await near()).encodePages(pages, { signal: stop.signal, ...(onDone && { onDone }) }),
      )
      running.delete(call)
      return result.ok ? Comlink.transfer(result, buffersOf(result.value.halves)) : result
    },

    cancel: (call) => outcome(() => running.get(call)?.abort()),
  }
  const end = () => {
    for (const stop of running.values()) stop.abort()
    port.close()
  }
  // Where browsers tell that the other end is gone (not all do), nothing is encoded for nobody.
  port.addEventListener('close', end)
  Comlink.expose(api, port)
  return end
}

export interface PortEncoder extends PageEncoder {
  /** For when the other end is known to be gone: pending and later calls reject with the reason. */
  close(reason?: SelvageError): void
}

/** The writer's end. Errors besides those of the encoder: `aborted`, `worker-died`. */
export function portEncoder(port: MessagePort): PortEncoder {
  const link = new Link<PageEncoderApi>('encoder', {
    postMessage: (message, transfer = []) => port.postMessage(message, transfer),
    addEventListener: (type, listener) => port.addEventListener(type, listener),
    removeEventListener: (type, listener) => port.removeEventListener(type, listener),
    terminate: () => port.close(),
  })
  const close = (reason = new SelvageError('worker-died', 'The encoder worker is gone; it is started anew.')): void =>
    link.close(reason)
  port.addEventListener('close', () => close())
  port.start()
  let calls = 0
  return {
    model: () => link.call((remote) => remote.model()),

    async encodePages(pages, { signal, onDone } = {}) {
      throwIfAborted(signal)
      const call = ++calls
      let isOver = false
      const told = onDone && Comlink.proxy((done: number, of: number) => isOver || onDone(done, of))
      const cancel = () => {
        link.call((remote) => remote.cancel(call)).catch(() => {}) // whoever is gone needs no telling
      }
      signal?.addEventListener('abort', cancel, { once: true })
      try {
        const encoding = link.call((remote) => remote.encodePages(call, pages, told))
        return await abortable(encoding, signal, 'The encoding of pages')
      } finally {
        isOver = true
        signal?.removeEventListener('abort', cancel)
      }
    },
    close,
  }
}

/** Empty arrays may share one, and a buffer can be handed over only once. */
function buffersOf(halves: readonly Uint16Array[]): Transferable[] {
  return [...new Set(halves.map(({ buffer }) => buffer))] as ArrayBuffer[] // no view of shared memory among them
}
