/**
 * When segments are merged, and which: fresh ones when they are enough to be compressed, small ones into large ones, so that
 * there are never many, and each passage is copied few times. (The idea is that of log-structured merge trees: O'Neil et al.,
 * 1996; Lucene merges its segments so.) Sizes only; merge.ts does the work.
 */
import type { LiveSegment } from '../collection.ts'
import { type Codec, hasCodec } from './codecs.ts'

export interface TidyOptions {
  /** Fresh passages that are worth compressing: scanning more of them would cost a query more than all others. Default 512. */
  readonly foldPassages?: number
  /** Fresh segments, however small, that are worth it. Default 32. */
  readonly foldSegments?: number
  /** Where there are no centroids yet: passages from which on some are found among them. Default 1024. */
  readonly trainPassages?: number
}

/** A segment goes with others that together are not more times smaller than this. */
const SIZE_RATIO = 2
/** Pages hidden among all of a segment, from which on it is written anew without them. */
const HIDDEN_SHARE = 0.5

/** Segments to be merged now; fewer than are there where others are large. Undefined: all is well. */
export function segmentsToMerge(
  segments: readonly LiveSegment[],
  codec: Codec | undefined,
  { foldPassages = 512, foldSegments = 32, trainPassages = 1024 }: TidyOptions,
): LiveSegment[] | undefined {
  const fresh = segments.filter(({ vectors }) => vectors.kind === 'rows')
  const passages = sumOf(fresh)
  // Fewer would be as fresh afterwards as before, and written anew with every document that comes.
  const isEnough = passages >= (codec ? foldPassages : trainPassages) || fresh.length >= foldSegments
  const compressed = codec ? segments.filter((segment) => hasCodec(segment, codec)) : []
  const sparse = compressed.filter(({ hidden, texts }) => hidden.length > texts.pages * HIDDEN_SHARE)
  if (!isEnough && sparse.length === 0) return undefined
  const chosen = new Set([...(isEnough ? fresh : []), ...sparse])
  // The latest compressed ones as long as they are not much larger than what they are merged with: every segment is then twice
  // as large as the next, and a copied passage in one half larger; so both segments and copies are few, a logarithm of all.
  for (const segment of compressed.toReversed()) {
    if (segment.vectors.passages > SIZE_RATIO * sumOf([...chosen])) break
    chosen.add(segment)
  }
  return segments.filter((segment) => chosen.has(segment))
}

function sumOf(segments: readonly LiveSegment[]): number {
  return segments.reduce((sum, { vectors }) => sum + vectors.passages, 0)
}
