/**
 * What a page asks of stored vectors: sections that are like a hit or like a selected text, without the model; and how near
 * each token of a query is to each token of a hit, with it. Which characters belong to which token the tokenizer knows: the
 * loaded model's, else one that is loaded by itself in a worker of its own. Where there is none to be had, the engine makes do.
 * Passes messages only.
 */

import type { Remote } from 'comlink'
import { SelvageError } from '../errors.ts'
import type { CharRange, HeatMap, Hit, SimilarTo, UnexplainedHit } from '../types.ts'
import { abortable } from './abortable.ts'
import type {
  EncodedQuery,
  EncoderApi,
  EncoderLoad,
  EncoderStatus,
  EngineAnswer,
  EngineApi,
  EngineOpened,
  FoundPassage,
  Outcome,
  ReadPassage,
  SimilarRequest,
  TokenLayout,
} from './protocol.ts'
import { Service } from './service.ts'
import type { Spawn } from './spawn.ts'

export interface StoredServices {
  readonly encoder: Service<EncoderApi, EncoderStatus>
  readonly engine: Service<EngineApi, EngineOpened>
  readonly spawn: Spawn['encoder']
  readonly model: Pick<EncoderLoad, 'modelUrl' | 'storage'>
}

export class Stored {
  readonly #services: StoredServices
  /** The tokenizer by itself. */
  readonly #texts: Service<EncoderApi, void>

  constructor(services: StoredServices) {
    this.#services = services
    this.#texts = new Service('tokenizer', services.spawn, (link) =>
      link.call((remote) => remote.loadTexts(services.model)),
    )
  }

  /** Errors: `section-missing`, `vectors-missing`, `invalid-argument`, and what loading the vectors throws. */
  async similar(
    of: SimilarTo,
    query: SimilarRequest['query'],
    signal: AbortSignal | undefined,
  ): Promise<{ text: string; answer: Omit<EngineAnswer<never>, 'hits'>; hits: readonly Hit[] }> {
    const { text, places } = await abortable(this.#placesOf(of), signal, 'The search')
    const request: SimilarRequest = { places: places.map(withoutHeadings), query }
    const layouts = await abortable(this.#layOut(places), signal, 'The search')
    const onEngine = <T>(send: (remote: Remote<EngineApi>) => Promise<Outcome<T>>) =>
      this.#services.engine.call(async (remote) => {
        const loaded = await remote.load({ whole: false })
        return loaded.ok ? send(remote) : loaded
      })
    if (layouts === undefined) {
      const rough = onEngine((remote) => remote.similarRoughly(request))
      const { hits, ...answer } = (await abortable(rough, signal, 'The search')).value
      return { text, answer, hits }
    }
    const scoring = onEngine((remote) => remote.similar(request, layouts))
    const { value } = await abortable(scoring, signal, 'The search')
    const hits = await abortable(this.#explain(value.hits), signal, 'The search')
    return { text, answer: value, hits }
  }

  /** @param query an encoded one. Errors: `section-missing`, `vectors-missing`, `model-mismatch`. */
  async heatMap(text: string, { encoded }: EncodedQuery, hit: HeatMapHit): Promise<HeatMap> {
    const { matrix, tokenIds, starts, ends } = encoded
    const [named, layouts, cosines] = await Promise.all([
      this.#services.encoder.call((remote) => remote.queryTokens(text, { tokenIds, starts, ends })),
      this.#services.encoder.call((remote) => remote.layOut([{ headings: hit.headings, text: hit.passage.text }])),
      this.#services.engine.call((remote) => remote.cosines(foundPassage(hit), matrix)),
    ])
    const { similarities, tokens } = cosines.value
    const [layout] = layouts.value
    if (layout === undefined || layout.starts.length !== tokens)
      throw new SelvageError(
        'model-mismatch',
        `The index has ${tokens} tokens of the passage, the model that is loaded makes ${layout?.starts.length} of it.`,
      )
    const row = (q: number) => similarities.subarray(q * tokens, (q + 1) * tokens)
    return {
      queryTokens: named.value.map((token, q) => ({ ...token, best: row(q).reduce((a, b) => Math.max(a, b), -1) })),
      passageTokens: Array.from(layout.starts, (start, t) => inPassage(start, layout.ends[t]!, layout.offset)),
      similarities,
    }
  }

  close(): void {
    this.#texts.close()
  }

  async #placesOf(of: SimilarTo): Promise<{ text: string; places: (FoundPassage & ReadPassage)[] }> {
    if ('hit' in of) {
      const { hit, range } = of
      const { headings } = hit
      const text = range ? hit.passage.text.slice(range.start, range.end) : hit.title
      return { text, places: [{ ...foundPassage(hit), headings, range }] }
    }
    const located = await this.#services.engine.call((remote) => remote.locate(of.url, of.text))
    return { text: of.text, places: located.value }
  }

  /** Undefined where there is no tokenizer: its files cannot be fetched, for example. */
  async #layOut(places: readonly ReadPassage[]): Promise<TokenLayout[] | undefined> {
    const passages = places.map(({ headings, text }) => ({ headings, text }))
    try {
      return await this.#tokenizer((remote) => remote.layOut(passages))
    } catch (error) {
      if (error instanceof SelvageError && error.code === 'closed') throw error
      return undefined
    }
  }

  #explain(hits: readonly UnexplainedHit[]): Promise<Hit[]> {
    const rows = Math.max(
      0,
      ...hits.flatMap((hit) => [hit, ...hit.more]).map(({ matches }) => matches?.positions.length ?? 0),
    )
    // All rows stand for text; which characters of the query, nobody asks.
    const places = new Int32Array(rows)
    const request = { query: '', queryStarts: places, queryEnds: places, words: [], hits }
    return this.#tokenizer((remote) => remote.explain(request))
  }

  /** The model's, where it is loaded: it may be on its way for a long time. */
  async #tokenizer<T>(send: (remote: Remote<EncoderApi>) => Promise<Outcome<T>>): Promise<T> {
    const { encoder } = this.#services
    return (encoder.isReady ? await encoder.call(send) : await this.#texts.call(send)).value
  }
}

export type HeatMapHit = Pick<Hit, 'ref' | 'url' | 'headings' | 'passage'>

function foundPassage({ ref, url, passage }: Omit<HeatMapHit, 'headings'>): FoundPassage {
  return { ref, url, text: passage.text }
}

function withoutHeadings({ ref, url, text, range }: FoundPassage): FoundPassage {
  return { ref, url, text, range }
}

/** -1, -1 for markers and for tokens of the headings. */
function inPassage(start: number, end: number, offset: number): CharRange {
  return start < offset ? { start: -1, end: -1 } : { start: start - offset, end: end - offset }
}
