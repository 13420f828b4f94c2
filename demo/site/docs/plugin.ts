/**
 * The documentations in the demo's build: demo/docs/page.html is built like any page, and each page of a documentation is that
 * frame, filled. In dev they are rendered when the first of them is asked for.
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Plugin } from 'vite'
import { Layout } from './layout.ts'
import { type RenderedPage, renderDocs } from './render.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const FRAME = 'docs/page.html'

interface Site {
  readonly pages: ReadonlyMap<string, readonly [page: RenderedPage, layout: Layout]>
}

export const docsPages: Plugin = {
  name: 'selvage:docs',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    async handler(_, bundle) {
      const frame = bundle[FRAME]
      if (frame?.type !== 'asset') return this.error(`The demo has no ${FRAME}.`)
      const html = typeof frame.source === 'string' ? frame.source : Buffer.from(frame.source).toString('utf8')
      delete bundle[FRAME]
      const { pages } = await readSite()
      for (const [fileName, [page, layout]] of pages)
        this.emitFile({ type: 'asset', fileName, source: layout.fill(html, page) })
    },
  },
  configureServer(server) {
    let site: Promise<Site> | undefined
    server.middlewares.use((request, response, next) => {
      const address = /^\/(docs\/(?:vue|react)\/[^?]+\.html)/.exec(request.url ?? '')?.[1]
      if (address === undefined) return next()
      site ??= readSite()
      site
        .then(async ({ pages }) => {
          const found = pages.get(decodeURIComponent(address))
          if (found === undefined) return next()
          const [page, layout] = found
          const frame = await server.transformIndexHtml(`/${FRAME}`, await readFrame())
          response.setHeader('content-type', 'text/html; charset=utf-8')
          response.end(layout.fill(frame, page))
        })
        .catch(next)
    })
  },
}

function readFrame(): Promise<string> {
  return readFile(resolve(ROOT, 'demo', FRAME), 'utf8')
}

async function readSite(): Promise<Site> {
  const rendered = await renderDocs(ROOT)
  const layouts = [new Layout('vue', rendered.vue), new Layout('react', rendered.react)]
  return {
    pages: new Map(layouts.flatMap((layout) => layout.pages.map((page) => [page.address, [page, layout]] as const))),
  }
}
