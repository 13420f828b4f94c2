/**
 * Which document of a labelled set is a hit? An index knows addresses, labels know ids: an id may be an address, the page of
 * one, or what a record without an address is called by. Strings only; whose hits they are it does not know.
 */
import { type LabelledDocument, pageOf } from './dataset.ts'
import type { Judgements } from './metrics.ts'

/** What is looked at of a hit: its own address, and its page's. */
export interface Addressed {
  readonly url: string
  readonly page: { readonly url: string }
}

/** How hits are to be grouped so that one hit is one document: labels like "page#section" name sections. */
export function groupingOf(qrels: ReadonlyMap<string, Judgements>): 'section' | 'page' {
  const labels = [...qrels.values()].flatMap((judged) => [...judged.keys()])
  return labels.some((label) => label.includes('#')) ? 'section' : 'page'
}

export interface Names {
  /** The id of the document that the hit is of; an address where no label knows it. */
  nameOf(hit: Addressed): string
  /** Whether it is an id of the set. */
  isKnown(name: string): boolean
}

/**
 * @param documents of the set, where they are at hand: they tell which address an id has. Without them an id is an address
 * itself, or the last segment of one, as `selvage build` makes it for a record without a url
 */
export function namesOf(
  qrels: ReadonlyMap<string, Judgements>,
  documents: readonly Pick<LabelledDocument, 'id' | 'url'>[] = [],
): Names {
  const known = new Set([...qrels.values()].flatMap((judged) => [...judged.keys()]))
  for (const { id } of documents) known.add(id)
  const byUrl = new Map(documents.flatMap(({ id, url }) => (url === undefined ? [] : [[url, id] as const])))
  const find = (address: string) => byUrl.get(address) ?? (known.has(address) ? address : undefined)
  return {
    nameOf({ url, page }) {
      const segment = decoded(page.url.slice(page.url.lastIndexOf('/') + 1))
      return find(url) ?? find(page.url) ?? find(pageOf(url)) ?? (known.has(segment) ? segment : url)
    },
    isKnown: (name) => known.has(name),
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment // a sign of per cent that stands for itself
  }
}
