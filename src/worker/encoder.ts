/**
 * The encoder's worker: model, tokenizer and inference runtime live here and may block. The page never does.
 */
import type { Encoder } from '../encoder/encoder.ts'
import { loadEncoder } from '../encoder/load.ts'
import { SelvageError } from '../errors.ts'
import { explainHit } from '../search/hit.ts'
import * as Calls from './calls.ts'
import { type Downloads, downloadsOf } from './downloads.ts'
import { servePages } from './pageEncoder.ts'
import { type EncodedQuery, type EncoderApi, outcome } from './protocol.ts'

let encoder: Encoder | undefined
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
      return { encoded, elapsedMs: performance.now() - start }
    })
    if (!result.ok) return result
    const { matrix, tokenIds, starts, ends } = result.value.encoded
    return Calls.transfer(result, [matrix.data.buffer, tokenIds.buffer, starts.buffer, ends.buffer])
  },

  explain: ({ query, queryStarts, queryEnds, words, hits }) =>
    outcome(() => {
      const byMeaning = { queryStarts, queryEnds, layoutDocument: (text: string) => loaded().layoutDocument(text) }
      return hits.map((hit) => explainHit(hit, { query, words, byMeaning }))
    }),

  connect: (port) =>
    outcome(() => {
      disconnect()
      disconnect = servePages(async () => loading ?? loaded(), port)
    }),

  download: (modelUrl, onProgress) => outcome(() => downloadsFor(modelUrl).download(onProgress, stop.signal)),

  stopDownload: () =>
    outcome(() => {
      stop.abort()
      stop = new AbortController()
    }),

  kept: (modelUrl) => outcome(() => downloadsFor(modelUrl).kept()),
}

function loaded(): Encoder {
  if (encoder === undefined) throw new SelvageError('internal', 'The encoder was asked before it was loaded.')
  return encoder
}

/** Loads and downloads of one model share what is on its way. */
function downloadsFor(modelUrl: string): Downloads {
  const held = downloads.get(modelUrl) ?? downloadsOf(modelUrl)
  downloads.set(modelUrl, held)
  return held
}

Calls.expose(api)
