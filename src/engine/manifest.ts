/**
 * The manifest: the one small file that makes a folder of packs an index. Written last, read first, checked whole.
 * What the packs hold is the business of plaid (vectors) and engine/texts.ts.
 */
import { SelvageError } from '../errors.ts'
import { type LexicalHeader, parseLexicalHeader } from '../lexical/format.ts'
import { type PlaidHeader, parsePlaidHeader } from '../plaid/format.ts'
import { packsOfVectors } from '../plaid/rows.ts'
import { headerFields, type PackRef, sumOfPacks } from '../store/packs.ts'
import { type BlobSource, type BlobStore, MANIFEST_KEY } from '../store/store.ts'
import { type PagesHeader, parsePagesHeader } from './pages.ts'
import type { SegmentParts } from './segment.ts'
import { parseTextsHeader, type TextsHeader } from './texts.ts'

/** Written into new indexes. A reader accepts OLDEST_READABLE .. FORMAT_VERSION. */
export const FORMAT_VERSION = 2
export const OLDEST_READABLE = 1

export interface Manifest {
  readonly format: 'selvage'
  readonly version: number
  /** The model whose vectors these are: another model's queries mean nothing here. */
  readonly model: { readonly name: string; readonly hash: string }
  /** SHA-256 over input files, options and model: a build with the same one has nothing to do. */
  readonly fingerprint: string
  readonly vectors: PlaidHeader
  readonly texts: TextsHeader
  /** From version 2 on. */
  readonly pages?: PagesHeader
  /** From version 2 on; not where an index was imported. */
  readonly lexical?: LexicalHeader
}

export async function commitManifest(store: BlobStore, manifest: Manifest): Promise<void> {
  await store.commit(manifestBytes(manifest))
}

/** The file, as it is written. */
export function manifestBytes(manifest: Manifest): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(manifest)}\n`)
}

/** Errors: `index-missing`, `index-version`, `index-invalid`, each with what to do. */
export async function readManifest(source: BlobSource): Promise<Manifest> {
  const bytes = await source.get(MANIFEST_KEY)
  if (bytes === undefined)
    throw new SelvageError(
      'index-missing',
      `There is no index at ${source.location}: it has no ${MANIFEST_KEY}. Make one with "selvage build <folder> -o <dir>".`,
    )
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw invalid(source.location, 'is not JSON', cause)
  }
  return parseManifest(json, source.location)
}

/** A manifest out of parsed JSON. Errors: `index-version`, `index-invalid`. */
export function parseManifest(json: unknown, location: string): Manifest {
  if (typeof json !== 'object' || json === null || !('format' in json) || json.format !== 'selvage')
    throw invalid(location, 'is not a Selvage manifest (no "format": "selvage")')
  const version = 'version' in json && typeof json.version === 'number' ? json.version : Number.NaN
  if (!Number.isInteger(version)) throw invalid(location, 'has no valid "version"')
  if (version > FORMAT_VERSION || version < OLDEST_READABLE)
    throw new SelvageError(
      'index-version',
      `The index at ${location} has format version ${version}; this Selvage reads ${OLDEST_READABLE} to ${FORMAT_VERSION}. ` +
        (version > FORMAT_VERSION
          ? 'Update Selvage, or build the index again with this one.'
          : 'Build the index again.'),
    )
  const part = (name: string): unknown => Object.entries(json).find(([key]) => key === name)?.[1]
  const model = headerFields(part('model'), 'model', location)
  const vectors = parsePlaidHeader(part('vectors'), location)
  const texts = parseTextsHeader(part('texts'), location)
  const pages = part('pages') === undefined ? undefined : parsePagesHeader(part('pages'), location)
  const lexical = part('lexical') === undefined ? undefined : parseLexicalHeader(part('lexical'), location)
  if (texts.passages !== vectors.passages)
    throw invalid(location, `names ${vectors.passages} passages with vectors but ${texts.passages} with text`)
  if (lexical && lexical.passages !== texts.passages)
    throw invalid(location, `names ${texts.passages} passages with text but ${lexical.passages} with keywords`)
  return {
    format: 'selvage',
    version,
    model: { name: model.text('name'), hash: model.text('hash') },
    fingerprint: headerFields(json, 'manifest', location).text('fingerprint'),
    vectors,
    texts,
    ...(pages && { pages }),
    ...(lexical && { lexical }),
  }
}

function invalid(location: string, what: string, cause?: unknown): SelvageError {
  return new SelvageError('index-invalid', `${MANIFEST_KEY} at ${location} ${what}. Build the index again.`, {
    cause,
  })
}

/** Of an index, or of a segment of one. */
export function packsOf({ vectors, texts, pages, lexical }: SegmentParts): PackRef[] {
  return [...packsOfVectors(vectors), ...texts.packs, ...(pages?.packs ?? []), ...(lexical?.packs ?? [])]
}

/** Every file that the manifest names, itself included: what a copy must hold, and what a clean-up must keep. */
export function filesOf(manifest: Manifest): string[] {
  return [MANIFEST_KEY, ...packsOf(manifest).map(({ file }) => file)]
}

/** Bytes of all packs: the size of a download. */
export function packBytes(manifest: Manifest): number {
  return sumOfPacks(packsOf(manifest))
}
