/**
 * Whose centroids and codec are what is added compressed with? Those of the latest compressed segment, else the site's, where
 * these fit. Segments of one codec are copied into each other bit for bit. Headers only; nothing is read but the model's name.
 */
import type { PlaidHeader } from '../../plaid/format.ts'
import type { BlobSource } from '../../store/store.ts'
import type { Collection, LiveSegment } from '../collection.ts'
import type { PageEncoder } from '../encodePages.ts'

export interface Codec {
  readonly source: BlobSource
  readonly header: PlaidHeader
}

/** Whether segments can be copied into each other bit for bit. */
export function hasCodec({ vectors }: Pick<LiveSegment, 'vectors'>, { header }: Codec): boolean {
  return (
    vectors.kind === 'plaid' &&
    vectors.codec.sha256 === header.codec.sha256 &&
    vectors.centroids.sha256 === header.centroids.sha256
  )
}

export interface Codecs {
  /** Of the site's packs. */
  readonly source: BlobSource
  /** Of what was added. */
  readonly store: BlobSource
  readonly encoder: Pick<PageEncoder, 'model'>
}

/** Of the latest compressed segment, else of the site's index: whose centroids new passages get. */
export async function codecFor(
  { base, segments }: Collection,
  { source, store, encoder }: Codecs,
): Promise<Codec | undefined> {
  for (const { vectors } of segments.toReversed())
    if (vectors.kind === 'plaid') return { source: store, header: vectors }
  if (base === undefined || !isTaughtWell(base.manifest.vectors)) return undefined
  const { hash } = await encoder.model()
  return base.manifest.model.hash === hash ? { source, header: base.manifest.vectors } : undefined
}

/** The one that all compressed segments have; undefined where they have several, or all are fresh. */
export function commonCodec(source: BlobSource, segments: readonly LiveSegment[]): Codec | undefined {
  const codecs = segments.flatMap(({ vectors }) => (vectors.kind === 'plaid' ? [{ source, header: vectors }] : []))
  const [first] = codecs
  return first && codecs.every(({ header }) => hasCodec({ vectors: header }, first)) ? first : undefined
}

/** Tokens of each centroid, from which on residuals tell of others than those that centroids were made of. */
const TOKENS_PER_CENTROID = 8

/** The index of a very small site has nearly as many centroids as tokens; what is far from all of them it cannot write down. */
function isTaughtWell({ tokens, centroidCount }: PlaidHeader): boolean {
  return tokens >= TOKENS_PER_CENTROID * centroidCount
}
