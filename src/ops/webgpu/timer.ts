/**
 * How long the stages of a round take on the GPU itself, where the device can tell (`timestamp-query`). Browsers round
 * such times, Chrome to a tenth of a millisecond: good for sums over many queries and for benches.
 */

/** Passes of a round that can be timed; those past them are not. */
const MOST_PASSES = 64
const TIMESTAMP_BYTES = 8
/** Resolved timestamps lie at multiples of this. */
export const TIMES_BYTES = 2 * MOST_PASSES * TIMESTAMP_BYTES

export class StageTimer<Stage extends string> {
  readonly #querySet: GPUQuerySet
  readonly #resolved: GPUBuffer
  /** Of the round at hand, by pass. */
  #stages: Stage[] = []

  static for<Stage extends string>(device: GPUDevice): StageTimer<Stage> | undefined {
    return device.features.has('timestamp-query') ? new StageTimer(device) : undefined
  }

  private constructor(device: GPUDevice) {
    this.#querySet = device.createQuerySet({ type: 'timestamp', count: 2 * MOST_PASSES })
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC
    this.#resolved = device.createBuffer({ label: 'timestamps', size: TIMES_BYTES, usage })
  }

  start(): void {
    this.#stages = []
  }

  /** For the next pass of the round. */
  pass(stage: Stage): GPUComputePassDescriptor {
    const i = this.#stages.push(stage) - 1
    if (i >= MOST_PASSES) return {}
    const timestampWrites = {
      querySet: this.#querySet,
      beginningOfPassWriteIndex: 2 * i,
      endOfPassWriteIndex: 2 * i + 1,
    }
    return { timestampWrites }
  }

  /** Copies the timestamps to `staging`, to be given to `times` when it is mapped. */
  copy(encoder: GPUCommandEncoder, staging: GPUBuffer, at: number): void {
    const count = 2 * Math.min(MOST_PASSES, this.#stages.length)
    encoder.resolveQuerySet(this.#querySet, 0, count, this.#resolved, 0)
    encoder.copyBufferToBuffer(this.#resolved, 0, staging, at, count * TIMESTAMP_BYTES)
  }

  /** Milliseconds of each stage. */
  times(mapped: ArrayBuffer, at: number): ReadonlyMap<Stage, number> {
    const passes = Math.min(MOST_PASSES, this.#stages.length)
    const nanoseconds = new BigUint64Array(mapped, at, 2 * passes)
    const times = new Map<Stage, number>()
    for (let i = 0; i < passes; i++) {
      const stage = this.#stages[i]!
      const elapsedMs = Number(nanoseconds[2 * i + 1]! - nanoseconds[2 * i]!) / 1e6
      times.set(stage, (times.get(stage) ?? 0) + Math.max(0, elapsedMs))
    }
    return times
  }

  destroy(): void {
    this.#querySet.destroy()
    this.#resolved.destroy()
  }
}
