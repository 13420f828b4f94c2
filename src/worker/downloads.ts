/**
 * Where the encoder's files come from: the model's folder and the inference runtime, over the network or out of the
 * browser's database, with progress. Both are part of the site: nothing is asked of any other place.
 */
import runtimeUrl from 'virtual:selvage-runtime'
import type { ModelFiles } from '../encoder/encoder.ts'
import { asSelvageError, throwIfAborted } from '../errors.ts'
import { fetchBytes } from '../store/http.ts'
import { idbStore } from '../store/idb.ts'
import type { OnProgress } from '../types.ts'
import { gunzip, lazily } from '../util.ts'
import { abortable } from './abortable.ts'
import { httpModelFiles } from './httpModel.ts'
import type { OnBytes } from './keeping.ts'
import { type KeptModel, keptModel } from './keptModel.ts'
import { type KeptRuntime, keptRuntime, noRuntime } from './keptRuntime.ts'
import type { KeptFiles, StorageStatus } from './protocol.ts'

/** The files of one load. */
export interface EncoderFiles {
  readonly files: ModelFiles
  /**
   * The bytes of onnxruntime-web's wasm file. Builds ship it gzipped by us: raw it is 26.8 MB, more than some hosts allow
   * for one file, and hosts often do not compress wasm.
   */
  readonly runtime: () => Promise<Uint8Array>
  /** After a load that succeeded: whether its files are kept. Never fails. */
  settle(): Promise<StorageStatus>
}

export interface Downloads {
  /** The model's files alone: what is read of them is kept where the model is, and no new version of it becomes the kept one. */
  texts(storage: 'browser' | 'none'): Promise<ModelFiles>
  load(storage: 'browser' | 'none', onProgress: OnProgress): Promise<EncoderFiles>
  download(onProgress: OnProgress, signal: AbortSignal): Promise<KeptFiles>
  kept(): Promise<KeptFiles>
}

/** Absolute: dev servers give a path alone. */
const RUNTIME = new URL(runtimeUrl, import.meta.url).href

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
        runtime: async () => unpacked(await fetchRuntime(onBytes)),
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
      const runtime = opened.runtime.load()
      return {
        files: model.files,
        async runtime() {
          const bytes = await runtime.read(onBytes)
          onBytes(bytes.length, bytes.length)
          return unpacked(bytes)
        },
        async settle() {
          const both = await Promise.all([model.settle(), runtime.settle()])
          return both.find(({ kind }) => kind === 'none') ?? both[0]
        },
      }
    },

    async download(onProgress, signal) {
      const { model, runtime } = await stores()
      const kept = await model.download({ signal, onProgress })
      throwIfAborted(signal)
      return sum(kept, await abortable(runtime.download(runtimeProgress(onProgress)), signal, 'The download'))
    },

    async kept() {
      let opened: Stores
      try {
        opened = await stores()
      } catch {
        return { bytes: 0, isComplete: false } // where there is no database, nothing is in it: `load` tells why
      }
      return sum(await opened.model.kept(), await opened.runtime.kept())
    },
  }
}

interface Stores {
  readonly model: KeptModel
  readonly runtime: KeptRuntime
}

/** A runtime belongs to the place where the library lies, not to a model: several have it in common. */
async function openStores(modelUrl: string): Promise<Stores> {
  const { location } = httpModelFiles(modelUrl)
  const runtimeFolder = new URL('.', RUNTIME).href
  const [model, runtime] = await Promise.all([idbStore(`model ${location}`), idbStore(`runtime ${runtimeFolder}`)])
  return { model: keptModel({ url: location, store: model }), runtime: keptRuntime({ url: RUNTIME, store: runtime }) }
}

async function fetchRuntime(onBytes: OnBytes): Promise<Uint8Array> {
  const bytes = await fetchBytes(RUNTIME, 'default', onBytes)
  if (bytes === undefined) throw noRuntime(RUNTIME)
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
