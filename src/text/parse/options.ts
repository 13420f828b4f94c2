/** How pages are read and addressed: the options that all parsers share, and what is wrong with wrong ones. */
import { rejectUnknown, SelvageError } from '../../errors.ts'
import type { AnchorStyle } from './anchors.ts'
import type { UrlStyle } from './url.ts'

export interface ParseOptions {
  /**
   * How the site makes the ids of headings that name none, in Markdown and MDX. HTML has its ids in it.
   * `github`: GitHub, Docusaurus, Astro, Starlight, Nextra. `vitepress`: VitePress, VuePress 2. Default `github`.
   */
  readonly anchors?: AnchorStyle
  /** How the site addresses `guide/intro.md`: `html` guide/intro.html, `clean` guide/intro, `directory` guide/intro/.
   *  An `index` file is its folder in all three. Default `html`. */
  readonly urls?: UrlStyle
  /** What the pages' urls begin with: `/` (the default), `/docs/`, `https://example.org/docs/`, or `` for relative. */
  readonly baseUrl?: string
}

export function checkOptions(options: ParseOptions): Required<ParseOptions> {
  const { anchors = 'github', urls = 'html', baseUrl = '/' } = options
  rejectUnknown(options, ['anchors', 'urls', 'baseUrl'], 'parse')
  if (anchors !== 'github' && anchors !== 'vitepress') {
    throw invalid(`anchors is ${JSON.stringify(anchors)}, but must be "github" or "vitepress".`)
  }
  if (urls !== 'html' && urls !== 'clean' && urls !== 'directory') {
    throw invalid(`urls is ${JSON.stringify(urls)}, but must be "html", "clean" or "directory".`)
  }
  if (typeof baseUrl !== 'string' || /[?#\s]/.test(baseUrl)) {
    throw invalid(`baseUrl is ${JSON.stringify(baseUrl)}, but must be a path or an address without ?, # and spaces.`)
  }
  return { anchors, urls, baseUrl }
}

function invalid(message: string): SelvageError {
  return new SelvageError('invalid-argument', message)
}
