/**
 * The engine's worker: index and kernels. It holds its own GPU device and answers while the encoder is busy; words it can
 * search as soon as the manifest is there. What it reads comes from the browser's database, or from the network and is kept.
 */
import { meantWords, unexplained } from '../engine/hits.ts'
import type { Answer } from '../engine/search.ts'
import { SelvageError } from '../errors.ts'
import { explainHit } from '../search/hit.ts'
import type { UnexplainedHit } from '../types.ts'
import * as Calls from './calls.ts'
import { OpenIndex } from './openIndex.ts'
import { type EngineAnswer, type EngineApi, outcome } from './protocol.ts'
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

  prepare: (query) =>
    outcome(async () => {
      await current().search({ ...query, k: 2 * query.k, mode: 'keyword' }) // more: the other arm's texts lie beside them
    }),

  async search(query) {
    const result = await outcome(async () => {
      const index = current()
      const answer = await index.search(query)
      const { backend, precision = 'full' } = answer
      const scorer = backend && { backend, precision, refused: (await index.load(false)).ops.refused }
      return { ...common(answer), hits: answer.hits.map(unexplained), ...(scorer && { scorer }) }
    })
    return result.ok ? Calls.transfer(result, result.value.hits.flatMap(buffersOf)) : result
  },

  searchKeywords: (query) =>
    outcome(async () => {
      const answer = await current().search({ ...query, mode: 'keyword' })
      const rest = common(answer)
      return {
        ...rest,
        hits: answer.hits.map((hit) => explainHit(unexplained(hit), { query: query.text, words: rest.words })),
      }
    }),

  filters: () => outcome(() => current().engine.filters()),
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
}

function current(): OpenIndex {
  if (opened === undefined) throw new SelvageError('internal', 'The engine was asked before an index was open.')
  return opened
}

function common({ mode, words, counts, elapsedMs }: Answer): Omit<EngineAnswer<never>, 'hits'> {
  return { mode, words: meantWords(words), elapsedMs, ...(counts && { counts }) }
}

function buffersOf({ matches, more }: UnexplainedHit): Transferable[] {
  const own = matches ? [matches.positions.buffer, matches.similarities.buffer] : []
  return [...own, ...more.flatMap(buffersOf)]
}

Calls.expose(api)
