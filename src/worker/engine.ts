/**
 * The engine's worker: index and kernels. It holds its own GPU device and answers while the encoder is busy.
 */
import * as Comlink from 'comlink'
import { Engine } from '../engine/engine.ts'
import { packBytes } from '../engine/manifest.ts'
import { passageText } from '../engine/texts.ts'
import { SelvageError } from '../errors.ts'
import { createOps } from '../ops/create.ts'
import type { FailoverOps } from '../ops/failover.ts'
import { httpStore } from '../store/http.ts'
import { type EngineApi, type EngineHit, outcome } from './protocol.ts'

let engine: Engine | undefined
let ops: FailoverOps | undefined

const api: EngineApi = {
  open: ({ indexUrl, backend }, onProgress) =>
    outcome(async () => {
      const start = performance.now()
      ops = await createOps({ backend })
      engine = await Engine.open(httpStore({ url: indexUrl }), ops, onProgress)
      const { model, texts, vectors } = engine.manifest
      return {
        model,
        pages: texts.pages,
        sections: texts.sections,
        passages: vectors.passages,
        tokens: vectors.tokens,
        bytes: packBytes(engine.manifest),
        backend: ops.backend,
        device: ops.device,
        refused: ops.refused,
        loadMs: performance.now() - start,
      }
    }),

  async search({ query, k }) {
    const result = await outcome(async () => {
      if (engine === undefined || ops === undefined)
        throw new SelvageError('internal', 'The engine was asked before an index was open.')
      const { hits, elapsedMs, backend } = await engine.search(query, k)
      return {
        hits: hits.map(
          ({ passage, score, positions, similarities }): EngineHit => ({
            sectionId: passage.section.id,
            passageId: passage.id,
            headings: passage.section.headings,
            url: passage.section.url,
            language: passage.section.page.language,
            ...passageText(passage),
            score,
            rowOf: passage.rowOf,
            positions,
            similarities,
          }),
        ),
        elapsedMs,
        backend,
        refused: ops.refused,
      }
    })
    if (!result.ok) return result
    return Comlink.transfer(
      result,
      result.value.hits.flatMap((hit) => [hit.positions.buffer, hit.similarities.buffer]),
    )
  },
}

Comlink.expose(api)
