/**
 * The GPU device: getting one, saying in words what it is, and turning its loss into errors instead of hangs.
 * It knows no kernel.
 */
import { SelvageError } from '../../errors.ts'
import { type GpuRequest, requestAdapter, unavailable } from './adapter.ts'

/** Raised from the defaults (128 and 256 MiB) to what the adapter has: fewer, larger resident buffers. */
const RAISED_LIMITS = ['maxStorageBufferBindingSize', 'maxBufferSize'] as const

/** Taken where the adapter has them, never needed. */
const WANTED_FEATURES = ['timestamp-query'] as const

const LOSS_NEWS_MS = 50

/** Asks for a device. Rejects with `backend-unavailable` and the reason in words. */
export async function requestGpu(request: GpuRequest): Promise<Gpu> {
  const { adapter, description, software } = await requestAdapter(request)
  const requiredLimits = Object.fromEntries(RAISED_LIMITS.map((name) => [name, adapter.limits[name]]))
  try {
    const requiredFeatures = WANTED_FEATURES.filter((name) => adapter.features.has(name))
    const device = await adapter.requestDevice({ label: 'selvage', requiredLimits, requiredFeatures })
    return new Gpu(device, description, software)
  } catch (cause) {
    throw unavailable(`The WebGPU adapter (${description}) gives no device: ${String(cause)}`, cause)
  }
}

export class Gpu {
  readonly device: GPUDevice
  readonly description: string
  readonly software: boolean
  #lost: SelvageError | undefined
  readonly #waiting = new Set<(reason: SelvageError) => void>()

  constructor(device: GPUDevice, description: string, software: boolean) {
    this.device = device
    this.description = description
    this.software = software
    device.lost.then(({ message }) => this.#fail(new SelvageError('device-lost', `The GPU was lost: ${message}`)))
  }

  /** Throws `device-lost`, or `closed` after close(). */
  assertUsable(): void {
    if (this.#lost !== undefined) throw this.#lost
  }

  /** `work`, unless the device goes first: a promise of the GPU may never settle once its device is lost. */
  async orLost<T>(work: Promise<T>): Promise<T> {
    if (this.#lost !== undefined) {
      work.catch(() => {}) // it fails too, and nobody listens
      throw this.#lost
    }
    let stop: (reason: SelvageError) => void = () => {}
    const lost = new Promise<never>((_, reject) => {
      stop = reject
    })
    this.#waiting.add(stop)
    try {
      return await Promise.race([work, lost])
    } catch (error) {
      // A rejection that the loss caused may come before the news of the loss itself.
      await Promise.race([this.device.lost, new Promise((done) => setTimeout(done, LOSS_NEWS_MS))])
      this.assertUsable()
      throw error
    } finally {
      this.#waiting.delete(stop)
    }
  }

  /**
   * Runs GPU commands and waits for them and for the GPU's verdict. What does not fit into its memory rejects with
   * `runtime-failed`, a call that it refuses with `internal`.
   * @param what the commands do, for the message: "Loading 300 MB of passages"
   * @param commands Only what they do before their first await is watched: error scopes know no asynchronous calls.
   */
  async checked<T>(what: string, commands: () => Promise<T>): Promise<T> {
    this.assertUsable()
    this.device.pushErrorScope('out-of-memory')
    this.device.pushErrorScope('validation')
    const work = Promise.allSettled([commands()])
    const verdicts = Promise.all([this.device.popErrorScope(), this.device.popErrorScope()])
    const judged = async (): Promise<T> => {
      const [[invalid, outOfMemory], [done]] = await Promise.all([verdicts, work])
      // Memory first: what could not be allocated is invalid in every later command.
      if (outOfMemory !== null) {
        throw new SelvageError('runtime-failed', `${what}: the GPU's memory is full. ${outOfMemory.message}`)
      }
      if (invalid !== null) throw new SelvageError('internal', `${what}: WebGPU refused. ${invalid.message}`)
      if (done.status === 'rejected') throw done.reason
      return done.value
    }
    return this.orLost(judged())
  }

  close(): void {
    this.#fail(new SelvageError('closed', 'These ops were closed.'))
    this.device.destroy()
  }

  #fail(reason: SelvageError): void {
    this.#lost ??= reason
    for (const stop of this.#waiting) stop(this.#lost)
  }
}
