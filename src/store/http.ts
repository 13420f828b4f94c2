/**
 * A read-only store behind a web address: plain static hosting is enough.
 * Files are asked for one by one and whole; what a host does on top (compression, caching) is its own affair.
 */
import { SelvageError } from '../errors.ts'
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

export function httpStore(options: HttpStoreOptions): BlobSource {
  const base = options.url.endsWith('/') ? options.url : `${options.url}/`
  const { tries = 3, retryDelayMs = 200, revalidate = false } = options
  return {
    location: base,
    async get(key) {
      const url = new URL(key, base).href
      for (let attempt = 1; ; attempt++) {
        try {
          // Packs are immutable and cached for ever; the manifest must be fresh.
          return await fetchBytes(url, revalidate || key === MANIFEST_KEY ? 'no-cache' : 'default', (loaded, total) =>
            options.onBytes?.(key, loaded, total),
          )
        } catch (error) {
          if (attempt >= tries || (error instanceof SelvageError && error.code !== 'download-failed')) throw error
          await new Promise((resolve) => setTimeout(resolve, retryDelayMs * 4 ** (attempt - 1)))
        }
      }
    },
  }
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
  let response: Response
  try {
    response = await fetch(url, { cache })
  } catch (cause) {
    throw new SelvageError('download-failed', `${url} could not be reached. Check the connection and try again.`, {
      cause,
    })
  }
  if (response.status === 404 || response.status === 410) return undefined
  if (!response.ok)
    throw new SelvageError('download-failed', `${url} answered ${response.status} ${response.statusText}.`)
  if (response.headers.get('content-type')?.startsWith('text/html')) return undefined
  // With Content-Encoding the length counts compressed bytes while the stream gives decoded ones: no total then.
  const total = response.headers.has('content-encoding') ? 0 : Number(response.headers.get('content-length') ?? 0)
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
    throw new SelvageError('download-failed', `${url} broke off after ${loaded} bytes. Try again.`, { cause })
  }
  return concatBytes(parts, loaded)
}

function concatBytes(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.byteLength
  }
  return all
}
