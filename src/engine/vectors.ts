/**
 * The vectors of an index's segments, loaded where kernels run: each segment once, kept as long as a snapshot of the index has
 * it. Fresh segments are loaded together. What does not fit the budget is read from the store query by query.
 */
import type { FailoverOps } from '../ops/failover.ts'
import type { PlaidHeader } from '../plaid/format.ts'
import { type Budget, planResidence, type Residence } from '../plaid/residency.ts'
import { packsOfVectors, type RowsHeader, type VectorsHeader } from '../plaid/rows.ts'
import { type Counts, type IndexReader, openPlaid, openRows } from '../plaid/search.ts'
import { joinReaders } from '../plaid/several.ts'
import { sumOfPacks } from '../store/packs.ts'
import type { BlobSource } from '../store/store.ts'
import type { OnProgress } from '../types.ts'
import { keyOf, type Segment } from './segment.ts'
import type { Segments } from './segments.ts'

export interface VectorsOptions {
  readonly ops: FailoverOps
  /** Default: no limit. */
  readonly budget?: Budget | undefined
  readonly onProgress?: OnProgress | undefined
}

/** The vectors of one snapshot. */
export interface LoadedVectors {
  readonly index: IndexReader
  /** Lets go of what no other snapshot has. */
  release(): void
}

interface Held {
  readonly key: string
  readonly opening: Promise<IndexReader>
  /** Once it is open. */
  reader?: IndexReader
  uses: number
}

/** A reader, and the segments that it stands for. */
interface Group {
  readonly key: string
  readonly open: () => Promise<IndexReader>
}

export class Vectors {
  readonly ops: FailoverOps
  readonly #options: VectorsOptions
  readonly #held = new Map<string, Held>()

  constructor(options: VectorsOptions) {
    this.ops = options.ops
    this.#options = options
  }

  /** Bytes that are held where kernels run, and read ahead. */
  get bytes(): number {
    return [...this.#held.values()].reduce((sum, { reader }) => sum + (reader?.bytes ?? 0), 0)
  }

  /** `isApproximate`: codes only, of segments that are not loaded yet. Errors: those of openPlaid and openRows. */
  async load(segments: Segments, dim: number, isApproximate = false): Promise<LoadedVectors> {
    const groups = this.#groupsOf(segments, dim, isApproximate)
    const taken = groups.map((group) => this.#take(group))
    const release = () => {
      for (const held of taken) this.#letGo(held)
    }
    try {
      const readers = await Promise.all(taken.map(({ opening }) => opening))
      return { index: joinReaders(readers, dim), release }
    } catch (error) {
      release()
      throw error
    }
  }

  #take({ key, open }: Group): Held {
    const held = this.#held.get(key) ?? this.#open(key, open)
    held.uses++
    return held
  }

  #open(key: string, open: () => Promise<IndexReader>): Held {
    const held: Held = { key, opening: open(), uses: 0 }
    this.#held.set(key, held)
    held.opening.then(
      (reader) => {
        held.reader = reader
      },
      () => this.#forget(held), // the next one tries again
    )
    return held
  }

  #letGo(held: Held): void {
    if (--held.uses > 0) return
    this.#forget(held)
    held.opening.then(
      (reader) => reader.close(),
      () => {},
    )
  }

  #forget(held: Held): void {
    if (this.#held.get(held.key) === held) this.#held.delete(held.key)
  }

  #groupsOf({ all, isForeign }: Segments, dim: number, isApproximate: boolean): Group[] {
    const { budget } = this.#options
    const own = all.filter((_, i) => !isForeign[i])
    const plaid = own.flatMap(({ parts: { vectors } }) => (vectors.kind === 'plaid' ? [vectors] : []))
    const plan: readonly Residence[] = budget
      ? planResidence({ segments: plaid, backend: this.ops.backend, budget })
      : plaid.map(() => 'resident')
    const report = this.#reporter(own)
    const groups: Group[] = []
    let fresh: { source: BlobSource; header: RowsHeader }[] = []
    let place = 0
    const flush = () => {
      const parts = fresh
      if (parts.length === 0) return
      const key = parts.flatMap(({ header }) => header.packs.map(({ file }) => file)).join(' ')
      groups.push({ key: `rows ${key}`, open: () => openRows(parts, dim, this.ops) })
      fresh = []
    }
    for (const [i, segment] of all.entries()) {
      const { vectors } = segment.parts
      const source = report(segment)
      if (isForeign[i]) {
        flush()
        groups.push({ key: `foreign ${keyOf(segment.parts)}`, open: async () => blank(vectors, dim) })
        continue
      }
      if (vectors.kind === 'rows') {
        fresh.push({ source, header: vectors })
        continue
      }
      flush()
      groups.push(this.#groupOf(segment, vectors, source, isApproximate ? 'none' : plan[place++]!))
    }
    flush()
    return groups
  }

  #groupOf(segment: Segment, header: PlaidHeader, source: BlobSource, residuals: Residence | 'none'): Group {
    const whole = `resident ${keyOf(segment.parts)}`
    // What is there with all its residuals is not loaded a second time without them.
    const key = residuals === 'none' && this.#held.has(whole) ? whole : `${residuals} ${keyOf(segment.parts)}`
    return { key, open: () => openPlaid(source, header, this.ops, { residuals }) }
  }

  /** Sources that tell of what is read, all together. */
  #reporter(segments: readonly Segment[]): (segment: Segment) => BlobSource {
    const { onProgress } = this.#options
    if (onProgress === undefined) return ({ source }) => source
    const total = segments.reduce((sum, { parts }) => sum + sumOfPacks(packsOfVectors(parts.vectors)), 0)
    let loaded = 0
    const tell = (bytes: number) => {
      loaded += bytes
      onProgress({ stage: 'index', loaded, total, unit: 'bytes' })
    }
    return ({ source }) => ({
      location: source.location,
      isVerified: source.isVerified ?? false,
      async get(key) {
        const bytes = await source.get(key)
        tell(bytes?.byteLength ?? 0)
        return bytes
      },
      ...(source.slice && { slice: (key, start, end) => source.slice!(key, start, end) }),
    })
  }
}

const NOTHING: Counts = { centroids: 0, scanned: 0, scored: 0, allowed: 0 }

/** In the place of vectors that cannot be compared with the query's: no passage of theirs is found. */
function blank({ passages, tokens }: VectorsHeader, dim: number): IndexReader {
  return {
    ...{ dim, passages, tokens, precision: 'full', bytes: 0 },
    // The fastest: of several, the slowest is told.
    search: async () => ({ passages: [], elapsedMs: { total: 0 }, backend: 'webgpu', counts: NOTHING }),
    close() {},
  }
}
