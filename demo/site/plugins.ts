/**
 * What the build adds to the demo's pages: the navigation, the policy that keeps them to their own site, and for the service
 * worker the list of files that it keeps.
 */
import { createHash } from 'node:crypto'
import type { Plugin, Rolldown } from 'vite'
import { isPage, MARK, navHtml } from './nav.ts'

/** What the page promises, enforced by the browser: it can talk to its own site only. Not in dev: Vite inlines styles. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self'; " +
  "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'"

export const contentSecurityPolicy: Plugin = {
  name: 'selvage:csp',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
      injectTo: 'head-prepend',
    },
  ],
}

/** `<!-- mark -->` becomes the mark, `<!-- nav:search -->` the navigation with that page as the current one. */
export const navigation: Plugin = {
  name: 'selvage:nav',
  transformIndexHtml: {
    order: 'pre',
    handler: (html) =>
      html.replaceAll('<!-- mark -->', MARK).replace(/<!-- nav:(\w+) -->/g, (_, id: string) => {
        if (!isPage(id)) throw new Error(`The demo has no page "${id}".`)
        return navHtml(id)
      }),
  },
}

/**
 * Tells the demo's service worker which files to keep: as its shell the pages at the top with all scripts, styles and icons; and,
 * when somebody asks, the documentation's pages, each with a hash of what it says. No runtime and no model is among them.
 */
export const shellFiles: Plugin = {
  name: 'selvage:shell',
  apply: 'build',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const worker = bundle['sw.js']
      if (worker?.type !== 'chunk') return this.error('The demo has no sw.js.')
      const html = Object.values(bundle).flatMap((file) =>
        file.type === 'asset' && file.fileName.endsWith('.html')
          ? [{ path: file.fileName, text: Buffer.from(file.source).toString('utf8') }]
          : [],
      )
      const shell = html.filter(({ path }) => !path.includes('/'))
      const entries = shell.map(({ path, text }) => {
        const entry = /src="\.\/(assets\/[^"]+\.js)"/.exec(text)?.[1]
        if (entry === undefined) this.error(`${path} has no script of its own.`)
        return [path === 'index.html' ? '' : path, entry] as const
      })
      const files = Object.keys(bundle).filter((name) => SHELL.test(name) && name !== 'sw.js')
      const pages = html
        .filter(({ path }) => path.includes('/'))
        .map(({ path, text }) => [path, hashOf(text), Buffer.byteLength(text)] as const)
      // Icons and the like keep their names when they change.
      const contents = files.map((name) => hashOf(contentOf(bundle[name])))
      const listed = JSON.stringify({ files, contents, pages })
      const version = hashOf(...shell.map(({ text }) => text), listed, worker.code)
      const told = { version, entries: Object.fromEntries(entries), files, pages }
      worker.code = worker.code.replaceAll('SELVAGE_SHELL', () => JSON.stringify(told))
    },
  },
}

const SHELL = /\.(?:js|css|svg|png|webmanifest)$/

function contentOf(file: Rolldown.OutputAsset | Rolldown.OutputChunk | undefined): string | Uint8Array {
  if (file === undefined) return ''
  return file.type === 'chunk' ? file.code : file.source
}

function hashOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, 12)
}
