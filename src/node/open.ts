/**
 * An index on disk, searched in Node by the same engine that runs in a tab: the model by onnxruntime-node, scores by
 * WASM. The public search half of `selvage/node`.
 */

import type { Encoder } from '../encoder/encoder.ts'
import { Engine } from '../engine/engine.ts'
import { meantWords, unexplained } from '../engine/hits.ts'
import { rejectUnknown, SelvageError } from '../errors.ts'
import type { ReadWord } from '../lexical/search.ts'
import { createOps } from '../ops/create.ts'
import type { FailoverOps } from '../ops/failover.ts'
import { explainHit } from '../search/hit.ts'
import { ReadMeter } from '../store/readMeter.ts'
import {
  checkCandidates,
  type EncodedText,
  type EncoderBackend,
  type FacetCounts,
  type Hit,
  isListing,
  type OnProgress,
  type OpsBackend,
  QUERY_OPTIONS,
  type QueryOptions,
  type SearchMode,
  type SearchWork,
} from '../types.ts'
import { orList } from '../util.ts'
import { fileStore } from './fileStore.ts'
import { DEFAULT_MODEL, NODE_BACKENDS, type NodeBackend, openNodeEncoder } from './model.ts'

export interface OpenFolderOptions {
  /** Folder of the model; it must be the one the index was built with. Default: the one that ships with the package. */
  readonly model?: string
  readonly onProgress?: OnProgress
  /** `node`: onnxruntime-node on the f32 graph. `wasm`: what a page has, slower, with a page's vectors. Default `node`. */
  readonly encoder?: NodeBackend
}

export interface FolderSearchResult {
  readonly query: string
  readonly mode: SearchMode
  readonly hits: readonly Hit[]
  /** What became of the query's words; empty without keywords. */
  readonly words: readonly ReadWord[]
  readonly counts?: FacetCounts
  readonly elapsedMs: {
    readonly encode: number
    readonly keyword: number
    readonly score: number
    readonly texts: number
    readonly explain: number
  }
  /** What ran, where vectors were compared. */
  readonly encoder?: EncoderBackend
  readonly scorer?: OpsBackend
  /** How much was looked at; undefined where nothing was asked. */
  readonly work?: SearchWork
}

export class FolderIndex {
  readonly #engine: Engine
  readonly #meter: ReadMeter
  readonly #dir: string
  readonly #options: OpenFolderOptions
  #vectors: Promise<{ readonly encoder: Encoder; readonly ops: FailoverOps }> | undefined
  /** The last query: asked again with other candidates, or for more, it is not encoded again. */
  #last: { readonly query: string; readonly encoded: EncodedText } | undefined

  /** Errors: `index-missing`, `index-invalid`, `index-version`. */
  static async open(dir: string, options: OpenFolderOptions = {}): Promise<FolderIndex> {
    rejectUnknown(options, ['model', 'onProgress', 'encoder'], 'openFolder')
    const { encoder = 'node' } = options
    if (!NODE_BACKENDS.includes(encoder))
      throw new SelvageError(
        'invalid-argument',
        `openFolder: encoder is "${encoder}", wanted ${orList(NODE_BACKENDS)}.`,
      )
    const meter = new ReadMeter()
    return new FolderIndex(await Engine.open(meter.of(fileStore(dir))), meter, dir, options)
  }

  private constructor(engine: Engine, meter: ReadMeter, dir: string, options: OpenFolderOptions) {
    this.#engine = engine
    this.#meter = meter
    this.#dir = dir
    this.#options = options
  }

  /**
   * The sections that answer best; model and vectors are loaded by the first search that needs them. An empty query has no
   * hits, but with `mode: 'keyword'` and `filters` or `sort` all that passes. Errors: `model-missing`, `model-invalid`, `model-mismatch`, `index-invalid`, `invalid-argument`.
   */
  async search(query: string, options: QueryOptions = {}): Promise<FolderSearchResult> {
    rejectUnknown(options, QUERY_OPTIONS, 'search')
    checkCandidates(options)
    const { k = 10, mode = this.#engine.hasKeywords ? 'hybrid' : 'semantic', ...rest } = options
    const none = { encode: 0, keyword: 0, score: 0, texts: 0, explain: 0 }
    if (query.trim() === '' && !isListing({ ...rest, text: query, mode }))
      return { query, mode, hits: [], words: [], elapsedMs: none }
    const loaded = mode === 'keyword' ? undefined : await this.#load()
    const start = performance.now()
    const encoded = loaded && (await this.#encode(loaded.encoder, query))
    const encode = loaded ? performance.now() - start : 0
    const answer = await this.#engine.search({ text: query, matrix: encoded?.matrix, k, mode, ...rest })
    const explainStart = performance.now()
    const byMeaning = loaded && {
      queryStarts: encoded?.starts ?? new Int32Array(),
      queryEnds: encoded?.ends ?? new Int32Array(),
      layoutDocument: (text: string) => loaded.encoder.layoutDocument(text),
    }
    const explainer = { query, words: meantWords(answer.words), ...(byMeaning && { byMeaning }) }
    const hits = answer.hits.map((hit) => explainHit(unexplained(hit), explainer))
    return {
      query,
      mode,
      hits,
      words: answer.words,
      ...(answer.counts && { counts: answer.counts }),
      elapsedMs: { encode, ...answer.elapsedMs, explain: performance.now() - explainStart },
      ...(loaded && { encoder: loaded.encoder.backend }),
      ...(answer.backend && { scorer: answer.backend }),
      work: { ...answer.work, bytesRead: this.#meter.take() },
    }
  }

  /** All filters and their values, with the number of pages that have each. */
  filters(): Promise<FacetCounts> {
    return this.#engine.filters()
  }

  async close(): Promise<void> {
    this.#engine.close()
    const loaded = await this.#vectors?.catch(() => undefined)
    loaded?.ops.close()
    await loaded?.encoder.close()
  }

  async #encode(encoder: Encoder, query: string): Promise<EncodedText> {
    if (this.#last?.query !== query) this.#last = { query, encoded: await encoder.encodeQuery(query) }
    return this.#last.encoded
  }

  #load() {
    this.#vectors ??= this.#loadVectors()
    const loading = this.#vectors
    // What failed once may work next time: a file that was missing is there.
    loading.catch(() => {
      if (this.#vectors === loading) this.#vectors = undefined
    })
    return loading
  }

  async #loadVectors() {
    const { model = DEFAULT_MODEL, onProgress, encoder: backend } = this.#options
    const ops = await createOps({ backend: 'auto' })
    try {
      await this.#engine.loadVectors(ops, onProgress ? { onProgress } : {})
      const encoder = await openNodeEncoder({ model, ...(onProgress && { onProgress }), ...(backend && { backend }) })
      const built = this.#engine.index.model
      if (built === undefined || built.hash === encoder.model.hash) return { encoder, ops }
      await encoder.close()
      throw new SelvageError(
        'model-mismatch',
        `The index at ${this.#dir} was built with the model "${built.name}" (${built.hash.slice(0, 12)}), but ${model} holds ` +
          `"${encoder.model.name}" (${encoder.model.hash.slice(0, 12)}). Give the index's model, or build the index again.`,
      )
    } catch (error) {
      ops.close()
      throw error
    }
  }
}

/** Opens an index that `selvage build` or `buildFolder` wrote. */
export const openFolder = FolderIndex.open
