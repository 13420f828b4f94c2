/**
 * An open index that answers queries with sections: vectors and texts brought together.
 * It is given a store and kernels; it knows no device, no worker and no DOM.
 */
import { SelvageError } from '../errors.ts'
import type { FailoverOps } from '../ops/failover.ts'
import { plaidPacks } from '../plaid/format.ts'
import { type Found, type IndexReader, openPlaid } from '../plaid/search.ts'
import type { BlobSource } from '../store/store.ts'
import type { OnProgress, OpsBackend, PassageId, TokenMatrix } from '../types.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { type StoredPassage, TextsReader } from './texts.ts'

/** A section that answers the query, with its best passage. */
export interface SectionHit {
  readonly passage: StoredPassage
  /** Σ over query tokens of the best cosine in the passage. */
  readonly score: number
  /** `[Q]` each: the row of the passage's matrix that the query token matched best, and the cosine it got there. */
  readonly positions: Uint32Array
  readonly similarities: Float32Array
}

export interface Answer {
  readonly hits: readonly SectionHit[]
  readonly elapsedMs: { readonly score: number; readonly texts: number }
  readonly backend: OpsBackend
}

export class Engine {
  readonly manifest: Manifest
  readonly #index: IndexReader
  readonly #texts: TextsReader

  /** Errors: those of readManifest and readPack, and of the kernels' `load`. */
  static async open(source: BlobSource, ops: FailoverOps, onProgress?: OnProgress): Promise<Engine> {
    const manifest = await readManifest(source)
    // Texts are read when a hit needs them.
    const total = plaidPacks(manifest.vectors).reduce((sum, ref) => sum + ref.bytes, 0)
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
    const index = await openPlaid(counted, manifest.vectors, ops)
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
    let ranking = await this.#index.search(query, { k: depth, matches: true })
    const textsStart = performance.now()
    let hits = await this.#bestPassages(ranking.passages, k)
    while (hits.length < k && ranking.passages.length >= depth) {
      depth *= 8
      ranking = await this.#index.search(query, { k: depth, matches: true })
      hits = await this.#bestPassages(ranking.passages, k)
    }
    return {
      hits,
      elapsedMs: { score: textsStart - scoreStart, texts: performance.now() - textsStart },
      backend: ranking.backend,
    }
  }

  close(): void {
    this.#index.close()
  }

  /** The first k sections of a ranking of passages; a section stands where its best passage does. */
  async #bestPassages(ranked: readonly Found[], k: number): Promise<SectionHit[]> {
    const best = new Map<PassageId, SectionHit>()
    for (let at = 0; at < ranked.length && best.size < k; at += k) {
      const part = ranked.slice(at, at + k)
      const passages = await this.#texts.passages(part.map(({ id }) => id))
      passages.forEach((passage, i) => {
        if (best.size < k && !best.has(passage.section.id))
          best.set(passage.section.id, { passage, ...matchesOf(part[i]!) })
      })
    }
    return [...best.values()]
  }
}

/** The ranking was asked for with matches, so they are there. */
function matchesOf({ score, positions, similarities }: Found): Omit<SectionHit, 'passage'> {
  if (positions === undefined || similarities === undefined)
    throw new SelvageError('internal', 'The index gave no matches.')
  return { score, positions, similarities }
}
