/**
 * Token vectors in, compressed index out: centroids, codec, codes and residuals, in packs.
 * Vectors are kept as f16 until `finish`, since centroids need to have seen them all. Same vectors, options and backend:
 * same bytes.
 */
import { rejectUnknown, SelvageError, throwIfAborted } from '../errors.ts'
import { fromHalves, toHalves } from '../ops/half.ts'
import { quantizeCentroids, quantizeWeights } from '../ops/integer.ts'
import { MAX_DIM, PLAID_BITS, type PlaidBits, type PlaidPart } from '../ops/ops.ts'
import { cutIntoParts } from '../ops/parts.ts'
import type { BlobStore } from '../store/store.ts'
import type { OnProgress, TokenMatrix } from '../types.ts'
import { encodeResiduals, quantile, trainBuckets } from './codec.ts'
import { MAX_PASSAGE_TOKENS, PACK_BYTES, type PlaidHeader, PlaidWriter } from './format.ts'
import { type AssignCentroids, assignInCells, centroidCount, cluster, tokensByCell } from './kmeans.ts'
import { sampleOf, seeded } from './random.ts'

export interface PlaidOptions {
  /** Bits of a residual per dimension: 1, 2, 4 or 8. Default 2. */
  readonly bits?: PlaidBits
  /** Number of centroids, about; 1 .. tokens. Default: 2^floor(log2(16·sqrt(tokens))). */
  readonly centroids?: number
  /** Default 42. */
  readonly seed?: number
}

export interface PlaidBuilderOptions extends PlaidOptions {
  /** 1 .. 256; dim * bits must be a multiple of 8. */
  readonly dim: number
  readonly assign: AssignCentroids
}

/** Tokens that clustering sees, per centroid. */
const SAMPLE_PER_CENTROID = 64
/** Tokens whose residuals the codec is trained on: a twentieth, within these. */
const CODEC_SAMPLE = { least: 2000, most: 50_000 } as const

export class PlaidBuilder {
  readonly #store: BlobStore
  readonly #options: PlaidBuilderOptions
  readonly #bits: PlaidBits
  readonly #passages: Uint16Array[] = []

  constructor(store: BlobStore, options: PlaidBuilderOptions) {
    rejectUnknown(options, ['dim', 'assign', 'bits', 'centroids', 'seed'], 'PlaidBuilder')
    const { dim, bits = 2, centroids } = options
    if (!(Number.isInteger(dim) && dim >= 1 && dim <= MAX_DIM && PLAID_BITS.includes(bits) && (dim * bits) % 8 === 0))
      throw new SelvageError(
        'invalid-argument',
        `An index of dim ${dim} and ${bits} bits: wanted 1 to ${MAX_DIM} dimensions and 1, 2, 4 or 8 bits whose product is a multiple of 8.`,
      )
    if (centroids !== undefined && !(Number.isInteger(centroids) && centroids >= 1))
      throw new SelvageError('invalid-argument', `centroids: got ${centroids}, wanted a whole number from 1 on.`)
    this.#store = store
    this.#options = options
    this.#bits = bits
  }

  /** `passage` is `[T, E]`; T = 0 is allowed and never a hit. Errors: `invalid-argument` for another shape or no number. */
  add({ data, rows, dim }: TokenMatrix): void {
    if (dim !== this.#options.dim || data.length !== rows * dim)
      throw new SelvageError(
        'invalid-argument',
        `A passage has ${data.length} values for ${rows} x ${dim}; the index wants rows of ${this.#options.dim}.`,
      )
    if (rows > MAX_PASSAGE_TOKENS)
      throw new SelvageError('invalid-argument', `A passage has ${rows} tokens; at most ${MAX_PASSAGE_TOKENS} fit.`)
    const halves = toHalves(data)
    const bad = halves.findIndex((half) => (half & 0x7c00) === 0x7c00)
    if (bad >= 0)
      throw new SelvageError(
        'invalid-argument',
        `Passage ${this.#passages.length}, token ${Math.floor(bad / dim)}: got ${data[bad]}, wanted numbers up to 65,504. The model's output is broken.`,
      )
    this.#passages.push(halves)
  }

  /** Errors: `aborted`, and what the store throws. */
  async finish(
    options: { readonly onProgress?: OnProgress; readonly signal?: AbortSignal } = {},
  ): Promise<PlaidHeader> {
    const { onProgress, signal } = options
    const { dim, assign, seed = 42 } = this.#options
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

    const count = Math.min(this.#options.centroids ?? centroidCount(tokens), tokens)
    const sample = rowsOf(sampleOf(random, tokens, count * SAMPLE_PER_CENTROID))
    const cells = await cluster(sample, count, { ...common, onShare: report('cluster') })
    report('cluster')(1)
    // Rounded first: codes and residuals are taken against what search computes with, so rounding costs nothing.
    const { values, scale } = quantizeCentroids(cells.centroids)
    const centroids = Float32Array.from(values, (value) => value / scale)
    const rounded = { ...cells, centroids }
    const members = await tokensByCell(rowsOf, tokens, cells.cells, common)
    const codes = await assignInCells(rowsOf, members, rounded, {
      ...common,
      onShare: (share) => report('compress')(share / 2),
    })

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

    const rowBytes = (dim * this.#bits) / 8
    const all = { first: 0, end: this.#passages.length }
    for (const { first, end } of cutIntoParts(all, (p) => (offsets[p + 1]! - offsets[p]!) * rowBytes, PACK_BYTES)) {
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
    const rowBytes = (dim * this.#bits) / 8
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
