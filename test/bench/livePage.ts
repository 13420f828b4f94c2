/** The page's side of live.ts: what is measured, in the browser. Times in ms. */

import * as Comlink from 'comlink'
import type { WorkProgress } from '../../src/types.ts'
import type { Selvage } from '../../src/worker/client.ts'
import { type EncoderApi, type EngineApi, unwrap } from '../../src/worker/protocol.ts'
import type { Addresses } from './published.ts'

/** All of the index and the model into the browser's database. */
export async function keep({ library, index, model }: Addresses): Promise<void> {
  const selvage = await openSelvage(library, { index, model })
  await selvage.download()
  selvage.close()
}

export interface ColdOpen {
  readonly passages: number
  readonly firstAnswerMs: number
  /** Of that: until words can be searched, until vectors are loaded, the search. */
  readonly steps: readonly number[]
  readonly hits: number
}

/** From the start of the engine's worker to the first answer, its vectors loaded whole; the encoder is warm. */
export async function openCold({ library, index, model }: Addresses, query: string): Promise<ColdOpen> {
  const encoder = worker<EncoderApi>(library, 'encoder.js')
  const nothing = Comlink.proxy(() => {})
  unwrap(await encoder.load({ modelUrl: model, backend: 'auto', storage: 'browser' }, nothing))
  unwrap(await encoder.encodeQuery(query))
  const { encoded } = unwrap(await encoder.encodeQuery(query))
  const start = performance.now()
  const engine = worker<EngineApi>(library, 'engine.js')
  const options = { indexUrl: index, name: index, backend: 'auto', storage: 'browser', isEager: true } as const
  const { passages } = unwrap(await engine.open(options, nothing, nothing))
  const opened = performance.now()
  const asked = { text: query, k: 10, mode: 'hybrid' } as const
  const preparing = engine.prepare(asked)
  unwrap(await engine.load({ whole: true }))
  const loaded = performance.now()
  const { hits } = unwrap(await engine.search({ ...asked, matrix: encoded.matrix }))
  const end = performance.now()
  unwrap(await preparing)
  const steps = [opened - start, loaded - opened, end - loaded]
  return { passages, firstAnswerMs: end - start, steps, hits: hits.length }
}

export interface Folding {
  /** Searches one after the other, with fresh passages and nothing going on; while they are compressed; afterwards. */
  readonly before: readonly number[]
  readonly during: readonly number[]
  readonly after: readonly number[]
  /** While passages are encoded: both want the encoder. */
  readonly adding: readonly number[]
  readonly foldMs: number
}

/** Adds documents until they are compressed, and searches all the while. */
export async function fold(
  { library, index, model }: Addresses,
  queries: readonly string[],
  documents: readonly { readonly id: string; readonly text: string }[],
): Promise<Folding> {
  const now: { state: WorkProgress['state'] } = { state: 'idle' }
  let mergingSince = 0
  let foldMs = 0
  const onWork = (work: WorkProgress) => {
    if (work.state === 'merging' && now.state !== 'merging') mergingSince = performance.now()
    if (work.state !== 'merging' && now.state === 'merging') foldMs += performance.now() - mergingSince
    now.state = work.state
  }
  const selvage = await openSelvage(library, { index, model, onWork })
  let at = 0
  const search = async () => {
    const start = performance.now()
    await selvage.search(queries[at++ % queries.length] ?? '', { k: 10 })
    return performance.now() - start
  }
  const some = async (count: number) => {
    const times: number[] = []
    for (let i = 0; i < count; i++) times.push(await search())
    return times
  }
  await some(20)
  const half = Math.floor(documents.length / 2)
  await selvage.add(documents.slice(0, half))
  const before = await some(60)
  const during: number[] = []
  const adding: number[] = []
  let isAdded = false
  const rest = selvage.add(documents.slice(half)).then(() => {
    isAdded = true
  })
  while (!isAdded || now.state !== 'idle') {
    const atStart = now.state
    const ms = await search()
    if (atStart === now.state && atStart === 'merging') during.push(ms)
    if (atStart === now.state && atStart === 'adding') adding.push(ms)
  }
  await rest
  const after = await some(60)
  selvage.close()
  return { before, during, after, adding, foldMs }
}

export async function openSelvage(library: string, options: Parameters<typeof Selvage.open>[0]): Promise<Selvage> {
  const address = `${library}selvage.js` // as a variable, so that no bundler looks for it
  const { Selvage: Opened }: { Selvage: typeof Selvage } = await import(/* @vite-ignore */ address)
  return Opened.open(options)
}

function worker<Api>(library: string, file: string): Comlink.Remote<Api> {
  return Comlink.wrap<Api>(new Worker(library + file, { type: 'module' }))
}
