/**
 * Static hosting of a site that a test can make worse while it runs: files that are missing, slow or never answered, another
 * Content-Security-Policy. Everything below a sub-path, no compression, no COOP/COEP, as plain hosts are.
 */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { BASE } from './sites.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** What a site may send that allows nothing but its own files and WebAssembly. */
export const STRICT_CSP =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; worker-src 'self'; " +
  "img-src 'self' data:"

export interface Conditions {
  /** Undefined: none is sent. */
  csp?: string | undefined
  /** Files that are answered with 404. */
  missing?: RegExp | undefined
  /** Files that are answered so much later. */
  slow?: { readonly files: RegExp; readonly ms: number } | undefined
  /** Code that is put before scripts: how something that a browser lacks is taken away in workers too. */
  before?: { readonly files: RegExp; readonly code: string } | undefined
  /** Pages beside those of the site, by their paths below it. */
  pages?: Readonly<Record<string, string>> | undefined
}

/** One request, as the server saw it. */
export interface Answered {
  /** Below the site. */
  readonly path: string
  readonly startMs: number
  readonly endMs: number
}

export interface SiteServer {
  /** Address of the site, with a trailing slash. */
  readonly url: string
  readonly port: number
  readonly conditions: Conditions
  readonly log: Answered[]
  close(): void
}

export async function serveSite(folder: string): Promise<SiteServer> {
  const conditions: Conditions = { csp: STRICT_CSP }
  const log: Answered[] = []
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/favicon.ico') {
      response.writeHead(204).end() // browsers ask for it unasked
      return
    }
    const { csp, missing, slow, before, pages = {} } = conditions
    const startMs = performance.now()
    const done = () => log.push({ path: pathname.slice(BASE.length), startMs, endMs: performance.now() })
    if (slow?.files.test(pathname)) await new Promise((resolve) => setTimeout(resolve, slow.ms))
    const page = pages[pathname.slice(BASE.length)]
    const bytes = page === undefined ? await fileAt(folder, pathname, missing) : Buffer.from(page)
    if (bytes === undefined) {
      response.writeHead(404).end(done)
      return
    }
    const code = before?.files.test(pathname) ? Buffer.from(`${before.code};\n`) : Buffer.alloc(0)
    const body = Buffer.concat([code, bytes])
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    const part = from === undefined ? body : body.subarray(Number(from), Number(to) + 1)
    const headers = {
      'content-type':
        page === undefined ? (TYPES[extname(fileName(pathname))] ?? 'application/octet-stream') : TYPES['.html'],
      'content-length': part.length,
      'accept-ranges': 'bytes',
      ...(part !== body && { 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${body.length}` }),
      ...(csp !== undefined && { 'content-security-policy': csp }),
    }
    response.writeHead(part === body ? 200 : 206, headers).end(part, done)
  })
  // All addresses of this machine: a name that is not `localhost` may lead here too.
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return {
    url: `http://localhost:${address.port}${BASE}`,
    port: address.port,
    conditions,
    log,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

const fileName = (pathname: string) => (pathname.endsWith('/') ? `${pathname}index.html` : pathname)

async function fileAt(folder: string, pathname: string, missing: RegExp | undefined): Promise<Buffer | undefined> {
  const asked = normalize(decodeURIComponent(fileName(pathname)))
  if (!asked.startsWith(BASE) || missing?.test(asked)) return undefined
  return readFile(join(folder, asked.slice(BASE.length))).catch(() => undefined) // a folder too
}
