/**
 * Segments made anew from their texts: cut into passages and encoded by the model that is there, as if the documents had just
 * come. For texts that another model has encoded, and for centroids that have become too few for what was added since.
 */
import { fromHalves } from '../../ops/half.ts'
import { PlaidBuilder } from '../../plaid/builder.ts'
import type { AssignCentroids } from '../../plaid/kmeans.ts'
import { writeRows } from '../../plaid/rows.ts'
import type { BlobSource } from '../../store/store.ts'
import type { Page } from '../../text/document.ts'
import type { LiveSegment } from '../collection.ts'
import { DocumentsBuilder } from '../documents.ts'
import type { PageEncoder } from '../encodePages.ts'
import { idOf } from '../pages.ts'
import { TextsReader } from '../texts.ts'
import type { Merged } from './merge.ts'
import { stage } from './staged.ts'

export interface RebuildOptions {
  readonly source: BlobSource
  readonly segments: readonly LiveSegment[]
  readonly encoder: PageEncoder
  readonly assign: AssignCentroids
  /** Fewer passages stay as they are, uncompressed. */
  readonly trainPassages: number
  readonly signal?: AbortSignal | undefined
}

/** Pages encoded in one call. */
const PORTION = 8

/** Errors: `aborted`, and what the model throws; nothing was changed then. */
export async function rebuilt(options: RebuildOptions): Promise<Merged> {
  const { encoder, assign, trainPassages, signal } = options
  const { store, put } = stage()
  const documents = new DocumentsBuilder(store)
  const vectors: Uint16Array[] = []
  const { name, hash, dim } = await encoder.model()
  let pages = 0
  for await (const portion of portions(options)) {
    const { passages, halves } = await encoder.encodePages(portion, { signal })
    for (const [i, page] of portion.entries()) await documents.add(page, passages[i] ?? [])
    vectors.push(...halves)
    pages += portion.length
  }
  if (pages === 0) return { segment: undefined, put: new Map() }
  const builder = new PlaidBuilder(store, { dim, assign })
  const isSmall = vectors.length < trainPassages
  if (!isSmall) for (const halves of vectors) builder.add({ data: fromHalves(halves), rows: halves.length / dim, dim })
  const header = isSmall ? await writeRows(store, dim, vectors) : await builder.finish(signal ? { signal } : {})
  return { segment: { model: { name, hash }, vectors: header, ...(await documents.finish()), hidden: [] }, put }
}

async function* portions({ source, segments }: RebuildOptions): AsyncGenerator<Page[]> {
  let portion: Page[] = []
  for (const { texts, hidden } of segments) {
    const isHidden = new Set(hidden)
    for await (const { page } of new TextsReader(source, texts).pages()) {
      if (isHidden.has(idOf(page))) continue
      portion.push(page)
      if (portion.length < PORTION) continue
      yield portion
      portion = []
    }
  }
  if (portion.length > 0) yield portion
}
