/**
 * Several segments into one, less what is hidden in them. With a codec the new one is a compressed segment of those centroids:
 * fresh passages are compressed, others are copied bit for bit, so that it equals a build of the same pages with the same
 * centroids and codec. Without one, centroids are found among the passages themselves.
 */
import { SelvageError, throwIfAborted } from '../../errors.ts'
import { type FoldInput, foldPlaid } from '../../plaid/fold.ts'
import type { PlaidHeader } from '../../plaid/format.ts'
import { readRows } from '../../plaid/rows.ts'
import type { BlobSource } from '../../store/store.ts'
import type { LiveSegment } from '../collection.ts'
import { DocumentsBuilder } from '../documents.ts'
import { type RowsOptions, vectorsOf, visiblePages } from './rows.ts'
import { type Staged, stage } from './staged.ts'

export interface Codec {
  readonly source: BlobSource
  readonly header: PlaidHeader
}

export interface MergeOptions extends RowsOptions {
  readonly source: BlobSource
  /** Of one model; compressed ones have the codec. */
  readonly segments: readonly LiveSegment[]
  /** Undefined: all segments are fresh. */
  readonly codec: Codec | undefined
}

export interface Merged extends Pick<Staged, 'put'> {
  /** Undefined where nothing is left. */
  readonly segment: LiveSegment | undefined
}

/** Errors: `aborted`, `index-invalid` where a pack is gone, `invalid-argument` for segments of another codec. */
export async function mergeSegments(options: MergeOptions): Promise<Merged> {
  const { source, segments, codec, assign, signal } = options
  const { store, put } = stage()
  const documents = new DocumentsBuilder(store)
  const inputs: FoldInput[] = []
  const fresh: Uint16Array[] = []
  let pages = 0
  for (const segment of segments) {
    const { vectors } = segment
    const rows = vectors.kind === 'rows' ? await readRows(source, vectors) : undefined
    const keep: number[] = []
    for await (const { page, passages, first } of visiblePages(source, segment)) {
      throwIfAborted(signal)
      await documents.add(page, passages)
      pages++
      const count = passages.flat().length
      for (let p = first; p < first + count; p++) keep.push(p)
    }
    const kept = rows && keep.map((p) => rows[p]!)
    if (kept) fresh.push(...kept)
    if (vectors.kind === 'plaid') inputs.push({ source, header: vectors, keep })
    else inputs.push({ rows: kept ?? [] })
  }
  const model = segments[0]?.model
  if (pages === 0 || model === undefined) return { segment: undefined, put: new Map() }
  if (codec === undefined && segments.some(({ vectors }) => vectors.kind === 'plaid'))
    throw new SelvageError('internal', 'Compressed segments are merged with their codec.')
  const vectors = codec
    ? await foldPlaid({ store, codec, inputs, assign, signal })
    : await vectorsOf(store, fresh, options)
  return { segment: { model, vectors, ...(await documents.finish()), hidden: [] }, put }
}

/** Whether segments can be copied into each other bit for bit. */
export function hasCodec({ vectors }: Pick<LiveSegment, 'vectors'>, { header }: Codec): boolean {
  return (
    vectors.kind === 'plaid' &&
    vectors.codec.sha256 === header.codec.sha256 &&
    vectors.centroids.sha256 === header.centroids.sha256
  )
}
