/**
 * One WASM memory with the passages of one part, and the calls into its kernel.
 * It knows the memory's layout and nothing of handles, checks or scheduling (ops.ts does).
 *
 * Each part has an instance, hence a memory, of its own: a WASM memory never shrinks, so dropping the instance is the
 * only way to give passages back, and the 4 GiB limit holds per part instead of for everything loaded.
 *
 *   layout: [ block offsets | token blocks | work space of a call: see #reserve ]
 */
import { SelvageError } from '../../errors.ts'
import type { PassageBatch } from '../ops.ts'
import type { Part } from '../parts.ts'
import base64 from './kernels.as.ts?wasm'
import { PAGE_BYTES, packTokens, type QueryChunk, TOKEN_BLOCK } from './layout.ts'
import plaidBase64 from './plaid.as.ts?wasm'

/** The exports of kernels.as.ts; numbers are addresses in bytes unless named otherwise. */
interface Kernels {
  readonly memory: WebAssembly.Memory
  maxSim(
    blocks: number,
    half: boolean,
    blockOffsets: number,
    first: number,
    end: number,
    dim: number,
    wide: number,
    tiles: number,
    rows: number,
    rowOffsets: number,
    batch: number,
    best: number,
    bestAt: number,
    scores: number,
    positions: number,
  ): void
}

/** Views into the instance's memory, valid until its next call. Layouts as in MaxSimResult, for the slice alone. */
export interface Slice {
  /** `[B, end - first]` */
  readonly scores: Float32Array
  /** For each query a block `[end - first, Q_b]`; empty unless asked for. */
  readonly positions: Uint32Array
}

/** Compiles without eval: a page needs no more than CSP 'wasm-unsafe-eval'. Rejects where SIMD is missing. */
export async function compileKernels(): Promise<{ maxSim: WebAssembly.Module; plaid: WebAssembly.Module }> {
  const [maxSim, plaid] = await Promise.all([compile(base64), compile(plaidBase64)])
  return { maxSim, plaid }
}

async function compile(encoded: string): Promise<WebAssembly.Module> {
  const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0))
  try {
    return await WebAssembly.compile(bytes)
  } catch (cause) {
    throw new SelvageError('backend-unavailable', `WebAssembly SIMD does not work here: ${String(cause)}`, { cause })
  }
}

export class WasmPart {
  /** Global ids of its passages. */
  readonly range: Part
  readonly dim: number
  readonly half: boolean
  readonly #kernels: Kernels
  /** `[passages of this part + 1]`, in blocks. */
  readonly #blockOffsets: Uint32Array
  readonly #blocksAt: number
  readonly #workAt: number

  /** @param instance of kernels.as.ts; what another part had in its memory is overwritten */
  constructor(instance: WebAssembly.Instance, batch: PassageBatch, range: Part) {
    // The compiler made these exports from kernels.as.ts, out of the type checker's sight.
    this.#kernels = instance.exports as unknown as Kernels
    this.range = range
    this.dim = batch.dim
    this.half = batch.vectors instanceof Uint16Array
    const blockOffsets = new Uint32Array(range.end - range.first + 1)
    for (let p = range.first; p < range.end; p++) {
      const tokens = batch.offsets[p + 1]! - batch.offsets[p]!
      blockOffsets[p - range.first + 1] = blockOffsets[p - range.first]! + Math.ceil(tokens / TOKEN_BLOCK)
    }
    this.#blockOffsets = blockOffsets
    this.#blocksAt = align(OFFSETS_AT + blockOffsets.byteLength)
    const values = blockOffsets.at(-1)! * TOKEN_BLOCK * this.dim
    this.#workAt = align(this.#blocksAt + values * (this.half ? 2 : 4))
    const buffer = grow(this.#kernels.memory, this.#workAt)
    new Uint32Array(buffer, OFFSETS_AT, blockOffsets.length).set(blockOffsets)
    const blocks = this.half
      ? new Uint16Array(buffer, this.#blocksAt, values)
      : new Float32Array(buffer, this.#blocksAt, values)
    packTokens(batch, range, blocks)
  }

  get bytes(): number {
    return this.#kernels.memory.buffer.byteLength
  }

  /** Multiplications of one query row with passage `first + p`, repeats included: what a call's time goes by. */
  work(p: number): number {
    return (this.#blockOffsets[p + 1]! - this.#blockOffsets[p]!) * TOKEN_BLOCK * this.dim
  }

  /** MaxSim of a chunk of queries against the part's passages first .. end, counted from the part's own first. */
  maxSim(chunk: QueryChunk, { first, end }: Part, wantPositions: boolean): Slice {
    const { tiles, rowOffsets } = chunk
    const rows = tiles.length / this.dim
    const batch = rowOffsets.length - 1
    const scoreCount = batch * (end - first)
    const positionCount = wantPositions ? rowOffsets[batch]! * (end - first) : 0

    let next = this.#workAt
    const reserve = (bytes: number): number => {
      const at = next
      next = align(next + bytes)
      return at
    }
    const wideAt = reserve(this.half ? this.dim * TOKEN_BLOCK * 4 : 0)
    const tilesAt = reserve(tiles.byteLength)
    const rowOffsetsAt = reserve(rowOffsets.byteLength)
    const bestAt = reserve(rows * 4)
    const bestPositionsAt = reserve(rows * 4)
    const scoresAt = reserve(scoreCount * 4)
    const positionsAt = reserve(positionCount * 4)
    const buffer = grow(this.#kernels.memory, next)

    new Float32Array(buffer, tilesAt, tiles.length).set(tiles)
    new Uint32Array(buffer, rowOffsetsAt, rowOffsets.length).set(rowOffsets)
    this.#kernels.maxSim(
      this.#blocksAt,
      this.half,
      OFFSETS_AT,
      first,
      end,
      this.dim,
      wideAt,
      tilesAt,
      rows,
      rowOffsetsAt,
      batch,
      bestAt,
      bestPositionsAt,
      scoresAt,
      wantPositions ? positionsAt : 0,
    )
    return {
      scores: new Float32Array(buffer, scoresAt, scoreCount),
      positions: new Uint32Array(buffer, positionsAt, positionCount),
    }
  }
}

/** The memory's buffer, at least `bytes` long. Growing detaches earlier views. */
export function grow(memory: WebAssembly.Memory, bytes: number): ArrayBuffer {
  const missing = bytes - memory.buffer.byteLength
  if (missing > 0) {
    try {
      memory.grow(Math.ceil(missing / PAGE_BYTES))
    } catch (cause) {
      const message = `WebAssembly memory cannot grow to ${Math.ceil(bytes / 2 ** 20)} MiB for these passages.`
      throw new SelvageError('runtime-failed', message, { cause })
    }
  }
  return memory.buffer
}

/** Address 0 stays free: it means "not wanted". */
const OFFSETS_AT = 16

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16
}
