/**
 * A model in a page that ranks texts, with no index: what a page opens for it, and where the code is that does it. Passes
 * messages only.
 */

import * as Comlink from 'comlink'
import { rejectUnknown } from '../errors.ts'
import type { PassageInput, RerankOptions, ScoreOptions } from '../rankTypes.ts'
import type { HeatMap } from '../types.ts'
import { late } from './late.ts'
import { absolute, checkStorage, type RerankerOptions, type RerankResult, type ScoresResult } from './options.ts'
import type { EncoderApi, EncoderStatus, EngineApi, ScorerStatus } from './protocol.ts'
import type * as Reranking from './reranking.ts'
import { Service } from './service.ts'
import { type Spawn, spawnEncoder, spawnEngine } from './spawn.ts'

/** The code that ranks, which is fetched by the first call. Errors: `download-failed`. */
export function reranking(): Promise<typeof Reranking> {
  return late('ranks texts', import('./reranking.ts'))
}

const OPTIONS = ['model', 'encoder', 'scorer', 'storage', 'onProgress'] as const satisfies (keyof RerankerOptions)[]

export class Reranker {
  readonly #encoder: Service<EncoderApi, EncoderStatus>
  readonly #engine: Service<EngineApi, ScorerStatus>

  /**
   * Loads the model, and the kernels beside it. Errors: `model-missing`, `model-invalid`, `backend-unavailable`,
   * `download-failed`, `wasm-blocked`, `worker-died`, `invalid-argument`.
   */
  static async open(options: RerankerOptions): Promise<Reranker> {
    const reranker = new Reranker(options, { encoder: spawnEncoder, engine: spawnEngine })
    try {
      await reranker.status()
      return reranker
    } catch (error) {
      reranker.close()
      throw error
    }
  }

  /** @internal Use `Reranker.open`. */
  constructor(options: RerankerOptions, spawn: Pick<Spawn, 'encoder' | 'engine'>) {
    rejectUnknown(options, OPTIONS, 'open')
    const { encoder: backend = 'auto', scorer = 'auto', storage = 'browser', onProgress = () => {} } = options
    checkStorage(storage)
    const modelUrl = absolute(options.model)
    this.#encoder = new Service('encoder', spawn.encoder, (link) =>
      link.call((remote) => remote.load({ modelUrl, backend, storage }, Comlink.proxy(onProgress))),
    )
    this.#engine = new Service('engine', spawn.engine, (link) => link.call((remote) => remote.openScorer(scorer)))
  }

  /** Where model and kernels run; waits until they are loaded. */
  async status(): Promise<{ readonly encoder: EncoderStatus; readonly scorer: ScorerStatus }> {
    const [encoder, scorer] = await Promise.all([this.#encoder.ready(), this.#engine.ready()])
    return { encoder: encoder.status, scorer: scorer.status }
  }

  /**
   * The passages, best first. Those without text are left out; an empty query has no hits. Errors: `aborted`,
   * `invalid-argument`, and those of `open`.
   */
  async rerank(query: string, passages: readonly PassageInput[], options: RerankOptions = {}): Promise<RerankResult> {
    return (await reranking()).rerank(this.#services, query, passages, options)
  }

  /** Every query against every passage. Errors: as `rerank`. */
  async scores(
    queries: readonly string[],
    passages: readonly PassageInput[],
    options: ScoreOptions = {},
  ): Promise<ScoresResult> {
    return (await reranking()).scores(this.#services, queries, passages, options)
  }

  /** How near each token of the query is to each token of the passage: why a score is what it is. Errors: as `rerank`. */
  async heatMap(query: string, passage: PassageInput, options: Pick<ScoreOptions, 'signal'> = {}): Promise<HeatMap> {
    return (await reranking()).heatMap(this.#services, query, passage, options)
  }

  /** Stops the workers; pending calls reject with `closed`. */
  close(): void {
    this.#encoder.close()
    this.#engine.close()
  }

  get #services(): Reranking.RerankServices {
    return { encoder: this.#encoder, engine: this.#engine }
  }
}
