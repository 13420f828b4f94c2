/**
 * The encoder as the writer's worker has it: lent by the page, and lost when its worker dies or its GPU goes away. Then the
 * page is asked for another, and what failed says `worker-died`: it is done again with that one. A document that takes down
 * one encoder after the other must not do so for ever: after a few in a row the reason is told instead.
 */
import type { PageEncoder } from '../engine/encodePages.ts'
import { SelvageError } from '../errors.ts'
import type { PortEncoder } from './pageEncoder.ts'

/** Encoders lost in a row, with nothing encoded in between, that others are asked for. */
const MOST_LOSSES = 3

export class LentEncoder implements PageEncoder {
  #encoder: PortEncoder
  #losses = 0
  readonly #onLost: () => void

  /** @param onLost asks for another one, which comes by `lend` */
  constructor(encoder: PortEncoder, onLost: () => void) {
    this.#encoder = encoder
    this.#onLost = onLost
  }

  lend(encoder: PortEncoder): void {
    this.#encoder.close()
    this.#encoder = encoder
  }

  /** The page knows that it is gone: not every browser tells the other end of a port. */
  lost(): void {
    this.#encoder.close()
  }

  close(reason: SelvageError): void {
    this.#encoder.close(reason)
  }

  model: PageEncoder['model'] = () => this.#watched((encoder) => encoder.model())

  encodePages: PageEncoder['encodePages'] = async (pages, options) => {
    const encoded = await this.#watched((encoder) => encoder.encodePages(pages, options))
    this.#losses = 0
    return encoded
  }

  async #watched<T>(call: (encoder: PortEncoder) => Promise<T>): Promise<T> {
    const encoder = this.#encoder
    try {
      return await call(encoder)
    } catch (error) {
      if (!(error instanceof SelvageError && ['worker-died', 'device-lost'].includes(error.code))) throw error
      if (this.#encoder === encoder && ++this.#losses > MOST_LOSSES) {
        this.#losses = 0 // whoever asks the next time means it
        throw new SelvageError(
          'runtime-failed',
          `The model stopped ${MOST_LOSSES + 1} times in a row while it encoded documents (${error.message}). What waits is ` +
            'kept: delete the document that it stops at, or try again with resume().',
          { cause: error },
        )
      }
      if (this.#encoder === encoder) this.#onLost()
      throw error.code === 'worker-died' ? error : new SelvageError('worker-died', error.message, { cause: error })
    }
  }
}
