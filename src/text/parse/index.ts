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
import { FORMATS, formatOf, readOutline } from './formats.ts'
import { checkOptions, type ParseOptions } from './options.ts'
import { toPage } from './page.ts'
import { pageUrl, splitEnding, type UrlStyle } from './url.ts'

export { checkRecord, pageOfRecord, parseRecordLine } from './record.ts'
export type { AnchorStyle, ParseOptions, UrlStyle }

/** Whether parsePage reads files of this name. */
export function isPagePath(path: string): boolean {
  return formatOf(path) !== undefined
}

/**
 * The page of a source file; undefined where the page keeps itself out of search (front matter `search: false`,
 * `pagefind: false`, `search.exclude`, `draft`, `unlisted`; in HTML, robots `noindex`) or only redirects.
 *
 * A heading without text of its own is a section with empty text: it gives no passages, its heading path can still be
 * indexed. A file that says nothing at all gives a page without sections.
 */
export async function parsePage(source: Source, options: ParseOptions = {}): Promise<Page | undefined> {
  const { anchors, urls, baseUrl } = checkOptions(options)
  const format = source.format ?? formatOf(source.path)
  if (format === undefined) {
    const known = orList(Object.keys(FORMATS).map((ending) => `.${ending}`))
    throw new SelvageError(
      'invalid-argument',
      `${source.path} cannot be read as a page: its name must end in ${known}.`,
    )
  }
  const outline = await readOutline(format, source.content, anchors)
  return outline && toPage(outline, source.url ?? pageUrl(source.path, urls, baseUrl), nameOf(source.path))
}

/** Where nothing states a title: the file's name, or for an index file its folder's. */
function nameOf(path: string): string {
  const folders = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  const { name } = splitEnding(folders.pop() ?? path)
  return name === 'index' ? (folders.pop() ?? name) : name
}
