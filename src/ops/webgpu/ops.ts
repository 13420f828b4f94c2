/**
 * Ops on WebGPU. A call becomes rounds, usually one: exact MaxSim by plan.ts and round.ts, search of a compressed index by
 * plaidPlan.ts and plaidRound.ts. A round is one command buffer with one readback.
 */
import { throwIfAborted } from '../../errors.ts'
import { checkPassages, checkQueries } from '../check.ts'
import { checkAssignment, checkPlaid, checkPlaidSearch, plaidSizes } from '../checkPlaid.ts'
import { quantizeQuery } from '../integer.ts'
import {
  type LoadedPassages,
  type LoadedPlaid,
  type MaxSimOptions,
  type MaxSimResult,
  NARROW_CENTROIDS,
  NO_POSITION,
  type Ops,
  type PassageBatch,
  type PlaidHits,
  type PlaidIndex,
  type PlaidResult,
  type PlaidSearchOptions,
  type QueryBatch,
} from '../ops.ts'
import { Residents } from '../residents.ts'
import { allocateResult, placeBlock, type ResultArrays } from '../result.ts'
import { BufferPool } from './buffers.ts'
import { type Gpu, requestGpu } from './device.ts'
import { type DotProduct, Kernels, maxSimKernel } from './kernels.ts'
import { freePassages, type GpuPassages, QUAD, storageOf, uploadPassages } from './passages.ts'
import { planSearch } from './plaidPlan.ts'
import { freePlaid, type GpuPlaid, uploadPlaid } from './plaidResidents.ts'
import { compilePlaid, type PlaidKernels, type PlaidStage, runPlaidRound } from './plaidRound.ts'
import { planRounds, type RoundLimits } from './plan.ts'
import { runRound } from './round.ts'
import { StageTimer } from './timer.ts'

export interface WebGpuOptions {
  /** Take a software adapter too; see device.ts. Default false. */
  readonly acceptSoftware?: boolean
  /** Most bytes of one resident buffer. Default, and at most: what the device can bind. Tests take little. */
  readonly maxBindingBytes?: number
  /** Most bytes of queries, and of results, in one round. Default 64 MiB. Tests take little. */
  readonly maxRoundBytes?: number
  /** Most workgroups in one dimension of a dispatch. Default 65,535, which every device has. Tests take little. */
  readonly maxGroups?: number
  /** Most bytes of one resident buffer of a compressed index. Default: 128 MiB, which every device binds. Tests take little. */
  readonly maxPartBytes?: number
  /** Most multiply-adds of one submit. Default: see ROUND_WORK. Tests take little. */
  readonly maxWork?: number
  /** Do without packed dot products, as where WGSL lacks them. Default false. For tests. */
  readonly shiftedDot?: boolean
}

/** Tokens that a workgroup of maxSim takes at a time. */
const ASSIGN_ROWS = 32
/** Multiply-adds of one submit: a fifth of a second on a small GPU of 200 GFLOP/s, about a second on SwiftShader. */
const ROUND_WORK = { hardware: 2 ** 34, software: 2 ** 28 } as const

/** A feature of WGSL, not of a device: where hardware has no such instruction, the browser writes it out. */
const PACKED_DOT = 'packed_4x8_integer_dot_product'

export async function createWebGpuOps(options: WebGpuOptions = {}): Promise<Ops> {
  return new WebGpuOps(await requestGpu({ acceptSoftware: options.acceptSoftware ?? false }), options)
}

/** Compiled when the index is loaded: its first query should be as fast as the others. */
interface SearchableIndex extends GpuPlaid {
  readonly kernels: PlaidKernels
}

class WebGpuOps implements Ops {
  readonly backend = 'webgpu'
  readonly device: string
  readonly #gpu: Gpu
  readonly #kernels: Kernels
  readonly #pool: BufferPool
  readonly #residents = new Residents<GpuPassages>(freePassages)
  readonly #indexes = new Residents<SearchableIndex, LoadedPlaid>(freePlaid)
  readonly #dot: DotProduct
  readonly #timer: StageTimer<PlaidStage> | undefined
  readonly #maxBindingBytes: number
  readonly #maxPartBytes: number
  readonly #roundLimits: RoundLimits

  constructor(gpu: Gpu, options: WebGpuOptions) {
    const { maxBindingBytes = Infinity, maxRoundBytes = 2 ** 26, maxGroups = 65_535, shiftedDot = false } = options
    const { limits } = gpu.device
    this.device = gpu.description
    this.#gpu = gpu
    this.#kernels = new Kernels(gpu)
    this.#pool = new BufferPool(gpu.device)
    this.#timer = StageTimer.for(gpu.device)
    // Browsers of 2024 may have WebGPU without this set.
    const features: ReadonlySet<string> | undefined = navigator.gpu.wgslLanguageFeatures
    this.#dot = !shiftedDot && features?.has(PACKED_DOT) ? 'packed' : 'shifted'
    this.#maxBindingBytes = Math.min(maxBindingBytes, limits.maxStorageBufferBindingSize, limits.maxBufferSize)
    this.#maxPartBytes = options.maxPartBytes ?? 2 ** 27
    this.#roundLimits = {
      bytes: maxRoundBytes,
      work: options.maxWork ?? (gpu.software ? ROUND_WORK.software : ROUND_WORK.hardware),
      alignment: limits.minStorageBufferOffsetAlignment,
      groups: maxGroups,
    }
  }

  async load(batch: PassageBatch): Promise<LoadedPassages> {
    this.#assertUsable()
    checkPassages(batch)
    await this.#kernels.get(maxSimKernel(storageOf(batch))) // now, and not at the first query, which should be fast
    const passages = await uploadPassages(this.#gpu, batch, this.#maxBindingBytes)
    return this.#residents.add(
      (release) => ({
        backend: this.backend,
        passages: batch.offsets.length - 1,
        tokens: batch.offsets.at(-1)!,
        dim: batch.dim,
        bytes: passages.bytes,
        release,
      }),
      passages,
    )
  }

  async maxSim(queries: QueryBatch, loaded: LoadedPassages, options: MaxSimOptions = {}): Promise<MaxSimResult> {
    this.#assertUsable()
    const passages = this.#residents.get(loaded)
    checkQueries(queries, passages.dim)
    throwIfAborted(options.signal)
    const result = allocateResult(queries, loaded.passages, options.positions ?? false)
    const kernel = await this.#kernels.get(maxSimKernel(passages.storage))
    const tools = { gpu: this.#gpu, pool: this.#pool, kernel }
    const asked = {
      offsets: queries.offsets,
      dim: queries.dim,
      rowBytes: passages.quads * QUAD * queries.vectors.BYTES_PER_ELEMENT,
      positions: result.positions !== undefined,
    }
    for (const round of planRounds(passages.parts, asked, this.#roundLimits)) {
      this.#residents.get(loaded) // released meanwhile: said so here, before WebGPU refuses a destroyed buffer
      await runRound(round, queries, passages, tools, (block) => {
        placeBlock(block, queries.offsets, loaded.passages, result)
      })
      throwIfAborted(options.signal)
    }
    markEmpty(passages.empty, queries.offsets, loaded.passages, result)
    return { ...result, backend: this.backend }
  }

  /** MaxSim with positions, in which all centroids are one passage and the tokens are queries of a tile each. */
  async assignCentroids(
    tokens: Float32Array,
    centroids: Float32Array,
    dim: number,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Uint32Array> {
    this.#assertUsable()
    checkAssignment(tokens, centroids, dim)
    throwIfAborted(options.signal)
    const rows = tokens.length / dim
    if (rows === 0) return new Uint32Array()
    const offsets = Uint32Array.from({ length: Math.ceil(rows / ASSIGN_ROWS) + 1 }, (_, i) =>
      Math.min(rows, i * ASSIGN_ROWS),
    )
    const passage = { vectors: centroids, offsets: Uint32Array.of(0, centroids.length / dim), dim }
    const loaded = await this.load(passage)
    try {
      const wanted = { positions: true, signal: options.signal }
      const { positions } = await this.maxSim({ vectors: tokens, offsets, dim }, loaded, wanted)
      return positions ?? new Uint32Array()
    } finally {
      loaded.release()
    }
  }

  async loadPlaid(index: PlaidIndex): Promise<LoadedPlaid> {
    this.#assertUsable()
    checkPlaid(index)
    const shape = plaidSizes(index)
    const wideCodes = shape.centroids > NARROW_CENTROIDS
    const kernels = await compilePlaid(this.#kernels, this.#dot, shape.bits, wideCodes)
    const plaid = await uploadPlaid(this.#gpu, index, shape, Math.min(this.#maxBindingBytes, this.#maxPartBytes))
    return this.#indexes.add((release) => ({ backend: this.backend, ...shape, bytes: plaid.bytes, release }), {
      ...plaid,
      kernels,
    })
  }

  async searchPlaid(queries: QueryBatch, loaded: LoadedPlaid, options: PlaidSearchOptions): Promise<PlaidResult> {
    const start = performance.now()
    this.#assertUsable()
    const index = this.#indexes.get(loaded)
    checkPlaidSearch(queries, loaded, options)
    throwIfAborted(options.signal)
    const { k, candidates, filter, matches = false } = options
    const hits: PlaidHits[] = []
    const times = new Map<PlaidStage, number>()
    if (loaded.tokens === 0 || k === 0) {
      for (let b = 0; b + 1 < queries.offsets.length; b++) hits.push(noHits(queries, b, index.centroidNorm, matches))
    } else {
      const { bytes, work, groups } = this.#roundLimits
      const limits = { bytes, work, groups, bindingBytes: this.#maxBindingBytes }
      const tools = { gpu: this.#gpu, pool: this.#pool, kernels: index.kernels, timer: this.#timer }
      const asked = { offsets: queries.offsets, k, candidates, matches }
      for (const round of planSearch(index.shape, index.residency, asked, limits)) {
        this.#indexes.get(loaded) // released meanwhile: said so here, before WebGPU refuses a destroyed buffer
        const found = await runPlaidRound(round, queries, index, filter, tools)
        hits.push(...found.hits)
        for (const [stage, ms] of found.times) times.set(stage, (times.get(stage) ?? 0) + ms)
        throwIfAborted(options.signal)
      }
    }
    const elapsedMs = { ...Object.fromEntries(times), total: performance.now() - start }
    return { hits, elapsedMs, backend: this.backend }
  }

  close(): void {
    this.#residents.close()
    this.#indexes.close()
    this.#gpu.close()
  }

  #assertUsable(): void {
    this.#residents.assertOpen()
    this.#gpu.assertUsable()
  }
}

/** Of an index without tokens, or where none are asked for. */
function noHits(queries: QueryBatch, b: number, centroidNorm: number, matches: boolean): PlaidHits {
  const { scale } = quantizeQuery(queries, b, centroidNorm)
  const none = { ids: new Uint32Array(), scores: new Int32Array(), scale, scored: 0, isScanned: false }
  return matches ? { ...none, positions: new Uint32Array(), similarities: new Int32Array() } : none
}

/** The shader leaves empty passages alone, and those at the end of a part it never sees. */
function markEmpty(
  empty: readonly number[],
  queryOffsets: Uint32Array,
  passageCount: number,
  { scores, positions }: ResultArrays,
): void {
  for (let b = 0; b + 1 < queryOffsets.length; b++) {
    const rows = queryOffsets[b + 1]! - queryOffsets[b]!
    for (const p of empty) {
      scores[b * passageCount + p] = -Infinity
      const at = queryOffsets[b]! * passageCount + p * rows
      positions?.fill(NO_POSITION, at, at + rows)
    }
  }
}
