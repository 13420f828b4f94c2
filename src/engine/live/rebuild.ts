/**
 * Segments made anew from their texts: cut into passages and encoded by the model that is there, as if the documents had just
 * come. For texts that another model has encoded, and for centroids that have become too few for what was added since.
 */
import type { BlobSource } from '../../store/store.ts'
import type { Page } from '../../text/document.ts'
import type { LiveSegment } from '../collection.ts'
import { DocumentsBuilder } from '../documents.ts'
import type { PageEncoder } from '../encodePages.ts'
import type { Merged } from './merge.ts'
import { type RowsOptions, vectorsOf, visiblePages } from './rows.ts'
import { stage } from './staged.ts'

/** The dim is the model's. */
export interface RebuildOptions extends Omit<RowsOptions, 'dim'> {
  readonly source: BlobSource
  readonly segments: readonly LiveSegment[]
  readonly encoder: PageEncoder
}

/** Pages encoded in one call. */
const PORTION = 8

/** Errors: `aborted`, and what the model throws; nothing was changed then. */
export async function rebuilt(options: RebuildOptions): Promise<Merged> {
  const { encoder, signal } = options
  const { store, put } = stage()
  const documents = new DocumentsBuilder(store)
  const rows: Uint16Array[] = []
  const { name, hash, dim } = await encoder.model()
  let pages = 0
  for await (const portion of portions(options)) {
    const { passages, halves } = await encoder.encodePages(portion, { signal })
    for (const [i, page] of portion.entries()) await documents.add(page, passages[i] ?? [])
    rows.push(...halves)
    pages += portion.length
  }
  if (pages === 0) return { segment: undefined, put: new Map() }
  const vectors = await vectorsOf(store, rows, { ...options, dim })
  return { segment: { model: { name, hash }, vectors, ...(await documents.finish()), hidden: [] }, put }
}

async function* portions({ source, segments }: RebuildOptions): AsyncGenerator<Page[]> {
  let portion: Page[] = []
  for (const segment of segments)
    for await (const { page } of visiblePages(source, segment)) {
      portion.push(page)
      if (portion.length < PORTION) continue
      yield portion
      portion = []
    }
  if (portion.length > 0) yield portion
}
