/** The two workers in a real Chromium: scores by WebGPU and by WASM, beside PyLate's own of the same texts. */
import { afterEach, describe, expect, inject, test } from 'vitest'
import type { OpsBackend, Progress } from '../../src/types.ts'
import { Reranker } from '../../src/worker/reranker.ts'
import golden from '../fixtures/golden/selvage-mini/golden.json'
import wanted from '../fixtures/golden/selvage-mini/scores.json'
import { findAdapter } from '../ops/gpu.ts'

const model = new URL('/models/selvage-mini/', location.href).href
const adapter = await findAdapter()
test.runIf(inject('requireWebGpu'))('WebGPU is there, as CI wants', () => expect(adapter).toBeDefined())

const opened: Reranker[] = []
afterEach(() => {
  for (const reranker of opened.splice(0)) reranker.close()
})

async function open(scorer: OpsBackend): Promise<Reranker> {
  const reranker = await Reranker.open({ model, encoder: 'wasm', scorer, storage: 'none' })
  opened.push(reranker)
  return reranker
}

const queries = golden.queries.map(({ text }) => text)
const documents = golden.documents.map(({ text }) => text)
const SCORERS: readonly OpsBackend[] = adapter ? ['wasm', 'webgpu'] : ['wasm']

describe.each(SCORERS)('scores by %s', (scorer) => {
  test("are PyLate's, as near as the graph for pages allows, and those of plain TypeScript", async () => {
    const reranker = await open(scorer)
    const { scores, scorer: ran, encoder } = await reranker.scores(queries, documents)
    expect(ran).toEqual({ backend: scorer, refused: [] })
    expect(encoder?.backend).toBe('wasm')
    const plain = await (await open('reference')).scores(queries, documents)
    let [far, sum, pairs] = [0, 0, 0]
    for (const [q, query] of queries.entries())
      for (const [p, text] of documents.entries()) {
        const at = q * documents.length + p
        if (text.trim() === '') expect(scores[at]).toBe(Number.NEGATIVE_INFINITY)
        else if (query.trim() === '') expect(scores[at]).toBe(0)
        else {
          expect(scores[at]).toBeCloseTo(plain.scores[at]!, 4)
          const off = Math.abs(scores[at]! - wanted[q]![p]!)
          far = Math.max(far, off)
          sum += off
          pairs++
        }
      }
    console.log(`${scorer}: ${pairs} pairs, ${(sum / pairs).toFixed(3)} off in the mean, ${far.toFixed(3)} at most`)
    expect(pairs).toBe(49)
    // Of 32 tokens each: its vectors, in 8-bit arithmetic, have a cosine of .99 with PyLate's in the mean (encoder/golden.test.ts).
    expect(sum / pairs).toBeLessThan(0.4)
    expect(far).toBeLessThan(1.2)
  })

  test('passages in their order, with the words that matched, progress, and a heat map', async () => {
    const reranker = await open(scorer)
    const progress: Progress[] = []
    const passages = [
      'The patient has no history of cardiac disease.',
      { id: 'sql', text: 'Use ALTER TABLE to rename a column.', title: 'Tables' },
      '',
      'A cat sleeps most of the day.',
    ]
    const onProgress = (event: Progress) => progress.push(event)
    const { hits } = await reranker.rerank('how do I rename a column?', passages, { explain: true, onProgress })
    expect(hits.map(({ index }) => index).sort()).toEqual([0, 1, 3])
    expect(hits[0]).toMatchObject({ index: 1, id: 'sql' })
    const { matches } = hits[0]!.explanation!
    const words = matches.map(({ start, end }) => 'Use ALTER TABLE to rename a column.'.slice(start, end))
    expect(words).toEqual(expect.arrayContaining(['rename', 'column']))
    expect(progress.at(-1)).toEqual({ stage: 'encode', loaded: 4, total: 4, unit: 'items' })
    const map = await reranker.heatMap('how do I rename a column?', passages[1]!)
    expect(map.queryTokens.reduce((total, { best }) => total + best, 0)).toBeCloseTo(hits[0]!.score, 3)
  })
})

test('an abort ends it before the next portion; the workers go on', async () => {
  const reranker = await open('wasm')
  const stop = new AbortController()
  const many = Array.from({ length: 200 }, (_, i) => `Passage ${i} says how a column is renamed.`)
  let told = 0
  const onProgress = ({ loaded }: Progress) => {
    told = loaded
    if (loaded > 8) stop.abort()
  }
  const ranking = reranker.rerank('rename a column', many, { signal: stop.signal, onProgress })
  await expect(ranking).rejects.toMatchObject({ code: 'aborted' })
  const { hits } = await reranker.rerank('rename a column', many.slice(0, 3), { k: 1 })
  expect(hits).toHaveLength(1)
  expect(told).toBeLessThan(16)
})
