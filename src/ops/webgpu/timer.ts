/**
 * How long the stages of a round take on the GPU itself, where the device can tell (`timestamp-query`). Browsers round
 * such times, Chrome to a tenth of a millisecond: good for sums over many queries and for benches. Lives as long as the device.
 */

/** A round of more passes is not timed: a part of its times would be taken for all. */
const MOST_PASSES = 64
const TIMESTAMP_BYTES = 8
/** Resolved timestamps lie at multiples of this. */
export const TIMES_BYTES = 2 * MOST_PASSES * TIMESTAMP_BYTES

export class StageTimer<Stage extends string> {
  readonly #querySet: GPUQuerySet
  readonly #resolved: GPUBuffer

  static for<Stage extends string>(device: GPUDevice): StageTimer<Stage> | undefined {
    return device.features.has('timestamp-query') ? new StageTimer(device) : undefined
  }

  private constructor(device: GPUDevice) {
    this.#querySet = device.createQuerySet({ type: 'timestamp', count: 2 * MOST_PASSES })
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC
    this.#resolved = device.createBuffer({ label: 'timestamps', size: TIMES_BYTES, usage })
  }

  /** For one round, which encodes all its passes before another begins; rounds may wait for their results together. */
  start(): RoundTimer<Stage> {
    return new RoundTimer(this.#querySet, this.#resolved)
  }
}

export class RoundTimer<Stage extends string> {
  readonly #querySet: GPUQuerySet
  readonly #resolved: GPUBuffer
  /** By pass. */
  readonly #stages: Stage[] = []

  constructor(querySet: GPUQuerySet, resolved: GPUBuffer) {
    this.#querySet = querySet
    this.#resolved = resolved
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

  /** Milliseconds of each stage; none for a round of too many passes. */
  times(mapped: ArrayBuffer, at: number): ReadonlyMap<Stage, number> {
    const times = new Map<Stage, number>()
    if (this.#stages.length > MOST_PASSES) return times
    const nanoseconds = new BigUint64Array(mapped, at, 2 * this.#stages.length)
    for (const [i, stage] of this.#stages.entries()) {
      const elapsedMs = Number(nanoseconds[2 * i + 1]! - nanoseconds[2 * i]!) / 1e6
      times.set(stage, (times.get(stage) ?? 0) + Math.max(0, elapsedMs))
    }
    return times
  }
}
