/**
 * The books of an Ops: which passages it holds, and that nothing is used after it was released or closed.
 * The handle that a caller gets shows sizes only; what the backend needs to compute stays in here, keyed by the handle,
 * so a handle from another Ops cannot be mistaken for one of ours.
 */
import { SelvageError } from '../errors.ts'
import type { LoadedPassages } from './ops.ts'

export class Residents<Data, Handle extends LoadedPassages = LoadedPassages> {
  readonly #data = new Map<Handle, Data>()
  readonly #released = new WeakSet<Handle>()
  readonly #free: (data: Data) => void
  #closed = false

  /** @param free is called once for each entry, on release or close */
  constructor(free: (data: Data) => void) {
    this.#free = free
  }

  /** Throws `closed` once the Ops is closed. */
  assertOpen(): void {
    if (this.#closed) throw new SelvageError('closed', 'These ops were closed.')
  }

  /**
   * Enters the data of what was freshly loaded. When the ops were closed meanwhile, frees it and throws.
   * @param makeHandle gets what is to be the handle's `release`
   */
  add(makeHandle: (release: () => void) => Handle, data: Data): Handle {
    if (this.#closed) this.#free(data)
    this.assertOpen()
    const handle = makeHandle(() => this.#release(handle))
    this.#data.set(handle, data)
    return handle
  }

  get(handle: Handle): Data {
    this.assertOpen()
    const data = this.#data.get(handle)
    if (data !== undefined) return data
    if (this.#released.has(handle)) throw new SelvageError('closed', 'These passages were released.')
    throw new SelvageError('invalid-argument', 'These passages were loaded by other ops. Load them here first.')
  }

  close(): void {
    this.#closed = true
    for (const handle of [...this.#data.keys()]) this.#release(handle)
  }

  #release(handle: Handle): void {
    const data = this.#data.get(handle)
    if (data === undefined) return
    this.#data.delete(handle)
    this.#released.add(handle)
    this.#free(data)
  }
}
