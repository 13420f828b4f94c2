/**
 * What the build adds to the demo's pages: the navigation, the policy that keeps them to their own site, and for the service
 * worker the list of files that it keeps.
 */
import { createHash } from 'node:crypto'
import type { Plugin } from 'vite'
import { isPage, navHtml } from './nav.ts'

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

/** `<!-- nav:search -->` becomes the navigation, with that page as the current one. */
export const navigation: Plugin = {
  name: 'selvage:nav',
  transformIndexHtml: {
    order: 'pre',
    handler: (html) =>
      html.replace(/<!-- nav:(\w+) -->/g, (_, id: string) => {
        if (!isPage(id)) throw new Error(`The demo has no page "${id}".`)
        return navHtml(id)
      }),
  },
}

/** Tells the demo's service worker which files to keep: the page's own, of which no runtime and no model is one. */
export const shellFiles: Plugin = {
  name: 'selvage:shell',
  apply: 'build',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const worker = bundle['sw.js']
      const page = bundle['index.html']
      const entry = Object.values(bundle).find((file) => file.type === 'chunk' && file.isEntry && file.name === 'index')
      if (worker?.type !== 'chunk' || page?.type !== 'asset' || entry === undefined)
        return this.error('The demo is a page with a script, and sw.js beside it.')
      const files = Object.keys(bundle).filter((name) => /\.(?:js|css|svg)$/.test(name) && name !== 'sw.js')
      const hash = createHash('sha256').update(page.source).update(files.join()).update(worker.code)
      const shell = { version: hash.digest('hex').slice(0, 12), entry: entry.fileName, files }
      worker.code = worker.code.replaceAll('SELVAGE_SHELL', () => JSON.stringify(shell))
    },
  },
}
