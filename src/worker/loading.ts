/**
 * Model and index, loaded side by side and brought together: vectors of two models have nothing in common, so where the index
 * is another's it is brought to the model that is loaded, if that can be done. Passes messages only.
 */

import * as Comlink from 'comlink'
import { SelvageError } from '../errors.ts'
import type { Status } from './options.ts'
import type { EncoderApi, EncoderStatus, EngineApi, EngineOpened } from './protocol.ts'
import type { Service } from './service.ts'

export interface LoadedServices {
  readonly encoder: Service<EncoderApi, EncoderStatus>
  readonly engine: Service<EngineApi, EngineOpened>
  /** Whether all that is searched was added here. */
  readonly isOwn: boolean
  /** Encodes anew what was added here. */
  readonly rebuild: () => Promise<void>
}

export class Loading {
  readonly #services: LoadedServices
  /** The index is being brought to the model that is loaded: shared by all who wait for that. */
  #matching: Promise<unknown> | undefined

  constructor(services: LoadedServices) {
    this.#services = services
  }

  /** Both, as they are once they are of one model. `whole`: with residuals. Errors: `model-mismatch`, what loading throws. */
  async both(whole: boolean): Promise<Status> {
    const loaded = await this.#load(whole)
    if (mismatch(loaded) === undefined) return loaded
    this.#matching ??= this.#match(loaded).finally(() => {
      this.#matching = undefined
    })
    await this.#matching
    const matched = await this.#load(whole)
    const error = mismatch(matched)
    if (error !== undefined) throw error
    return matched
  }

  async #load(whole: boolean): Promise<Status> {
    const { encoder, engine } = this.#services
    const [model, index] = await Promise.all([encoder.ready(), engine.call((remote) => remote.load({ whole }))])
    return { encoder: model.status, engine: index.value }
  }

  /**
   * A site has a new model. What was added here is encoded anew from its text; of an index that is kept, the newer one that is
   * known is waited for. Errors: `model-mismatch` where there is neither.
   */
  async #match(loaded: Status): Promise<void> {
    const { isOwn, engine, rebuild } = this.#services
    const { stored } = loaded.engine
    if (isOwn && stored.kind !== 'none') return rebuild()
    if (stored.isOutdated) await engine.call((remote) => remote.download(Comlink.proxy(() => {})))
    else throw mismatch(loaded)
  }
}

function mismatch({ encoder: { model: loaded }, engine: { model: built } }: Status): SelvageError | undefined {
  if (built === undefined || built.hash === loaded.hash) return undefined
  return new SelvageError(
    'model-mismatch',
    `The index was built with the model "${built.name}" (${built.hash.slice(0, 12)}), but "${loaded.name}" ` +
      `(${loaded.hash.slice(0, 12)}) is loaded: their vectors have nothing in common. Load the index's model, or build the index again.`,
  )
}
