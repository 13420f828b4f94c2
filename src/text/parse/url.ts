/**
 * From a file's path to the address that the site serves it at. Knows the three common layouts of static sites;
 * nothing of routers, rewrites or redirects.
 */

/** How pages are addressed: `guide/intro.html`, `guide/intro` or `guide/intro/`. */
export type UrlStyle = 'html' | 'clean' | 'directory'

/** `guide/intro.md` as a url under the base; `index` files are their folder: `guide/index.md` is `guide/`. */
export function pageUrl(path: string, style: UrlStyle, baseUrl: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  const file = segments.pop() ?? ''
  const { name, ending } = splitEnding(file)
  // Text files are served as they are: no generator makes pages of them.
  const isText = ending === 'txt'
  const isBuilt = ending === 'html' || ending === 'htm'
  const page = style !== 'html' ? name : isBuilt ? file : `${name}.html`
  const last = isText ? file : name === 'index' ? '' : page
  const isFolder = style === 'directory' && !isText && last !== ''
  const encoded = [...segments, last].map(encodeSegment).join('/')
  return underBase(encoded, baseUrl) + (isFolder ? '/' : '')
}

/** The address of what has no file: its id, as one segment, under the base. */
export function recordUrl(id: string, baseUrl: string): string {
  return underBase(encodeSegment(id), baseUrl)
}

function underBase(path: string, baseUrl: string): string {
  return (baseUrl === '' || baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`) + path
}

/** A record's url may have a fragment of its own, which the section's replaces. */
export function withAnchor(url: string, anchor: string): string {
  return anchor === '' ? url : `${url.replace(/#.*/s, '')}#${encodeURI(wellFormed(anchor)).replaceAll('#', '%23')}`
}

/** `guide/Intro.MD` → `Intro` and `md`. A name that is all ending (`.md`) has none. */
export function splitEnding(path: string): { name: string; ending: string } {
  const file = path.slice(path.lastIndexOf('/') + 1)
  const dot = file.lastIndexOf('.')
  return dot <= 0 ? { name: file, ending: '' } : { name: file.slice(0, dot), ending: file.slice(dot + 1).toLowerCase() }
}

/** encodeURI leaves what may stand in a path; `/`, `?`, `#` and a scheme-like `:` may not stand in one segment. */
function encodeSegment(segment: string): string {
  return encodeURI(wellFormed(segment)).replace(/[/?#:]/g, encodeURIComponent)
}

/** encodeURI throws on half a surrogate pair, and file names and ids may hold one. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}
