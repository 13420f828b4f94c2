/**
 * The encoder's worker: model, tokenizer and inference runtime live here and may block. The page never does.
 */
import * as Comlink from 'comlink'
import type { Encoder } from '../encoder/encoder.ts'
import { loadEncoder } from '../encoder/load.ts'
import { SelvageError } from '../errors.ts'
import { explainHit } from '../search/hit.ts'
import { httpModelFiles, loadRuntime } from './downloads.ts'
import { type EncodedQuery, type EncoderApi, outcome } from './protocol.ts'

let encoder: Encoder | undefined

const api: EncoderApi = {
  load: ({ modelUrl, backend }, onProgress) =>
    outcome(async () => {
      const start = performance.now()
      encoder = await loadEncoder({
        files: httpModelFiles(modelUrl),
        runtime: () => loadRuntime(onProgress),
        backend,
        onProgress,
      })
      const { model, device, refused } = encoder
      return { model, backend: encoder.backend, device, refused, loadMs: performance.now() - start }
    }),

  async encodeQuery(text) {
    const result = await outcome(async (): Promise<EncodedQuery> => {
      const start = performance.now()
      const encoded = await loaded().encodeQuery(text)
      return { encoded, elapsedMs: performance.now() - start }
    })
    if (!result.ok) return result
    const { matrix, tokenIds, starts, ends } = result.value.encoded
    return Comlink.transfer(result, [matrix.data.buffer, tokenIds.buffer, starts.buffer, ends.buffer])
  },

  explain: ({ queryStarts, terms, hits }) =>
    outcome(() => {
      const byMeaning = { queryStarts, layoutDocument: (text: string) => loaded().layoutDocument(text) }
      return hits.map((hit) => explainHit(hit, { terms, byMeaning }))
    }),
}

function loaded(): Encoder {
  if (encoder === undefined) throw new SelvageError('internal', 'The encoder was asked before it was loaded.')
  return encoder
}

Comlink.expose(api)
