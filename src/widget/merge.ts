/**
 * How do better ranks take the place of shown ones under somebody's pointer? What is held keeps its place in the list, the rest
 * stands in its new order around it; what is held and no longer among the best stays, until nobody holds it.
 * Knows no pixels: that a place is the same height before and after is the view's part.
 */
import type { Hit } from '../types.ts'
import type { PageGroup } from './types.ts'

/** Urls of a group and of one of its sections. */
export interface Held {
  readonly group: string
  readonly hit?: string
}

export function mergeInPlace(
  shown: readonly PageGroup[],
  better: readonly PageGroup[],
  held: Held | undefined,
): PageGroup[] {
  if (held === undefined) return [...better]
  const merged = withHeld(shown, better, held.group)
  const was = shown.find(({ url }) => url === held.group)
  return merged.map((group) =>
    was !== undefined && group.url === was.url ? { ...group, hits: withHeld(was.hits, group.hits, held.hit) } : group,
  )
}

/** Where there are fewer than before, the held one is the last. */
function withHeld<Item extends { readonly url: string }>(
  shown: readonly Item[],
  better: readonly Item[],
  url: string | undefined,
): Item[] {
  const at = shown.findIndex((item) => item.url === url)
  if (at < 0) return [...better]
  const held = better.find((item) => item.url === url) ?? shown[at]!
  const others = better.filter((item) => item.url !== url)
  return [...others.slice(0, at), held, ...others.slice(at)]
}

/** A page with its sections. Of sections with one address the better one is shown: the link leads to the same place. */
export function groupsOf(pages: readonly Hit[]): PageGroup[] {
  return pages.map((best) => {
    const { title, url, meta = {} } = best.page
    const byUrl = new Map<string, Hit>()
    for (const hit of [best, ...best.more]) if (!byUrl.has(hit.url)) byUrl.set(hit.url, hit)
    return { url, title, meta, hits: [...byUrl.values()] }
  })
}
