/**
 * An index whose residuals stay in the store: codes are loaded, and say which passages are looked at closely; only of those
 * residuals are read. The answers are those of the index that is loaded whole, bit by bit, since
 * 1. the scan needs codes alone, and chooses the same candidates whatever residuals are;
 * 2. a token's score depends on its centroid, its residual and the query, and on no other token, so that candidates may be
 *    scored as a small index of their own.
 */
import { throwIfAborted } from '../errors.ts'
import { checkPlaidSearch } from '../ops/checkPlaid.ts'
import type { FailoverOps } from '../ops/failover.ts'
import { type LoadedPlaid, NARROW_CENTROIDS, PLAID_BITS, type PlaidBits, type PlaidIndex } from '../ops/ops.ts'
import { cutIntoParts } from '../ops/parts.ts'
import type { BlobSource } from '../store/store.ts'
import type { OpsBackend, TokenMatrix } from '../types.ts'
import { type PlaidCodes, type PlaidHeader, readPlaidCodes } from './format.ts'
import {
  bestOf,
  defaultCandidates,
  type Found,
  type IndexReader,
  listed,
  queryBatch,
  type Ranking,
  type SearchOptions,
} from './reader.ts'
import { type Place, ResidualPages } from './residualPages.ts'

/** Residuals that are kept once they were read, unless told otherwise. */
export const DEFAULT_CACHE_BYTES = 16 << 20

/** Residuals that are in memory at once for a query, whatever number of candidates is asked for. */
const ROUND_BYTES = 16 << 20

/** The fewest bits of a residual that an index of `dim` can have. */
export function fewestBits(dim: number): PlaidBits {
  return PLAID_BITS.find((bits) => (dim * bits) % 8 === 0) ?? 8
}

/** The index with residuals that say nothing: a token stands for its centroid, and scores are on the same scale. */
export function codesOnly({ codec, parts }: PlaidCodes): PlaidIndex {
  const bits = fewestBits(codec.dim)
  const rowBytes = (codec.dim * bits) / 8
  return {
    codec: { ...codec, bits, shift: 0, weights: new Int8Array(2 ** bits) },
    parts: parts.map((part) => ({ ...part, residuals: new Uint8Array(part.codes.length * rowBytes) })),
  }
}

/** Errors: as openPlaid. */
export async function openPaged(
  source: BlobSource,
  header: PlaidHeader,
  ops: FailoverOps,
  cacheBytes = DEFAULT_CACHE_BYTES,
): Promise<IndexReader> {
  const codes = await readPlaidCodes(source, header)
  const pages = new ResidualPages(source, header, codes.parts, cacheBytes)
  // Codes stay here, two bytes a token: read for each query they would cost as many reads as residuals do.
  const loaded = await ops.loadPlaid(() => codesOnly(codes))
  return new PagedReader(codes, header.bits, pages, loaded, ops)
}

class PagedReader implements IndexReader {
  readonly precision = 'full'
  readonly #index: PlaidCodes
  readonly #bits: PlaidBits
  readonly #pages: ResidualPages
  readonly #loaded: LoadedPlaid
  readonly #ops: FailoverOps

  constructor(index: PlaidCodes, bits: PlaidBits, pages: ResidualPages, loaded: LoadedPlaid, ops: FailoverOps) {
    this.#index = index
    this.#bits = bits
    this.#pages = pages
    this.#loaded = loaded
    this.#ops = ops
  }

  get dim(): number {
    return this.#loaded.dim
  }

  get passages(): number {
    return this.#loaded.passages
  }

  get tokens(): number {
    return this.#loaded.tokens
  }

  get bytes(): number {
    const { codec, parts } = this.#index
    const codes = parts.reduce((sum, part) => sum + part.codes.byteLength + part.offsets.byteLength, 0)
    return this.#loaded.bytes + codec.centroids.byteLength + codes + this.#pages.bytes
  }

  async search(query: TokenMatrix, options: SearchOptions): Promise<Ranking> {
    const start = performance.now()
    const { k, candidates = defaultCandidates(k), filter, signal } = options
    const batch = queryBatch(query)
    checkPlaidSearch(batch, this.#loaded, { ...options, candidates })
    const wanted = k === 0 ? 0 : Math.min(this.passages, Math.max(k, candidates))
    // As hits, all of them: whatever their scores without residuals, the scan has chosen this set.
    const scanned = await this.#ops.searchPlaid(batch, this.#loaded, { k: wanted, candidates: wanted, filter, signal })
    const ids = scanned.hits.flatMap((hits) => [...hits.ids]).sort((a, b) => a - b)
    const places = ids.map((id) => this.#pages.placeOf(id))
    let best: readonly Found[] = []
    let backend = scanned.backend
    const cost = (i: number) => this.#pages.bytesOf(places[i]!)
    for (const { first, end } of cutIntoParts({ first: 0, end: ids.length }, cost, ROUND_BYTES)) {
      const own = places.slice(first, end)
      const residuals = await this.#pages.read(own)
      throwIfAborted(signal)
      const scored = await this.#score(this.#indexOf(own, residuals), query, options)
      backend = scored.backend
      best = bestOf([...best, ...scored.found.map((hit) => ({ ...hit, id: ids[first + hit.id]! }))], k)
    }
    const { elapsedMs } = scanned
    const total = performance.now() - start
    // Scores without residuals, and reading them, are what scoring with residuals costs here.
    const residual = total - elapsedMs.total + (elapsedMs.residuals ?? 0)
    return { passages: best, elapsedMs: { ...elapsedMs, residuals: residual, total }, backend }
  }

  close(): void {
    this.#loaded.release()
    this.#pages.clear()
  }

  /** Every passage of a small index, loaded for this once. */
  async #score(
    index: PlaidIndex,
    query: TokenMatrix,
    { k, matches, signal }: SearchOptions,
  ): Promise<{ found: Found[]; backend: OpsBackend }> {
    const loaded = await this.#ops.loadPlaid(() => index)
    try {
      const options = { k, candidates: Infinity, matches, signal }
      const { hits, backend } = await this.#ops.searchPlaid(queryBatch(query), loaded, options)
      return { found: hits.flatMap((hit) => listed(hit, query.rows)), backend }
    } finally {
      loaded.release()
    }
  }

  /** The passages as an index of their own, with the centroids that they use, in the order of their first use. */
  #indexOf(places: readonly Place[], residuals: readonly Uint8Array[]): PlaidIndex {
    const { codec, parts } = this.#index
    const { dim, centroids } = codec
    const offsets = new Uint32Array(places.length + 1)
    places.forEach(({ start, end }, i) => {
      offsets[i + 1] = offsets[i]! + end - start
    })
    const tokens = offsets.at(-1)!
    /** One more than the new number; 0: not used so far. */
    const renumbered = new Uint32Array(centroids.length / dim)
    const used: number[] = []
    const codes = renumbered.length <= NARROW_CENTROIDS ? new Uint16Array(tokens) : new Uint32Array(tokens)
    const joined = new Uint8Array((tokens * dim * this.#bits) / 8)
    let at = 0
    let byte = 0
    places.forEach(({ part, start, end }, i) => {
      const own = parts[part]!.codes
      for (let t = start; t < end; t++) {
        const code = own[t]!
        if (renumbered[code] === 0) renumbered[code] = used.push(code)
        codes[at++] = renumbered[code]! - 1
      }
      joined.set(residuals[i]!, byte)
      byte += residuals[i]!.length
    })
    const rows = new Int8Array(used.length * dim)
    used.forEach((code, c) => {
      rows.set(centroids.subarray(code * dim, (code + 1) * dim), c * dim)
    })
    return { codec: { ...codec, centroids: rows }, parts: [{ codes, residuals: joined, offsets }] }
  }
}
