/**
 * Texts ranked with a page's two workers: the encoder makes vectors of them, a few at a time so that questions get in between,
 * the engine scores them. A file of its own in builds, fetched by the first call: most pages never rank.
 */

import type { Remote } from 'comlink'
import { type RerankMeans, rerank as ranked, scoreMatrix } from '../engine/rerank.ts'
import { heatMapOf } from '../engine/rerankHeatMap.ts'
import { checkText, textOf } from '../engine/rerankTexts.ts'
import { rejectUnknown, throwIfAborted } from '../errors.ts'
import type { PassageInput, RerankOptions, ScoreOptions } from '../rankTypes.ts'
import type { EncoderBackend, HeatMap } from '../types.ts'
import { abortable } from './abortable.ts'
import type { RerankResult, ScoresResult } from './options.ts'
import type { EncoderApi, EncoderStatus, EngineApi, Outcome } from './protocol.ts'
import type { Service } from './service.ts'

export interface RerankServices {
  readonly encoder: Service<EncoderApi, EncoderStatus>
  readonly engine: Service<EngineApi, unknown>
}

/** Passages encoded by one call. On wasm each is a run of its own that blocks the thread, for some 35 ms. */
const PORTIONS: Readonly<Record<EncoderBackend, number>> = { webgpu: 32, wasm: 4, node: 4 }

export async function rerank(
  services: RerankServices,
  query: string,
  passages: readonly PassageInput[],
  options: RerankOptions,
): Promise<RerankResult> {
  const run = new Ranking(services, options.signal, 'The reranking')
  return run.with(await ranked(query, passages, options, () => run.means()))
}

export async function scores(
  services: RerankServices,
  queries: readonly string[],
  passages: readonly PassageInput[],
  options: ScoreOptions,
): Promise<ScoresResult> {
  const run = new Ranking(services, options.signal, 'The scoring')
  return run.with(await scoreMatrix(queries, passages, options, () => run.means()))
}

export async function heatMap(
  services: RerankServices,
  query: string,
  passage: PassageInput,
  options: Pick<ScoreOptions, 'signal'>,
): Promise<HeatMap> {
  rejectUnknown(options, ['signal'], 'heatMap')
  checkText(query, 'heatMap: the query')
  const text = textOf(passage, 'heatMap: the passage')
  const run = new Ranking(services, options.signal, 'The heat map')
  const means = await run.means()
  const [{ matrix, ...tokens }, { vectors, rows, dim }] = await Promise.all([
    means.encodeQuery(query),
    means.encodePassages([text], () => {}),
  ])
  const [named, [layout]] = await Promise.all([
    run.encoder((remote) => remote.queryTokens(query, tokens)),
    run.encoder((remote) => remote.layOut([text])),
  ])
  return heatMapOf(named, matrix, { data: vectors, rows: rows[0]!, dim }, layout!)
}

/** One call, and its way to the workers. */
class Ranking {
  readonly #services: RerankServices
  readonly #signal: AbortSignal | undefined
  readonly #what: string
  #encoder: EncoderStatus | undefined

  /** @param what is being done, for the message of an abort: "The reranking" */
  constructor(services: RerankServices, signal: AbortSignal | undefined, what: string) {
    this.#services = services
    this.#signal = signal
    this.#what = what
  }

  /** Once the model is loaded. */
  async means(): Promise<RerankMeans> {
    throwIfAborted(this.#signal)
    this.#services.engine.ready().catch(() => {}) // told to whoever asks for scores
    const { status } = await abortable(this.#services.encoder.ready(), this.#signal, this.#what)
    this.#encoder = status
    return {
      portion: PORTIONS[status.backend],
      encodeQuery: async (text) => (await this.encoder((remote) => remote.encodeQuery(text))).encoded,
      encodePassages: (passages) => this.encoder((remote) => remote.encodePassages(passages)),
      score: (request) => this.#ask(this.#services.engine, (remote) => remote.maxSim(request)),
      explain: (query, { starts, ends }, hits) =>
        this.encoder((remote) => remote.explain({ query, queryStarts: starts, queryEnds: ends, words: [], hits })),
    }
  }

  encoder<T>(send: (remote: Remote<EncoderApi>) => Promise<Outcome<T>>): Promise<T> {
    return this.#ask(this.#services.encoder, send)
  }

  /** The result, with the model that was asked. */
  with<T>(result: T): T & { readonly encoder?: EncoderStatus } {
    return { ...result, ...(this.#encoder && { encoder: this.#encoder }) }
  }

  async #ask<Api, S, T>(service: Service<Api, S>, send: (remote: Remote<Api>) => Promise<Outcome<T>>): Promise<T> {
    return (await abortable(service.call(send), this.#signal, this.#what)).value
  }
}
