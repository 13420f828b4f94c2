/**
 * One round of a search on the GPU: queries up, the whole chain of kernels, hits back. Which kernels over what is the
 * plan's (plaidPlan.ts); nothing is read back in between.
 */
import { type IntegerQuery, quantizeQuery } from '../integer.ts'
import type { LoadedBits, PlaidHits, QueryBatch, StageTimes } from '../ops.ts'
import { bestFirst } from '../select.ts'
import { type BufferPool, write } from './buffers.ts'
import type { Gpu } from './device.ts'
import {
  approximateMaxSimKernel,
  bind,
  type DotProduct,
  type Kernel,
  type Kernels,
  residualMaxSimKernel,
  scoreCentroidsKernel,
  selectTopKernel,
} from './kernels.ts'
import {
  type BufferName,
  candidateKeysAt,
  HEAD_WORDS,
  histogramsAt,
  hitKeysAt,
  QUAD_DIMS,
  type SearchRound,
  type SelectFrom,
  type Step,
} from './plaidPlan.ts'
import type { GpuPlaid } from './plaidResidents.ts'
import { type StageTimer, TIMES_BYTES } from './timer.ts'

export type PlaidKernels = Readonly<Record<Step['kernel'], Kernel>>
export type PlaidStage = Exclude<keyof StageTimes, 'total'>

export async function compilePlaid(
  kernels: Kernels,
  dot: DotProduct,
  bits: LoadedBits,
  wideCodes: boolean,
): Promise<PlaidKernels> {
  const [scoreCentroids, approximateMaxSim, histogram, count, place, residualMaxSim, matches] = await Promise.all([
    kernels.get(scoreCentroidsKernel(dot)),
    kernels.get(approximateMaxSimKernel(wideCodes)),
    kernels.get(selectTopKernel('histogram')),
    kernels.get(selectTopKernel('count')),
    kernels.get(selectTopKernel('place')),
    kernels.get(residualMaxSimKernel(dot, bits, wideCodes, false)),
    kernels.get(residualMaxSimKernel(dot, bits, wideCodes, true)),
  ])
  return { scoreCentroids, approximateMaxSim, histogram, count, place, residualMaxSim, matches }
}

export interface RoundTools {
  readonly gpu: Gpu
  readonly pool: BufferPool
  readonly kernels: PlaidKernels
  readonly timer: StageTimer<PlaidStage> | undefined
}

interface RoundInput {
  readonly round: SearchRound
  readonly index: GpuPlaid
  readonly queries: readonly IntegerQuery[]
  readonly filter: Uint32Array | undefined
}

type Buffers = Readonly<Record<BufferName | 'params' | 'filter' | 'staging', GPUBuffer>>

export interface RoundResult {
  /** Of the round's queries. */
  readonly hits: readonly PlaidHits[]
  /** Empty where the device cannot tell. */
  readonly times: ReadonlyMap<PlaidStage, number>
}

export async function runPlaidRound(
  round: SearchRound,
  batch: QueryBatch,
  index: GpuPlaid,
  filter: Uint32Array | undefined,
  { gpu, pool, kernels, timer }: RoundTools,
): Promise<RoundResult> {
  const { first, end } = round.queries
  const queries = Array.from({ length: end - first }, (_, i) => quantizeQuery(batch, first + i, index.centroidNorm))
  const input: RoundInput = { round, index, queries, filter }
  const { device } = gpu
  const taken: GPUBuffer[] = []
  const timesAt = Math.ceil((countsAt(round) + queries.length * 4) / 8) * 8
  const readBytes = timesAt + (timer ? TIMES_BYTES : 0)
  try {
    const { buffers, timed } = await gpu.checked('Search', async () => {
      const buffers = takeBuffers(pool, input, readBytes, taken)
      writeInputs(device.queue, buffers, input)
      const timed = timer?.start()
      let step = 0
      round.submits.forEach((steps, i) => {
        const encoder = device.createCommandEncoder()
        if (i === 0) clear(encoder, buffers, input)
        for (const [stage, run] of stagesOf(steps, timed !== undefined)) {
          const pass = encoder.beginComputePass(timed?.pass(stage))
          for (const each of run) {
            const kernel = kernels[each.kernel]
            pass.setPipeline(kernel.pipeline)
            pass.setBindGroup(0, bind(device, kernel, resourcesOf(each, step++, buffers, input)))
            pass.dispatchWorkgroups(each.width, each.height, queries.length)
          }
          pass.end()
        }
        if (i === round.submits.length - 1) {
          encoder.copyBufferToBuffer(buffers.hits, 0, buffers.staging, 0, round.bytes.hits)
          encoder.copyBufferToBuffer(buffers.matches, 0, buffers.staging, round.bytes.hits, round.bytes.matches)
          encoder.copyBufferToBuffer(buffers.candidates, 0, buffers.staging, countsAt(round), queries.length * 4)
          timed?.copy(encoder, buffers.staging, timesAt)
        }
        device.queue.submit([encoder.finish()])
      })
      await buffers.staging.mapAsync(GPUMapMode.READ, 0, readBytes)
      return { buffers, timed }
    })
    const mapped = buffers.staging.getMappedRange(0, readBytes)
    const hits = queries.map((query, b) => readHits(mapped, input, query, b))
    const times = timed?.times(mapped, timesAt) ?? new Map<PlaidStage, number>()
    buffers.staging.unmap()
    pool.giveBack(taken)
    return { hits, times }
  } catch (error) {
    // In what state the buffers are is not known, so nobody gets them again.
    for (const buffer of taken) buffer.destroy()
    throw error
  }
}

/** Distance of two steps' parameters: offsets of uniform bindings are multiples of 256 bytes. */
const PARAMS_BYTES = 256

function takeBuffers(pool: BufferPool, { round, filter }: RoundInput, readBytes: number, taken: GPUBuffer[]): Buffers {
  const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage
  const take = (label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer => {
    const buffer = pool.take(label, bytes, usage)
    taken.push(buffer)
    return buffer
  }
  const storage = (name: BufferName) => take(name, round.bytes[name], STORAGE | COPY_DST | COPY_SRC)
  const queries = storage('queries')
  return {
    queries,
    scores: storage('scores'),
    keys: storage('keys'),
    histograms: storage('histograms'),
    blocks: storage('blocks'),
    candidates: storage('candidates'),
    hits: storage('hits'),
    matches: storage('matches'),
    params: take('params', round.submits.flat().length * PARAMS_BYTES, UNIFORM | COPY_DST),
    // Without a filter the kernel reads nothing here, but something must be bound.
    filter: filter ? take('filter', filter.byteLength, STORAGE | COPY_DST) : queries,
    staging: take('staging', readBytes, MAP_READ | COPY_DST),
  }
}

function writeInputs(queue: GPUQueue, buffers: Buffers, input: RoundInput): void {
  const { round, index, queries, filter } = input
  const words = new Uint32Array(round.bytes.queries / 4)
  const bytes = new Int8Array(words.buffer)
  const { dim } = index.shape
  const width = index.residency.quads * QUAD_DIMS
  queries.forEach(({ values, rows, bound, multiplier }, b) => {
    const { firstRow, words: scoreWords, scoresAt, matchesAt } = round.places[b]!
    words.set([firstRow, rows, scoreWords, scoresAt, bound, multiplier, matchesAt], b * HEAD_WORDS)
    for (let row = 0; row < rows; row++)
      bytes.set(values.subarray(row * dim, (row + 1) * dim), firstRow * QUAD_DIMS + row * width)
  })
  write(queue, buffers.queries, words)
  const steps = round.submits.flat()
  const params = new Uint32Array((steps.length * PARAMS_BYTES) / 4)
  steps.forEach((step, i) => {
    params.set(paramsOf(step, input), (i * PARAMS_BYTES) / 4)
  })
  write(queue, buffers.params, params)
  if (filter) write(queue, buffers.filter, filter)
}

/** Histograms count up from zero, and slots that no candidate fills must not be chosen. */
function clear(encoder: GPUCommandEncoder, { histograms, keys }: Buffers, { round, index, queries }: RoundInput): void {
  encoder.clearBuffer(histograms, 0, round.bytes.histograms)
  // Passages in no part, which are empty, are written by no kernel.
  const covered = index.parts.reduce((sum, { range }) => sum + range.end - range.first, 0)
  const at = covered < index.shape.passages ? 0 : candidateKeysAt(queries.length, index.shape.passages)
  encoder.clearBuffer(keys, at, round.bytes.keys - at)
}

/** Values of the `Params` that the step's shader declares, in order. */
function paramsOf(step: Step, { round, index, queries, filter }: RoundInput): number[] {
  const { shape, residency, shift, parts } = index
  const batch = queries.length
  if ('from' in step) {
    const places = step.from === 'passages' ? shape.passages : round.candidates
    const wanted = step.from === 'passages' ? round.candidates : round.hits
    const indirect = Number(step.from === 'candidates')
    const byte = step.kernel === 'histogram' ? step.byte : 0
    return [step.width, places, wanted, batch, step.count, round.keyBytes[step.from], byte, indirect, indirect]
  }
  const range = 'part' in step ? parts[step.part]!.range : { first: 0, end: 0 }
  const slots = step.kernel === 'matches' ? round.hits : round.candidates
  const { quads, rowWords } = residency
  return [
    ...[step.first, step.count, step.width, batch, quads, shape.dim, shift, rowWords, shape.passages],
    ...[range.first, range.end - range.first, slots, Number(filter !== undefined)],
  ]
}

/** What the step's shader binds, in order. */
function resourcesOf(step: Step, i: number, buffers: Buffers, input: RoundInput): GPUBindingResource[] {
  const { round, index, queries } = input
  const span = (buffer: GPUBuffer, bytes: number, offset = 0) => ({ buffer, offset, size: Math.max(16, bytes) })
  const whole = (name: BufferName) => span(buffers[name], round.bytes[name])
  const params = { buffer: buffers.params, offset: i * PARAMS_BYTES, size: PARAMS_BYTES }
  const batch = queries.length
  const keys = (of: SelectFrom) =>
    of === 'passages'
      ? span(buffers.keys, batch * index.shape.passages * 4)
      : span(buffers.keys, batch * round.candidates * 4, candidateKeysAt(batch, index.shape.passages))
  if ('from' in step) {
    const histograms = span(buffers.histograms, round.bytes.histograms / 2, histogramsAt(step.from, batch))
    const hitList = span(buffers.hits, batch * (1 + round.hits) * 4)
    const hitKeys = span(buffers.hits, batch * round.hits * 4, hitKeysAt(batch, round.hits))
    const [source, list] =
      step.from === 'passages' ? (['queries', 'candidates'] as const) : (['candidates', 'hits'] as const)
    const chosen = list === 'hits' ? hitList : whole(list)
    return [params, keys(step.from), histograms, whole('blocks'), whole(source), chosen, hitKeys]
  }
  if (step.kernel === 'scoreCentroids') return [params, whole('queries'), { buffer: index.centroids }, whole('scores')]
  const { codes, residuals, offsets } = index.parts[step.part]!
  if (step.kernel === 'approximateMaxSim')
    return [
      ...[params, whole('queries'), whole('scores'), { buffer: codes }, { buffer: offsets }],
      ...[{ buffer: buffers.filter }, keys('passages')],
    ]
  const matches = step.kernel === 'matches'
  return [
    ...[params, whole('queries'), { buffer: index.centroids }, { buffer: index.table }, { buffer: codes }],
    ...[{ buffer: residuals }, { buffer: offsets }, matches ? whole('hits') : whole('candidates')],
    matches ? whole('matches') : keys('candidates'),
  ]
}

/** Consecutive steps of a stage; one run of all where nothing is timed, for passes cost a little. */
function stagesOf(steps: readonly Step[], timed: boolean): [PlaidStage, Step[]][] {
  const runs: [PlaidStage, Step[]][] = []
  for (const step of steps) {
    const stage = stageOf(step)
    const last = runs.at(-1)
    if (last !== undefined && (!timed || last[0] === stage)) last[1].push(step)
    else runs.push([stage, [step]])
  }
  return runs
}

/** Choosing hits, and what they matched, counts as work with residuals. */
function stageOf(step: Step): PlaidStage {
  if (step.kernel === 'scoreCentroids') return 'centroids'
  if (step.kernel === 'approximateMaxSim') return 'scan'
  return 'from' in step && step.from === 'passages' ? 'select' : 'residuals'
}

/** Where in what is read back the numbers of candidates are: the heads of their lists. */
function countsAt({ bytes }: SearchRound): number {
  return bytes.hits + bytes.matches
}

function readHits(mapped: ArrayBuffer, { round, queries }: RoundInput, query: IntegerQuery, b: number): PlaidHits {
  const batch = queries.length
  const count = new Uint32Array(mapped, b * 4, 1)[0]!
  const list = new Uint32Array(mapped, (batch + b * round.hits) * 4, count)
  const keys = new Int32Array(mapped, hitKeysAt(batch, round.hits) + b * round.hits * 4, count)
  const scores = keys.map((key) => key ^ SIGN)
  const order = bestFirst(scores, count)
  const hits = {
    ids: order.map((place) => list[place]!),
    scores: Int32Array.from(order, (place) => scores[place]!),
    scale: query.scale,
    scored: new Uint32Array(mapped, countsAt(round) + b * 4, 1)[0]!,
    isScanned: true,
  }
  if (!round.matches) return hits
  const { rows, matchesAt } = round.places[b]!
  const at = round.bytes.hits + matchesAt * 4
  const positions = new Uint32Array(mapped, at, round.hits * rows)
  const similarities = new Int32Array(mapped, at + round.hits * rows * 4, round.hits * rows)
  const inOrder = <Values extends Uint32Array | Int32Array>(from: Values, to: Values): Values => {
    order.forEach((place, i) => {
      to.set(from.subarray(place * rows, (place + 1) * rows), i * rows)
    })
    return to
  }
  return {
    ...hits,
    positions: inOrder(positions, new Uint32Array(count * rows)),
    similarities: inOrder(similarities, new Int32Array(count * rows)),
  }
}

/** Keys sort as unsigned numbers do. */
const SIGN = -0x80000000
