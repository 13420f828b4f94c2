/** One state of a collection into the next: what is hidden, what waits no more, what takes whose place. Nothing is read but ids. */
import type { Change, Collection, InboxEntry, LiveSegment } from '../collection.ts'
import type { Catalog } from './catalog.ts'

/** The ids can be found nowhere any more; segments of which nothing is left go. */
export async function hiding(now: Collection, ids: ReadonlySet<string>, catalog: Catalog): Promise<Collection> {
  const { base } = now
  const hide = async (segment: LiveSegment): Promise<LiveSegment[]> => {
    const found = await catalog.among(segment, ids)
    if (found.length === 0) return [segment]
    const hidden = [...new Set([...segment.hidden, ...found])]
    return hidden.length < segment.texts.pages ? [{ ...segment, hidden }] : []
  }
  const inBase = base ? await catalog.inBase(base, ids) : []
  return {
    ...now,
    ...(base && { base: { ...base, hidden: [...new Set([...base.hidden, ...inBase])] } }),
    segments: (await Promise.all(now.segments.map(hide))).flat(),
  }
}

/** Those of its documents that still wait are not wanted any more. */
export function skipping(entry: InboxEntry, ids: ReadonlySet<string>): InboxEntry {
  const skipped = new Set(entry.skipped)
  const unwanted = entry.ids.slice(entry.done).filter((id) => ids.has(id) && !skipped.has(id))
  return unwanted.length === 0 ? entry : { ...entry, skipped: [...entry.skipped, ...unwanted] }
}

/** So many of the entry's documents are done; an entry without any left goes. */
export function advanced(inbox: readonly InboxEntry[], entry: InboxEntry, taken: number): InboxEntry[] {
  const next = { ...entry, done: entry.done + taken }
  return inbox.flatMap((other) => (other !== entry ? [other] : next.done < next.ids.length ? [next] : []))
}

/**
 * The merged segment in the place of those it was made of. What was hidden in them while it was made is hidden in it. Where one
 * of them is gone, somebody else has merged it, and nothing is changed.
 */
export function replacing(
  now: Collection,
  before: readonly LiveSegment[],
  merged: LiveSegment | undefined,
  put: ReadonlyMap<string, Uint8Array>,
): Change | undefined {
  const found = before.map((old) => now.segments.find((segment) => isSame(segment, old)))
  const at = found.flatMap((segment) => segment ?? [])
  if (at.length < before.length) return undefined
  const since = before.flatMap((old, i) => {
    const known = new Set(old.hidden)
    return at[i]!.hidden.filter((id) => !known.has(id))
  })
  const place = now.segments.findIndex((segment) => at.includes(segment))
  const rest = now.segments.filter((segment) => !at.includes(segment))
  if (merged === undefined || merged.texts.pages <= since.length) return { next: { ...now, segments: rest } }
  return { next: { ...now, segments: rest.toSpliced(place, 0, { ...merged, hidden: since }) }, put }
}

function isSame(a: LiveSegment, b: LiveSegment): boolean {
  return a.texts.packs[0]?.sha256 === b.texts.packs[0]?.sha256 && a.vectors.kind === b.vectors.kind
}
