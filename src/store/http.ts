/**
 * A read-only store behind a web address: plain static hosting is enough.
 * Files are asked for one by one and whole; what a host does on top (compression, caching) is its own affair.
 */
import { SelvageError, throwIfAborted } from '../errors.ts'
import { concat } from '../util.ts'
import { type BlobSource, MANIFEST_KEY } from './store.ts'

export interface HttpStoreOptions {
  /** Address of the folder, absolute; a missing trailing slash is added. */
  readonly url: string
  /** Called as bytes arrive: the file's key, bytes so far, and the total where the server tells it (else 0). */
  readonly onBytes?: (key: string, loaded: number, total: number) => void
  /** Ask the server each time whether a file has changed: for folders whose names carry no hash. Default: the manifest only. */
  readonly revalidate?: boolean
  /** Tries per file before giving up on network errors and 5xx answers. Default 3. */
  readonly tries?: number
  /** Wait before the second try; four times as long before each further one. Default 200. */
  readonly retryDelayMs?: number
}

/** How one file is fetched. */
export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes so far. */
  readonly onBytes?: (loaded: number) => void
  /** Past the browser's HTTP cache: what came out of it was wrong. */
  readonly isReload?: boolean
  /** In place of the store's own. */
  readonly tries?: number
}

/** A source across a network: one whole file can be broken off, watched and asked for again. Others ignore that. */
export interface RemoteSource extends BlobSource {
  get(key: string, options?: FetchOptions): Promise<Uint8Array | undefined>
}

/** Whole files kept of a server that does not send parts: the blocks asked for next are often in the same. */
const KEPT_WHOLE = 8

export function httpStore(options: HttpStoreOptions): RemoteSource {
  const base = options.url.endsWith('/') ? options.url : `${options.url}/`
  const { revalidate = false } = options
  const whole: WholeFiles = new Map()
  const open = (key: string, init: RequestInit = {}) => {
    // Packs are immutable and cached for ever; the manifest must be fresh.
    const cache = revalidate || key === MANIFEST_KEY ? 'no-cache' : 'default'
    return openFile(new URL(key, base).href, { cache, ...init })
  }
  const read = (key: string, response: Response, { signal, onBytes }: FetchOptions = {}) =>
    readBody(
      response,
      (loaded, total) => {
        options.onBytes?.(key, loaded, total)
        onBytes?.(loaded)
      },
      signal,
    )
  return {
    location: base,
    get: (key, own = {}) =>
      retried({ ...options, ...own }, async () => {
        const response = await open(key, { signal: own.signal ?? null, ...(own.isReload && { cache: 'reload' }) })
        return response && read(key, response, own)
      }),
    slice: (key, start, end) =>
      retried(options, async () => {
        let all = whole.get(key)
        if (all === undefined) {
          // Not through the browser's cache, which lets only one request at a time have a file: parts of one came in turn.
          const response = await open(key, { headers: { range: `bytes=${start}-${end - 1}` }, cache: 'no-store' })
          if (response === undefined || isPart(response)) return response && read(key, response)
          // All of it was sent, as a server may: once is enough, for all who asked at the same time.
          const held = whole.get(key)
          const isRead = held === undefined && response.status !== 206
          all = held ?? keep(whole, key, isRead ? read(key, response) : readWhole(key))
          if (!isRead) await response.body?.cancel()
        }
        return (await all)?.subarray(start, end)
      }),
  }

  async function readWhole(key: string): Promise<Uint8Array | undefined> {
    const response = await open(key)
    return response && read(key, response)
  }
}

type WholeFiles = Map<string, Promise<Uint8Array | undefined>>

function keep<T extends Uint8Array | undefined>(whole: WholeFiles, key: string, bytes: Promise<T>): Promise<T> {
  whole.set(key, bytes)
  // What failed or is not there may be there next time.
  bytes.catch(() => undefined).then((got) => got ?? whole.delete(key))
  for (const oldest of whole.keys()) if (whole.size > KEPT_WHOLE) whole.delete(oldest)
  return bytes
}

/** A part of what the server compressed is no part of the file. */
function isPart(response: Response): boolean {
  return response.status === 206 && !response.headers.has('content-encoding')
}

/** Errors other than `download-failed` are no matter of luck: they are not tried again. */
export async function retried<T>(
  options: { readonly tries?: number; readonly retryDelayMs?: number; readonly signal?: AbortSignal | undefined },
  run: (attempt: number) => Promise<T>,
): Promise<T> {
  const { tries = 3, retryDelayMs = 200, signal } = options
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal)
    try {
      return await run(attempt)
    } catch (error) {
      if (attempt >= tries || (error instanceof SelvageError && error.code !== 'download-failed')) throw error
      await pause(retryDelayMs * 4 ** (attempt - 1), signal)
    }
  }
}

/** Ends early when the signal fires. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
    if (signal?.aborted) end()
  })
}

/**
 * The bytes at an address, with progress; undefined on 404 and 410.
 * An HTML page in place of a file (single-page hosts answer 200 to everything) counts as not there.
 * Errors: `download-failed` on network failure or another status.
 */
export async function fetchBytes(
  url: string,
  cache: RequestCache,
  onBytes: (loaded: number, total: number) => void,
): Promise<Uint8Array | undefined> {
  const response = await openFile(url, { cache })
  return response && readBody(response, onBytes)
}

async function openFile(url: string, init: RequestInit): Promise<Response | undefined> {
  let response: Response
  try {
    response = await fetch(url, init)
  } catch (cause) {
    throwIfAborted(init.signal ?? undefined)
    throw new SelvageError('download-failed', `${url} could not be reached. Check the connection and try again.`, {
      cause,
    })
  }
  if (response.status === 404 || response.status === 410) return undefined
  if (!response.ok)
    throw new SelvageError('download-failed', `${url} answered ${response.status} ${response.statusText}.`)
  return response.headers.get('content-type')?.startsWith('text/html') ? undefined : response
}

async function readBody(
  response: Response,
  onBytes: (loaded: number, total: number) => void,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  // With Content-Encoding the length counts compressed bytes while the stream gives decoded ones: no total then.
  const isEncoded = response.headers.has('content-encoding')
  const total = isEncoded ? 0 : Number(response.headers.get('content-length') ?? 0)
  const parts: Uint8Array[] = []
  let loaded = 0
  try {
    // A reader, not `for await`: Safari's streams cannot be iterated.
    const reader = response.body?.getReader()
    for (;;) {
      const next = await reader?.read()
      if (next === undefined || next.done) break
      parts.push(next.value)
      loaded += next.value.byteLength
      onBytes(loaded, total)
    }
  } catch (cause) {
    throwIfAborted(signal)
    const message = `${response.url} broke off after ${loaded} bytes. Try again.`
    throw new SelvageError('download-failed', message, { cause })
  }
  return concat((length) => new Uint8Array(length), parts)
}
