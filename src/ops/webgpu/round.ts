/**
 * One round of MaxSim on the GPU: uploads the queries, encodes a dispatch per resident buffer, reads the results back.
 */
import type { QueryBatch } from '../ops.ts'
import type { ResultBlock } from '../result.ts'
import { type BufferPool, padRows, write } from './buffers.ts'
import type { Gpu } from './device.ts'
import { bind, type Kernel } from './kernels.ts'
import { type GpuPassages, QUAD } from './passages.ts'
import type { Dispatch, Round } from './plan.ts'

/** Distance of two dispatches' parameters: offsets of uniform bindings are multiples of 256 bytes. */
const PARAMS_BYTES = 256

interface RoundBuffers {
  readonly params: GPUBuffer
  readonly queries: GPUBuffer
  readonly queryOffsets: GPUBuffer
  readonly output: GPUBuffer
  readonly staging: GPUBuffer
}

/** @param place is called for each dispatch with its results, which are valid only during that call */
export async function runRound(
  round: Round,
  queries: QueryBatch,
  passages: GpuPassages,
  { gpu, pool, kernel }: { readonly gpu: Gpu; readonly pool: BufferPool; readonly kernel: Kernel },
  place: (block: ResultBlock) => void,
): Promise<void> {
  const { device } = gpu
  const taken: GPUBuffer[] = []
  try {
    const staging = await gpu.checked('MaxSim', async () => {
      const buffers = takeBuffers(pool, round, queries, passages, taken)
      writeInputs(device.queue, buffers, round, queries, passages)
      const encoder = device.createCommandEncoder()
      const pass = encoder.beginComputePass()
      pass.setPipeline(kernel.pipeline)
      round.dispatches.forEach((dispatch, index) => {
        pass.setBindGroup(0, bindRound(device, kernel, buffers, round, passages, dispatch, index))
        pass.dispatchWorkgroups(dispatch.width, dispatch.height, round.queries.end - round.queries.first)
      })
      pass.end()
      encoder.copyBufferToBuffer(buffers.output, 0, buffers.staging, 0, round.outputBytes)
      device.queue.submit([encoder.finish()])
      await buffers.staging.mapAsync(GPUMapMode.READ, 0, round.outputBytes)
      return buffers.staging
    })
    const bytes = staging.getMappedRange(0, round.outputBytes)
    for (const { passages: range, scores, positions } of round.dispatches) {
      place({
        queries: round.queries,
        passages: range,
        scores: new Float32Array(bytes, scores.offset, scores.size / 4),
        positions: new Uint32Array(bytes, positions.offset, positions.size / 4),
      })
    }
    staging.unmap()
    pool.giveBack(taken)
  } catch (error) {
    // In what state the buffers are is not known, so nobody gets them again.
    for (const buffer of taken) buffer.destroy()
    throw error
  }
}

function takeBuffers(
  pool: BufferPool,
  round: Round,
  { offsets }: QueryBatch,
  { quads }: GpuPassages,
  taken: GPUBuffer[],
): RoundBuffers {
  const take = (label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer => {
    const buffer = pool.take(label, bytes, usage)
    taken.push(buffer)
    return buffer
  }
  const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage
  const { first, end } = round.queries
  const queryBytes = (offsets[end]! - offsets[first]!) * quads * QUAD * 4
  return {
    params: take('params', round.dispatches.length * PARAMS_BYTES, UNIFORM | COPY_DST),
    queries: take('queries', queryBytes, STORAGE | COPY_DST),
    queryOffsets: take('query offsets', (end - first + 1) * 4, STORAGE | COPY_DST),
    // Four bytes more: where `positions` is bound when nobody wants them.
    output: take('output', round.outputBytes + 4, STORAGE | COPY_SRC),
    staging: take('staging', round.outputBytes, MAP_READ | COPY_DST),
  }
}

function writeInputs(
  queue: GPUQueue,
  buffers: RoundBuffers,
  { queries: range, dispatches }: Round,
  { vectors, offsets, dim }: QueryBatch,
  { quads, parts }: GpuPassages,
): void {
  const firstRow = offsets[range.first]!
  const rows = vectors.subarray(firstRow * dim, offsets[range.end]! * dim)
  write(queue, buffers.queries, padRows(rows, dim * 4, quads * QUAD * 4))
  write(
    queue,
    buffers.queryOffsets,
    offsets.slice(range.first, range.end + 1).map((row) => row - firstRow),
  )
  const params = new Uint32Array((dispatches.length * PARAMS_BYTES) / 4)
  dispatches.forEach((dispatch, index) => {
    const { passages, positions, part, width } = dispatch
    const firstPassage = passages.first - parts[part]!.range.first
    const values = [firstPassage, passages.end - passages.first, width, quads, positions.size > 0 ? 1 : 0]
    params.set(values, (index * PARAMS_BYTES) / 4)
  })
  write(queue, buffers.params, params)
}

function bindRound(
  device: GPUDevice,
  kernel: Kernel,
  buffers: RoundBuffers,
  round: Round,
  { parts }: GpuPassages,
  { part, scores, positions }: Dispatch,
  index: number,
): GPUBindGroup {
  const { tokenBuffer, offsetBuffer } = parts[part]!
  const { output } = buffers
  const positionsSpan = positions.size > 0 ? positions : { offset: round.outputBytes, size: 4 }
  return bind(device, kernel, [
    { buffer: buffers.params, offset: index * PARAMS_BYTES, size: PARAMS_BYTES },
    { buffer: buffers.queries },
    { buffer: buffers.queryOffsets },
    { buffer: tokenBuffer },
    { buffer: offsetBuffer },
    { buffer: output, ...scores },
    { buffer: output, ...positionsSpan },
  ])
}
