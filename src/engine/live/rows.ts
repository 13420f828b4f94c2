/** What merging and encoding anew have in common: the pages of a segment that can be found, and vectors without a codec. */
import { fromHalves } from '../../ops/half.ts'
import { PlaidBuilder } from '../../plaid/builder.ts'
import type { AssignCentroids } from '../../plaid/kmeans.ts'
import { type VectorsHeader, writeRows } from '../../plaid/rows.ts'
import type { BlobSource, BlobStore } from '../../store/store.ts'
import type { OnProgress } from '../../types.ts'
import type { LiveSegment } from '../collection.ts'
import { idOf } from '../pages.ts'
import { pagesOf, type StoredPage, TextsReader } from '../texts.ts'

export async function* visiblePages(source: BlobSource, { texts, hidden }: LiveSegment): AsyncGenerator<StoredPage> {
  const isHidden = new Set(hidden)
  for await (const stored of pagesOf(new TextsReader(source, texts))) if (!isHidden.has(idOf(stored.page))) yield stored
}

export interface RowsOptions {
  readonly dim: number
  /** Fewer passages stay fresh: centroids of a few would be those of all that comes after. */
  readonly trainPassages: number
  readonly assign: AssignCentroids
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/** Passages with centroids found among themselves, where they are enough for that. @param rows f16 bits `[T, E]` each */
export function vectorsOf(
  store: BlobStore,
  rows: readonly Uint16Array[],
  { dim, trainPassages, assign, signal, onProgress }: RowsOptions,
): Promise<VectorsHeader> {
  if (rows.length < trainPassages) return writeRows(store, dim, rows)
  const builder = new PlaidBuilder(store, { dim, assign })
  for (const halves of rows) builder.add({ data: fromHalves(halves), rows: halves.length / dim, dim })
  return builder.finish({ signal, onProgress })
}
