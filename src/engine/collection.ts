/**
 * What a browser keeps of an index, as one small record that is replaced in one step: the site's index as it was downloaded,
 * segments that were added here since, documents that wait to be added. Whoever reads it reads one state, and all packs that
 * it names are there, or can be fetched again. Knows names and counts; not how anything is made.
 */
import { SelvageError } from '../errors.ts'
import { parseLexicalHeader } from '../lexical/format.ts'
import { parseVectorsHeader } from '../plaid/rows.ts'
import { headerFields, type PackRef } from '../store/packs.ts'
import { type BlobSource, type Changes, LESSON_KEY, MANIFEST_KEY, type SharedStore } from '../store/store.ts'
import { isSame } from '../util.ts'
import type { EngineIndex } from './engine.ts'
import { FORMAT_VERSION, type Manifest, packsOf, parseManifest } from './manifest.ts'
import { parsePagesHeader } from './pages.ts'
import type { SegmentInput, SegmentParts } from './segment.ts'
import { parseTextsHeader } from './texts.ts'

/** Written into new records. Another one is not read: a reload gets the library that wrote it. */
export const COLLECTION_VERSION = 1

export interface Collection {
  readonly format: 'selvage-collection'
  readonly version: number
  /** Given by whoever writes the first state: one that was deleted and made anew is another one. */
  readonly id: string
  /** Counts every change. */
  readonly generation: number
  /** The site's index, as readers have it. */
  readonly base?: Base
  /** A newer one that is being downloaded; it takes the base's place when it is here whole. */
  readonly pending?: Manifest
  /** What was added here, oldest first. */
  readonly segments: readonly LiveSegment[]
  /** Documents that wait to be added, first come first served. */
  readonly inbox: readonly InboxEntry[]
  /** Whether adding rests until somebody says otherwise. */
  readonly isPaused: boolean
  /** Documents that could not be added, or are lost, with the reason; the last that were. */
  readonly problems: readonly DocumentProblem[]
}

export interface Base {
  readonly manifest: Manifest
  /** All its packs are here: the network is not needed. */
  readonly isComplete: boolean
  /** Ids of pages that were deleted or replaced here. */
  readonly hidden: readonly string[]
}

export interface LiveSegment extends SegmentParts {
  readonly model: Manifest['model']
  readonly hidden: readonly string[]
}

export interface InboxEntry {
  /** The documents as they came: gzipped JSON. */
  readonly pack: PackRef
  /** Their ids, in order. */
  readonly ids: readonly string[]
  /** How many of them are done. */
  readonly done: number
  /** Deleted or given anew while they waited. */
  readonly skipped: readonly string[]
}

/** So many problems are remembered. */
export const KEPT_PROBLEMS = 100

export interface DocumentProblem {
  readonly id: string
  readonly code: string
  readonly message: string
}

export const EMPTY: Collection = {
  format: 'selvage-collection',
  version: COLLECTION_VERSION,
  id: '',
  generation: 0,
  segments: [],
  inbox: [],
  isPaused: false,
  problems: [],
}

/** A collection, and the bytes that it was read from: what a swap is held against. */
export interface Read {
  readonly collection: Collection
  readonly bytes: Uint8Array | undefined
}

/** Errors: `index-invalid`, `index-version`, and what the store throws. */
export async function readCollection(store: SharedStore): Promise<Read> {
  const bytes = await store.get(MANIFEST_KEY)
  if (bytes === undefined) return { collection: EMPTY, bytes }
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new SelvageError('index-invalid', `The record of the index in ${store.location} is not JSON. ${REMEDY}`, {
      cause,
    })
  }
  return { collection: parse(json, store.location), bytes }
}

/**
 * Changes the collection in one step: `change` is given the present state, again where somebody was faster, and says the next
 * one and what goes in and out with it; undefined leaves all as it is. Returns the state at the end.
 * Errors: `storage-full`, and what `change` throws.
 */
export async function changeCollection(
  store: SharedStore,
  change: (now: Collection) => Promise<Change | undefined> | Change | undefined,
): Promise<Collection> {
  for (;;) {
    const { collection, bytes } = await readCollection(store)
    const changed = await ifCurrent(store, bytes, () => change(collection))
    if (changed === OVER) continue
    if (changed === undefined) return collection
    const id = collection.id || randomId()
    const next: Collection = { ...changed.next, id, generation: collection.generation + 1 }
    const kept = new Set(named(next))
    const drop = named(collection).filter((file) => !kept.has(file))
    const manifest = new TextEncoder().encode(JSON.stringify(next))
    if (await store.swap(bytes, manifest, { put: changed.put ?? new Map(), drop })) return next
  }
}

/** What `read` makes of the present state; again where a pack of that was gone because the state was over by then. */
export async function withCollection<T>(store: SharedStore, read: (now: Collection) => T | Promise<T>): Promise<T> {
  for (;;) {
    const { collection, bytes } = await readCollection(store)
    const result = await ifCurrent(store, bytes, () => read(collection))
    if (result !== OVER) return result
  }
}

const OVER = Symbol('the state has changed')

/** Another tab may have merged or replaced what is being read: what fails then says nothing about the present state. */
async function ifCurrent<T>(
  store: SharedStore,
  bytes: Uint8Array | undefined,
  run: () => T | Promise<T>,
): Promise<T | typeof OVER> {
  try {
    return await run()
  } catch (error) {
    if (isSame(bytes, await store.get(MANIFEST_KEY))) throw error
    return OVER
  }
}

export interface Change extends Pick<Changes, 'put'> {
  /** Its generation is given by whoever commits it. What it does not name any more goes. */
  readonly next: Collection
}

/** Every pack that is named. */
export function named({
  base,
  pending,
  segments,
  inbox,
}: Pick<Collection, 'base' | 'pending' | 'segments' | 'inbox'>): string[] {
  const refs = [
    ...(base ? packsOf(base.manifest) : []),
    ...(pending ? packsOf(pending) : []),
    ...segments.flatMap(packsOf),
    ...inbox.map(({ pack }) => pack),
  ]
  return [...new Set(refs.map(({ file }) => file))]
}

/**
 * Deletes packs that nobody names: written by a tab that did not know yet that they are not wanted any more. In one swap that
 * changes nothing else: what somebody names meanwhile is not deleted. Returns how many there were.
 */
export async function sweep(store: SharedStore): Promise<number> {
  for (;;) {
    const listed = await store.list()
    const { collection, bytes } = await readCollection(store)
    if (bytes === undefined) return 0
    const kept = new Set([MANIFEST_KEY, LESSON_KEY, ...named(collection)])
    const stray = listed.filter((key) => !kept.has(key))
    if (stray.length === 0 || (await store.swap(bytes, bytes, { drop: stray }))) return stray.length
  }
}

/**
 * The collection as an engine takes it: the site's index first, then what was added. What another model has encoded is
 * searched by its words until it is encoded anew.
 * @param source of the site's packs. @param store of what was added: no site has that, and none is asked for it.
 */
export function collectedIndex({ base, segments }: Collection, source: BlobSource, store = source): EngineIndex {
  const model = base?.manifest.model ?? segments.at(-1)?.model
  const vectors = base?.manifest.vectors ?? segments.at(-1)?.vectors
  const own = base ? [{ source, parts: base.manifest, hidden: base.hidden }] : []
  const added = segments.map(({ model: its, hidden, ...parts }): SegmentInput => {
    return { source: store, parts, hidden, isForeign: its.hash !== model?.hash }
  })
  return {
    location: source.location,
    version: base?.manifest.version ?? FORMAT_VERSION,
    model,
    dim: vectors?.dim ?? 0,
    segments: [...own, ...added],
  }
}

/** How many documents wait. */
export function waiting({ inbox }: Collection): number {
  return inbox.reduce((sum, entry) => sum + waitingIn(entry).length, 0)
}

/** Ids of those that wait, in order. */
export function waitingIn({ ids, done, skipped }: InboxEntry): string[] {
  const unwanted = new Set(skipped)
  return ids.slice(done).filter((id) => !unwanted.has(id))
}

/** Of what must not be taken for something that says the same. */
export function randomId(): string {
  return crypto.getRandomValues(new Uint32Array(2)).join('-')
}

const REMEDY = 'Delete the stored index; it is downloaded again.'

function parse(json: unknown, location: string): Collection {
  const part = (of: unknown, name: string): unknown =>
    typeof of === 'object' && of !== null ? Object.entries(of).find(([key]) => key === name)?.[1] : undefined
  const list = (of: unknown, name: string): readonly unknown[] => {
    const found = part(of, name)
    if (Array.isArray(found)) return found
    throw new SelvageError('index-invalid', `The record of the index in ${location} has no valid "${name}". ${REMEDY}`)
  }
  if (part(json, 'format') !== 'selvage-collection')
    throw new SelvageError('index-invalid', `The record in ${location} is not of an index. ${REMEDY}`)
  if (part(json, 'version') !== COLLECTION_VERSION)
    throw new SelvageError(
      'index-version',
      `The index in ${location} was stored by another version of Selvage (${part(json, 'version')}; this one reads ${COLLECTION_VERSION}). Reload the page.`,
    )
  const fields = headerFields(json, 'collection', location)
  const base = part(json, 'base')
  const pending = part(json, 'pending')
  return {
    format: 'selvage-collection',
    version: COLLECTION_VERSION,
    id: fields.text('id'),
    generation: fields.count('generation'),
    ...(base !== undefined && {
      base: {
        manifest: parseManifest(part(base, 'manifest'), location),
        isComplete: part(base, 'isComplete') === true,
        hidden: headerFields(base, 'base', location).texts('hidden'),
      },
    }),
    ...(pending !== undefined && { pending: parseManifest(pending, location) }),
    segments: list(json, 'segments').map((segment) => parseSegment(segment, part, location)),
    inbox: list(json, 'inbox').map((entry) => {
      const of = headerFields(entry, 'inbox', location)
      return { pack: of.pack('pack'), ids: of.texts('ids'), done: of.count('done'), skipped: of.texts('skipped') }
    }),
    isPaused: part(json, 'isPaused') === true,
    problems: list(json, 'problems').map((problem) => {
      const of = headerFields(problem, 'problems', location)
      return { id: of.text('id'), code: of.text('code'), message: of.text('message') }
    }),
  }
}

function parseSegment(json: unknown, part: (of: unknown, name: string) => unknown, location: string): LiveSegment {
  const model = headerFields(part(json, 'model'), 'model', location)
  const pages = part(json, 'pages')
  const lexical = part(json, 'lexical')
  return {
    model: { name: model.text('name'), hash: model.text('hash') },
    vectors: parseVectorsHeader(part(json, 'vectors'), location),
    texts: parseTextsHeader(part(json, 'texts'), location),
    ...(pages !== undefined && { pages: parsePagesHeader(pages, location) }),
    ...(lexical !== undefined && { lexical: parseLexicalHeader(lexical, location) }),
    hidden: headerFields(json, 'segment', location).texts('hidden'),
  }
}
