/**
 * The site's index in the browser's store: its manifest from the network, or as it was kept; all its packs, so that the
 * network is not needed; and the change to a newer one, which is made when that is here whole.
 */
import { SelvageError } from '../errors.ts'
import { type DownloadProgress, downloadPacks } from '../store/download.ts'
import type { BlobSource, SharedStore } from '../store/store.ts'
import { type Collection, changeCollection, readCollection, sweep } from './collection.ts'
import { visible } from './live/catalog.ts'
import { type Manifest, packsOf, readManifest } from './manifest.ts'
import { Segment, type SegmentParts } from './segment.ts'

export interface OpenBaseOptions {
  readonly store: SharedStore
  /** The site's folder. */
  readonly remote: BlobSource
  /** How long an index that is here already waits for the network to say that there is a newer one. Default 2000. */
  readonly patienceMs?: number
}

export interface OpenedBase {
  /** With a base. */
  readonly collection: Collection
  /** Why the site could not be asked, where it could not: what is kept is used. */
  readonly offline?: SelvageError
  /** A newer index is known that is not here yet: see `downloadBase`. Late news are told by this promise too. */
  readonly isNewer: Promise<boolean>
}

/**
 * Network first; what is kept where the network fails or is slow. A newer index takes the place of one that was never whole
 * at once; one that is here whole stays until the newer one is.
 * Errors: those of readManifest, where nothing is kept.
 */
export async function openBase({ store, remote, patienceMs = 2000 }: OpenBaseOptions): Promise<OpenedBase> {
  const asked = readManifest(remote).then((manifest) => learn(store, remote, manifest))
  asked.catch(() => {}) // told below, or of no account
  const { collection } = await readCollection(store)
  if (collection.base === undefined) {
    const learnt = await asked
    return { collection: learnt, isNewer: Promise.resolve(false) }
  }
  const isNewer = asked.then(
    ({ pending }) => pending !== undefined,
    () => false,
  )
  try {
    const soon = await Promise.race([asked, after(patienceMs)])
    if (soon !== undefined) return { collection: soon, isNewer }
    const reason = new SelvageError('download-failed', `${remote.location} did not answer within ${patienceMs} ms.`)
    return { collection, offline: reason, isNewer }
  } catch (error) {
    if (!(error instanceof SelvageError)) throw error
    return { collection, offline: error, isNewer }
  }
}

/** The site has this index now. */
function learn(store: SharedStore, remote: BlobSource, manifest: Manifest): Promise<Collection> {
  return changeCollection(store, async (now) => {
    const { base, pending, ...rest } = now
    const wanted = print(manifest)
    if (base && print(base.manifest) === wanted) return pending ? { next: { ...rest, base } } : undefined
    if (base?.isComplete)
      return pending && print(pending) === wanted ? undefined : { next: { ...rest, base, pending: manifest } }
    return {
      next: { ...rest, base: { manifest, isComplete: false, hidden: await hiddenIn(manifest, remote, now, store) } },
    }
  })
}

/** Of the pages of a new index those that were deleted or replaced here: its own ids, for pages come and go with a site. */
async function hiddenIn(
  manifest: Manifest,
  source: BlobSource,
  { base, segments }: Collection,
  store: SharedStore,
): Promise<string[]> {
  if (base === undefined || (base.hidden.length === 0 && segments.length === 0)) return []
  const idsIn = (parts: SegmentParts, from: BlobSource) => new Segment(from, parts).ids()
  const added = await Promise.all(segments.map(async (one) => visible(await idsIn(one, store), one)))
  const unwanted = new Set([...base.hidden, ...added.flat()])
  return (await idsIn(manifest, source)).filter((id) => unwanted.has(id))
}

function print(manifest: Manifest): string {
  return JSON.stringify(manifest)
}

export interface DownloadBaseOptions {
  readonly store: SharedStore
  readonly remote: BlobSource
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined
}

/**
 * Fetches what is missing of the newest index that is known, and makes that the base. What had come when it was stopped is
 * there the next time. Errors: `aborted`, `download-failed`, `storage-full`, `index-missing` without a base.
 */
export async function downloadBase({ store, remote, signal, onProgress }: DownloadBaseOptions): Promise<Collection> {
  for (;;) {
    const { collection } = await readCollection(store)
    const wanted = collection.pending ?? collection.base?.manifest
    if (wanted === undefined)
      throw new SelvageError('index-missing', `There is no index of ${remote.location} to download yet. Open it first.`)
    await downloadPacks({ remote, store, packs: packsOf(wanted), signal, onProgress })
    const target = print(wanted)
    const after = await changeCollection(store, async (now) => {
      const { base, pending, ...rest } = now
      const isWanted = print(pending ?? base?.manifest ?? wanted) === target
      if (!isWanted) return undefined // a newer one has come meanwhile
      if (base?.isComplete && pending === undefined) return undefined
      const hidden = await hiddenIn(wanted, store, now, store)
      return { next: { ...rest, base: { manifest: wanted, isComplete: true, hidden } } }
    })
    if (after.base?.isComplete && after.pending === undefined) {
      await sweep(store) // what was on its way for an index that is not wanted any more
      return after
    }
  }
}

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
