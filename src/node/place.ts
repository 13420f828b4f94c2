/**
 * An index that is looked at, not searched: `inspect` and `verify` read one in a folder or behind a web address, and walk
 * its texts from the first passage to the last. No model and no kernels.
 */
import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Manifest } from '../engine/manifest.ts'
import { type StoredPassage, TextsReader } from '../engine/texts.ts'
import { httpStore } from '../store/http.ts'
import type { BlobSource } from '../store/store.ts'
import { folderSource } from './fileStore.ts'

/** Passages read in one call: of few packs, so that those stay in the reader's memory. */
const PASSAGES_AT_ONCE = 256

export function isAddress(place: string): boolean {
  return /^https?:\/\//i.test(place)
}

export function placeSource(place: string): BlobSource {
  return isAddress(place) ? httpStore({ url: place }) : folderSource(place)
}

/** Names in the folder; undefined behind an address, which cannot be listed. */
export async function listPlace(place: string): Promise<string[] | undefined> {
  return isAddress(place) ? undefined : (await readdir(resolve(place))).sort()
}

/**
 * Errors: `index-invalid` at the first passage that cannot be read; with `onUnreadable` all of them go there, and the rest
 * is given.
 */
export async function* allPassages(
  source: BlobSource,
  { texts }: Manifest,
  onUnreadable?: (error: unknown) => void,
): AsyncGenerator<StoredPassage> {
  const reader = new TextsReader(source, texts)
  for (let first = 0; first < texts.passages; first += PASSAGES_AT_ONCE) {
    const count = Math.min(PASSAGES_AT_ONCE, texts.passages - first)
    const ids = Array.from({ length: count }, (_, i) => first + i)
    const whole = await reader.passages(ids).catch((error: unknown) => {
      if (onUnreadable === undefined) throw error
      return undefined
    })
    if (whole !== undefined) yield* whole
    else
      for (const id of ids)
        yield* await reader.passages([id]).catch((error: unknown) => {
          onUnreadable?.(error)
          return []
        })
  }
}
