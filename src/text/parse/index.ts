/**
 * A source file → a page cut into sections: the door of the parsers. The format is told by the file's ending, and only
 * that format's parser is loaded. Knows no files or folders: what to read, and in which order, is its caller's matter.
 *
 * Runs where there is no DOM. A bundle for a worker must resolve the condition `worker` before `browser`, or micromark's
 * decode-named-character-reference 1.x comes in the version that asks for a `document`.
 */
import { SelvageError } from '../../errors.ts'
import { orList } from '../../util.ts'
import type { Page, Source } from '../document.ts'
import type { AnchorStyle } from './anchors.ts'
import { type Outline, toSections } from './outline.ts'
import { pageUrl, splitEnding, type UrlStyle } from './url.ts'

export type { AnchorStyle, UrlStyle }

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

/** File name endings, lower case, and the format that each is read as. */
const FORMATS = { md: 'markdown', markdown: 'markdown', mdx: 'mdx', html: 'html', htm: 'html', txt: 'plain' } as const

type Format = (typeof FORMATS)[keyof typeof FORMATS]

/** Whether parsePage reads files of this name. */
export function isPagePath(path: string): boolean {
  return formatOf(path) !== undefined
}

/**
 * The page of a source file; undefined where the page keeps itself out of search (front matter `search: false`,
 * `pagefind: false`, `search.exclude`, `draft`, `unlisted`) or only redirects.
 *
 * A heading without text of its own is a section with empty text: it gives no passages, its heading path can still be
 * indexed. A file that says nothing at all gives a page without sections.
 */
export async function parsePage(source: Source, options: ParseOptions = {}): Promise<Page | undefined> {
  const { anchors, urls, baseUrl } = checkOptions(options)
  const format = formatOf(source.path)
  if (format === undefined) {
    const known = orList(Object.keys(FORMATS).map((ending) => `.${ending}`))
    throw new SelvageError(
      'invalid-argument',
      `${source.path} cannot be read as a page: its name must end in ${known}.`,
    )
  }
  const outline = await readOutline(format, normalize(source.content), anchors)
  if (outline === undefined) return undefined

  const { items, description, language } = outline
  const firstHeading = items.find((item) => item.type === 'heading' && item.depth === 1)
  const stated = outline.title ?? (firstHeading?.type === 'heading' ? firstHeading.title : outline.fallbackTitle)
  const title = stated ?? nameOf(source.path)
  const url = pageUrl(source.path, urls, baseUrl)
  return {
    url,
    title,
    ...(description === undefined ? {} : { description }),
    ...(language === undefined ? {} : { language }),
    sections: toSections(items, title, url, stated !== undefined),
  }
}

async function readOutline(format: Format, content: string, anchors: AnchorStyle): Promise<Outline | undefined> {
  switch (format) {
    case 'markdown':
    case 'mdx':
      return (await import('./markdown.ts')).readMarkdown(content, format, anchors)
    case 'html':
      return (await import('./html.ts')).readHtml(content)
    case 'plain':
      return (await import('./plain.ts')).readPlain(content)
  }
}

function checkOptions(options: ParseOptions): Required<ParseOptions> {
  const { anchors = 'github', urls = 'html', baseUrl = '/', ...unknown } = options
  const strangers = Object.keys(unknown)
  if (strangers.length > 0) {
    throw invalid(`Unknown option ${orList(strangers)}: the options of parsePage are anchors, urls and baseUrl.`)
  }
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

function formatOf(path: string): Format | undefined {
  const { ending } = splitEnding(path)
  return Object.hasOwn(FORMATS, ending) ? FORMATS[ending as keyof typeof FORMATS] : undefined
}

/** One kind of line break, and no byte order mark where the caller left it. */
function normalize(content: string): string {
  const text = content.startsWith('\ufeff') ? content.slice(1) : content
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}

/** Where nothing states a title: the file's name, or for an index file its folder's. */
function nameOf(path: string): string {
  const folders = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  const { name } = splitEnding(folders.pop() ?? path)
  return name === 'index' ? (folders.pop() ?? name) : name
}
