/**
 * What was added is kept in few segments, all of the model that is there: some are merged, some encoded anew, and the new one
 * takes their place in one swap. Which and when is tidy.ts's business, how merge.ts's and rebuild.ts's. The writer calls it
 * while nobody else does such work.
 */
import type { AssignCentroids } from '../../plaid/kmeans.ts'
import type { BlobSource } from '../../store/store.ts'
import type { Change, Collection, LiveSegment } from '../collection.ts'
import type { PageEncoder } from '../encodePages.ts'
import { replacing } from './changes.ts'
import { type Codec, codecFor, hasCodec } from './codecs.ts'
import { type Merged, mergeSegments } from './merge.ts'
import type { WorkMeter } from './meter.ts'
import { rebuilt } from './rebuild.ts'
import { segmentsToMerge, type TidyOptions } from './tidy.ts'

export interface UpkeepOptions extends TidyOptions {
  readonly store: BlobSource
  /** Where the packs of the site's index are read: the store, and the network behind it. Others are in the store only. */
  readonly source: BlobSource
  readonly encoder: PageEncoder
  readonly assign: AssignCentroids
}

/** The writer's hands. */
export interface UpkeepHost {
  readonly meter: WorkMeter
  readonly signal: AbortSignal
  state(): Promise<Collection>
  change(change: (now: Collection) => Change | undefined): Promise<Collection>
}

export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #host: UpkeepHost

  constructor(options: UpkeepOptions, host: UpkeepHost) {
    this.#options = options
    this.#host = host
  }

  /** Whether fresh segments are enough to be compressed. */
  async isDue(): Promise<boolean> {
    const now = await this.#host.state()
    const fresh = now.segments.filter(({ vectors }) => vectors.kind === 'rows')
    return segmentsToMerge(fresh, await codecFor(now, this.#options), this.#options) !== undefined
  }

  async tidy(): Promise<void> {
    const now = await this.#host.state()
    const codec = await codecFor(now, this.#options)
    const chosen = segmentsToMerge(now.segments, codec, this.#options)
    if (chosen === undefined) return
    await this.#merge(chosen, codec)
    this.#host.meter.report(await this.#host.state())
  }

  /** One segment of all that have the codec, or get it. */
  async compact(): Promise<void> {
    const now = await this.#host.state()
    const codec = await codecFor(now, this.#options)
    const chosen = codec
      ? now.segments.filter((segment) => segment.vectors.kind === 'rows' || hasCodec(segment, codec))
      : now.segments
    if (chosen.length > 1 || chosen.some(({ hidden, vectors }) => hidden.length > 0 || vectors.kind === 'rows'))
      await this.#merge(chosen, codec)
  }

  /** What another model has encoded cannot be compared with this one's questions, nor lie in one segment with its vectors. */
  async reencodeForeign(): Promise<void> {
    const { segments } = await this.#host.state()
    if (segments.length === 0) return
    const { hash } = await this.#options.encoder.model()
    await this.rebuild(({ model }) => model.hash !== hash)
  }

  /** Once more where one of them has gone meanwhile: what is left is to be made anew all the same. */
  async rebuild(isWanted: (segment: LiveSegment) => boolean): Promise<void> {
    const { store, encoder, assign, trainPassages = 1024 } = this.#options
    const { meter, signal } = this.#host
    for (let isDone = false; !isDone; ) {
      const now = await this.#host.state()
      const segments = now.segments.filter(isWanted)
      if (segments.length === 0) return
      meter.report(now, 'rebuilding')
      isDone = await this.#replace(segments, () =>
        rebuilt({ source: store, segments, encoder, assign, trainPassages, signal }),
      )
    }
  }

  async #merge(segments: readonly LiveSegment[], codec: Codec | undefined): Promise<void> {
    const { store, encoder, assign, trainPassages = 1024 } = this.#options
    const { meter, signal } = this.#host
    meter.report(await this.#host.state(), 'merging')
    const { dim } = await encoder.model()
    const options = { source: store, segments, codec, dim, assign, trainPassages, signal }
    await this.#replace(segments, () => mergeSegments(options))
  }

  /** False where one of them has gone meanwhile, and nothing was changed. */
  async #replace(segments: readonly LiveSegment[], make: () => Promise<Merged>): Promise<boolean> {
    let made: Merged
    try {
      made = await make()
    } catch (error) {
      // Where one of them is gone meanwhile, deleted by another tab, what is left is for the next round.
      if (replacing(await this.#host.state(), segments, undefined, new Map()) === undefined) return false
      throw error
    }
    let isDone = false
    await this.#host.change((now) => {
      const change = replacing(now, segments, made.segment, made.put)
      isDone = change !== undefined
      return change
    })
    return isDone
  }
}
