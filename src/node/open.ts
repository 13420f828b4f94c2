/**
 * An index on disk, searched in Node by the same engine that runs in a tab: the model by onnxruntime-node, scores by
 * WASM. The public search half of `selvage/node`.
 */

import type { Encoder } from '../encoder/encoder.ts'
import { Engine } from '../engine/engine.ts'
import { contextualText, passageText } from '../engine/texts.ts'
import { rejectUnknown, SelvageError } from '../errors.ts'
import { createOps } from '../ops/create.ts'
import type { FailoverOps } from '../ops/failover.ts'
import { explainPassage } from '../search/explain.ts'
import type { EncoderBackend, Hit, OnProgress, OpsBackend } from '../types.ts'
import { fileStore } from './fileStore.ts'
import { DEFAULT_MODEL, openNodeEncoder } from './model.ts'

export interface OpenFolderOptions {
  /** Folder of the model; it must be the one the index was built with. Default: the one that ships with the package. */
  readonly model?: string
  readonly onProgress?: OnProgress
}

export interface FolderSearchResult {
  readonly query: string
  readonly hits: readonly Hit[]
  readonly elapsedMs: {
    readonly encode: number
    readonly score: number
    readonly texts: number
    readonly explain: number
  }
  readonly encoder: EncoderBackend
  readonly scorer: OpsBackend
}

export class FolderIndex {
  readonly #engine: Engine
  readonly #encoder: Encoder
  readonly #ops: FailoverOps

  /** Errors: `index-missing`, `index-invalid`, `index-version`, `model-missing`, `model-invalid`, `model-mismatch`. */
  static async open(dir: string, options: OpenFolderOptions = {}): Promise<FolderIndex> {
    rejectUnknown(options, ['model', 'onProgress'], 'openFolder')
    const { model = DEFAULT_MODEL, onProgress } = options
    const ops = await createOps({ backend: 'auto' })
    try {
      const engine = await Engine.open(fileStore(dir), ops, onProgress)
      const encoder = await openNodeEncoder({ model, onProgress })
      const built = engine.manifest.model
      if (built.hash === encoder.model.hash) return new FolderIndex(engine, encoder, ops)
      await encoder.close()
      throw new SelvageError(
        'model-mismatch',
        `The index at ${dir} was built with the model "${built.name}" (${built.hash.slice(0, 12)}), but ${model} holds ` +
          `"${encoder.model.name}" (${encoder.model.hash.slice(0, 12)}). Give the index's model, or build the index again.`,
      )
    } catch (error) {
      ops.close()
      throw error
    }
  }

  private constructor(engine: Engine, encoder: Encoder, ops: FailoverOps) {
    this.#engine = engine
    this.#encoder = encoder
    this.#ops = ops
  }

  /** The k sections that answer best. An empty query has no hits. */
  async search(query: string, k = 10): Promise<FolderSearchResult> {
    const start = performance.now()
    const encoded = await this.#encoder.encodeQuery(query)
    const encode = performance.now() - start
    const backends = { encoder: this.#encoder.backend, scorer: this.#ops.backend }
    if (query.trim() === '')
      return { query, hits: [], elapsedMs: { encode, score: 0, texts: 0, explain: 0 }, ...backends }
    const { hits, elapsedMs, backend } = await this.#engine.search(encoded.matrix, k)
    const explainStart = performance.now()
    const explained = hits.map(({ passage, score, positions, similarities }): Hit => {
      const { section, rowOf } = passage
      const { text, blocks } = passageText(passage)
      const { text: input, offset } = contextualText(section.headings, text)
      const { starts, ends } = this.#encoder.layoutDocument(input)
      const explanation = explainPassage({
        ...{ input, offset, blocks, language: section.page.language },
        ...{ starts, ends, rowOf, positions, similarities, queryStarts: encoded.starts },
      })
      const { headings, url } = section
      return { title: headings.at(-1) ?? url, headings, url, score, passage: { text, blocks, ...explanation } }
    })
    const explain = performance.now() - explainStart
    return { query, hits: explained, elapsedMs: { encode, ...elapsedMs, explain }, ...backends, scorer: backend }
  }

  async close(): Promise<void> {
    this.#engine.close()
    this.#ops.close()
    await this.#encoder.close()
  }
}

/** Opens an index that `selvage build` or `buildFolder` wrote. */
export const openFolder = FolderIndex.open
