/**
 * Where a link of the documentation leads in the demo: to the page here where there is one, else to the documentation's own
 * site. It knows the pages by their paths, not what is in them.
 */
import { posix } from 'node:path'
import { addressOf, type Docs, type DocsPage } from '../pages.ts'

export const SITES: Readonly<Record<Docs, string>> = { vue: 'https://vuejs.org', react: 'https://react.dev' }

/** The page at its own site. */
export function originalUrl({ docs, path }: Pick<DocsPage, 'docs' | 'path'>): string {
  const folder = path.replace(/(^|\/)index$/, docs === 'vue' ? '$1' : '')
  return `${SITES[docs]}/${docs === 'vue' && folder === path ? `${path}.html` : folder}`
}

export class Links {
  readonly #paths: Readonly<Record<Docs, ReadonlySet<string>>>

  constructor(pages: readonly DocsPage[]) {
    const pathsOf = (docs: Docs) => new Set(pages.filter((page) => page.docs === docs).map(({ path }) => path))
    this.#paths = { vue: pathsOf('vue'), react: pathsOf('react') }
  }

  /** `href` as it stands in the page `from`. Undefined where it is no address that may be followed. */
  resolve(href: string, from: DocsPage): string | undefined {
    if (href.startsWith('#')) return href
    let url: URL
    try {
      url = new URL(href, baseOf(from))
    } catch {
      return undefined
    }
    if (url.protocol === 'mailto:') return url.href
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined
    const docs = (['vue', 'react'] as const).find((name) => SITES[name] === url.origin.replace('://www.', '://'))
    const path = docs && this.#pathOf(docs, url.pathname)
    return docs && path ? relativeAddress(from, docs, path) + url.hash : url.href
  }

  #pathOf(docs: Docs, pathname: string): string | undefined {
    const name = pathname.slice(1).replace(/\.(?:html|md)$/, '')
    const tries = [name, `${name.replace(/\/$/, '')}/index`]
    return tries.find((path) => this.#paths[docs].has(path))
  }
}

/** Relative links of Vue's pages start from the file, those of React's from the site. */
function baseOf({ docs, path }: DocsPage): string {
  return docs === 'vue' ? `${SITES.vue}/${path}.html` : `${SITES.react}/`
}

function relativeAddress(from: DocsPage, docs: Docs, path: string): string {
  const target = addressOf(docs, path)
  return target === from.address ? posix.basename(target) : posix.relative(posix.dirname(from.address), target)
}

/** The way from a page to the demo's folder. */
export function rootOf({ address }: DocsPage): string {
  return '../'.repeat(address.split('/').length - 1)
}
