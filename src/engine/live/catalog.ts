/**
 * Which documents are in which segment, by id. Segments never change, so what was read of one is kept; what is hidden in one is
 * said by the collection.
 */
import type { BlobSource } from '../../store/store.ts'
import type { AddedDocument } from '../../types.ts'
import type { Collection, LiveSegment } from '../collection.ts'
import { idOf } from '../pages.ts'
import { keyOf, Segment, type SegmentParts } from '../segment.ts'

/** Segments whose documents' titles are kept. */
const KEPT = 64

export class Catalog {
  readonly #source: BlobSource
  readonly #segments = new Map<string, Segment>()
  readonly #listed = new Map<string, Promise<AddedDocument[]>>()

  constructor(source: BlobSource) {
    this.#source = source
  }

  /** Those of the ids that are in the segment, hidden or not. */
  async among(parts: SegmentParts, ids: ReadonlySet<string>): Promise<string[]> {
    return (await this.#segment(parts).ids()).filter((id) => ids.has(id))
  }

  /** Those of the ids that can be found, or wait. */
  async known({ base, segments, inbox }: Collection, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const asked = new Set(ids)
    const places = [...segments, ...(base ? [{ ...base.manifest, hidden: base.hidden }] : [])]
    const found = await Promise.all(
      places.map(async ({ hidden, ...parts }) => (await this.among(parts, asked)).filter((id) => !hidden.includes(id))),
    )
    const waiting = inbox.flatMap(({ ids, done, skipped }) => ids.slice(done).filter((id) => !skipped.includes(id)))
    return new Set([...found.flat(), ...waiting.filter((id) => asked.has(id))])
  }

  /** What can be found, in the order it was added. */
  async documents(segments: readonly LiveSegment[]): Promise<AddedDocument[]> {
    const lists = segments.map(async (segment) => {
      const hidden = new Set(segment.hidden)
      return (await this.#list(segment)).filter(({ id }) => !hidden.has(id))
    })
    return (await Promise.all(lists)).flat()
  }

  #segment(parts: SegmentParts): Segment {
    const key = keyOf(parts)
    const segment = this.#segments.get(key) ?? new Segment(this.#source, parts)
    this.#segments.set(key, segment)
    return segment
  }

  #list(parts: SegmentParts): Promise<AddedDocument[]> {
    const key = keyOf(parts)
    const known = this.#listed.get(key)
    if (known) return known
    const reading = listOf(this.#segment(parts))
    reading.catch(() => this.#listed.delete(key))
    this.#listed.set(key, reading)
    for (const oldest of this.#listed.keys()) if (this.#listed.size > KEPT) this.#listed.delete(oldest)
    return reading
  }
}

async function listOf({ texts }: Segment): Promise<AddedDocument[]> {
  const listed: AddedDocument[] = []
  for await (const { page } of texts.pages()) listed.push({ id: idOf(page), url: page.url, title: page.title })
  return listed
}
