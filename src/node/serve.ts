/**
 * `selvage serve`: a folder on a local web server. A site is served as it is; an index gets a page to try it on, with the
 * package's own browser files and a Content-Security-Policy as strict as a site may have. For
 * trying things at one's own desk; a site goes online by any static host.
 */
import { spawn } from 'node:child_process'
import { opendir, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { basename, dirname, relative, resolve } from 'node:path'
import { type Manifest, readManifest } from '../engine/manifest.ts'
import { SelvageError } from '../errors.ts'
import { EXIT } from './exit.ts'
import { folderSource } from './fileStore.ts'
import { interruptible } from './interrupt.ts'
import { type RuntimeFile, runtimeFiles } from './runtimeFiles.ts'
import { PAGE_CSS, searchPage } from './servePage.ts'
import { answer, folderHandler, type Handler, notFound, partsOf } from './staticFiles.ts'

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; " +
  "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Where the page finds the index. */
const INDEX_PATH = '/index/'

/** Ports tried after the one that was asked for. */
const MORE_PORTS = 10
const LAST_PORT = 65535

export interface ServeOptions {
  /** An index, or a folder with .html files. */
  readonly dir: string
  /** 0 is any free one. Default 4180; one in use is passed over for the next. */
  readonly port?: number
  /** Name or address to listen at. Default localhost: this machine alone. */
  readonly host?: string
  /** Folder of the model for an index's page. Default: the one that ships with the package. */
  readonly model?: string
}

export interface Serving {
  readonly kind: 'index' | 'site'
  /** Address of the page, with a trailing slash. */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/**
 * Errors: `index-missing` where there is nothing to serve, those of readManifest and runtimeFiles, `invalid-argument` for
 * port or host.
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { dir, port = 4180, host = 'localhost', model } = options
  const manifest = await manifestOf(dir)
  const handler = manifest ? indexHandler(dir, manifest, await runtimeFiles(model)) : folderHandler(dir)
  const server = createServer((request, response) => {
    if (request.method === 'GET' || request.method === 'HEAD') handler(request, response)
    else answer(response, 405, `${request.method} is not answered here: only GET and HEAD are.`)
  })
  const used = await listen(server, host, port)
  return {
    kind: manifest ? 'index' : 'site',
    url: `http://${addressOf(host)}:${used}/`,
    port: used,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

/** The index's manifest; undefined where the folder is a site. */
async function manifestOf(dir: string): Promise<Manifest | undefined> {
  try {
    return await readManifest(folderSource(dir))
  } catch (error) {
    // A site may have a manifest.json of its own, that of a web app.
    const none = error instanceof SelvageError && (error.code === 'index-missing' || error.code === 'index-invalid')
    if (none && (await hasPages(resolve(dir)))) return undefined
    if (none && error.code === 'index-missing')
      throw new SelvageError(
        'index-missing',
        `There is nothing to serve at ${resolve(dir)}: neither the manifest.json of an index nor any .html file. ` +
          'Give the folder that "selvage build" wrote to, or that of a site.',
      )
    throw error
  }
}

async function hasPages(folder: string): Promise<boolean> {
  const info = await stat(folder).catch(() => undefined)
  if (!info?.isDirectory()) return false
  for await (const { name } of await opendir(folder, { recursive: true })) if (/\.html?$/i.test(name)) return true
  return false
}

/** The page at `/`, the index at `/index/`, what a site needs to search it at `/selvage/`. */
function indexHandler(dir: string, manifest: Manifest, runtime: readonly RuntimeFile[]): Handler {
  const page = searchPage(manifest)
  const index = folderHandler(dir)
  const files = new Map(runtime.map(({ name, absolutePath }) => [`/selvage/${name}`, absolutePath]))
  return (request, response) => {
    response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY)
    const { pathname, search } = partsOf(request)
    if (pathname === '/') return answer(response, 200, page, 'text/html')
    if (pathname === '/page.css') return answer(response, 200, PAGE_CSS, 'text/css')
    if (pathname === '/favicon.ico') return answer(response, 204) // browsers ask for it unasked
    const file = files.get(pathname)
    if (file !== undefined) {
      request.url = `/${encodeURIComponent(basename(file))}`
      return folderHandler(dirname(file))(request, response)
    }
    if (!pathname.startsWith(INDEX_PATH)) return notFound(pathname, response)
    request.url = pathname.slice(INDEX_PATH.length - 1) + search
    index(request, response)
  }
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  if (!(Number.isInteger(port) && port >= 0 && port <= LAST_PORT))
    throw new SelvageError('invalid-argument', `port is ${port}, wanted a whole number from 0 to ${LAST_PORT}.`)
  for (let tried = port; ; tried++) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((done) => {
      server.once('error', done)
      server.listen(tried, host, () => {
        server.off('error', done)
        done(undefined)
      })
    })
    if (error === undefined) break
    const next = tried < Math.min(port + MORE_PORTS, LAST_PORT)
    if (error.code === 'EADDRINUSE' && next) continue
    const what =
      error.code === 'EADDRINUSE' ? `All ports from ${port} to ${tried} are in use at ${host}` : error.message
    throw new SelvageError('invalid-argument', `${what}. Choose others with --port and --host.`, { cause: error })
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

/** What a browser is given for it: no page is at 0.0.0.0, and WebGPU is only for https and localhost. */
function addressOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

export interface ServeCommandOptions extends ServeOptions {
  readonly port: number
  /** Show the page in the browser. */
  readonly open: boolean
}

/** Serves until Ctrl-C, or until the signal fires. */
export async function serveCommand({ open, ...options }: ServeCommandOptions, signal?: AbortSignal): Promise<number> {
  const { kind, url, port, close } = await serve(options)
  const moved = options.port !== 0 && port !== options.port ? `Port ${options.port} is in use. ` : ''
  process.stdout.write(`${moved}The ${kind} ${relative('', options.dir) || '.'} is served at ${url} (Ctrl-C ends it)\n`)
  if (open) openBrowser(url)
  await interruptible(fired, signal)
  await close()
  return EXIT.ok
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done()
    signal.addEventListener('abort', () => done(), { once: true })
  })
}

function openBrowser(url: string): void {
  const openers: Readonly<Record<string, readonly string[]>> = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }
  const [command, ...args] = openers[process.platform] ?? ['xdg-open']
  spawn(command!, [...args, url], { stdio: 'ignore', detached: true })
    .on('error', () => process.stderr.write(`No browser could be opened. Open ${url} yourself.\n`))
    .unref()
}
