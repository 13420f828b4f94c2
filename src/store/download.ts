/**
 * How do all packs of an index come into a store? In parallel, each checked before it is written, and so that whatever
 * stops it (a closed tab, no network, no room) leaves every pack that came before: the next run fetches the rest.
 * It knows packs, not manifests: whoever calls it says what is wanted, and commits.
 */
import { rejectUnknown, SelvageError, throwIfAborted } from '../errors.ts'
import { type RemoteSource, retried } from './http.ts'
import { type PackRef, packFault, sumOfPacks } from './packs.ts'
import type { SharedStore } from './store.ts'

export interface DownloadProgress {
  /** Bytes: what was in the store before and what has come since. A pack that has to be asked for again is taken back. */
  readonly loaded: number
  /** Bytes of all packs. */
  readonly total: number
  /** How many packs are in the store. */
  readonly packs: number
}

export interface DownloadOptions {
  readonly remote: RemoteSource
  readonly store: Pick<SharedStore, 'has' | 'put'>
  readonly packs: readonly PackRef[]
  /** Packs under way at the same time. Default 4: over HTTP/1.1 a browser has six connections, searches want some. */
  readonly concurrency?: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined
  /** How often a pack is asked for, and the wait before the second time. As of httpStore. */
  readonly tries?: number
  readonly retryDelayMs?: number
}

const OPTIONS = ['remote', 'store', 'packs', 'concurrency', 'signal', 'onProgress', 'tries', 'retryDelayMs']

/** Errors: `aborted`, `download-failed` naming the pack, and what the store throws: `storage-full` above all. */
export async function downloadPacks(options: DownloadOptions): Promise<void> {
  rejectUnknown(options, OPTIONS, 'downloadPacks')
  const { store, concurrency = 4, signal } = options
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new SelvageError('invalid-argument', `downloadPacks: concurrency is ${concurrency}, wanted is 1 or more.`)
  throwIfAborted(signal)
  const packs = [...new Map(options.packs.map((ref) => [ref.file, ref])).values()]
  const stored = await store.has(packs.map(({ file }) => file))
  const count = counter(packs, stored, options.onProgress)
  const missing = packs.filter(({ file }) => !stored.has(file)).values()

  // The first failure is the reason; it stops the others, which fail with `aborted`.
  const stop = new AbortController()
  let failure: unknown
  const fail = (error: unknown) => {
    failure ??= error
    stop.abort()
  }
  const onAbort = () => fail(new SelvageError('aborted', 'The download was aborted by its caller.'))
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort() // meanwhile

  const lane = async () => {
    // While a pack is written the next one is fetched; not more, or a slow disk would fill the memory.
    let writing = Promise.resolve()
    for (const ref of missing) {
      if (stop.signal.aborted) break
      try {
        const bytes = await fetchPack({ ...options, signal: stop.signal }, ref, (loaded) => count.arrived(ref, loaded))
        await writing
        throwIfAborted(stop.signal)
        writing = store
          .put(ref.file, bytes)
          .then(() => count.stored(ref))
          .catch(fail)
      } catch (error) {
        fail(error)
      }
    }
    await writing
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, lane))
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
  if (failure !== undefined) throw failure
}

function fetchPack(
  options: Pick<DownloadOptions, 'remote' | 'signal' | 'tries' | 'retryDelayMs'>,
  ref: PackRef,
  onBytes: (loaded: number) => void,
): Promise<Uint8Array> {
  return fetchChecked(options, ref.file, (bytes) => packFault(bytes, ref), onBytes)
}

/**
 * A file that is what it should be. What is missing or wrong is asked for again past the HTTP cache: one that a page in
 * place of a file got into, or a half of it, would give the same for a year.
 * @param faultOf what is wrong with the bytes, as the end of a sentence. Errors: `download-failed` naming the file, `aborted`.
 */
export function fetchChecked(
  options: Pick<DownloadOptions, 'remote' | 'signal' | 'tries' | 'retryDelayMs'>,
  file: string,
  faultOf: (bytes: Uint8Array) => Promise<string | undefined>,
  onBytes: (loaded: number) => void = () => {},
): Promise<Uint8Array> {
  const { remote, signal } = options
  return retried(options, async (attempt) => {
    onBytes(0)
    const bytes = await remote.get(file, { signal, onBytes, isReload: attempt > 1, tries: 1 })
    throwIfAborted(signal) // for a source that knows no signals
    const fault = bytes === undefined ? 'is not there' : await faultOf(bytes)
    if (bytes !== undefined && fault === undefined) return bytes
    const remedy = 'Try again; if it stays, copy the index to that place again in full.'
    throw new SelvageError('download-failed', `${file} at ${remote.location} ${fault}. ${remedy}`)
  })
}

function counter(
  packs: readonly PackRef[],
  stored: ReadonlySet<string>,
  onProgress: (progress: DownloadProgress) => void = () => {},
) {
  const total = sumOfPacks(packs)
  const underWay = new Map<string, number>()
  let storedBytes = sumOfPacks(packs.filter(({ file }) => stored.has(file)))
  let storedPacks = stored.size
  const tell = () => {
    let loaded = storedBytes
    for (const bytes of underWay.values()) loaded += bytes
    onProgress({ loaded, total, packs: storedPacks })
  }
  tell()
  return {
    arrived({ file, bytes }: PackRef, loaded: number) {
      underWay.set(file, Math.min(loaded, bytes))
      tell()
    },
    stored({ file, bytes }: PackRef) {
      underWay.delete(file)
      storedBytes += bytes
      storedPacks++
      tell()
    },
  }
}
