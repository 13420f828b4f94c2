/**
 * Ops on the CPU: SIMD on one thread, in every browser of today and in Node.
 * Work is done in slices, so that a caller's AbortSignal is heard within about 50 ms, and calls run one after the
 * other, because they share an instance's work space.
 */
import { throwIfAborted } from '../../errors.ts'
import { Breather } from '../breather.ts'
import { checkPassages, checkQueries } from '../check.ts'
import { checkAssignment, checkPlaid, checkPlaidSearch, plaidSizes } from '../checkPlaid.ts'
import type { LoadedPlaid, Ops, QueryBatch } from '../ops.ts'
import { cutIntoParts } from '../parts.ts'
import { Residents } from '../residents.ts'
import { allocateResult, placeBlock, type ResultArrays } from '../result.ts'
import { assignCentroids } from './assign.ts'
import { compileKernels, WasmPart } from './instance.ts'
import { packQueries, TOKEN_BLOCK } from './layout.ts'
import { searchBatch, WasmPlaid } from './plaid.ts'

export interface WasmOptions {
  /** Most bytes of passages in one WASM memory, of which it can address 2^32. Default 2 GiB; tests take little. */
  readonly maxPartBytes?: number
}

/** Query tiles of a call: they are read again for every block of tokens, so they should stay in the L2 cache. */
const CHUNK_BYTES = 256 * 1024
/** Multiplications of one call, about 20 ms on a slow phone core. */
const SLICE_WORK = 1 << 25
/** Scores and positions that one call writes. */
const SLICE_OUTPUTS = 1 << 18

export async function createWasmOps({ maxPartBytes = 2 ** 31 }: WasmOptions = {}): Promise<Ops> {
  const modules = await compileKernels()
  // Nothing to free: a memory goes when nothing refers to it.
  const residents = new Residents<readonly WasmPart[]>(() => {})
  const indexes = new Residents<WasmPlaid, LoadedPlaid>(() => {})
  // One memory for all clusterings: a build makes hundreds of calls, and memories are collected late.
  const assigning = new WebAssembly.Instance(modules.maxSim)
  let lastCall: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const call = lastCall.then(job)
    lastCall = call.catch(() => {})
    return call
  }

  return {
    backend: 'wasm',
    device: 'SIMD, one thread',
    async load(batch) {
      residents.assertOpen()
      checkPassages(batch)
      const { offsets, dim } = batch
      const blockBytes = TOKEN_BLOCK * dim * batch.vectors.BYTES_PER_ELEMENT
      const passageBytes = (p: number): number =>
        Math.ceil((offsets[p + 1]! - offsets[p]!) / TOKEN_BLOCK) * blockBytes + offsets.BYTES_PER_ELEMENT
      const ranges = cutIntoParts({ first: 0, end: offsets.length - 1 }, passageBytes, maxPartBytes)
      const parts = ranges.map((range) => new WasmPart(new WebAssembly.Instance(modules.maxSim), batch, range))
      return residents.add(
        (release) => ({
          backend: 'wasm',
          passages: offsets.length - 1,
          tokens: offsets.at(-1)!,
          dim,
          bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
          release,
        }),
        parts,
      )
    },
    async maxSim(queries, passages, options = {}) {
      residents.get(passages)
      checkQueries(queries, passages.dim)
      return inTurn(async () => {
        const result = allocateResult(queries, passages.passages, options.positions ?? false)
        await fill(result, queries, passages.passages, () => residents.get(passages), options.signal)
        return { ...result, backend: 'wasm' } as const
      })
    },
    async assignCentroids(tokens, centroids, dim, options = {}) {
      residents.assertOpen()
      checkAssignment(tokens, centroids, dim)
      throwIfAborted(options.signal)
      return inTurn(() => {
        const breather = new Breather(options.signal, () => residents.assertOpen())
        return assignCentroids(assigning, tokens, centroids, dim, breather)
      })
    },
    async loadPlaid(index) {
      indexes.assertOpen()
      checkPlaid(index)
      const plaid = await WasmPlaid.load(modules.plaid, index, maxPartBytes)
      return indexes.add((release) => ({ backend: 'wasm', ...plaidSizes(index), bytes: plaid.bytes, release }), plaid)
    },
    async searchPlaid(queries, loaded, options) {
      indexes.get(loaded)
      checkPlaidSearch(queries, loaded, options)
      return inTurn(async () => {
        const breather = new Breather(options.signal, () => indexes.get(loaded))
        return { ...(await searchBatch(indexes.get(loaded), queries, options, breather)), backend: 'wasm' } as const
      })
    },
    close() {
      residents.close()
      indexes.close()
    },
  }
}

/**
 * Fills `result` slice by slice: some queries against some passages of one part.
 * @param getParts throws when the passages were released or the ops closed
 */
async function fill(
  result: ResultArrays,
  queries: QueryBatch,
  passageCount: number,
  getParts: () => readonly WasmPart[],
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfAborted(signal)
  const wantPositions = result.positions !== undefined
  const { offsets, dim } = queries
  const rowBytes = dim * queries.vectors.BYTES_PER_ELEMENT
  const chunkBytes = (b: number): number => (offsets[b + 1]! - offsets[b]!) * rowBytes
  const breather = new Breather(signal, getParts)
  for (const chunk of cutIntoParts({ first: 0, end: offsets.length - 1 }, chunkBytes, CHUNK_BYTES)) {
    const packed = packQueries(queries, chunk)
    const rows = packed.rowOffsets.at(-1)!
    const outputs = chunk.end - chunk.first + (wantPositions ? rows : 0)
    for (const part of getParts()) {
      const all = { first: 0, end: part.range.end - part.range.first }
      const sliceWork = (p: number): number => part.work(p) * rows
      for (const slice of cutIntoParts(all, sliceWork, SLICE_WORK, Math.ceil(SLICE_OUTPUTS / outputs))) {
        const passages = { first: part.range.first + slice.first, end: part.range.first + slice.end }
        const found = part.maxSim(packed, slice, wantPositions)
        placeBlock({ ...found, queries: chunk, passages }, offsets, passageCount, result)
        await breather.breathe()
      }
    }
  }
}
