/**
 * Which documents are in which segment, by id. Segments never change, so what was read of one is kept; what is hidden in one is
 * said by the collection.
 */
import type { BlobSource } from '../../store/store.ts'
import type { AddedDocument } from '../../types.ts'
import { type Base, type Collection, type LiveSegment, waitingIn } from '../collection.ts'
import { idOf } from '../pages.ts'
import { keyOf, Segment, type SegmentParts } from '../segment.ts'

/** Segments whose documents' titles are kept. */
const KEPT = 64

export class Catalog {
  readonly #source: BlobSource
  readonly #store: BlobSource
  readonly #segments = new Map<string, Segment>()
  readonly #listed = new Map<string, Promise<AddedDocument[]>>()

  /** @param source of the site's packs. @param store of what was added. */
  constructor(source: BlobSource, store: BlobSource) {
    this.#source = source
    this.#store = store
  }

  /** Those of the ids that are in the segment, hidden or not. */
  async among(segment: LiveSegment, ids: ReadonlySet<string>): Promise<string[]> {
    return (await this.#segment(segment, this.#store).ids()).filter((id) => ids.has(id))
  }

  /** Those of the ids that are in the site's index, hidden or not. */
  async inBase({ manifest }: Base, ids: ReadonlySet<string>): Promise<string[]> {
    return (await this.#segment(manifest, this.#source).ids()).filter((id) => ids.has(id))
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

  #segment(parts: SegmentParts, source: BlobSource): Segment {
    const key = keyOf(parts)
    const segment = this.#segments.get(key) ?? new Segment(source, parts)
    this.#segments.set(key, segment)
    return segment
  }

  #list(segment: LiveSegment): Promise<AddedDocument[]> {
    const key = keyOf(segment)
    const known = this.#listed.get(key)
    if (known) return known
    const reading = listOf(this.#segment(segment, this.#store))
    reading.catch(() => this.#listed.delete(key))
    this.#listed.set(key, reading)
    for (const oldest of this.#listed.keys()) if (this.#listed.size > KEPT) this.#listed.delete(oldest)
    return reading
  }
}

function visible(ids: readonly string[], { hidden }: Pick<LiveSegment, 'hidden'>): string[] {
  if (ids.length === 0) return []
  const gone = new Set(hidden)
  return ids.filter((id) => !gone.has(id))
}

async function listOf({ texts }: Segment): Promise<AddedDocument[]> {
  const listed: AddedDocument[] = []
  for await (const { page } of texts.pages()) listed.push({ id: idOf(page), url: page.url, title: page.title })
  return listed
}
