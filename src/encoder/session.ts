/**
 * The encoder's runtime in a browser: onnxruntime-web. The only file that touches it; Node meets it for a page's figures alone.
 * It comes by a dynamic import, from a file of its own beside the library's. This file knows graphs and tensors, not tokens.
 *
 * There are two builds of it: `webgpu`, which can compute on the CPU as well, and `wasm`, half as large and ready in a third of
 * the time. Where no GPU is to be used, only the small one is fetched.
 *
 * Departures from plain onnxruntime-web 1.31-dev, each because of what it does otherwise (stack.md §1):
 * 1. One queue for every create and run: two at once hang or corrupt the wasm heap. The queue goes on after a failure.
 * 2. The GPUDevice is ours, with the features and limits ORT would ask for: its own cannot be watched for loss.
 * 3. The wasm file's bytes come from the caller; no path is left set, least of all to a CDN.
 */
import type * as Ort from 'onnxruntime-web/webgpu'
import { asSelvageError, SelvageError } from '../errors.ts'
import type { EncoderBackend } from '../types.ts'
import { gpuUnavailable, lossOf, requestDevice } from './gpu.ts'
import {
  creationError,
  inputValues,
  type Runtime,
  type RuntimeBuild,
  type Session,
  type SessionSource,
  vectorOutput,
} from './runtime.ts'

type OrtModule = typeof Ort

/** `binary` gives the bytes of a build's wasm file; it is asked as soon as a backend is found that can be used. */
export function webRuntime(binary?: (build: RuntimeBuild) => Promise<Uint8Array>): Runtime {
  return {
    backends: ['webgpu', 'wasm'],
    async unavailable(backend, { allowSoftware }) {
      const reason = backend === 'webgpu' ? await gpuUnavailable(allowSoftware) : undefined
      if (reason === undefined) started(backend, binary).catch(() => {}) // told when the first session is made
      return reason
    },
    async create(backend, source) {
      const ort = await started(backend, binary).catch((cause) => {
        // Where the other build can be had, as it may be offline, the encoder still runs.
        throw backend === 'wasm' ? cause : new SelvageError('runtime-failed', asSelvageError(cause).message, { cause })
      })
      return createSession(ort, backend, source)
    },
  }
}

async function createSession(ort: OrtModule, backend: EncoderBackend, source: SessionSource): Promise<Session> {
  const gpu = backend === 'webgpu' ? await requestDevice() : undefined
  const lost = gpu && lossOf(gpu.device)
  const options: Ort.InferenceSession.SessionOptions = {
    executionProviders: gpu === undefined ? ['wasm'] : [{ name: 'webgpu', device: gpu.device }],
    externalData: source.external.map(({ path, data }) => ({ path, data })),
    logSeverityLevel: 3, // errors; else ORT tells the console which nodes it leaves on the CPU
  }
  try {
    const session = await enqueue(() => ort.InferenceSession.create(source.graph, options), lost)
    delete ort.env.wasm.wasmBinary // compiled; its 14 or 27 MB need not stay
    const output = vectorOutput(source, session.inputNames, session.outputNames)
    return new WebSession(ort, session, output, source.name, gpu?.name ?? 'one thread', gpu?.device, lost)
  } catch (thrown) {
    gpu?.device.destroy()
    throw creationError(thrown, source)
  }
}

class WebSession implements Session {
  readonly device: string
  readonly inputs: readonly string[]
  readonly #ort: OrtModule
  readonly #session: Ort.InferenceSession
  readonly #output: string
  readonly #name: string
  readonly #gpu: GPUDevice | undefined
  readonly #lost: Promise<never> | undefined

  constructor(
    ort: OrtModule,
    session: Ort.InferenceSession,
    output: string,
    name: string,
    device: string,
    gpu: GPUDevice | undefined,
    lost: Promise<never> | undefined,
  ) {
    this.#ort = ort
    this.#session = session
    this.#output = output
    this.#name = name
    this.device = device
    this.inputs = session.inputNames
    this.#gpu = gpu
    this.#lost = lost
  }

  run(ids: Int32Array, mask: Int32Array, batch: number, length: number): Promise<Float32Array> {
    return enqueue(async () => {
      const values = inputValues(this.inputs, ids, mask)
      const feeds = values.map(([name, data]) => [name, new this.#ort.Tensor('int64', data, [batch, length])] as const)
      const results = await this.#session.run(Object.fromEntries(feeds), [this.#output])
      const data = results[this.#output]?.data
      if (data instanceof Float32Array) return data
      throw new SelvageError('model-invalid', `${this.#name} gives no f32 in its output "${this.#output}".`)
    }, this.#lost)
  }

  async close(): Promise<void> {
    try {
      await enqueue(() => this.#session.release(), undefined)
    } finally {
      this.#gpu?.destroy()
    }
  }
}

/** Each build starts once per realm, if at all. */
const builds = new Map<RuntimeBuild, Promise<OrtModule>>()

/** The build for a backend. On the CPU the GPU's serves as well, where it runs already. */
function started(backend: EncoderBackend, binary?: (build: RuntimeBuild) => Promise<Uint8Array>): Promise<OrtModule> {
  const build = backend === 'webgpu' || builds.has('webgpu') ? 'webgpu' : 'wasm'
  const running = builds.get(build) ?? start(build, binary)
  builds.set(build, running)
  running.catch(() => builds.delete(build)) // a later load tries again
  return running
}

/** Sets onnxruntime-web up and has its wasm compiled, a second or more of work, while the model is still coming. */
async function start(
  build: RuntimeBuild,
  binary: ((build: RuntimeBuild) => Promise<Uint8Array>) | undefined,
): Promise<OrtModule> {
  const [ort, bytes] = await Promise.all([ortModule(build), binary?.(build)])
  const { wasm } = ort.env
  // One thread, on isolated pages too: ORT starts its threads from the script it is bundled in, so that each of them
  // would evaluate the whole encoder worker once more.
  wasm.numThreads = 1
  wasm.proxy = false
  // transformers.js, where a page has it too, points this same object to a CDN.
  delete wasm.wasmPaths
  if (bytes !== undefined) wasm.wasmBinary = bytes
  // There is no call that only starts it. A graph of no bytes is refused, but after the start; where the start itself
  // fails, the first real session fails with the same reason.
  const nothing = new Uint8Array()
  await enqueue(() => ort.InferenceSession.create(nothing, { logSeverityLevel: 4 }), undefined).catch(() => {})
  return ort
}

async function ortModule(build: RuntimeBuild): Promise<OrtModule> {
  try {
    return await (build === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm'))
  } catch (cause) {
    const message = `onnxruntime-web could not be loaded (${String(cause)}). Are the library's files served beside each other?`
    throw new SelvageError('runtime-failed', message, { cause })
  }
}

/** What ends when the call before it has ended, well or not. */
let tail: Promise<unknown> = Promise.resolve()
/** A call that was given up when its device was lost and is still inside the runtime. */
let stuck = false
/** How long a call may take to end by itself once its device is lost. */
const GRACE_MS = 1000
/** How long after a failed call the browser may need to say that the device was lost. */
const LOSS_DELAY_MS = 100

function enqueue<T>(call: () => Promise<T>, lost: Promise<never> | undefined): Promise<T> {
  const result = tail.then(() => guarded(call, lost))
  tail = result.catch(() => {})
  return result
}

async function guarded<T>(call: () => Promise<T>, lost: Promise<never> | undefined): Promise<T> {
  if (stuck) {
    throw new SelvageError(
      'runtime-failed',
      'onnxruntime-web is still inside a call on a lost device; restart the worker.',
    )
  }
  if (lost === undefined) return call()
  await Promise.race([lost, undefined]) // throws where the device is gone already
  let pending = true
  const running = call().finally(() => {
    pending = false
    stuck = false
  })
  try {
    return await Promise.race([running, lost])
  } catch (thrown) {
    if (pending) {
      await Promise.race([running.catch(() => {}), wait(GRACE_MS)])
      stuck = pending
    } else {
      await Promise.race([lost, wait(LOSS_DELAY_MS)]) // a loss may show first as some error of the call
    }
    throw thrown
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
