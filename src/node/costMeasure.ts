/**
 * An index that is there, for `selvage cost`: bytes of its vectors by kind, as they lie on disk, beside what cost.ts tells of
 * passages of those lengths; and what else it takes. Knows nothing of how it is printed.
 */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Manifest } from '../engine/manifest.ts'
import { SelvageError } from '../errors.ts'
import { lengthsOf } from '../ops/parts.ts'
import { type Collection, type IndexBytes, knownCollection, plaidCost, pooled } from '../plaid/cost.ts'
import { type PlaidHeader, readOffsets } from '../plaid/format.ts'
import { type PackRef, sumOfPacks } from '../store/packs.ts'
import { allPassages, isAddress, placeSource } from './place.ts'

/** What was found, and what would have been told before it was made. */
interface Both {
  readonly measured: number
  readonly computed: number
}

export interface Measured {
  readonly location: string
  /** Its passages before vectors were pooled. */
  readonly collection: Collection
  readonly dim: number
  readonly bits: PlaidHeader['bits']
  /** Undefined where its vectors were pooled in more than one way. */
  readonly pool: number | undefined
  readonly vectors: number
  readonly centroids: Both
  readonly bytes: Readonly<Partial<Record<keyof IndexBytes, Both>>>
  /** What else lies there, which vectors do not change. */
  readonly others: { readonly texts: number; readonly pages: number; readonly keywords: number }
}

/** @param place folder or http(s) address. Errors: `index-invalid` where packs are missing or contradict each other. */
export async function measureIndex(place: string, manifest: Manifest): Promise<Measured> {
  const source = placeSource(place)
  const { vectors, texts, pages, lexical } = manifest
  const { dim, bits, centroidCount } = vectors
  const parts = await readOffsets(source, vectors)
  const kept = Uint16Array.from(parts.flatMap(lengthsOf))
  const { collection, pool } = await beforePooling(place, manifest, kept)
  const isImported = vectors.originals !== undefined
  const told = plaidCost(collection, { dim, bits, pool: pool ?? 1, isImported })
  const sizeOf = (packs: readonly PackRef[]) => sizeOnDisk(place, packs)
  const found: IndexBytes = {
    codes: await sizeOf(vectors.codes),
    residuals: await sizeOf(vectors.residuals),
    lengths: await sizeOf([vectors.lengths]),
    centroids: await sizeOf([vectors.centroids]),
    ...(vectors.originals && { originals: await sizeOf([vectors.originals]) }),
    codec: await sizeOf([vectors.codec]),
    manifest: JSON.stringify(vectors).length,
  }
  const both = (kind: keyof IndexBytes): Both => ({ measured: found[kind] ?? 0, computed: told.index.bytes[kind] ?? 0 })
  return {
    ...{ location: source.location, collection, dim, bits, pool, vectors: vectors.tokens },
    centroids: { measured: centroidCount, computed: told.index.centroids },
    bytes: {
      ...{ codes: both('codes'), residuals: both('residuals'), lengths: both('lengths') },
      centroids: both('centroids'),
      ...(isImported && { originals: both('originals') }),
      ...{ codec: both('codec'), manifest: both('manifest') },
    },
    others: {
      texts: await sizeOf(texts.packs),
      pages: await sizeOf(pages?.packs ?? []),
      keywords: await sizeOf(lexical?.packs ?? []),
    },
  }
}

/** Of files in a folder; behind an address what the manifest says, for nothing is downloaded to be weighed. */
async function sizeOnDisk(place: string, packs: readonly PackRef[]): Promise<number> {
  if (isAddress(place)) return sumOfPacks(packs)
  let sum = 0
  for (const { file } of packs) {
    const found = await stat(resolve(place, file)).catch(() => undefined)
    if (found === undefined)
      throw new SelvageError(
        'index-invalid',
        `${file} of the index at ${place} is missing. Build the index again, or copy it again in full.`,
      )
    sum += found.size
  }
  return sum
}

/**
 * Texts say into which row each token went, where tokens were pooled. By how many is said nowhere: it is the number that makes
 * rows of tokens as they are.
 */
async function beforePooling(
  place: string,
  manifest: Manifest,
  kept: Uint16Array,
): Promise<{ collection: Collection; pool: number | undefined }> {
  const lengths = kept.slice()
  for await (const { id, rowOf } of allPassages(placeSource(place), manifest)) {
    if (rowOf === undefined && id === 0) return { collection: knownCollection(kept), pool: 1 }
    if (rowOf !== undefined) lengths[id] = rowOf.length
  }
  const collection = knownCollection(lengths)
  const isThat = (factor: number) => pooled(collection, factor).lengths!.every((length, p) => length === kept[p])
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1)
  const pool = Array.from({ length: longest }, (_, i) => i + 1).find(isThat)
  return { collection: pool === undefined ? knownCollection(kept) : collection, pool }
}
