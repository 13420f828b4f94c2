/**
 * A Vite site as an index sees it: which documents it has and how it addresses them. VitePress is known by what it puts
 * into the resolved config: its pages, rewrites and kind of urls are taken as they are. Other sites are a folder.
 *
 * Types name what is used of Vite and VitePress, so that any version from 5 on fits and neither is a dependency.
 */
import { existsSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { SelvageError } from '../errors.ts'
import type { PlaidOptions } from '../plaid/builder.ts'
import { isPagePath, type ParseOptions } from '../text/parse/index.ts'
import { type FolderFile, listDocuments } from './readFolder.ts'

/** What a maintainer may say. Nothing has to be said. */
export interface SelvagePluginOptions extends ParseOptions, Pick<PlaidOptions, 'bits' | 'pool' | 'clustering'> {
  /** Folder of the documents, relative to the Vite root. Default: VitePress' source folder, else the Vite root. */
  readonly content?: string
  /** Files and folders that are not indexed, relative to `content`. VitePress' `srcExclude` counts as well. */
  readonly exclude?: readonly string[]
  /** Where the index is served, below the site's base. Default `search`. */
  readonly output?: string
  /**
   * Also serve the library's browser files there, for `<selvage-search>`. Without them the model, in `model/`, is still
   * there, for a page that brings `selvage` in its own bundle. Default true.
   */
  readonly runtime?: boolean
  /** Folder of the model. Default: the one that ships with the package. */
  readonly model?: string
  /** Passages encoded at a time. Default: one for each core and each GB of memory. */
  readonly threads?: number
}

/** Of Vite's resolved config. */
export interface ViteConfig {
  readonly root: string
  readonly base: string
  readonly command: 'build' | 'serve'
  readonly cacheDir: string
  readonly publicDir: string
  readonly build: { readonly outDir: string }
  readonly logger: Record<'info' | 'warn' | 'error', (message: string, options?: { timestamp?: boolean }) => void>
  readonly vitepress?: VitePressSite
}

/** Of VitePress' site config; its pages change while its dev server runs. */
interface VitePressSite {
  readonly srcDir: string
  readonly cleanUrls: boolean
  /** Of all pages, relative to srcDir; those of dynamic routes have no file. */
  readonly pages: readonly string[]
  readonly rewrites: { readonly map: Readonly<Record<string, string | undefined>> }
}

export interface Site {
  /** Folder of the documents, absolute. */
  readonly content: string
  readonly parse: ParseOptions
  /** What is there now, under the path that the site's address is made of; `missing` are pages without a file. */
  documents(): Promise<{ readonly files: readonly FolderFile[]; readonly missing: readonly string[] }>
  /** Whether a change of this file may be a change of the index. */
  isDocument(file: string): boolean
}

export function siteOf(config: ViteConfig, options: SelvagePluginOptions): Site {
  const { root, base, vitepress } = config
  const content = resolve(root, options.content ?? vitepress?.srcDir ?? '.')
  const isPages = vitepress !== undefined && content === resolve(vitepress.srcDir)
  const excluded = (options.exclude ?? []).map((path) => path.replace(/^\.?\/+|\/+$/g, ''))
  // A site's source folder may be its root: neither what Vite writes nor what it copies is a page of it.
  for (const folder of [resolve(root, config.build.outDir), config.publicDir])
    if (folder !== '' && folder !== content) excluded.push(slashed(relative(content, folder)))
  const isWanted = (path: string) => !excluded.some((entry) => path === entry || path.startsWith(`${entry}/`))
  const { anchors, urls, baseUrl } = options
  return {
    content,
    parse: {
      anchors: anchors ?? (vitepress ? 'vitepress' : 'github'),
      urls: urls ?? (vitepress?.cleanUrls ? 'clean' : 'html'),
      baseUrl: baseUrl ?? (base === './' ? '' : base),
    },
    async documents() {
      const all = isPages ? pagesOf(vitepress) : await listDocuments(content)
      const wanted = all.filter(({ absolutePath }) => isWanted(slashed(relative(content, absolutePath))))
      const files = wanted.filter(({ absolutePath }) => existsSync(absolutePath))
      if (files.length === 0)
        throw new SelvageError(
          'no-documents',
          `There are no documents in ${content}${excluded.length > 0 ? `, without ${excluded.join(', ')}` : ''}. ` +
            'Give the folder that they are in as "content".',
        )
      return { files, missing: wanted.filter((file) => !files.includes(file)).map(({ path }) => path) }
    },
    isDocument(file) {
      const path = slashed(relative(content, resolve(file)))
      return isPagePath(path) && !path.startsWith('../') && isWanted(path)
    },
  }
}

function pagesOf({ srcDir, pages, rewrites }: VitePressSite): FolderFile[] {
  return pages.map((page) => ({ path: rewrites.map[page] ?? page, absolutePath: join(srcDir, page) }))
}

const slashed = (path: string): string => path.split(sep).join('/')
