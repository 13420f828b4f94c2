/**
 * Better ranks come while somebody points at a result or has the focus in it: that one keeps its place in the list and on the
 * screen, and the rest stands in its new order around it. Knows lists of items and pixels, nothing of hits.
 */

interface Placed {
  readonly url: string
}

/** What is held keeps its place, even where it is no longer among the best. */
export function mergeAround<Item extends Placed>(
  shown: readonly Item[],
  better: readonly Item[],
  held: string,
): Item[] {
  const at = shown.findIndex(({ url }) => url === held)
  const item = shown[at]
  if (item === undefined) return [...better]
  const others = better.filter(({ url }) => url !== held)
  return [...others.slice(0, at), better.find(({ url }) => url === held) ?? item, ...others.slice(at)]
}

/** The items around one that is not touched: taken out and put back it would lose focus and selection. */
export function placeAround(list: HTMLElement, items: readonly HTMLElement[], held: HTMLElement): void {
  const top = held.getBoundingClientRect().top
  for (const child of [...list.children]) if (child !== held) child.remove()
  const at = items.indexOf(held)
  held.before(...items.slice(0, at))
  held.after(...items.slice(at + 1))
  keepAt(list, held, top)
}

/** Scrolls so that it stands where it stood; where the page ends, room is made. */
function keepAt(list: HTMLElement, held: HTMLElement, top: number): void {
  const left = () => Math.round(held.getBoundingClientRect().top - top)
  scrollBy({ top: left(), behavior: 'instant' })
  const missing = left()
  if (missing < 0) list.style.marginTop = `${-missing}px`
  if (missing > 0) {
    list.style.paddingBottom = `${missing}px`
    scrollBy({ top: missing, behavior: 'instant' })
  }
}

/** The room that was made, given back. */
export function letGo(list: HTMLElement): void {
  list.style.marginTop = ''
  list.style.paddingBottom = ''
}
