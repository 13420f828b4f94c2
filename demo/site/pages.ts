/**
 * The documents of the demo as a list: which pages there are, where they lie, at which address the demo shows them, and what
 * kind of page each is. It reads names and titles; what a page says is up to the renderer and to the index.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type Docs = 'vue' | 'react'

/** As the filter `docs` of the index says it. */
export const NAMES: Readonly<Record<Docs, string>> = { vue: 'Vue', react: 'React' }

export interface DocsPage {
  readonly docs: Docs
  /** Within its documentation and without an ending: `guide/introduction`, `learn/index`. */
  readonly path: string
  /** Below the demo's folder: `docs/vue/guide/introduction.html`. */
  readonly address: string
  readonly kind: string
  /** Markdown for Vue, MDX for React, as their sites have it. */
  readonly source: string
}

/** What the folders are to a reader. Others, with pages about the project, are "About". */
const KINDS: Readonly<Record<Docs, Readonly<Record<string, string>>>> = {
  vue: {
    guide: 'Guide',
    api: 'API',
    'style-guide': 'Style guide',
    examples: 'Guide',
    glossary: 'API',
    'error-reference': 'API',
  },
  react: { learn: 'Learn', reference: 'Reference' },
}

/** In Vue's documentation: nothing but a program that shows something. There is no text to search, and nothing to show here. */
const IS_PROGRAM = /^---\n(?:[^\n]*\n)*?page: true\n/

/** All pages of one documentation that have a text, in the order of their paths. */
export async function readPages(root: string, docs: Docs): Promise<readonly DocsPage[]> {
  const folder = join(root, 'demo/content', docs)
  const names = await readdir(folder, { recursive: true })
  const paths = names.filter((name) => name.endsWith('.md')).map((name) => name.slice(0, -3).replaceAll('\\', '/'))
  const pages = await Promise.all(
    paths.toSorted().map(async (path) => ({
      docs,
      path,
      address: addressOf(docs, path),
      kind: KINDS[docs][path.split('/')[0] ?? ''] ?? 'About',
      source: await readFile(join(folder, `${path}.md`), 'utf8'),
    })),
  )
  return pages.filter(({ source }) => !IS_PROGRAM.test(source))
}

export function addressOf(docs: Docs, path: string): string {
  return `docs/${docs}/${path}.html`
}
