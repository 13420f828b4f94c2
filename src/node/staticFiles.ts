/**
 * The files of a folder, as a static host sends them: sirv does it, and here is what it leaves open. Hidden files are not
 * there, a folder without its slash is redirected, and a Range that sirv reads wrongly is answered with the whole.
 */
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, resolve } from 'node:path'
import sirv from 'sirv'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Sends the files of a folder, `index.html` for a folder, `guide.html` for `/guide`. */
export function folderHandler(dir: string): Handler {
  const root = resolve(dir)
  const send = sirv(root, {
    dev: true, // changes are seen
    etag: true,
    setHeaders(response, path) {
      if (/\.(pack|onnx)$/.test(path)) response.setHeader('content-type', 'application/octet-stream')
    },
  })
  return async (request, response) => {
    const { pathname, search } = partsOf(request)
    const path = decoded(pathname)
    if (path.includes('\\')) return notFound(pathname, response) // on Windows it parts folders as / does
    if (/\/\.(?!well-known\/)/.test(path)) return notFound(pathname, response) // in dev, sirv would send .env too
    if (await isBareFolder(root, path)) {
      // Without the slash the page's relative links would lead elsewhere.
      response.setHeader('location', `./${pathname.slice(pathname.lastIndexOf('/') + 1)}/${search}`)
      return answer(response, 302)
    }
    if (!isPlainRange(request.headers.range)) delete request.headers.range
    Object.assign(request, { _parsedUrl: { pathname: encodeURI(path), search, raw: request.url } })
    send(request, response, () => notFound(pathname, response))
  }
}

/** A folder asked for as if it were a file, as /guide; not where a guide.html answers to that name. */
async function isBareFolder(root: string, path: string): Promise<boolean> {
  if (path.endsWith('/')) return false
  const [file, page] = await Promise.all(
    ['', '.html'].map((ending) => stat(join(root, path + ending)).catch(() => undefined)),
  )
  return file?.isDirectory() === true && page === undefined
}

/**
 * What sirv 3.0 reads as it is meant: it takes `bytes=-5` and `bytes=0-0` for other ranges, and fails on `bytes=5-2`.
 * Without the header all is sent, as a server may.
 */
function isPlainRange(range: string | undefined): boolean {
  const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  return start !== undefined && (end === '' || (Number(end) > 0 && Number(end) >= Number(start)))
}

/** As they were sent, percent signs and all. */
export function partsOf({ url = '/' }: IncomingMessage): { pathname: string; search: string } {
  const at = url.indexOf('?')
  return at < 0 ? { pathname: url, search: '' } : { pathname: url.slice(0, at), search: url.slice(at) }
}

/**
 * The name of the file, as it was before it became a part of an address. sirv would leave `%23` and `%3F` as they are, and
 * find no file with `#` or `?` in its name; what it takes for granted is what is left in `_parsedUrl`.
 */
function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return pathname
  }
}

export function answer(response: ServerResponse, status: number, body = '', type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(body)
}

export function notFound(pathname: string, response: ServerResponse): void {
  answer(response, 404, `There is nothing at ${pathname}.\n`)
}
