/**
 * Opening an index's vectors, with as much of them in memory as is wanted: everything, all but residuals, or codes alone for
 * the time while residuals are on their way.
 */
import { rejectUnknown, SelvageError } from '../errors.ts'
import type { FailoverOps } from '../ops/failover.ts'
import type { BlobSource } from '../store/store.ts'
import { type PlaidHeader, readPlaidCodes, readPlaidIndex } from './format.ts'
import { codesOnly, openPaged } from './paged.ts'
import { type IndexReader, LoadedReader } from './reader.ts'
import { type RowsHeader, readRows, rowsCodec, rowsIndex } from './rows.ts'

export {
  bitsetOf,
  type Counts,
  defaultCandidates,
  type Found,
  type IndexReader,
  type Precision,
  queryBatch,
  type Ranking,
  type SearchOptions,
  summed,
} from './reader.ts'

export interface OpenOptions {
  /**
   * `resident` (default): loaded where scores are computed. `paged`: read from the store for a query's candidates, same
   * answers. `none`: not read at all; scores are approximate.
   */
  readonly residuals?: 'resident' | 'paged' | 'none'
  /** With `paged`: bytes of passages that are kept once they were read. Default: `defaultCacheBytes` of paged.ts. */
  readonly cacheBytes?: number
}

/** Errors: those of readPlaidIndex and of the kernels' `loadPlaid`; `invalid-argument`. */
export async function openPlaid(
  source: BlobSource,
  header: PlaidHeader,
  ops: FailoverOps,
  options: OpenOptions = {},
): Promise<IndexReader> {
  rejectUnknown(options, ['residuals', 'cacheBytes'], 'openPlaid')
  const { residuals = 'resident', cacheBytes } = options
  if (cacheBytes !== undefined && !(cacheBytes >= 0))
    throw new SelvageError('invalid-argument', `cacheBytes: got ${cacheBytes}, wanted a number from 0 on.`)
  if (residuals === 'paged') return openPaged(source, header, ops, cacheBytes)
  // As functions: should a GPU be lost, the index is read again rather than kept twice in memory.
  if (residuals === 'none') {
    const loaded = await ops.loadPlaid(async () => codesOnly(await readPlaidCodes(source, header)))
    return new LoadedReader(loaded, ops, 'approximate')
  }
  if (residuals !== 'resident')
    throw new SelvageError('invalid-argument', `residuals: got ${String(residuals)}, wanted resident, paged or none.`)
  return new LoadedReader(await ops.loadPlaid(() => readPlaidIndex(source, header)), ops)
}

/**
 * Fresh segments, one behind the other, as one loaded index: a search of many costs what a search of one does.
 * Errors: those of readRows and of the kernels' `loadPlaid`; `index-invalid` for segments of another dim.
 */
export async function openRows(
  parts: readonly { readonly source: BlobSource; readonly header: RowsHeader }[],
  dim: number,
  ops: FailoverOps,
): Promise<IndexReader> {
  for (const { source, header } of parts)
    if (header.dim !== dim)
      throw new SelvageError(
        'index-invalid',
        `The index at ${source.location} has fresh passages of ${header.dim} dimensions among some of ${dim}. Build it again.`,
      )
  const loaded = await ops.loadPlaid(async () => {
    const segments = await Promise.all(parts.map(({ source, header }) => readRows(source, header)))
    return { codec: rowsCodec(dim), parts: segments.flatMap((passages) => rowsIndex(dim, passages).parts) }
  })
  return new LoadedReader(loaded, ops, 'full', true)
}
