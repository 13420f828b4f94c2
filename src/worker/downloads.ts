/**
 * Where the encoder's files come from: the model's folder and the inference runtime, over the network or out of the
 * browser's database, with progress. Both are part of the site: nothing is asked of any other place.
 */
import runtimeUrls from 'virtual:selvage-runtime'
import type { ModelFiles } from '../encoder/encoder.ts'
import { buildFor } from '../encoder/gpu.ts'
import type { RuntimeBuild } from '../encoder/runtime.ts'
import { asSelvageError, throwIfAborted } from '../errors.ts'
import { fetchBytes } from '../store/http.ts'
import { idbStore } from '../store/idb.ts'
import type { EncoderBackend, OnProgress } from '../types.ts'
import { gunzip, lazily } from '../util.ts'
import { abortable } from './abortable.ts'
import { httpModelFiles } from './httpModel.ts'
import type { OnBytes } from './keeping.ts'
import { type KeptModel, keptModel } from './keptModel.ts'
import { type KeptRuntime, keptRuntime, noRuntime, type RuntimeLoad } from './keptRuntime.ts'
import type { KeptFiles, StorageStatus } from './protocol.ts'

/** The files of one load. */
export interface EncoderFiles {
  readonly files: ModelFiles
  /**
   * The bytes of a build's wasm file. Builds of the library ship them gzipped by us: raw one is 26.8 MB, more than some hosts
   * allow for one file, and hosts often do not compress wasm.
   */
  readonly runtime: (build: RuntimeBuild) => Promise<Uint8Array>
  /** After a load that succeeded: whether its files are kept. Never fails. */
  settle(): Promise<StorageStatus>
}

export interface Downloads {
  /** The model's files alone: what is read of them is kept where the model is, and no new version of it becomes the kept one. */
  texts(storage: 'browser' | 'none'): Promise<ModelFiles>
  load(storage: 'browser' | 'none', onProgress: OnProgress): Promise<EncoderFiles>
  /** With the build that a load on that backend asks for. */
  download(backend: Backend, onProgress: OnProgress, signal: AbortSignal): Promise<KeptFiles>
  kept(backend: Backend): Promise<KeptFiles>
}

type Backend = 'auto' | EncoderBackend

/** Absolute: dev servers give a path alone. */
const addressOf = (build: RuntimeBuild): string => new URL(runtimeUrls[build], import.meta.url).href

export function downloadsOf(modelUrl: string): Downloads {
  const stores = lazily(() => openStores(modelUrl))
  return {
    async texts(storage) {
      const opened = storage === 'browser' ? await stores().catch(() => undefined) : undefined // over HTTP, as `load` does
      return opened?.model.load().files ?? httpModelFiles(modelUrl)
    },

    async load(storage, onProgress) {
      const onBytes = runtimeProgress(onProgress)
      const overHttp = (status: StorageStatus): EncoderFiles => ({
        files: httpModelFiles(modelUrl),
        runtime: async (build) => unpacked(await fetchRuntime(addressOf(build), onBytes)),
        settle: async () => status,
      })
      if (storage === 'none') return overHttp({ kind: 'none' })
      let opened: Stores
      try {
        opened = await stores()
      } catch (error) {
        return overHttp({ kind: 'none', reason: asSelvageError(error).message })
      }
      const model = opened.model.load()
      const runtimes: RuntimeLoad[] = []
      return {
        files: model.files,
        async runtime(build) {
          const runtime = (await opened.runtime(build)).load()
          runtimes.push(runtime)
          const bytes = await runtime.read(onBytes)
          onBytes(bytes.length, bytes.length)
          return unpacked(bytes)
        },
        async settle() {
          const [own, ...others] = await Promise.all([model.settle(), ...runtimes.map((runtime) => runtime.settle())])
          return others.find(({ kind }) => kind === 'none') ?? own
        },
      }
    },

    async download(backend, onProgress, signal) {
      const { model, runtime: runtimeOf } = await stores()
      const runtime = await runtimeOf(await buildFor(backend))
      const kept = await model.download({ signal, onProgress })
      throwIfAborted(signal)
      return sum(kept, await abortable(runtime.download(runtimeProgress(onProgress)), signal, 'The download'))
    },

    async kept(backend) {
      let opened: Stores
      try {
        opened = await stores()
      } catch {
        return { bytes: 0, isComplete: false } // where there is no database, nothing is in it: `load` tells why
      }
      const runtime = await opened.runtime(await buildFor(backend))
      return sum(await opened.model.kept(), await runtime.kept())
    },
  }
}

interface Stores {
  readonly model: KeptModel
  readonly runtime: (build: RuntimeBuild) => Promise<KeptRuntime>
}

async function openStores(modelUrl: string): Promise<Stores> {
  const { location } = httpModelFiles(modelUrl)
  const model = keptModel({ url: location, store: await idbStore(`model ${location}`) })
  const runtimes = { webgpu: lazily(() => openRuntime('webgpu')), wasm: lazily(() => openRuntime('wasm')) }
  return { model, runtime: (build) => runtimes[build]() }
}

/** A runtime belongs to the place where the library lies, not to a model: several have it in common. */
async function openRuntime(build: RuntimeBuild): Promise<KeptRuntime> {
  const url = addressOf(build)
  return keptRuntime({ url, store: await idbStore(`runtime ${build} ${new URL('.', url).href}`) })
}

async function fetchRuntime(url: string, onBytes: OnBytes): Promise<Uint8Array> {
  const bytes = await fetchBytes(url, 'default', onBytes)
  if (bytes === undefined) throw noRuntime(url)
  return bytes
}

async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzip(bytes) : bytes
}

function runtimeProgress(onProgress: OnProgress): OnBytes {
  return (loaded, total) => onProgress({ stage: 'runtime', loaded, total, unit: 'bytes', label: 'onnxruntime-web' })
}

function sum(a: KeptFiles, b: KeptFiles): KeptFiles {
  return { bytes: a.bytes + b.bytes, isComplete: a.isComplete && b.isComplete }
}
