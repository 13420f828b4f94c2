/**
 * Texts ranked in Node, with no index: the model by onnxruntime-node, scores by WASM. Public, as `openReranker` of `selvage/node`.
 */
import type { Encoder } from '../encoder/encoder.ts'
import { type RerankMeans, rerank, scoreMatrix } from '../engine/rerank.ts'
import { heatMapOf } from '../engine/rerankHeatMap.ts'
import { encodePassages } from '../engine/rerankPassages.ts'
import { scoreBatch } from '../engine/rerankScores.ts'
import { checkText, textOf } from '../engine/rerankTexts.ts'
import { rejectUnknown, SelvageError, throwIfAborted } from '../errors.ts'
import { createOps } from '../ops/create.ts'
import type { FailoverOps } from '../ops/failover.ts'
import type { PassageInput, Reranking, RerankOptions, ScoreMatrix, ScoreOptions } from '../rankTypes.ts'
import { explainHit } from '../search/hit.ts'
import { contextualText } from '../text/context.ts'
import type { EncoderBackend, HeatMap, OpsBackend } from '../types.ts'
import { orList } from '../util.ts'
import { NODE_BACKENDS, type NodeEncoderOptions, openNodeEncoder } from './model.ts'

export interface RerankerOptions extends Omit<NodeEncoderOptions, 'backend'> {
  /** `node`: onnxruntime-node on the f32 graph. `wasm`: what a page has, slower, with a page's vectors. Default `node`. */
  readonly encoder?: NodeEncoderOptions['backend']
}

/** What ran; `scorer` undefined where there was nothing to score. */
export interface RanOn {
  readonly encoder: EncoderBackend
  readonly scorer?: OpsBackend
}

/** Passages handed to the pool of encoders at once: at the end of each some of them wait for the last. */
const PORTION = 256

export class Reranker {
  readonly #encoder: Encoder
  readonly #ops: FailoverOps
  #closed = false

  /** Errors: `model-missing`, `model-invalid`, `backend-unavailable`, `invalid-argument`. */
  static async open(options: RerankerOptions = {}): Promise<Reranker> {
    rejectUnknown(options, ['model', 'threads', 'onProgress', 'encoder'], 'openReranker')
    const { encoder: backend = 'node', ...rest } = options
    if (!NODE_BACKENDS.includes(backend))
      throw new SelvageError(
        'invalid-argument',
        `openReranker: encoder is "${backend}", wanted ${orList(NODE_BACKENDS)}.`,
      )
    const encoder = await openNodeEncoder({ ...rest, backend })
    try {
      return new Reranker(encoder, await createOps())
    } catch (error) {
      await encoder.close()
      throw error
    }
  }

  /** @internal Use `openReranker`. What is given is closed by `close`. */
  constructor(encoder: Encoder, ops: FailoverOps) {
    this.#encoder = encoder
    this.#ops = ops
  }

  get model(): Encoder['model'] {
    return this.#encoder.model
  }

  /**
   * The passages, best first. Those without text are left out, an empty query has no hits. Errors: `aborted`, `closed`,
   * `invalid-argument`, and those of the model.
   */
  async rerank(
    query: string,
    passages: readonly PassageInput[],
    options: RerankOptions = {},
  ): Promise<Reranking & RanOn> {
    const { scorer, ...ranked } = await rerank(query, passages, options, () => this.#means(options.signal))
    return { ...ranked, ...this.#ranOn(scorer) }
  }

  /** Every query against every passage. Errors: as `rerank`. */
  async scores(
    queries: readonly string[],
    passages: readonly PassageInput[],
    options: ScoreOptions = {},
  ): Promise<ScoreMatrix & RanOn> {
    const { scorer, ...scored } = await scoreMatrix(queries, passages, options, () => this.#means(options.signal))
    return { ...scored, ...this.#ranOn(scorer) }
  }

  /** How near each token of the query is to each token of the passage: why a score is what it is. */
  async heatMap(query: string, passage: PassageInput): Promise<HeatMap> {
    checkText(query, 'heatMap: the query')
    const { headings, text } = textOf(passage, 'heatMap: the passage')
    this.#assertOpen()
    const { text: input, offset } = contextualText(headings, text)
    const asked = await this.#encoder.encodeQuery(query)
    const [read] = await this.#encoder.encodeDocuments([input])
    if (read === undefined) throw new SelvageError('internal', 'The encoder gave nothing for a passage.')
    const tokens = this.#encoder.queryTokens(query, asked)
    return heatMapOf(tokens, asked.matrix, read.matrix, { ...read, offset })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#ops.close()
    await this.#encoder.close()
  }

  async #means(signal: AbortSignal | undefined): Promise<RerankMeans> {
    this.#assertOpen()
    const [encoder, ops] = [this.#encoder, this.#ops]
    const stop = signal && { signal }
    return {
      portion: PORTION,
      encodeQuery: (text) => encoder.encodeQuery(text, stop),
      encodePassages: (passages, onDone) => encodePassages(encoder, passages, { ...stop, onDone }),
      score: (request) => scoreBatch(ops, request, stop),
      async explain(query, { starts, ends }, hits) {
        throwIfAborted(signal)
        const layoutDocument = (text: string) => encoder.layoutDocument(text)
        const byMeaning = { queryStarts: starts, queryEnds: ends, layoutDocument }
        return hits.map((hit) => explainHit(hit, { query, words: [], byMeaning }))
      },
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new SelvageError('closed', 'This reranker was closed. Open another one.')
  }

  #ranOn(scorer: { readonly backend: OpsBackend } | undefined): RanOn {
    return { encoder: this.#encoder.backend, ...(scorer && { scorer: scorer.backend }) }
  }
}

/** Opens a model to rank texts with. */
export const openReranker = Reranker.open
