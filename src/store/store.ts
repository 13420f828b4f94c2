/**
 * Where bytes lie, and nothing of what they mean.
 * An index is a set of write-once packs and one small manifest that is replaced atomically and written last:
 * whoever can read the manifest can read all that it names. (The idea is tantivy's Directory with its meta.json.)
 */

/** The read half: a folder, a web server, a database. */
export interface BlobSource {
  /** The place in words, for messages: a path or a url. */
  readonly location: string
  /**
   * Packs were checked against their hash when they were put here, and no one else writes here: they need no second check,
   * but for their size. Default false.
   */
  readonly isVerified?: boolean
  /** The bytes under the key, or undefined where there are none. */
  get(key: string): Promise<Uint8Array | undefined>
  /** The bytes [start, end) under the key, where the source can read a part; without it, a part costs the whole. */
  slice?(key: string, start: number, end: number): Promise<Uint8Array | undefined>
}

export interface BlobStore extends BlobSource {
  /** Writes a blob whole; a reader never sees a part of it. */
  put(key: string, bytes: Uint8Array): Promise<void>
  delete(key: string): Promise<void>
  list(): Promise<string[]>
  /** Replaces the manifest in one step: before it the old one is read, after it the new one, never a mixture. */
  commit(manifest: Uint8Array): Promise<void>
}

/** What changes together with a manifest, in the same step. */
export interface Changes {
  /** Blobs that the new manifest names. */
  readonly put?: ReadonlyMap<string, Uint8Array>
  /** Keys that it no longer names. */
  readonly drop?: readonly string[]
}

/** A store that several write at the same time: workers, tabs. */
export interface SharedStore extends BlobStore {
  /**
   * Commits `manifest`, with all `changes` or nothing, where the manifest still is `held` (undefined: there is none).
   * False: somebody was faster, and nothing was changed; read the manifest again.
   * Errors: `storage-full`, nothing was changed.
   */
  swap(held: Uint8Array | undefined, manifest: Uint8Array, changes?: Changes): Promise<boolean>
  /** Which of the keys have bytes. */
  has(keys: readonly string[]): Promise<ReadonlySet<string>>
  /** Closes what is open; later calls fail with `closed`. */
  close(): void
}

/** The manifest's key in every store. */
export const MANIFEST_KEY = 'manifest.json'

/** What was learned of queries: beside the manifest, of no index's packs. */
export const LESSON_KEY = 'lesson'
