/**
 * The inference runtime's wasm file, kept as the model is: one file under its name, with a record of its size and hash.
 * A build's file has a hash in its name, so one of that name is the right one and nobody is asked. onnxruntime's own name,
 * as in dev, has none: then the server is asked first.
 */
import { SelvageError } from '../errors.ts'
import { packFault } from '../store/packs.ts'
import { MANIFEST_KEY, type SharedStore } from '../store/store.ts'
import { canHash, sha256Hex } from '../util.ts'
import { fetchFile, Keeping, type OnBytes } from './keeping.ts'
import type { KeptFiles, StorageStatus } from './protocol.ts'

export interface KeptRuntimeOptions {
  /** Address of the file, absolute. */
  readonly url: string
  /** Nothing but runtimes of this place lie in it: one that has another name is an older one, and goes. */
  readonly store: SharedStore
}

export interface RuntimeLoad {
  /** The bytes as the server has them. Errors: `download-failed`, `runtime-failed` where there are none. */
  read(onBytes?: OnBytes): Promise<Uint8Array>
  /** Never fails. */
  settle(): Promise<StorageStatus>
}

export interface KeptRuntime {
  load(): RuntimeLoad
  download(onBytes?: OnBytes): Promise<KeptFiles>
  kept(): Promise<KeptFiles>
}

interface Known {
  readonly file: string
  readonly bytes: number
  /** Empty on pages without https, where nothing can be hashed. */
  readonly sha256: string
}

/** How a load and a download differ: in one the store may fail. */
interface Ways {
  tried<T>(using: Promise<T>): Promise<T | undefined>
  fetch(url: string, onBytes?: OnBytes): Promise<Uint8Array | undefined>
}

interface Found {
  readonly bytes: Uint8Array
  readonly written: Promise<unknown>
}

export function keptRuntime({ url, store }: KeptRuntimeOptions): KeptRuntime {
  const file = fileName(url)
  const mayChange = /^ort-wasm/.test(file)
  /** A load and a download at the same time share what is on its way. */
  let underWay: Promise<Found> | undefined

  async function readKept(record: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    const known = parseRecord(record)
    if (known?.file !== file) return undefined
    const bytes = await store.get(file)
    return bytes && (await packFault(bytes, known)) === undefined ? bytes : undefined
  }

  async function find(ways: Ways, onBytes: OnBytes | undefined): Promise<Found> {
    const record = await ways.tried(store.get(MANIFEST_KEY))
    const kept = await ways.tried(readKept(record))
    const nothing = Promise.resolve()
    if (kept !== undefined && !mayChange) return { bytes: kept, written: nothing }
    let bytes: Uint8Array | undefined
    try {
      bytes = await ways.fetch(url, onBytes)
    } catch (error) {
      if (kept === undefined) throw error
      return { bytes: kept, written: nothing }
    }
    if (bytes === undefined) throw noRuntime(url)
    return { bytes, written: write(bytes, record, kept !== undefined) }
  }

  function findOnce(ways: Ways, onBytes: OnBytes | undefined): Promise<Found> {
    if (underWay !== undefined) return underWay
    const finding = find(ways, onBytes)
    const forget = () => {
      underWay = undefined
    }
    finding.then(({ written }) => written).then(forget, forget)
    underWay = finding
    return finding
  }

  async function write(bytes: Uint8Array, record: Uint8Array | undefined, isHere: boolean): Promise<void> {
    const sha256 = canHash() ? await sha256Hex(bytes) : ''
    const known: Known = { file, bytes: bytes.length, sha256 }
    if (isHere && sha256 !== '' && parseRecord(record)?.sha256 === sha256) return
    const older = (await store.list()).filter((key) => key !== file && key !== MANIFEST_KEY)
    // Where somebody was faster, theirs is as good.
    await store.swap(record, new TextEncoder().encode(JSON.stringify(known)), {
      put: new Map([[file, bytes]]),
      drop: older,
    })
  }

  return {
    load() {
      const keeping = new Keeping(store)
      return {
        async read(onBytes) {
          const { bytes, written } = await findOnce(keeping, onBytes)
          keeping.behind(written)
          return bytes
        },
        async settle() {
          await keeping.settle()
          return keeping.problem === undefined ? { kind: 'browser' } : { kind: 'none', reason: keeping.problem }
        },
      }
    },

    async download(onBytes) {
      const ways: Ways = { tried: (using) => using, fetch: (from, told) => fetchFile(from, 'no-store', told) }
      const { bytes, written } = await findOnce(ways, onBytes)
      await written
      return { bytes: bytes.length, isComplete: true }
    },

    async kept() {
      const known = parseRecord(await store.get(MANIFEST_KEY))
      const isHere = known?.file === file && (await store.has([file])).has(file)
      return isHere ? { bytes: known.bytes, isComplete: true } : { bytes: 0, isComplete: false }
    },
  }
}

export function noRuntime(url: string): SelvageError {
  return new SelvageError(
    'runtime-failed',
    `The inference runtime is not at ${url}. It lies beside encoder.js in dist/browser/: serve that folder whole.`,
  )
}

function fileName(url: string): string {
  return new URL(url).pathname.split('/').at(-1) ?? ''
}

/** Undefined for one that is damaged, which is as good as none. */
function parseRecord(record: Uint8Array | undefined): Known | undefined {
  if (record === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(record))
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (!('file' in value && 'bytes' in value && 'sha256' in value)) return undefined
  const { file, bytes, sha256 } = value
  const isKnown = typeof file === 'string' && typeof bytes === 'number' && typeof sha256 === 'string'
  return isKnown ? { file, bytes, sha256 } : undefined
}
