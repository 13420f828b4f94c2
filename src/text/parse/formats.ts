/**
 * The formats that documents come in, and the parser of each. Only the parser that is needed is loaded: micromark is a
 * third of a megabyte that a site of HTML pages never sees.
 */
import type { AnchorStyle } from './anchors.ts'
import type { Outline } from './outline.ts'
import { splitEnding } from './url.ts'

/** File name endings, lower case, and the format that each is read as. */
export const FORMATS = {
  md: 'markdown',
  markdown: 'markdown',
  mdx: 'mdx',
  html: 'html',
  htm: 'html',
  txt: 'plain',
} as const

export type Format = (typeof FORMATS)[keyof typeof FORMATS]

export function formatOf(path: string): Format | undefined {
  const { ending } = splitEnding(path)
  return Object.hasOwn(FORMATS, ending) ? FORMATS[ending as keyof typeof FORMATS] : undefined
}

/** Undefined for a page that keeps itself out of search, or only sends the reader to another. */
export async function readOutline(format: Format, content: string, anchors: AnchorStyle): Promise<Outline | undefined> {
  const text = normalize(content)
  switch (format) {
    case 'markdown':
    case 'mdx':
      return (await import('./markdown.ts')).readMarkdown(text, format, anchors)
    case 'html':
      return (await import('./html.ts')).readHtml(text)
    case 'plain':
      return (await import('./plain.ts')).readPlain(text)
  }
}

/** One kind of line break, and no byte order mark where the caller left it. */
function normalize(content: string): string {
  const text = content.startsWith('\ufeff') ? content.slice(1) : content
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}
