/** A Selvage that answers at once with what it is given, and writes down what it was asked. */
import type { EngineOptions, Open, Searcher } from '../../src/adapters/shared.ts'
import type { FacetCounts, Hit } from '../../src/types.ts'
import type { OpenOptions, SearchOptions, SearchResult, Status } from '../../src/worker/options.ts'

export interface Asked extends SearchOptions {
  readonly query: string
}

export class FakeSelvage implements Searcher {
  readonly opened: OpenOptions[] = []
  readonly asked: Asked[] = []
  closed = 0
  hits: readonly Hit[] = []
  counts: FacetCounts = { version: { 2: 3, 3: 1 } }
  /** Resolves or rejects when the model is there or not. */
  model: Promise<unknown> = Promise.resolve()
  /** What a search does instead of answering. */
  instead: ((asked: Asked) => Promise<void>) | undefined

  readonly open: Open = async (options) => {
    this.opened.push(options)
    return this
  }

  async search(query: string, options: SearchOptions = {}): Promise<SearchResult> {
    const asked = { query, ...options }
    this.asked.push(asked)
    await this.instead?.(asked)
    const elapsedMs = { wait: 0, encode: 0, keyword: 0, score: 0, texts: 0, explain: 0, total: 0 }
    const { mode = 'hybrid', k = 10, counts } = options
    return { query, mode, hits: this.hits.slice(0, k), elapsedMs, ...(counts && { counts: this.counts }) }
  }

  async status(): Promise<Status> {
    await this.model
    return STATUS
  }

  async filters(): Promise<FacetCounts> {
    return this.counts
  }

  close(): void {
    this.closed++
  }
}

const MODEL = { name: 'toy', hash: 'a'.repeat(64), dim: 2 }
/** Nobody looks into it. */
const STATUS = { encoder: { model: MODEL }, engine: { model: MODEL } } as unknown as Status

let count = 0

/** Addresses that no other test names, so that no engine is shared by accident. */
export function newAddress(): Required<Pick<EngineOptions, 'index' | 'model'>> {
  count++
  return { index: `https://example.org/${count}/`, model: `https://example.org/${count}/model/` }
}

/** A section whose text has the words of `marked` matched, each as strongly as it says. */
export function sectionHit(given: {
  readonly url: string
  readonly headings: readonly string[]
  readonly text: string
  readonly marked?: Readonly<Record<string, number>>
  readonly meta?: Readonly<Record<string, string>>
  readonly more?: readonly Hit[]
  readonly bonus?: 'title'
}): Hit {
  const { url, headings, text, marked = {}, meta, more = [], bonus } = given
  const matches = Object.entries(marked).map(([word, strength]) => {
    const start = text.indexOf(word)
    if (start < 0) throw new Error(`"${word}" is not in "${text}"`)
    return { start, end: start + word.length, strength }
  })
  return {
    ref: url,
    queryWords: [],
    title: headings.at(-1) ?? url,
    headings,
    url,
    page: { title: headings[0] ?? url, url: url.replace(/#.*/, ''), ...(meta && { meta }) },
    score: 2,
    ranking: bonus ? { bonus: { kind: bonus, contribution: 1 } } : {},
    passage: {
      text,
      blocks: [{ kind: 'paragraph', start: 0, end: text.length }],
      excerpt: { start: 0, end: text.length },
      matches: matches.sort((a, b) => a.start - b.start),
    },
    more,
  }
}
