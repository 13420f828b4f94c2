/**
 * Two-stage search on the CPU: which kernel is called when, over one memory or several. Work is done in slices, so that an
 * AbortSignal is heard within about 50 ms.
 */
import { throwIfAborted } from '../../errors.ts'
import { type Breather, pause } from '../breather.ts'
import { type IntegerQuery, quantizeQuery } from '../integer.ts'
import type { PlaidHits, PlaidIndex, PlaidSearchOptions, QueryBatch, StageTimes } from '../ops.ts'
import { cutIntoParts, lengthsOf, type Part } from '../parts.ts'
import { bestFirst, selectTop } from '../select.ts'
import { PlaidMemory, tokenBytes } from './plaidMemory.ts'

/** Tokens and multiplications of one call: some 10 ms on a slow phone core. */
const SCAN_TOKENS = 1 << 20
const SLICE_WORK = 1 << 26

/** A compressed index in WASM memories. */
export class WasmPlaid {
  readonly #parts: readonly PlaidMemory[]
  /** Of each part, what one call scans. */
  readonly #scans: readonly (readonly Part[])[]
  readonly #centroidNorm: number
  readonly #dim: number

  static async load(module: WebAssembly.Module, index: PlaidIndex, maxPartBytes: number): Promise<WasmPlaid> {
    const { codec, parts } = index
    const perToken = tokenBytes(codec)
    const lengths = parts.flatMap(({ offsets }) => lengthsOf(offsets))
    const ranges = cutIntoParts({ first: 0, end: lengths.length }, (p) => lengths[p]! * perToken + 4, maxPartBytes)
    const memories: PlaidMemory[] = []
    for (const range of ranges) {
      if (memories.length > 0) await pause() // a worker that loads still hears messages
      memories.push(new PlaidMemory(module, index, range))
    }
    return new WasmPlaid(memories, memories[0]?.centroidNorm ?? 0, codec.dim)
  }

  private constructor(parts: readonly PlaidMemory[], centroidNorm: number, dim: number) {
    this.#parts = parts
    this.#scans = parts.map((part) =>
      cutIntoParts({ first: 0, end: part.passages }, (p) => part.tokensOf(p), SCAN_TOKENS),
    )
    this.#centroidNorm = centroidNorm
    this.#dim = dim
  }

  get bytes(): number {
    return this.#parts.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Query b of the batch; adds to `times`. */
  async search(
    queries: QueryBatch,
    b: number,
    { k, candidates, filter, matches = false }: PlaidSearchOptions,
    times: Times,
    breather: Breather,
  ): Promise<PlaidHits> {
    const query = quantizeQuery(queries, b, this.#centroidNorm)
    const most = Math.max(k, candidates)
    // What centroids say need not be known where no more may be found than are scored with residuals.
    const few = filter && this.#few(filter, most)
    const start = performance.now()
    await this.#setQuery(query, filter, breather, few === undefined)
    const scanStart = performance.now()
    if (few === undefined) await this.#scan(breather)
    const selectStart = performance.now()
    const chosen = few ?? this.#best(query.rows, most)
    const residualStart = performance.now()
    const scored = await this.#residuals(chosen, query.rows, breather)
    const order = bestFirst(scored, k)
    const ids = order.map((place) => chosen[place]!)
    const hits: PlaidHits = {
      ids,
      scores: Int32Array.from(order, (place) => scored[place]!),
      scale: query.scale,
      scored: chosen.length,
      isScanned: few === undefined,
    }
    const found = matches ? { ...hits, ...this.#matches(ids, query.rows) } : hits
    const end = performance.now()
    times.centroids += scanStart - start
    times.scan += selectStart - scanStart
    times.select += residualStart - selectStart
    times.residuals += end - residualStart
    return found
  }

  /** Ids of all that the filter lets through, but for the empty; undefined where they are more than `most`. */
  #few(filter: Uint32Array, most: number): Uint32Array | undefined {
    const ids: number[] = []
    let part = 0
    for (const [i, word] of filter.entries())
      for (let bits = word; bits !== 0; bits &= bits - 1) {
        const id = i * 32 + 31 - Math.clz32(bits & -bits)
        while (part < this.#parts.length && id >= this.#parts[part]!.range.end) part++
        const own = this.#parts[part]
        if (own === undefined) return Uint32Array.from(ids) // bits past the last passage
        if (own.tokensOf(id - own.range.first) === 0) continue
        if (ids.length === most) return undefined
        ids.push(id)
      }
    return Uint32Array.from(ids)
  }

  #best(rows: number, most: number): Uint32Array {
    const sums = this.#parts.map((part) => part.sums)
    return selectTop(sums, 255 * rows, most)
  }

  async #setQuery(
    query: IntegerQuery,
    filter: Uint32Array | undefined,
    breather: Breather,
    withCentroids: boolean,
  ): Promise<void> {
    const step = Math.max(4, Math.floor(SLICE_WORK / Math.max(1, query.rows * this.#dim) / 4) * 4)
    for (const part of this.#parts) {
      part.setQuery(query, filter)
      if (!withCentroids) continue
      for (let first = 0; first < part.centroids; first += step) {
        part.scoreCentroids(first, Math.min(part.centroids, first + step), query)
        await breather.breathe()
      }
    }
  }

  async #scan(breather: Breather): Promise<void> {
    for (const [i, part] of this.#parts.entries())
      for (const { first, end } of this.#scans[i]!) {
        part.approximate(first, end)
        await breather.breathe()
      }
  }

  /** @param ids ascending */
  async #residuals(ids: Uint32Array, rows: number, breather: Breather): Promise<Int32Array> {
    const scores = new Int32Array(ids.length)
    let at = 0
    for (const part of this.#parts) {
      const stop = ids.findIndex((id, i) => i >= at && id >= part.range.end)
      const own = ids.subarray(at, stop < 0 ? ids.length : stop).map((id) => id - part.range.first)
      const work = (i: number): number => part.tokensOf(own[i]!) * Math.max(1, rows) * this.#dim
      for (const { first, end } of cutIntoParts({ first: 0, end: own.length }, work, SLICE_WORK)) {
        scores.set(part.residual(own.subarray(first, end), false).sums, at + first)
        await breather.breathe()
      }
      at += own.length
    }
    return scores
  }

  /** The hits once more, with what matched: asked of all candidates it would cost more. */
  #matches(ids: Uint32Array, rows: number): Required<Pick<PlaidHits, 'positions' | 'similarities'>> {
    const positions = new Uint32Array(ids.length * rows)
    const similarities = new Int32Array(ids.length * rows)
    ids.forEach((id, i) => {
      const part = this.#parts.find(({ range }) => id < range.end)!
      const found = part.residual(Uint32Array.of(id - part.range.first), true)
      positions.set(found.positions, i * rows)
      similarities.set(found.similarities, i * rows)
    })
    return { positions, similarities }
  }
}

/** StageTimes while they are summed up. */
export type Times = { -readonly [Stage in Exclude<keyof StageTimes, 'total'>]-?: number }

/** All queries of a batch, one after the other. */
export async function searchBatch(
  index: WasmPlaid,
  queries: QueryBatch,
  options: PlaidSearchOptions,
  breather: Breather,
): Promise<{ hits: PlaidHits[]; elapsedMs: StageTimes }> {
  const start = performance.now()
  const times: Times = { centroids: 0, scan: 0, select: 0, residuals: 0 }
  const hits: PlaidHits[] = []
  throwIfAborted(options.signal)
  for (let b = 0; b + 1 < queries.offsets.length; b++) {
    hits.push(await index.search(queries, b, options, times, breather))
  }
  return { hits, elapsedMs: { ...times, total: performance.now() - start } }
}
