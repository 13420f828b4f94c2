/**
 * Ops on WebGPU. A call becomes rounds (plan.ts), usually one; in a round (round.ts) every resident buffer gets one
 * dispatch, all in one command buffer with one readback.
 */
import { throwIfAborted } from '../../errors.ts'
import { checkPassages, checkQueries } from '../check.ts'
import {
  type LoadedPassages,
  type MaxSimOptions,
  type MaxSimResult,
  NO_POSITION,
  type Ops,
  type PassageBatch,
  type QueryBatch,
} from '../ops.ts'
import { Residents } from '../residents.ts'
import { allocateResult, placeBlock, type ResultArrays } from '../result.ts'
import { createWasmOps } from '../wasm/ops.ts'
import { BufferPool } from './buffers.ts'
import { type Gpu, requestGpu } from './device.ts'
import { Kernels } from './kernels.ts'
import { freePassages, type GpuPassages, QUAD, storageOf, uploadPassages } from './passages.ts'
import { planRounds, type RoundLimits } from './plan.ts'
import { runRound } from './round.ts'

export interface WebGpuOptions {
  /** Take a software adapter too; see device.ts. Default false. */
  readonly acceptSoftware?: boolean
  /** Most bytes of one resident buffer. Default, and at most: what the device can bind. Tests take little. */
  readonly maxBindingBytes?: number
  /** Most bytes of queries, and of results, in one round. Default 64 MiB. Tests take little. */
  readonly maxRoundBytes?: number
  /** Most workgroups in one dimension of a dispatch. Default 65,535, which every device has. Tests take little. */
  readonly maxGroups?: number
}

/** Multiply-adds of one submit: a fifth of a second on a small GPU of 200 GFLOP/s, about a second on SwiftShader. */
const ROUND_WORK = { hardware: 2 ** 34, software: 2 ** 28 } as const

export async function createWebGpuOps(options: WebGpuOptions = {}): Promise<Ops> {
  return new WebGpuOps(await requestGpu({ acceptSoftware: options.acceptSoftware ?? false }), options)
}

class WebGpuOps implements Ops {
  readonly backend = 'webgpu'
  readonly device: string
  readonly #gpu: Gpu
  readonly #kernels: Kernels
  readonly #pool: BufferPool
  readonly #residents = new Residents<GpuPassages>(freePassages)
  /** Created when a compressed index is first asked for. */
  #wasm: Promise<Ops> | undefined
  readonly #maxBindingBytes: number
  readonly #roundLimits: RoundLimits

  constructor(gpu: Gpu, options: WebGpuOptions) {
    const { maxBindingBytes = Infinity, maxRoundBytes = 2 ** 26, maxGroups = 65_535 } = options
    const { limits } = gpu.device
    this.device = gpu.description
    this.#gpu = gpu
    this.#kernels = new Kernels(gpu)
    this.#pool = new BufferPool(gpu.device)
    this.#maxBindingBytes = Math.min(maxBindingBytes, limits.maxStorageBufferBindingSize, limits.maxBufferSize)
    this.#roundLimits = {
      bytes: maxRoundBytes,
      work: gpu.software ? ROUND_WORK.software : ROUND_WORK.hardware,
      alignment: limits.minStorageBufferOffsetAlignment,
      groups: maxGroups,
    }
  }

  async load(batch: PassageBatch): Promise<LoadedPassages> {
    this.#assertUsable()
    checkPassages(batch)
    await this.#kernels.maxSim(storageOf(batch)) // now, and not at the first query, which should be fast
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
    const kernel = await this.#kernels.maxSim(passages.storage)
    const tools = { gpu: this.#gpu, pool: this.#pool, kernel }
    const asked = {
      offsets: queries.offsets,
      dim: queries.dim,
      rowBytes: passages.quads * QUAD * queries.vectors.BYTES_PER_ELEMENT,
      positions: result.positions !== undefined,
    }
    for (const round of planRounds(passages.parts, asked, this.#roundLimits)) {
      await runRound(round, queries, passages, tools, (block) => {
        placeBlock(block, queries.offsets, loaded.passages, result)
      })
      throwIfAborted(options.signal)
      this.#residents.get(loaded) // released meanwhile: said so here, before WebGPU refuses a destroyed buffer
    }
    markEmpty(passages.empty, queries.offsets, loaded.passages, result)
    return { ...result, backend: this.backend }
  }

  // Compressed indexes are searched by WASM here too; results say so.
  readonly assignCentroids: Ops['assignCentroids'] = async (...call) => (await this.#cpu()).assignCentroids(...call)
  readonly loadPlaid: Ops['loadPlaid'] = async (index) => (await this.#cpu()).loadPlaid(index)
  readonly searchPlaid: Ops['searchPlaid'] = async (...call) => (await this.#cpu()).searchPlaid(...call)

  #cpu(): Promise<Ops> {
    this.#assertUsable()
    this.#wasm ??= createWasmOps()
    return this.#wasm
  }

  close(): void {
    this.#residents.close()
    void this.#wasm?.then(
      (ops) => ops.close(),
      () => {},
    )
    this.#gpu.close()
  }

  #assertUsable(): void {
    this.#residents.assertOpen()
    this.#gpu.assertUsable()
  }
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
