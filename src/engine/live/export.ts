/**
 * What was added in this browser, as the files that a build of the same documents writes: a folder that every reader of an
 * index reads. Fresh passages get centroids of their own, from the very numbers that a build has; what was compressed here
 * keeps its codec, bit for bit, and is found in the export as it is found here. Nothing is encoded anew. The site's own index
 * is no part of it, nor is anything that was deleted or waits.
 */
import { SelvageError } from '../../errors.ts'
import { MANIFEST_KEY } from '../../store/store.ts'
import type { IndexFile } from '../../types.ts'
import { type Collection, waiting } from '../collection.ts'
import { FORMAT_VERSION, manifestBytes } from '../manifest.ts'
import { commonCodec } from './codecs.ts'
import { type MergeOptions, mergeSegments } from './merge.ts'

/**
 * Packs first and the manifest last, so that who writes them in this order has no half of an index at any time.
 * Errors: `no-documents`, `aborted`, `index-invalid` where a pack has gone meanwhile: then for the next state.
 */
export async function exportedFiles(
  options: Omit<MergeOptions, 'codec' | 'trainPassages'>,
): Promise<readonly IndexFile[]> {
  const { source, segments, onProgress } = options
  // However few they are: a reader of a folder knows compressed vectors only.
  const { segment, put } = await mergeSegments({
    ...options,
    codec: commonCodec(source, segments),
    trainPassages: 0,
  })
  if (segment === undefined) throw nothingAdded()
  const { model, vectors, texts, pages, lexical } = segment
  if (vectors.kind !== 'plaid') throw new SelvageError('internal', 'An export was not compressed.')
  const manifest = manifestBytes({
    ...{ format: 'selvage', version: FORMAT_VERSION },
    model,
    fingerprint: '', // no build is up to date with it
    ...{ vectors, texts, pages, lexical },
  })
  const files = [
    ...[...put].map(([path, bytes]) => ({ path, bytes: owned(bytes) })),
    { path: MANIFEST_KEY, bytes: manifest },
  ]
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
  onProgress?.({ stage: 'write', loaded: total, total, unit: 'bytes' })
  return files
}

/** Errors: `no-documents`, `paused`. */
export function checkExportable(now: Collection): void {
  const left = waiting(now)
  if (left > 0 && now.isPaused)
    throw new SelvageError(
      'paused',
      `${left} document${left === 1 ? ' waits' : 's wait'} to be added, and adding is paused: an export would be without ` +
        `${left === 1 ? 'it' : 'them'}. Call resume, or delete what is not wanted, and export then.`,
    )
  if (left === 0 && now.segments.length === 0) throw nothingAdded()
}

function nothingAdded(): SelvageError {
  return new SelvageError(
    'no-documents',
    'There is nothing to export: no documents were added in this browser. The index of the site is files already.',
  )
}

/** To be handed over whole: a view of something larger is copied out of it. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? new Uint8Array(buffer) : bytes.slice()
}
