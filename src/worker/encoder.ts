/**
 * The encoder's worker: model, tokenizer and inference runtime live here and may block. The page never does.
 */

import * as Comlink from 'comlink'
import type { Encoder, TextRules } from '../encoder/encoder.ts'
import { loadEncoder, loadTextRules } from '../encoder/load.ts'
import { encodePassages } from '../engine/rerankPassages.ts'
import { SelvageError } from '../errors.ts'
import { explainHit } from '../search/hit.ts'
import { contextualText } from '../text/context.ts'
import { type Downloads, downloadsOf } from './downloads.ts'
import { servePages } from './pageEncoder.ts'
import { type EncodedQuery, type EncoderApi, outcome } from './protocol.ts'

let encoder: Encoder | undefined
let texts: TextRules | undefined
let loading: Promise<Encoder> | undefined
/** The writer that is served. */
let disconnect = () => {}
let stop = new AbortController()
const downloads = new Map<string, Downloads>()

const api: EncoderApi = {
  load: ({ modelUrl, backend, storage = 'none' }, onProgress) =>
    outcome(async () => {
      const start = performance.now()
      const source = downloadsFor(modelUrl).load(storage, onProgress)
      loading = source.then(({ files, runtime }) => loadEncoder({ files, runtime, backend, onProgress }))
      encoder = await loading
      const { model, device, refused } = encoder
      const loadMs = performance.now() - start
      return { model, backend: encoder.backend, device, refused, storage: await (await source).settle(), loadMs }
    }),

  async encodeQuery(text) {
    const result = await outcome(async (): Promise<EncodedQuery> => {
      const start = performance.now()
      const encoded = await loaded().encodeQuery(text)
      return { encoded, knownShare: loaded().knownShare(text), elapsedMs: performance.now() - start }
    })
    if (!result.ok) return result
    const { matrix, tokenIds, starts, ends } = result.value.encoded
    return Comlink.transfer(result, [matrix.data.buffer, tokenIds.buffer, starts.buffer, ends.buffer])
  },

  async encodePassages(passages) {
    const result = await outcome(() => encodePassages(loaded(), passages))
    if (!result.ok) return result
    const { vectors, rows, cut } = result.value
    return Comlink.transfer(result, [vectors.buffer, rows.buffer, cut.buffer])
  },

  loadTexts: ({ modelUrl, storage = 'none' }) =>
    outcome(async () => {
      texts = await loadTextRules({ files: await downloadsFor(modelUrl).texts(storage) })
    }),

  layOut: (passages) =>
    outcome(() =>
      passages.map(({ headings, text }) => {
        const { text: input, offset } = contextualText(headings, text)
        const { starts, ends } = rules().layoutDocument(input)
        return { starts, ends, offset }
      }),
    ),

  queryTokens: (text, encoded) => outcome(() => rules().queryTokens(text, encoded)),

  explain: ({ query, queryStarts, queryEnds, words, hits }) =>
    outcome(() => {
      const byMeaning = { queryStarts, queryEnds, layoutDocument: (text: string) => rules().layoutDocument(text) }
      return hits.map((hit) => explainHit(hit, { query, words, byMeaning }))
    }),

  connect: (port) =>
    outcome(() => {
      disconnect()
      disconnect = servePages(async () => loading ?? loaded(), port)
    }),

  download: ({ modelUrl, backend }, onProgress) =>
    outcome(() => downloadsFor(modelUrl).download(backend, onProgress, stop.signal)),

  stopDownload: () =>
    outcome(() => {
      stop.abort()
      stop = new AbortController()
    }),

  kept: ({ modelUrl, backend }) => outcome(() => downloadsFor(modelUrl).kept(backend)),
}

function loaded(): Encoder {
  if (encoder === undefined) throw new SelvageError('internal', 'The encoder was asked before it was loaded.')
  return encoder
}

/** The model's, or alone. */
function rules(): TextRules {
  return texts ?? loaded()
}

/** Loads and downloads of one model share what is on its way. */
function downloadsFor(modelUrl: string): Downloads {
  const held = downloads.get(modelUrl) ?? downloadsOf(modelUrl)
  downloads.set(modelUrl, held)
  return held
}

Comlink.expose(api)
