/**
 * Several segments into one, less what is hidden in them. With a codec the new one is a compressed segment of those centroids:
 * fresh passages are compressed, others are copied bit for bit, so that it equals a build of the same pages with the same
 * centroids and codec. Without one, centroids are found among the passages themselves. What has another codec is taken out of
 * it first, and loses a little by being compressed a second time.
 */
import { throwIfAborted } from '../../errors.ts'
import { toHalves } from '../../ops/half.ts'
import { type FoldInput, foldPlaid } from '../../plaid/fold.ts'
import type { AssignCentroids } from '../../plaid/kmeans.ts'
import { readRows } from '../../plaid/rows.ts'
import { storedRows } from '../../plaid/storedRows.ts'
import type { BlobSource } from '../../store/store.ts'
import type { OnProgress, PassageId } from '../../types.ts'
import type { LiveSegment } from '../collection.ts'
import { DocumentsBuilder } from '../documents.ts'
import { type Codec, hasCodec } from './codecs.ts'
import { type RowsOptions, vectorsOf, visiblePages } from './rows.ts'
import { type Staged, stage } from './staged.ts'

export interface MergeOptions extends RowsOptions {
  readonly source: BlobSource
  /** Of one model. */
  readonly segments: readonly LiveSegment[]
  readonly codec: Codec | undefined
}

export interface Merged extends Pick<Staged, 'put'> {
  /** Undefined where nothing is left. */
  readonly segment: LiveSegment | undefined
}

/** Errors: `aborted`, `index-invalid` where a pack is gone. */
export async function mergeSegments(options: MergeOptions): Promise<Merged> {
  const { source, segments, codec, assign, signal, onProgress } = options
  const { store, put } = stage()
  const documents = new DocumentsBuilder(store)
  const inputs: FoldInput[] = []
  const fresh: Uint16Array[] = []
  const total = segments.reduce((sum, { texts, hidden }) => sum + texts.pages - hidden.length, 0)
  let pages = 0
  for (const segment of segments) {
    const keep: PassageId[] = []
    for await (const { page, passages, first } of visiblePages(source, segment)) {
      throwIfAborted(signal)
      await documents.add(page, passages)
      pages++
      onProgress?.({ stage: 'read', loaded: pages, total, unit: 'items' })
      const count = passages.flat().length
      for (let p = first; p < first + count; p++) keep.push(p)
    }
    const { vectors } = segment
    if (vectors.kind === 'plaid' && codec && hasCodec(segment, codec)) {
      inputs.push({ source, header: vectors, keep })
      continue
    }
    const rows = await rowsOf(source, segment, keep, signal)
    fresh.push(...rows)
    inputs.push({ rows })
  }
  const model = segments[0]?.model
  if (pages === 0 || model === undefined) return { segment: undefined, put: new Map() }
  const vectors = codec
    ? await foldPlaid({ store, codec, inputs, assign: told(assign, fresh, options), signal })
    : await vectorsOf(store, fresh, options)
  return { segment: { model, vectors, ...(await documents.finish()), hidden: [] }, put }
}

/** f16 bits `[T, E]` of these passages: as they came, or what their codec has kept of them. */
async function rowsOf(
  source: BlobSource,
  { vectors }: LiveSegment,
  passages: readonly PassageId[],
  signal: AbortSignal | undefined,
): Promise<Uint16Array[]> {
  if (vectors.kind === 'rows') {
    const all = await readRows(source, vectors)
    return passages.map((p) => all[p]!)
  }
  const stored = storedRows(source, vectors)
  const rows: Uint16Array[] = []
  for (const p of passages) {
    throwIfAborted(signal)
    rows.push(toHalves((await stored.read(p)).data))
  }
  return rows
}

/** Says how many of the tokens are compressed; what is copied takes no time. */
function told(
  assign: AssignCentroids,
  fresh: readonly Uint16Array[],
  { dim, onProgress }: { readonly dim: number; readonly onProgress?: OnProgress | undefined },
): AssignCentroids {
  if (onProgress === undefined) return assign
  const total = fresh.reduce((sum, { length }) => sum + length / dim, 0)
  let loaded = 0
  return async (tokens, ...rest) => {
    const nearest = await assign(tokens, ...rest)
    loaded += nearest.length
    onProgress({ stage: 'compress', loaded, total, unit: 'items' })
    return nearest
  }
}
