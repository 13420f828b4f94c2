/**
 * An open index that answers queries with sections: by meaning, by words, or by both. Words can be searched as soon as it is
 * open; vectors are loaded when asked for. It is a snapshot of segments, and can be replaced by a later one while it is
 * searched: every answer is of one snapshot. It is given stores and kernels; it knows no device, no worker and no DOM.
 */
import type { FailoverOps } from '../ops/failover.ts'
import type { Budget } from '../plaid/residency.ts'
import type { IndexReader } from '../plaid/search.ts'
import type { BlobSource } from '../store/store.ts'
import type { EngineQuery, FacetCounts, OnProgress, PassageId, TokenMatrix } from '../types.ts'
import { lazily } from '../util.ts'
import { countFacets } from './facets.ts'
import type { Layout } from './layout.ts'
import type { HitPlace, Place } from './locate.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { type Answer, hasKeywords, Search } from './search.ts'
import type { SegmentInput } from './segment.ts'
import { Segments } from './segments.ts'
import type { cosines } from './stored.ts'
import type { LoadedVectors, Vectors, VectorsOptions } from './vectors.ts'

/** How sections that are like another one are wanted. */
export type SimilarQuery = Pick<EngineQuery, 'k' | 'filters' | 'sort' | 'groupBy' | 'counts'>

export interface SimilarAnswer extends Answer {
  readonly tokens: ReadonlyMap<PassageId, number>
}

/** What an engine searches: segments of one model. */
export interface EngineIndex {
  /** The place in words, for messages. */
  readonly location: string
  /** Of the index's format. */
  readonly version: number
  /** Undefined where there are no segments. */
  readonly model: { readonly name: string; readonly hash: string } | undefined
  /** 0 where there are no segments. */
  readonly dim: number
  readonly segments: readonly SegmentInput[]
}

export interface LoadOptions {
  readonly onProgress?: OnProgress
  /** Memory for vectors; what is more stays in the store. Default: no limit. */
  readonly budget?: Budget | undefined
}

/** A snapshot of the index, and who is reading it. */
interface Snapshot {
  readonly index: EngineIndex
  readonly segments: Segments
  vectors?: LoadedVectors | undefined
  readers: number
  isOver: boolean
}

export class Engine {
  #now: Snapshot
  /** What loads the vectors of later snapshots, as those of this one were. */
  #vectors: { readonly held: Vectors; readonly isApproximate: boolean } | undefined
  #replacing: Promise<unknown> = Promise.resolve()

  /** Reads the manifest only. Errors: those of readManifest. */
  static async open(source: BlobSource): Promise<Engine> {
    return new Engine(indexOf(source, await readManifest(source)))
  }

  constructor(index: EngineIndex) {
    this.#now = { index, segments: new Segments(index.segments), readers: 0, isOver: false }
  }

  get index(): EngineIndex {
    return this.#now.index
  }

  get segments(): Segments {
    return this.#now.segments
  }

  /** Whether the index has words to search; those of version 1 have none. An empty one has all the words of its texts. */
  get hasKeywords(): boolean {
    return hasKeywords(this.#now.segments)
  }

  /** Undefined until vectors are loaded. */
  get precision(): IndexReader['precision'] | undefined {
    return this.#now.vectors?.index.precision
  }

  /** Bytes that kernels hold; what is being loaded is not among them. */
  get bytes(): number {
    return this.#vectors?.held.bytes ?? 0
  }

  /** Loads the vectors. Errors: those of readPack, and of the kernels' `load`. */
  loadVectors(ops: FailoverOps, { onProgress, budget }: LoadOptions = {}): Promise<void> {
    return this.#load({ ops, budget, onProgress }, false)
  }

  /** Loads codes only, so that meaning can be searched, roughly, while residuals are on their way; `loadVectors` follows. */
  loadCodes(ops: FailoverOps, { onProgress }: LoadOptions = {}): Promise<void> {
    return this.#load({ ops, onProgress }, true)
  }

  /** Loads what is there now, while other states come and are searched; then what has come since, in turn. */
  async #load(options: VectorsOptions, isApproximate: boolean): Promise<void> {
    const late = await import('./vectors.ts') // who searches for words alone has no need of it
    const held: Vectors = new late.Vectors(options)
    const { segments, index } = this.#now
    const most = await held.load(segments, index.dim, isApproximate)
    try {
      await this.#inTurn(async () => {
        // Who asked for all at the same time may have it by now: it is not given up for less.
        if (isApproximate && this.#vectors?.isApproximate === false) return
        const { index, segments } = this.#now
        const vectors = await held.load(segments, index.dim, isApproximate)
        this.#vectors = { held, isApproximate }
        this.#become({ index, segments, vectors, readers: 0, isOver: false })
      })
    } finally {
      most.release()
    }
  }

  /** Another state of the index. Searches that have begun end on the one they began with; what both have is kept. */
  async replace(index: EngineIndex): Promise<void> {
    await this.#inTurn(async () => {
      const segments = new Segments(index.segments, this.#now.segments)
      const vectors = await this.#vectors?.held.load(segments, index.dim, this.#vectors.isApproximate)
      this.#become({ index, segments, vectors, readers: 0, isOver: false })
    })
  }

  /** Errors: `invalid-argument` for another dim, an unknown filter or sort key, or a mode that the index does not have. */
  search(query: EngineQuery): Promise<Answer> {
    return this.#read((now) => this.#searchOf(now).run(query))
  }

  /** Where a text of a page is. Errors: those of locateText. */
  locate(url: string, text: string): Promise<Place[]> {
    return this.#read(async ({ segments }) => (await like()).locateText(segments, url, text))
  }

  /**
   * Sections that are like these characters, by stored vectors; those that the characters are of are not among them. Needs
   * `loadVectors`. Errors: those of locateHit, storedQuery and `search`.
   * @param layouts which token of the places' passages stands for which characters. Without them, `tokens` says of each
   * passage that is a hit how many it has
   */
  similar(places: readonly HitPlace[], query: SimilarQuery, layouts?: readonly Layout[]): Promise<SimilarAnswer> {
    return this.#read(async (now) => {
      const { segments } = now
      const { locateHit, storedQuery, countTokens } = await like()
      const found = await Promise.all(places.map((place) => locateHit(segments, place)))
      const { matrix, without } = await storedQuery(segments, found, layouts)
      const answer = await this.#searchOf(now).run({ ...query, text: '', mode: 'semantic', matrix, without })
      if (layouts !== undefined) return { ...answer, tokens: new Map() }
      const passages = answer.hits.flatMap((hit) => [hit, ...hit.more]).map(({ passage }) => passage)
      const counts = passages.map(async (one) => [one.id, await countTokens(segments, one)] as const)
      return { ...answer, tokens: new Map(await Promise.all(counts)) }
    })
  }

  /** Cosines of a query's unit rows with the tokens of a hit's passage, `[Q, T]`. Errors: those of locateHit and cosines. */
  cosines(place: HitPlace, query: TokenMatrix): ReturnType<typeof cosines> {
    return this.#read(async ({ segments }) => {
      const { locateHit, cosines } = await like()
      return cosines(segments, (await locateHit(segments, place)).passage, query)
    })
  }

  #searchOf({ index: { location, version }, segments, vectors }: Snapshot): Search {
    return new Search({ location, version, segments, vectors: vectors?.index })
  }

  /** On one snapshot, which stays as long as it is read. */
  async #read<T>(run: (now: Snapshot) => Promise<T>): Promise<T> {
    const now = this.#now
    now.readers++
    try {
      return await run(now)
    } finally {
      now.readers--
      if (now.isOver && now.readers === 0) now.vectors?.release()
    }
  }

  /** Names and values of all filters, each with the number of its pages. */
  async filters(): Promise<FacetCounts> {
    const { segments } = this.#now
    if (segments.all.length === 0) return {}
    const [structure, facets, visible] = await Promise.all([
      segments.structure(),
      segments.facets(),
      segments.visible(),
    ])
    return countFacets(facets, {}, visible?.pages ?? new Uint8Array(structure.pages.length).fill(1))
  }

  close(): void {
    this.#now.vectors?.release()
    this.#now.vectors = undefined
    this.#vectors = undefined
  }

  /** Who reads the snapshot before goes on with its vectors. */
  #become(next: Snapshot): void {
    const before = this.#now
    this.#now = next
    before.isOver = true
    if (before.readers === 0) before.vectors?.release()
  }

  /** One change of what is searched at a time. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#replacing.catch(() => {}).then(change)
    this.#replacing = turn
    return turn
  }
}

const like = lazily(() => import('./like.ts'))

function indexOf(source: BlobSource, manifest: Manifest): EngineIndex {
  const { version, model, vectors } = manifest
  return { location: source.location, version, model, dim: vectors.dim, segments: [{ source, parts: manifest }] }
}
