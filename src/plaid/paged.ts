/**
 * An index whose residuals stay in the store: codes are loaded, and say which passages are looked at closely; only those
 * are read, codes and residuals. The answers are those of the index that is loaded whole, bit by bit, since
 * 1. the scan needs codes alone, and chooses the same candidates whatever residuals are;
 * 2. a token's score depends on its centroid, its residual and the query, and on no other token, so that candidates may be
 *    scored as a small index of their own.
 */
import { throwIfAborted } from '../errors.ts'
import { checkPlaidSearch } from '../ops/checkPlaid.ts'
import type { FailoverOps } from '../ops/failover.ts'
import { type LoadedPlaid, NARROW_CENTROIDS, type PlaidCodec, type PlaidIndex } from '../ops/ops.ts'
import { cutIntoParts } from '../ops/parts.ts'
import type { BlobSource } from '../store/store.ts'
import type { OpsBackend, TokenMatrix } from '../types.ts'
import { type PlaidCodes, type PlaidHeader, readPlaidCodes } from './format.ts'
import { type Passage, PassagePages } from './passagePages.ts'
import {
  bestOf,
  defaultCandidates,
  type Found,
  type IndexReader,
  LoadedReader,
  listed,
  queryBatch,
  type Ranking,
  type SearchOptions,
} from './reader.ts'

/** Most and least of the passages that are kept once they were read, unless told otherwise. */
const MOST_CACHE_BYTES = 16 << 20
const LEAST_CACHE_BYTES = 1 << 20

/** A quarter of the residuals: with all of them kept, nothing would be saved. */
export function defaultCacheBytes({ dim, bits, tokens }: Pick<PlaidHeader, 'dim' | 'bits' | 'tokens'>): number {
  return Math.min(MOST_CACHE_BYTES, Math.max(LEAST_CACHE_BYTES, (tokens * dim * bits) / 32))
}

/** What is in memory at once for a query, whatever number of candidates is asked for. */
const ROUND_BYTES = 16 << 20

/** The index without residuals: a token stands for its centroid, and scores are on the same scale. */
export function codesOnly({ codec, parts }: PlaidCodes): PlaidIndex<0> {
  return {
    codec: { ...codec, bits: 0, shift: 0, weights: new Int8Array(1) },
    parts: parts.map(({ codes, offsets }) => ({ codes, offsets, residuals: new Uint8Array() })),
  }
}

/** Errors: as openPlaid. */
export async function openPaged(
  source: BlobSource,
  header: PlaidHeader,
  ops: FailoverOps,
  cacheBytes = defaultCacheBytes(header),
): Promise<IndexReader> {
  let read: PlaidCodes | undefined = await readPlaidCodes(source, header)
  const { codec, parts } = read
  const offsets = parts.map((part) => part.offsets)
  const pages = new PassagePages(source, header, offsets, cacheBytes)
  // Should a GPU be lost, codes are read again rather than kept twice in memory.
  const loaded = await ops.loadPlaid(async () => {
    const codes = read ?? (await readPlaidCodes(source, header))
    read = undefined
    return codesOnly(codes)
  })
  return new PagedReader(codec, pages, loaded, ops)
}

/** What is loaded is codes; a search goes on where those leave off. */
class PagedReader extends LoadedReader {
  readonly #codec: PlaidCodec
  readonly #pages: PassagePages

  constructor(codec: PlaidCodec, pages: PassagePages, loaded: LoadedPlaid, ops: FailoverOps) {
    super(loaded, ops)
    this.#codec = codec
    this.#pages = pages
  }

  override get bytes(): number {
    return super.bytes + this.#codec.centroids.byteLength + this.#pages.bytes
  }

  override async search(query: TokenMatrix, options: SearchOptions): Promise<Ranking> {
    const start = performance.now()
    const { k, candidates = defaultCandidates(k), filter, signal } = options
    const batch = queryBatch(query)
    checkPlaidSearch(batch, this.loaded, { ...options, candidates })
    const wanted = k === 0 ? 0 : Math.min(this.passages, Math.max(k, candidates))
    // As hits, all of them: whatever their scores without residuals, the scan has chosen this set.
    const scanned = await this.ops.searchPlaid(batch, this.loaded, { k: wanted, candidates: wanted, filter, signal })
    const ids = scanned.hits.flatMap((hits) => [...hits.ids]).sort((a, b) => a - b)
    const places = ids.map((id) => this.#pages.placeOf(id))
    let best: readonly Found[] = []
    let backend = scanned.backend
    const cost = (i: number) => this.#pages.bytesOf(places[i]!)
    for (const { first, end } of cutIntoParts({ first: 0, end: ids.length }, cost, ROUND_BYTES)) {
      const passages = await this.#pages.read(places.slice(first, end))
      throwIfAborted(signal)
      const scored = await this.#score(indexOf(this.#codec, passages), query, options)
      backend = scored.backend
      best = bestOf([...best, ...scored.found.map((hit) => ({ ...hit, id: ids[first + hit.id]! }))], k)
    }
    const { elapsedMs } = scanned
    const total = performance.now() - start
    // Scores without residuals, and reading passages, are what scoring with residuals costs here.
    const residual = total - elapsedMs.total + (elapsedMs.residuals ?? 0)
    const counts = { ...this.countsOf(scanned.hits, filter), scored: ids.length }
    return { passages: best, elapsedMs: { ...elapsedMs, residuals: residual, total }, backend, counts }
  }

  override close(): void {
    super.close()
    this.#pages.clear()
  }

  /** Every passage of a small index, loaded for this once. */
  async #score(
    index: PlaidIndex,
    query: TokenMatrix,
    { k, matches, signal }: SearchOptions,
  ): Promise<{ found: Found[]; backend: OpsBackend }> {
    const loaded = await this.ops.loadPlaid(() => index)
    try {
      const options = { k, candidates: Infinity, matches, signal }
      const { hits, backend } = await this.ops.searchPlaid(queryBatch(query), loaded, options)
      return { found: hits.flatMap((hit) => listed(hit, query.rows)), backend }
    } finally {
      loaded.release()
    }
  }
}

/** The passages as an index of their own, with the centroids that they use, in the order of their first use. */
function indexOf(codec: PlaidCodec, passages: readonly Passage[]): PlaidIndex {
  const { dim, centroids } = codec
  const offsets = new Uint32Array(passages.length + 1)
  passages.forEach(({ codes }, i) => {
    offsets[i + 1] = offsets[i]! + codes.length
  })
  const tokens = offsets.at(-1)!
  /** One more than the new number; 0: not used so far. */
  const renumbered = new Uint32Array(centroids.length / dim)
  const used: number[] = []
  const codes = renumbered.length <= NARROW_CENTROIDS ? new Uint16Array(tokens) : new Uint32Array(tokens)
  const residuals = new Uint8Array((tokens * dim * codec.bits) / 8)
  let at = 0
  let byte = 0
  for (const passage of passages) {
    for (const code of passage.codes) {
      if (renumbered[code] === 0) renumbered[code] = used.push(code)
      codes[at++] = renumbered[code]! - 1
    }
    residuals.set(passage.residuals, byte)
    byte += passage.residuals.length
  }
  const rows = new Int8Array(used.length * dim)
  used.forEach((code, c) => {
    rows.set(centroids.subarray(code * dim, (code + 1) * dim), c * dim)
  })
  return { codec: { ...codec, centroids: rows }, parts: [{ codes, residuals, offsets }] }
}
