/**
 * What a store has is read there, the rest comes from a remote and is kept on the way: a page that searches while its index
 * is not all here yet, or no more. Reading never fails because of the store: what it cannot give, the remote gives.
 */
import { asSelvageError, rejectUnknown, type SelvageError } from '../errors.ts'
import { canHash, sha256Hex } from '../util.ts'
import { fetchChecked } from './download.ts'
import type { RemoteSource } from './http.ts'
import { hashInName, type PackRef, packFault } from './packs.ts'
import type { BlobSource, BlobStore } from './store.ts'

export interface LayeredOptions {
  readonly store: BlobStore
  readonly remote: RemoteSource
  /** What packs have to be, by their file. A pack that is not in it is known by the hash in its name. */
  readonly refs?: ReadonlyMap<string, PackRef>
  /** Whether what was read whole from the remote is put into the store. */
  readonly keep: boolean
  /** The store cannot be read or written, told once for each kind of error; reading goes on. */
  readonly onProblem?: (error: SelvageError) => void
}

export interface LayeredSource extends BlobSource {
  /** Once all that was read is kept: before a store is closed. Never fails. */
  settled(): Promise<void>
}

export function layeredSource(options: LayeredOptions): LayeredSource {
  rejectUnknown(options, ['store', 'remote', 'refs', 'keep', 'onProblem'], 'layeredSource')
  const { store, remote, refs, onProblem } = options
  let keeps = options.keep
  const told = new Set<string>()
  const writing = new Set<Promise<void>>()
  /** Being fetched, or not written yet: whoever asks meanwhile asks the remote no second time. */
  const coming = new Map<string, Promise<Uint8Array | undefined>>()

  const tell = (thrown: unknown): undefined => {
    const error = asSelvageError(thrown, 'storage-failed')
    if (told.has(error.code)) return
    told.add(error.code)
    onProblem?.(error)
  }
  const put = (key: string, bytes: Uint8Array): void => {
    const write = store
      .put(key, bytes)
      .catch((error) => {
        keeps = false // the next would be told the same
        tell(error)
      })
      .finally(() => {
        writing.delete(write)
        coming.delete(key)
      })
    writing.add(write)
  }
  const fetchWhole = (key: string): Promise<Uint8Array | undefined> => {
    const faultOf = checkOf(key, refs?.get(key))
    if (faultOf === undefined) return remote.get(key)
    const fetching = coming.get(key) ?? fetchChecked({ remote }, key, faultOf)
    if (coming.get(key) === fetching) return fetching
    coming.set(key, fetching)
    fetching.then(
      (bytes) => (keeps && bytes ? put(key, bytes) : coming.delete(key)),
      () => coming.delete(key),
    )
    return fetching
  }

  return {
    location: remote.location,
    // What comes from the remote is checked below, unless its name says nothing; a builder of ours never writes such.
    isVerified: store.isVerified ?? false,
    async get(key) {
      const bytes = await store.get(key).catch(tell)
      return isWhole(bytes, refs?.get(key)?.bytes) ? bytes : fetchWhole(key)
    },
    async slice(key, start, end) {
      const read = store.slice ? store.slice(key, start, end) : store.get(key).then((all) => all?.subarray(start, end))
      const bytes = await read.catch(tell)
      // A record that breaks off before the part's end is as good as none.
      if (isWhole(bytes, Math.min(end, refs?.get(key)?.bytes ?? end) - start)) return bytes
      return remote.slice ? remote.slice(key, start, end) : (await fetchWhole(key))?.subarray(start, end)
    },
    async settled() {
      await Promise.all(writing)
    },
  }
}

function isWhole(bytes: Uint8Array | undefined, wanted: number | undefined): boolean {
  return bytes !== undefined && (wanted === undefined || bytes.byteLength === wanted)
}

/** How to tell that bytes are this pack's; undefined where nothing tells. */
function checkOf(
  file: string,
  ref: PackRef | undefined,
): ((bytes: Uint8Array) => Promise<string | undefined>) | undefined {
  if (ref !== undefined) return (bytes) => packFault(bytes, ref)
  const hash = hashInName(file)
  if (hash === undefined || !canHash()) return undefined
  return async (bytes) =>
    (await sha256Hex(bytes)).startsWith(hash) ? undefined : 'has other content than its name says'
}
