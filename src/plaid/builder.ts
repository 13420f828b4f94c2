/**
 * Token vectors in, compressed index out: centroids, codec, codes and residuals, in packs.
 * Vectors are kept as f16 until `finish`, since centroids need to have seen them all. Same vectors, options and backend:
 * same bytes.
 */
import { rejectUnknown, SelvageError, throwIfAborted } from '../errors.ts'
import { fromHalves, toHalves } from '../ops/half.ts'
import { quantizeCentroids, quantizeWeights } from '../ops/integer.ts'
import { MAX_DIM, type PlaidBits, type PlaidPart } from '../ops/ops.ts'
import type { BlobStore } from '../store/store.ts'
import type { OnProgress, TokenMatrix } from '../types.ts'
import { concat } from '../util.ts'
import { encodeResiduals, quantile, trainBuckets } from './codec.ts'
import { MAX_PASSAGE_TOKENS } from './data.ts'
import { canStore, cutIntoPacks, type PlaidHeader, PlaidWriter, residualBytes } from './format.ts'
import { type AssignCentroids, assignInCells, centroidCount, clusterByVector } from './kmeans.ts'
import { checkPool, type Pooled, poolTokens } from './pooling.ts'
import { sampleOf, seeded } from './random.ts'
import { clusterByGroup } from './tokenAware.ts'

export interface PlaidOptions {
  /** Bits of a residual per dimension: 1, 2, 4 or 8. Default 2. */
  readonly bits?: PlaidBits
  /** Number of centroids, about; 1 .. tokens. Default: `centroidCount` of kmeans.ts. */
  readonly centroids?: number
  /** A whole number; another one gives another index, as good. Default 42. */
  readonly seed?: number
  /**
   * How centroids are found. `vectors` (default): k-means over all tokens. `tokens`: within the tokens of one vocabulary id,
   * faster and a little worse (tokenAware.ts has figures); `add` then needs token ids.
   */
  readonly clustering?: 'vectors' | 'tokens'
  /** Token pooling: about one vector for so many tokens (pooling.ts), from 1 on. Default 1, every token its own. */
  readonly pool?: number
}

export interface PlaidBuilderOptions extends PlaidOptions {
  /** 1 .. 256; dim * bits must be a multiple of 8. */
  readonly dim: number
  readonly assign: AssignCentroids
}

/** Tokens whose residuals the codec is trained on: a twentieth, within these. */
const CODEC_SAMPLE = { least: 2000, most: 50_000 } as const

export class PlaidBuilder {
  readonly #store: BlobStore
  readonly #options: PlaidBuilderOptions
  readonly #bits: PlaidBits
  readonly #passages: Uint16Array[] = []
  /** Of each passage's rows, for token-aware clustering. */
  readonly #groups: Uint32Array[] = []

  constructor(store: BlobStore, options: PlaidBuilderOptions) {
    rejectUnknown(options, ['dim', 'assign', 'bits', 'centroids', 'seed', 'clustering', 'pool'], 'PlaidBuilder')
    const { dim, bits = 2, centroids, clustering = 'vectors', pool = 1, seed } = options
    if (!canStore({ dim, bits }))
      throw new SelvageError(
        'invalid-argument',
        `An index of dim ${dim} and ${bits} bits: wanted 1 to ${MAX_DIM} dimensions and 1, 2, 4 or 8 bits whose product is a multiple of 8.`,
      )
    if (centroids !== undefined && !(Number.isInteger(centroids) && centroids >= 1))
      throw new SelvageError('invalid-argument', `centroids: got ${centroids}, wanted a whole number from 1 on.`)
    if (clustering !== 'vectors' && clustering !== 'tokens')
      throw new SelvageError('invalid-argument', `clustering: got ${String(clustering)}, wanted vectors or tokens.`)
    checkPool(pool)
    if (seed !== undefined && !Number.isInteger(seed))
      throw new SelvageError('invalid-argument', `seed: got ${seed}, wanted a whole number.`)
    this.#store = store
    this.#options = options
    this.#bits = bits
  }

  /**
   * `passage` is `[T, E]`; T = 0 is allowed and never a hit.
   * @param tokenIds `[T]`, vocabulary ids, for token-aware clustering
   * @returns with pooling the row of the index that each token went into, `[T]`
   * Errors: `invalid-argument` for another shape or no number.
   */
  add(passage: TokenMatrix, tokenIds?: ArrayLike<number>): Uint16Array | undefined {
    const { dim, pool = 1, clustering } = this.#options
    if (passage.dim !== dim || passage.data.length !== passage.rows * passage.dim)
      throw new SelvageError(
        'invalid-argument',
        `A passage has ${passage.data.length} values for ${passage.rows} x ${passage.dim}; the index wants rows of ${dim}.`,
      )
    if (clustering === 'tokens' && tokenIds?.length !== passage.rows)
      throw new SelvageError(
        'invalid-argument',
        `Passage ${this.#passages.length} has ${passage.rows} rows and ${tokenIds?.length ?? 'no'} token ids; clustering by tokens wants one for each.`,
      )
    if (passage.rows > MAX_PASSAGE_TOKENS)
      throw new SelvageError(
        'invalid-argument',
        `A passage has ${passage.rows} tokens; at most ${MAX_PASSAGE_TOKENS} fit.`,
      )
    const halves = toHalves(passage.data)
    const bad = halves.findIndex((half) => (half & 0x7c00) === 0x7c00)
    if (bad >= 0)
      throw new SelvageError(
        'invalid-argument',
        `Passage ${this.#passages.length}, token ${Math.floor(bad / dim)}: got ${passage.data[bad]}, wanted numbers up to 65,504. The model's output is broken.`,
      )
    // Pooled as kept: the same rows whether a matrix comes from the model or, as halves, from a cache.
    const pooled = pool > 1 ? poolTokens({ ...passage, data: fromHalves(halves) }, pool) : undefined
    this.#passages.push(pooled ? toHalves(pooled.matrix.data) : halves)
    if (clustering === 'tokens' && tokenIds) this.#groups.push(groupsOf(tokenIds, pooled))
    return pooled?.rowOf
  }

  /** Errors: `aborted`, and what the store throws. */
  async finish(given: { readonly onProgress?: OnProgress; readonly signal?: AbortSignal } = {}): Promise<PlaidHeader> {
    const { onProgress, signal } = given
    const { dim, assign, seed = 42, clustering } = this.#options
    throwIfAborted(signal)
    const offsets = new Float64Array(this.#passages.length + 1)
    this.#passages.forEach(({ length }, p) => {
      offsets[p + 1] = offsets[p]! + length / dim
    })
    const tokens = offsets.at(-1)!
    const rowsOf = (ids: Uint32Array) => gatherHalves(this.#passages, offsets, ids, dim)
    const random = seeded(seed)
    const report = (stage: 'cluster' | 'compress') => (share: number) =>
      onProgress?.({ stage, loaded: Math.round(share * tokens), total: tokens, unit: 'items' })
    const common = { dim, assign, random, signal }

    const count = Math.min(this.#options.centroids ?? centroidCount(tokens, dim), tokens)
    const groups = concat((length) => new Uint32Array(length), this.#groups)
    const reported = { ...common, onShare: report('cluster') }
    const found =
      clustering === 'tokens'
        ? await clusterByGroup(rowsOf, groups, count, reported)
        : await clusterByVector(rowsOf, tokens, count, reported)
    report('cluster')(1)
    // Rounded first: codes and residuals are taken against what search computes with, so rounding costs nothing.
    const { values, scale } = quantizeCentroids(found.cells.centroids)
    const centroids = Float32Array.from(values, (value) => value / scale)
    const options = { ...common, onShare: (share: number) => report('compress')(share / 2) }
    const codes = await assignInCells(rowsOf, { ...found, cells: { ...found.cells, centroids } }, options)

    const wanted = Math.min(CODEC_SAMPLE.most, Math.max(CODEC_SAMPLE.least, Math.floor(tokens / 20)))
    const heldOut = sampleOf(random, tokens, wanted)
    const training = train(
      rowsOf(heldOut),
      heldOut.map((t) => codes[t]!),
      centroids,
      dim,
      this.#bits,
    )
    const integers = quantizeWeights(training.weights, scale)
    const weights = Float32Array.from(integers.values, (value) => value / (scale * 2 ** integers.shift))
    const codec = { dim, bits: this.#bits, centroids: values, weights: integers.values, shift: integers.shift }
    const writer = new PlaidWriter(this.#store, codec, { ...training, weights, scale })

    const tokensOf = (p: number) => offsets[p + 1]! - offsets[p]!
    for (const { first, end } of cutIntoPacks(this.#passages.length, tokensOf, codec)) {
      throwIfAborted(signal)
      const part = this.#encode(first, end, offsets, codes, centroids, training.cutoffs)
      await writer.add(part)
      report('compress')(0.5 + (0.5 * offsets[end]!) / Math.max(1, tokens))
    }
    return writer.finish()
  }

  #encode(
    first: number,
    end: number,
    offsets: Float64Array,
    allCodes: Uint32Array,
    centroids: Float32Array,
    cutoffs: Float32Array,
  ): PlaidPart {
    const { dim } = this.#options
    const rowBytes = residualBytes({ dim, bits: this.#bits })
    const start = offsets[first]!
    const codes = allCodes.slice(start, offsets[end])
    const residuals = new Uint8Array(codes.length * rowBytes)
    for (let p = first; p < end; p++) {
      const [from, to] = [offsets[p]! - start, offsets[p + 1]! - start]
      const tokens = fromHalves(this.#passages[p]!)
      const bytes = residuals.subarray(from * rowBytes, to * rowBytes)
      encodeResiduals(tokens, codes.subarray(from, to), centroids, dim, this.#bits, cutoffs, bytes)
    }
    return { codes, residuals, offsets: Uint32Array.from(offsets.subarray(first, end + 1), (at) => at - start) }
  }
}

/** A pooled row belongs where its first token does. */
function groupsOf(tokenIds: ArrayLike<number>, pooled: Pooled | undefined): Uint32Array {
  const groups = Uint32Array.from(tokenIds)
  if (pooled === undefined) return groups
  const first = new Uint32Array(pooled.matrix.rows)
  for (let t = groups.length - 1; t >= 0; t--) first[pooled.rowOf[t]!] = groups[t]!
  return first
}

function train(tokens: Float32Array, codes: Uint32Array, centroids: Float32Array, dim: number, bits: PlaidBits) {
  const residuals = new Float32Array(tokens.length)
  const norms = new Float32Array(codes.length)
  const sums = new Float64Array(dim)
  codes.forEach((code, t) => {
    let squared = 0
    for (let e = 0; e < dim; e++) {
      const value = tokens[t * dim + e]! - centroids[code * dim + e]!
      residuals[t * dim + e] = value
      squared += value * value
      sums[e]! += Math.abs(value)
    }
    norms[t] = Math.sqrt(squared)
  })
  return {
    ...trainBuckets(residuals, bits),
    averageResidual: Float32Array.from(sums, (sum) => sum / Math.max(1, codes.length)),
    clusterThreshold: norms.length === 0 ? 0 : quantile(norms.sort(), 0.75),
  }
}

/** Rows of tokens by their number in the whole index, ascending or not: f32 `[ids, E]`. */
function gatherHalves(
  passages: readonly Uint16Array[],
  offsets: Float64Array,
  ids: Uint32Array,
  dim: number,
): Float32Array {
  const halves = new Uint16Array(ids.length * dim)
  let p = 0
  ids.forEach((id, i) => {
    if (id < offsets[p]!) p = 0
    while (id >= offsets[p + 1]!) p++
    const from = (id - offsets[p]!) * dim
    halves.set(passages[p]!.subarray(from, from + dim), i * dim)
  })
  return fromHalves(halves)
}
