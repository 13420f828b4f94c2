/**
 * Which sections does somebody mean who says that this address is the right one for a query? A section's own address means that
 * section, a page's address any section of the page. Knows the index's texts, and no vectors but whether there are any.
 */
import { passagesAt } from '../engine/locate.ts'
import type { Segments } from '../engine/segments.ts'
import type { TaughtPair } from '../lessonTypes.ts'
import type { PassageId } from '../types.ts'

/** Sections by their addresses, as the index has them, and their passages that can be found by meaning. */
export interface RightPlaces {
  readonly urls: ReadonlySet<string>
  readonly passages: readonly PassageId[]
}

/** The sections; or, in words, why there are none. */
export async function placesAt(segments: Segments, { query, url }: TaughtPair): Promise<RightPlaces | string> {
  if (url.trim() === '') return 'It has no address.'
  // Pages whose ids are not their addresses are found by words: the query's, and what the address has of them.
  const onPage = await passagesAt(segments, url, `${query} ${url.split(/[^\p{L}\p{N}]+/u).join(' ')}`)
  if (onPage.length === 0) return 'The index has no page with this address.'
  const anchor = anchorOf(url)
  const right = anchor === '' ? onPage : onPage.filter(({ section }) => anchorOf(section.url) === anchor)
  if (right.length === 0) return `The page has no section #${anchor}.`
  const own = right.filter(({ id }) => !segments.segmentOf(id).isForeign)
  if (own.length === 0) return 'The section is encoded anew, and cannot be found by meaning until that is done.'
  return { urls: new Set(own.map(({ section }) => section.url)), passages: own.map(({ id }) => id) }
}

/** Without what a browser is told to scroll to, and in plain letters. */
function anchorOf(url: string): string {
  const [, anchor = ''] = /#(.*?)(?::~:.*)?$/s.exec(url) ?? []
  try {
    return decodeURIComponent(anchor)
  } catch {
    return anchor
  }
}
