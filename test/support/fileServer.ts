/** A web server whose files a test changes while it runs, and which tells what it was asked for. */
import { createServer } from 'node:http'

export interface Request {
  readonly file: string
  /** What the client wants of caches on the way: by it a fetch mode is known. */
  readonly cacheControl: string | undefined
}

export interface FileServer {
  /** Address of the folder, with a trailing slash. */
  readonly url: string
  readonly files: Map<string, Uint8Array>
  /** What was asked for since the last call. */
  asked(): string[]
  readonly requests: Request[]
  /** Files that are not answered while they are in here. */
  readonly silent: Set<string>
  /** Answers those that wait. */
  release(): void
  close(): void
}

export async function serveFiles(files: Map<string, Uint8Array>): Promise<FileServer> {
  const requests: Request[] = []
  const silent = new Set<string>()
  let told = 0
  let waiting: (() => void)[] = []
  const server = createServer((request, response) => {
    const file = (request.url ?? '').replace(/^\/model\//, '')
    requests.push({ file, cacheControl: request.headers['cache-control'] })
    const answer = () => {
      const bytes = files.get(file)
      if (bytes === undefined) response.writeHead(404).end()
      else response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
    }
    if (silent.has(file)) waiting.push(answer)
    else answer()
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return {
    url: `http://localhost:${address.port}/model/`,
    files,
    requests,
    silent,
    asked() {
      const since = requests.slice(told).map(({ file }) => file)
      told = requests.length
      return since.sort()
    },
    release() {
      silent.clear()
      for (const answer of waiting) answer()
      waiting = []
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
