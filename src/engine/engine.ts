/**
 * An open index that answers queries with sections: vectors and texts brought together.
 * It is given a store and kernels; it knows no device, no worker and no DOM.
 */
import { SelvageError } from '../errors.ts'
import type { FailoverOps } from '../ops/failover.ts'
import { type IndexReader, openFlat } from '../plaid/reader.ts'
import type { BlobSource } from '../store/store.ts'
import type { OnProgress, OpsBackend, PassageId, TokenMatrix } from '../types.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { type StoredPassage, TextsReader } from './texts.ts'

/** A section that answers the query, with its best passage. */
export interface SectionHit {
  readonly passage: StoredPassage
  /** Σ over query tokens of the best dot product in the passage. */
  readonly score: number
  /** `[Q]` each: see PassageMatches. */
  readonly positions: Uint32Array
  readonly similarities: Float32Array
}

export interface Answer {
  readonly hits: readonly SectionHit[]
  readonly elapsedMs: { readonly score: number; readonly texts: number; readonly explain: number }
  readonly backend: OpsBackend
}

export class Engine {
  readonly manifest: Manifest
  readonly #index: IndexReader
  readonly #texts: TextsReader

  /** Errors: those of readManifest and readPack, and of the kernels' `load`. */
  static async open(source: BlobSource, ops: FailoverOps, onProgress?: OnProgress): Promise<Engine> {
    const manifest = await readManifest(source)
    const { lengths, vectors } = manifest.vectors
    // Texts are read when a hit needs them.
    const total = [lengths, ...vectors].reduce((sum, ref) => sum + ref.bytes, 0)
    let loaded = 0
    onProgress?.({ stage: 'index', loaded, total, unit: 'bytes' })
    const counted: BlobSource = {
      location: source.location,
      async get(key) {
        const bytes = await source.get(key)
        loaded += bytes?.byteLength ?? 0
        onProgress?.({ stage: 'index', loaded, total, unit: 'bytes' })
        return bytes
      },
    }
    const index = await openFlat(counted, manifest.vectors, ops)
    return new Engine(manifest, index, new TextsReader(source, manifest.texts))
  }

  private constructor(manifest: Manifest, index: IndexReader, texts: TextsReader) {
    this.manifest = manifest
    this.#index = index
    this.#texts = texts
  }

  /** The k sections whose best passage scores highest, each once. Errors: `invalid-argument` for another dim. */
  async search(query: TokenMatrix, k: number): Promise<Answer> {
    if (query.dim !== this.#index.dim)
      throw new SelvageError(
        'invalid-argument',
        `The query has ${query.dim} dimensions, the index ${this.#index.dim}: they come from different models.`,
      )
    const scoreStart = performance.now()
    // Sections are cut into few passages: some slack finds k of them, and the rare query that needs more asks again.
    let depth = 2 * k + 8
    let ranking = await this.#index.search(query, depth)
    const textsStart = performance.now()
    let best = await this.#bestPassages(ranking.passages, k)
    while (best.size < k && ranking.passages.length >= depth) {
      depth *= 8
      ranking = await this.#index.search(query, depth)
      best = await this.#bestPassages(ranking.passages, k)
    }
    const explainStart = performance.now()
    const chosen = [...best.values()]
    const matches = await this.#index.explain(
      query,
      chosen.map(({ passage }) => passage.id),
    )
    const end = performance.now()
    return {
      hits: chosen.map((hit, i) => ({ ...hit, ...matches[i]! })),
      elapsedMs: { score: textsStart - scoreStart, texts: explainStart - textsStart, explain: end - explainStart },
      backend: ranking.backend,
    }
  }

  close(): void {
    this.#index.close()
  }

  /** The first k sections of a ranking of passages; a section stands where its best passage does. */
  async #bestPassages(ranked: readonly { id: PassageId; score: number }[], k: number) {
    const best = new Map<PassageId, { passage: StoredPassage; score: number }>()
    for (let at = 0; at < ranked.length && best.size < k; at += k) {
      const part = ranked.slice(at, at + k)
      const passages = await this.#texts.passages(part.map(({ id }) => id))
      passages.forEach((passage, i) => {
        if (best.size < k && !best.has(passage.section.id))
          best.set(passage.section.id, { passage, score: part[i]!.score })
      })
    }
    return best
  }
}
