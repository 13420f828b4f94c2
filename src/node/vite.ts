/**
 * `selvage/vite`: one line in a Vite or VitePress config, and the site has an index. A build emits it with the site's
 * files; the dev server serves it under the same address and builds it again when a document changes.
 *
 * Both also have what a page needs to search: the library's browser files and the model. It knows nothing of how pages
 * look; `<selvage-search>` or the site's own code shows results.
 */
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { basename, dirname, join, relative } from 'node:path'
import { filesOf, type Manifest } from '../engine/manifest.ts'
import { asSelvageError, rejectUnknown, SelvageError } from '../errors.ts'
import { lazily } from '../util.ts'
import { buildInto } from './build.ts'
import { isIndexName } from './fileStore.ts'
import { seconds } from './progress.ts'
import { readDocuments } from './readFolder.ts'
import { modelRuntimeFiles, runtimeFiles } from './runtimeFiles.ts'
import { answer, folderHandler, partsOf } from './staticFiles.ts'
import { type SelvagePluginOptions, type Site, siteOf, type ViteConfig } from './viteSite.ts'

export type { SelvagePluginOptions } from './viteSite.ts'

/** Of its chain of handlers. */
type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/** Of Vite's dev server. */
interface ViteServer {
  readonly middlewares: { use(route: string, handler: Middleware): unknown }
  readonly watcher: {
    add(path: string): unknown
    on(event: 'all', listener: (event: string, path: string) => void): unknown
  }
  readonly httpServer: { once(event: 'close', listener: () => void): unknown } | null
}

/** Of a bundler's plugin context; `environment` is there from Vite 6 on. */
interface BundleContext {
  emitFile(file: { type: 'asset'; fileName: string; source: Uint8Array }): string
  warn(message: string): void
  readonly environment?: { readonly name: string }
}

/** A Vite plugin, as far as this one goes: what any Vite from 5 on takes for one. */
export interface SelvagePlugin {
  readonly name: string
  apply(config: object, env: { readonly isSsrBuild?: boolean | undefined }): boolean
  config(): { optimizeDeps: { exclude: string[] } }
  configResolved(config: ViteConfig): void
  resolveId(source: string): Promise<{ id: string; external: 'absolute'; moduleSideEffects: true } | undefined>
  load(id: string): Promise<string | undefined>
  configureServer(server: ViteServer): void
  generateBundle(this: BundleContext): Promise<void>
}

/** Time for an editor or a checkout to be done with a set of files. */
const SETTLE_MS = 150

const OPTIONS: readonly (keyof SelvagePluginOptions)[] = [
  ...(['content', 'exclude', 'output', 'runtime', 'model', 'threads'] as const),
  ...(['baseUrl', 'urls', 'anchors', 'bits', 'pool', 'clustering'] as const),
]

/** Errors: `invalid-argument`; in a build those of buildFolder and of runtimeFiles, which end it. */
export function selvage(options: SelvagePluginOptions = {}): SelvagePlugin {
  rejectUnknown(options, OPTIONS, 'selvage')
  const { model, runtime = true } = options
  const output = checkOutput(options.output ?? 'search')
  /** Where the runtime's files lie, by their names. */
  const runtimeOf = lazily(async () => {
    const files = await (runtime ? runtimeFiles(model) : modelRuntimeFiles(model))
    return new Map(files.map(({ name, absolutePath }) => [name, absolutePath]))
  })
  const isRuntime = async (id: string) =>
    id.startsWith(`/${output}/`) && (await runtimeOf()).has(id.slice(output.length + 2))
  let config: ViteConfig
  return {
    name: 'selvage',
    apply: (_config, { isSsrBuild }) => !isSsrBuild,
    // Its pre-bundling for the dev server loses the worker files.
    config: () => ({ optimizeDeps: { exclude: ['selvage'] } }),
    configResolved(resolved) {
      config = resolved
    },
    // `/search/widget.js` in a page or a module: the browser asks for it, no bundler need look for it.
    async resolveId(source) {
      if (!(await isRuntime(source))) return undefined
      const base = config.command === 'build' ? config.base.replace(/^\.?\/?$|\/$/, '') : '' // the dev server adds its own
      return { id: base + source, external: 'absolute', moduleSideEffects: true }
    },
    // The dev server looks into scripts before it is asked for them.
    load: async (id) => (config.command === 'serve' && (await isRuntime(id)) ? '' : undefined),
    configureServer(server) {
      const index = new SiteIndex(config, options, `${output}-dev`)
      server.watcher.add(index.site.content)
      let timer: ReturnType<typeof setTimeout> | undefined
      server.watcher.on('all', (_event, path) => {
        if (!index.site.isDocument(path)) return
        clearTimeout(timer)
        timer = setTimeout(() => index.update(), SETTLE_MS)
      })
      server.httpServer?.once('close', () => {
        clearTimeout(timer)
        index.stop()
      })
      index.update()
      server.middlewares.use(`${config.base}${output}`, (request, response, next) => {
        const name = partsOf(request).pathname.slice(1)
        locate(name, index, runtimeOf).then(
          (path) => (path === undefined ? next() : sendFile(path, request, response)),
          (error: unknown) => answer(response, 500, asSelvageError(error).message),
        )
      })
    },
    async generateBundle() {
      if (this.environment !== undefined && this.environment.name !== 'client') return
      const index = new SiteIndex(config, options, output)
      const { manifest, leftOut } = await index.build()
      for (const message of leftOut) this.warn(message)
      const indexFiles = filesOf(manifest).map((name) => [name, join(index.folder, name)] as const)
      for (const [name, path] of [...(await runtimeOf()), ...indexFiles])
        this.emitFile({ type: 'asset', fileName: `${output}/${name}`, source: await readFile(path) })
    },
  }
}

export default selvage

/** The index of a site, in Vite's cache folder, where the next run finds it. */
class SiteIndex {
  readonly site: Site
  /** Where the index lies. */
  readonly folder: string
  readonly #config: ViteConfig
  readonly #options: SelvagePluginOptions
  readonly #stopped = new AbortController()
  /** The build at hand, or the one that waits for it. */
  #newest: Promise<unknown> = Promise.resolve()
  #isWaiting = false

  constructor(config: ViteConfig, options: SelvagePluginOptions, name: string) {
    this.site = siteOf(config, options)
    // Flat: an index at `search/ja` does not lie in the folder of the one at `search`, which would be taken for no index.
    this.folder = join(config.cacheDir, 'selvage', name.replaceAll('/', '+'))
    this.#config = config
    this.#options = options
  }

  async build(): Promise<{ readonly manifest: Manifest; readonly leftOut: readonly string[] }> {
    const { logger, root } = this.#config
    const { bits, pool, clustering, model, threads } = this.#options
    const { content, parse } = this.site
    const { files, missing } = await this.site.documents()
    logger.info(`selvage: indexing ${files.length} documents of ${relative(root, content) || content}`, TIMED)
    const start = performance.now()
    const { manifest, summary, unreadable, cacheError } = await buildInto({
      read: (onUnreadable) => readDocuments(files, onUnreadable),
      ...{ output: this.folder, parse, model, threads, signal: this.#stopped.signal },
      plaid: { bits, pool, clustering },
      incremental: true,
    })
    const { pages, passages } = manifest.texts
    const done = summary === undefined ? 'is up to date' : `built in ${seconds(performance.now() - start)}`
    logger.info(`selvage: index ${done}: ${pages} pages, ${passages} passages`, TIMED)
    return {
      manifest,
      leftOut: [
        ...[...unreadable, ...(cacheError ? [cacheError] : [])].map(({ message }) => message),
        ...missing.map((path) => `${path} is not in the index: it is made by a dynamic route and has no file.`),
      ],
    }
  }

  /** Builds in the background: one at a time, and what changes during a build is in the next. */
  update(): void {
    if (this.#isWaiting || this.#stopped.signal.aborted) return
    this.#isWaiting = true
    const { logger } = this.#config
    this.#newest = this.#newest
      .catch(() => {})
      .then(() => {
        this.#isWaiting = false
        return this.build()
      })
      .then(({ leftOut }) => {
        for (const message of leftOut) logger.warn(`selvage: ${message}`, TIMED)
      })
    this.#newest.catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) logger.error(`selvage: ${asSelvageError(error).message}`, TIMED)
    })
  }

  /** Until the index is as new as the last update; rejects where that failed. */
  async settled(): Promise<void> {
    let awaited: Promise<unknown>
    do {
      awaited = this.#newest
      await awaited
    } while (awaited !== this.#newest)
  }

  stop(): void {
    this.#stopped.abort()
  }
}

const TIMED = { timestamp: true }

/** Where the file of this name lies; undefined for a name that is not of ours. */
async function locate(
  name: string,
  index: SiteIndex,
  runtimeOf: () => Promise<ReadonlyMap<string, string>>,
): Promise<string | undefined> {
  if (!isIndexName(name)) return (await runtimeOf()).get(name)
  await index.settled()
  return join(index.folder, name)
}

function sendFile(path: string, request: IncomingMessage, response: ServerResponse): void {
  request.url = `/${basename(path)}`
  folderHandler(dirname(path))(request, response)
}

function checkOutput(output: string): string {
  const path = output.replace(/^\.?\/+|\/+$/g, '')
  if (/^[\w.-]+(\/[\w.-]+)*$/.test(path) && !path.split('/').includes('..')) return path
  throw new SelvageError(
    'invalid-argument',
    `selvage: output is ${JSON.stringify(output)}, wanted a path below the site's base, as "search".`,
  )
}
