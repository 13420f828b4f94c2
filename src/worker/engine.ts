/**
 * The engine's worker: index and kernels. It holds its own GPU device and answers while the encoder is busy; words it can
 * search as soon as the manifest is there.
 */
import * as Comlink from 'comlink'
import { type Answer, Engine } from '../engine/engine.ts'
import { termsOf, unexplained } from '../engine/hits.ts'
import { packBytes } from '../engine/manifest.ts'
import { SelvageError } from '../errors.ts'
import { createOps } from '../ops/create.ts'
import { explainHit } from '../search/hit.ts'
import { httpStore } from '../store/http.ts'
import type { OnProgress, UnexplainedHit } from '../types.ts'
import { lazily } from '../util.ts'
import { type EngineAnswer, type EngineApi, type EngineOpen, type EngineOpened, outcome } from './protocol.ts'

interface Opened {
  readonly engine: Engine
  readonly options: EngineOpen
  readonly onProgress: OnProgress
}

let opened: Opened | undefined
const loaded = lazily(() => loadVectors(current()))

const api: EngineApi = {
  open: (options, onProgress) =>
    outcome(async () => {
      opened = { engine: await Engine.open(httpStore({ url: options.indexUrl })), options, onProgress }
      return describe(opened.engine)
    }),

  load: () =>
    outcome(async () => {
      const { engine } = current()
      const { ops, loadMs } = await loaded()
      return { ...describe(engine), backend: ops.backend, device: ops.device, refused: ops.refused, loadMs }
    }),

  async search(query) {
    const result = await outcome(async () => {
      const { engine } = current()
      const answer = await engine.search(query)
      const scorer = answer.backend && { backend: answer.backend, refused: (await loaded()).ops.refused }
      return { ...common(answer), hits: answer.hits.map(unexplained), ...(scorer && { scorer }) }
    })
    return result.ok ? Comlink.transfer(result, result.value.hits.flatMap(buffersOf)) : result
  },

  searchKeywords: (query) =>
    outcome(async () => {
      const answer = await current().engine.search({ ...query, mode: 'keyword' })
      const rest = common(answer)
      return { ...rest, hits: answer.hits.map((hit) => explainHit(unexplained(hit), { terms: rest.terms })) }
    }),

  filters: () => outcome(() => current().engine.filters()),
}

async function loadVectors({ engine, options, onProgress }: Opened) {
  const start = performance.now()
  const ops = await createOps({ backend: options.backend })
  try {
    await engine.loadVectors(ops, onProgress)
    return { ops, loadMs: performance.now() - start }
  } catch (error) {
    ops.close() // the next try makes its own
    throw error
  }
}

function current(): Opened {
  if (opened === undefined) throw new SelvageError('internal', 'The engine was asked before an index was open.')
  return opened
}

function describe({ manifest, hasKeywords }: Engine): EngineOpened {
  const { model, texts, vectors, pages } = manifest
  return {
    model,
    pages: texts.pages,
    sections: texts.sections,
    passages: vectors.passages,
    tokens: vectors.tokens,
    bytes: packBytes(manifest),
    hasKeywords,
    filters: pages?.filters ?? [],
    sorts: pages?.sorts ?? [],
  }
}

function common({ mode, words, counts, elapsedMs }: Answer): Omit<EngineAnswer<never>, 'hits'> {
  return { mode, terms: termsOf(words), elapsedMs, ...(counts && { counts }) }
}

function buffersOf({ matches, more }: UnexplainedHit): Transferable[] {
  const own = matches ? [matches.positions.buffer, matches.similarities.buffer] : []
  return [...own, ...more.flatMap(buffersOf)]
}

Comlink.expose(api)
