/**
 * The engine's worker: index and kernels. It holds its own GPU device and answers while the encoder is busy; words it can
 * search as soon as the manifest is there. What it reads comes from the browser's database, or from the network and is kept.
 */

import * as Comlink from 'comlink'
import { placed } from '../engine/address.ts'
import { explainRoughly, meantWords, mostTelling, unexplained } from '../engine/hits.ts'
import type { Answer, SectionHit } from '../engine/search.ts'
import { passageText } from '../engine/texts.ts'
import { SelvageError } from '../errors.ts'
import { explainHit } from '../search/hit.ts'
import type { UnexplainedHit } from '../types.ts'
import { OpenIndex } from './openIndex.ts'
import { type EngineAnswer, type EngineApi, type Outcome, outcome } from './protocol.ts'
import { maxSim, openScorer } from './scoring.ts'
import { exposeStore } from './sharedStore.ts'

let opened: OpenIndex | undefined

const api: EngineApi = {
  open: (options, onProgress, onChange) =>
    outcome(async () => {
      opened = await OpenIndex.open({ ...options, onProgress, onChange })
      return opened.describe()
    }),

  load: ({ whole }) =>
    outcome(async () => {
      const index = current()
      const { ops, loadMs } = await index.load(whole)
      return {
        ...index.describe(),
        ...{ backend: ops.backend, device: ops.device, refused: ops.refused, loadMs },
        precision: index.precision,
        memoryBytes: index.engine.bytes,
      }
    }),

  openScorer: (backend) => outcome(() => openScorer(backend)),

  async maxSim(request) {
    const result = await outcome(() => maxSim(request, opened?.ops))
    if (!result.ok) return result
    const { scores, matches } = result.value
    return Comlink.transfer(result, [scores.buffer, ...(matches ? buffersOf({ matches, more: [] }) : [])])
  },

  prepare: (query) =>
    outcome(async () => {
      await current().search({ ...query, k: 2 * query.k, mode: 'keyword' }) // more: the other arm's texts lie beside them
    }),

  async search(query) {
    return sent(
      await outcome(async () => {
        const { matrix } = query
        const answer = await current().search({ ...query, matrix: matrix && (await current().taught(matrix)) })
        return { ...(await common(answer)), hits: answer.hits.map(found) }
      }),
    )
  },

  async similar({ places, query }, layouts) {
    return sent(
      await outcome(async () => {
        const answer = await current().ask((engine) => engine.similar(places, query, layouts))
        return { ...(await common(answer)), hits: answer.hits.map((hit) => mostTelling(found(hit))) }
      }),
    )
  },

  similarRoughly: ({ places, query }) =>
    outcome(async () => {
      const answer = await current().ask((engine) => engine.similar(places, query))
      const hits = answer.hits.map((hit) => explainRoughly(mostTelling(found(hit)), answer.tokens))
      return { ...(await common(answer)), hits }
    }),

  locate: (url, text) =>
    outcome(async () => {
      const places = await current().ask((engine) => engine.locate(url, text))
      return places.map(({ passage, range }) => ({
        ref: String(passage.id),
        url: placed(passage.section.url, current().folder),
        text: passageText(passage).text,
        headings: passage.section.headings,
        range,
      }))
    }),

  async cosines(place, query) {
    const result = await outcome(() =>
      aside(async (index) => {
        const matrix = await index.taught(query)
        return index.ask((engine) => engine.cosines(place, matrix))
      }),
    )
    return result.ok ? Comlink.transfer(result, [result.value.similarities.buffer]) : result
  },

  searchKeywords: (query) =>
    outcome(async () => {
      const answer = await current().search({ ...query, mode: 'keyword' })
      const rest = await common(answer)
      return {
        ...rest,
        hits: answer.hits.map((hit) => explainHit(found(hit), { query: query.text, words: rest.words })),
      }
    }),

  filters: () => outcome(() => aside((index) => index.engine.filters())),
  refresh: () => outcome(() => current().refresh()),
  download: (onProgress) => outcome(() => current().download(onProgress)),
  stopDownload: () => outcome(() => current().stopDownload()),
  storage: () => outcome(() => current().report()),

  shareStore: (port) =>
    outcome(() => {
      const { store } = current()
      if (store === undefined) throw new SelvageError('internal', 'There is no store to share.')
      exposeStore(store, port)
    }),

  forget: () => outcome(() => current().forget()),

  lessons: (port) => outcome(async () => Comlink.expose((await current().lessons()).lessonsOf(current()), port)),
}

function current(): OpenIndex {
  if (opened === undefined) throw new SelvageError('internal', 'The engine was asked before an index was open.')
  return opened
}

/** No answer: what it reads is not counted for the next one. */
async function aside<T>(run: (index: OpenIndex) => Promise<T>): Promise<T> {
  const index = current()
  const result = await run(index)
  index.meter.take()
  return result
}

function found(hit: SectionHit): UnexplainedHit {
  return unexplained(hit, current().folder)
}

async function common(answer: Answer): Promise<Omit<EngineAnswer<never>, 'hits'>> {
  const { mode, words, counts, elapsedMs, backend, precision = 'full' } = answer
  const work = { ...answer.work, bytesRead: current().meter.take() }
  const scorer = backend && { backend, precision, refused: (await current().load(false)).ops.refused }
  return { mode, words: meantWords(words), elapsedMs, work, ...(counts && { counts }), ...(scorer && { scorer }) }
}

/** What matched is large, and of no more use here. */
function sent(result: Outcome<EngineAnswer<UnexplainedHit>>): Outcome<EngineAnswer<UnexplainedHit>> {
  return result.ok ? Comlink.transfer(result, result.value.hits.flatMap(buffersOf)) : result
}

function buffersOf({ matches, more }: Pick<UnexplainedHit, 'matches' | 'more'>): Transferable[] {
  const own = matches ? [matches.positions.buffer, matches.similarities.buffer] : []
  return [...own, ...more.flatMap(buffersOf)]
}

Comlink.expose(api)
