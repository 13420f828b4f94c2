/**
 * The visitor's own files as the index knows them: a document's id is the file's path, its address one that leads nowhere,
 * since there is no page to open; a filter tells them from the documentation, and a hash of its bytes a file that has not changed.
 */
import type { AddedDocument, DocumentInput } from 'selvage'
import { endingOf } from './leftOut.ts'

/** Name of the filter that they have, and nothing else has. */
export const OWN_FILTER = 'own'

const SCHEME = 'own:'
const HASH = 'hash'

export function ownDocument(path: string, text: string, hash?: string, title?: string): DocumentInput {
  return {
    id: path,
    url: SCHEME + encodeURI(wellFormed(path)).replace(/[?#]/g, encodeURIComponent),
    text,
    ...(title !== undefined && { title }),
    format: formatOf(path) ?? 'plain',
    filters: { [OWN_FILTER]: ['yes'] },
    ...(hash !== undefined && { meta: { [HASH]: hash } }),
  }
}

/** Undefined for one that waits, or that an older version of this page has added. */
export function hashIn({ meta }: Pick<AddedDocument | DocumentInput, 'meta'>): string | undefined {
  return meta?.[HASH]
}

/** The path of the file that an address stands for; undefined where it is the documentation's. */
export function ownPath(url: string): string | undefined {
  return url.startsWith(SCHEME) ? decodeURIComponent(url.slice(SCHEME.length).replace(/#.*/s, '')) : undefined
}

const FORMATS: Readonly<Record<string, DocumentInput['format']>> = {
  md: 'markdown',
  markdown: 'markdown',
  mdx: 'mdx',
  html: 'html',
  htm: 'html',
  txt: 'plain',
}

/** What the file dialog offers. */
export const ENDINGS: readonly string[] = [...Object.keys(FORMATS), 'zip'].map((ending) => `.${ending}`)

/** Undefined for a file that is none of ours. */
export function formatOf(path: string): DocumentInput['format'] {
  const ending = endingOf(path)
  return Object.hasOwn(FORMATS, ending) ? FORMATS[ending] : undefined
}

/** encodeURI throws on half a surrogate pair, and file names may hold one. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}
