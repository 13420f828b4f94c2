/**
 * Plain static hosting, as strict as a host can be: no COOP/COEP, no compression, a Content-Security-Policy that allows
 * nothing but the site's own files and WebAssembly, everything below a sub-path, wrong paths answered with 404.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { extname, join, normalize } from 'node:path'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
}

export const STRICT_CSP = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
].join('; ')

export interface StaticSite {
  /** Address of the folder, with a trailing slash. */
  readonly url: string
  close(): void
}

export async function serveFolder(folder: string, path = '/some/where/'): Promise<StaticSite> {
  const server: Server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const asked = normalize(decodeURIComponent(pathname))
    if (pathname === '/favicon.ico') {
      response.writeHead(204).end() // browsers ask for it unasked
      return
    }
    const file = join(folder, asked.slice(path.length - 1), asked.endsWith('/') ? 'index.html' : '')
    const info = asked.startsWith(path) ? await stat(file).catch(() => undefined) : undefined
    if (!info?.isFile()) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': info.size,
      'content-security-policy': STRICT_CSP,
    })
    createReadStream(file).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return {
    url: `http://localhost:${address.port}${path}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
