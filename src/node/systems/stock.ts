/**
 * What systems share, each made when the first of them asks and once: encoded documents and queries, indexes, models. It knows
 * how things are made and how long that took, not how they are ranked with.
 */
import { resolve } from 'node:path'
import type { Encoder } from '../../encoder/encoder.ts'
import { cachedEncoder } from '../../engine/embeddings.ts'
import { type LabelledDocument, wholeText } from '../../eval/dataset.ts'
import { createOps } from '../../ops/create.ts'
import type { FailoverOps } from '../../ops/failover.ts'
import type { PlaidOptions } from '../../plaid/builder.ts'
import { memoryStore } from '../../store/memory.ts'
import type { BlobStore } from '../../store/store.ts'
import type { OnProgress, TokenMatrix } from '../../types.ts'
import { lazily } from '../../util.ts'
import { assignPool } from '../assignPool.ts'
import { openEmbeddingCache } from '../embeddingCache.ts'
import { defaultWorkers, openNodeEncoder } from '../model.ts'
import {
  buildPlaid,
  type Document,
  exactSystem,
  type KeywordSystem,
  keywordSystem,
  openPlaidSystem,
  type PlaidSystem,
  type System,
  tokensOf,
} from './indexes.ts'
import { type BuiltIndex, keptIndex } from './keptIndex.ts'
import { checkKind, kindIn } from './modelFolder.ts'
import { openPairScorer, type PairScorer } from './pairScorer.ts'
import { type BiEncoder, openBiEncoder, type PooledTexts } from './pooled.ts'
import type { ModelSpec, PlaidSpec } from './spec.ts'

export interface StockOptions {
  readonly corpus: readonly LabelledDocument[]
  /** Whose vectors these are, for the cache: the set's folder. */
  readonly owner: string
  /** Folder of the late-interaction model. */
  readonly model: string
  readonly threads?: number | undefined
  /** Where vectors are kept from one run to the next; none without. */
  readonly cacheFolder?: string | undefined
  readonly onProgress: OnProgress
  /** Stops the encoding of documents, which may take an hour. */
  readonly signal?: AbortSignal | undefined
}

/** Something that was made, and how long that took. */
export interface Made<T> {
  readonly it: T
  readonly seconds: number
}

export interface EncodedCorpus {
  readonly documents: readonly Document[]
  readonly tokens: number
  /** Of the encoding; undefined where vectors came from the cache. */
  readonly seconds: number | undefined
}

export interface PooledCorpus extends PooledTexts {
  readonly encoder: BiEncoder
  readonly seconds: number | undefined
}

export class Stock {
  readonly texts: readonly string[]
  readonly #options: StockOptions
  readonly #threads: number
  readonly #closing: (() => void | Promise<void>)[] = []
  readonly #plaids = perKey<Made<PlaidSystem>>()
  readonly #biEncoders = perKey<PooledCorpus>()
  readonly #scorers = perKey<PairScorer>()
  readonly #queries = new Map<string, Made<TokenMatrix>>()

  constructor(options: StockOptions) {
    this.#options = options
    this.#threads = options.threads ?? defaultWorkers()
    this.texts = options.corpus.map(wholeText)
  }

  /** Of the late-interaction model. Errors: `invalid-argument` where it is a model of another kind; those of loadEncoder. */
  readonly encoder: () => Promise<Encoder> = lazily(async () => {
    const { model, threads, onProgress } = this.#options
    checkKind({ folder: model, kind: await kindIn(resolve(model)) }, 'late-interaction')
    const encoder = await openNodeEncoder({ model, threads, onProgress })
    this.#closing.push(() => encoder.close())
    return encoder
  })

  readonly ops: () => Promise<FailoverOps> = lazily(async () => {
    const ops = await createOps({ backend: 'auto' })
    this.#closing.push(() => ops.close())
    return ops
  })

  readonly documents: () => Promise<EncodedCorpus> = lazily(async () => {
    const { cacheFolder, owner, signal } = this.#options
    const encoder = await this.encoder()
    const cache = cacheFolder === undefined ? undefined : await openEmbeddingCache(cacheFolder, encoder.model)
    const caching = cache && cachedEncoder(encoder, cache)
    const asked = { onDone: this.#tellEncoded, ...(signal && { signal }) }
    const encoding = timed(() => (caching ?? encoder).encodeDocuments(this.texts, asked))
    const made = await encoding.finally(() => cache?.flush()) // what was encoded before it was stopped is kept
    if (caching) await cache?.keep(owner, caching.keys)
    const isFresh = (caching?.hits() ?? 0) === 0
    return {
      documents: made.it,
      tokens: tokensOf(made.it),
      seconds: isFresh ? made.seconds : undefined,
    }
  })

  /** A query is encoded once, whoever asks; its time is that of then. */
  async query(text: string): Promise<Made<TokenMatrix>> {
    const known = this.#queries.get(text)
    if (known) return known
    const encoder = await this.encoder()
    const { it, seconds } = await timed(() => encoder.encodeQuery(text))
    const made = { it: it.matrix, seconds }
    this.#queries.set(text, made)
    return made
  }

  readonly exact: () => Promise<Made<System>> = lazily(async () => {
    const { documents } = await this.documents()
    const [{ model }, ops] = [await this.encoder(), await this.ops()]
    const matrices = documents.map(({ matrix }) => matrix)
    return timed(() => this.#kept(exactSystem(matrices, model.dim, ops, this.#threads)))
  })

  readonly words: () => Promise<Made<KeywordSystem>> = lazily(() => timed(() => keywordSystem(this.#options.corpus)))

  /** One index for all that want it made alike; its seconds are those of its build, whenever that was. */
  plaid({ plaid }: Pick<PlaidSpec, 'plaid'>): Promise<Made<PlaidSystem>> {
    const { bits, pool, centroids, clustering, seed } = plaid
    return this.#plaids([bits, pool, centroids, clustering, seed], async () => {
      const { cacheFolder } = this.#options
      const [{ documents, tokens }, { model }, ops] = [await this.documents(), await this.encoder(), await this.ops()]
      const build = (store: BlobStore) => this.#build(store, documents, model.dim, ops, plaid)
      const open = (index: BuiltIndex) => this.#kept(openPlaidSystem(index, tokens, ops))
      const fresh = async () => {
        const store = memoryStore()
        return open({ store, ...(await build(store)) })
      }
      const key = { model: model.hash, texts: this.texts, plaid }
      const it = await (cacheFolder === undefined ? fresh() : keptIndex(cacheFolder, key, build, open))
      return { it, seconds: it.facts.buildSeconds }
    })
  }

  async #build(
    store: BlobStore,
    documents: readonly Document[],
    dim: number,
    ops: FailoverOps,
    plaid: PlaidOptions,
  ): Promise<Omit<BuiltIndex, 'store'>> {
    const { onProgress } = this.#options
    const assigning = assignPool(ops.assignCentroids.bind(ops), this.#threads)
    const options = { ...plaid, assign: assigning.assign, onProgress }
    return buildPlaid(store, documents, dim, ops, options).finally(() => assigning.close())
  }

  pooled(spec: ModelSpec): Promise<PooledCorpus> {
    return this.#biEncoders([resolve(spec.model), spec.graph], async () => {
      const { threads, cacheFolder, owner } = this.#options
      const encoder = await openBiEncoder(spec, { threads, cacheFolder, owner })
      this.#closing.push(() => encoder.close())
      const { it, seconds } = await timed(() => encoder.encodeDocuments(this.texts, this.#tellEncoded))
      return { ...it, encoder, seconds: it.fromCache === 0 ? seconds : undefined }
    })
  }

  pairs(spec: ModelSpec): Promise<PairScorer> {
    return this.#scorers([resolve(spec.model), spec.graph], async () => {
      const scorer = await openPairScorer(spec, this.#options.threads)
      this.#closing.push(() => scorer.close())
      return scorer
    })
  }

  /** All that was made, the last first. */
  async close(): Promise<void> {
    for (const close of this.#closing.reverse()) await close()
    this.#closing.length = 0
  }

  readonly #tellEncoded = (done: number): void =>
    this.#options.onProgress({ stage: 'encode', loaded: done, total: this.texts.length, unit: 'items' })

  async #kept<S extends System>(making: Promise<S>): Promise<S> {
    const system = await making
    this.#closing.push(() => system.close())
    return system
  }
}

/** A value for each key, made when it is first asked for. */
function perKey<T>(): (key: readonly unknown[], make: () => Promise<T>) => Promise<T> {
  const made = new Map<string, Promise<T>>()
  return (key, make) => {
    const name = JSON.stringify(key)
    const making = made.get(name) ?? make()
    made.set(name, making)
    return making
  }
}

async function timed<T>(make: () => Promise<T>): Promise<Made<T>> {
  const start = performance.now()
  const it = await make()
  return { it, seconds: (performance.now() - start) / 1000 }
}
