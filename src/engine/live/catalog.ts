/**
 * Which documents are in which segment, by id. Segments never change, so what was read of one is kept; what is hidden in one is
 * said by the collection.
 */
import type { BlobSource } from '../../store/store.ts'
import type { AddedDocument } from '../../types.ts'
import { type Base, type Collection, type LiveSegment, waitingIn } from '../collection.ts'
import { idOf } from '../pages.ts'
import { keyOf, Segment, type SegmentParts } from '../segment.ts'
import { pagesOf } from '../texts.ts'

/** Segments whose ids, and whose documents' titles, are kept: more than a collection ever has, and not all that it had. */
const KEPT = 128

export class Catalog {
  readonly #source: BlobSource
  readonly #store: BlobSource
  readonly #ids = new Map<string, Promise<readonly string[]>>()
  readonly #listed = new Map<string, Promise<AddedDocument[]>>()

  /** @param source of the site's packs. @param store of what was added. */
  constructor(source: BlobSource, store: BlobSource) {
    this.#source = source
    this.#store = store
  }

  /** Those of the ids that are in the segment, hidden or not. */
  async among(segment: LiveSegment, ids: ReadonlySet<string>): Promise<string[]> {
    return (await this.#idsOf(segment, this.#store)).filter((id) => ids.has(id))
  }

  /** Those of the ids that are in the site's index, hidden or not. */
  async inBase({ manifest }: Pick<Base, 'manifest'>, ids: ReadonlySet<string>): Promise<string[]> {
    return (await this.#idsOf(manifest, this.#source)).filter((id) => ids.has(id))
  }

  /** Ids of what can be found in the segment. */
  async visible(segment: LiveSegment): Promise<string[]> {
    return visible(await this.#idsOf(segment, this.#store), segment)
  }

  /** Those of the ids that can be found, or wait. */
  async known({ base, segments, inbox }: Collection, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const asked = new Set(ids)
    const found = await Promise.all([
      ...(base ? [this.inBase(base, asked).then((ids) => visible(ids, base))] : []),
      ...segments.map((segment) => this.among(segment, asked).then((ids) => visible(ids, segment))),
    ])
    return new Set([...found.flat(), ...inbox.flatMap(waitingIn).filter((id) => asked.has(id))])
  }

  /** What can be found, in the order it was added. */
  async documents(segments: readonly LiveSegment[]): Promise<AddedDocument[]> {
    const lists = segments.map(async (segment) => {
      const hidden = new Set(segment.hidden)
      return (await this.#list(segment)).filter(({ id }) => !hidden.has(id))
    })
    return (await Promise.all(lists)).flat()
  }

  #idsOf(parts: SegmentParts, source: BlobSource): Promise<readonly string[]> {
    return kept(this.#ids, keyOf(parts), () => new Segment(source, parts).ids())
  }

  #list(segment: LiveSegment): Promise<AddedDocument[]> {
    return kept(this.#listed, keyOf(segment), () => listOf(new Segment(this.#store, segment)))
  }
}

/** What was read of one of the last segments; texts and the like, which were read for it, are not kept. */
function kept<T>(of: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const reading = of.get(key) ?? read()
  of.delete(key)
  of.set(key, reading)
  reading.catch(() => of.delete(key))
  for (const oldest of of.keys()) if (of.size > KEPT) of.delete(oldest)
  return reading
}

export function visible(ids: readonly string[], { hidden }: Pick<LiveSegment, 'hidden'>): string[] {
  if (ids.length === 0) return []
  const gone = new Set(hidden)
  return ids.filter((id) => !gone.has(id))
}

async function listOf({ texts }: Segment): Promise<AddedDocument[]> {
  const listed: AddedDocument[] = []
  for await (const { page } of pagesOf(texts)) {
    const { url, title, meta } = page
    listed.push({ id: idOf(page), url, title, ...(meta && { meta }) })
  }
  return listed
}
