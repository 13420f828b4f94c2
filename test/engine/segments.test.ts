/** Several segments answer as one would: the same hits, scores, counts and orders, wherever the documents are cut. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pageEncoder } from '../../src/engine/encodePages.ts'
import { Engine } from '../../src/engine/engine.ts'
import { freshSegment, parsed } from '../../src/engine/live/fresh.ts'
import type { SegmentInput } from '../../src/engine/segment.ts'
import { createOps } from '../../src/ops/create.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { BlobSource } from '../../src/store/store.ts'
import type { DocumentRecord } from '../../src/text/document.ts'
import type { EngineQuery } from '../../src/types.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'

const kernels = await createOps({ backend: 'wasm' })
const encoder = fakeEncoder()

const WORDS = 'river stone lamp copper winter signal garden letter harbor engine cloud ladder'.split(' ')

const documents: DocumentRecord[] = Array.from({ length: 24 }, (_, i) => ({
  id: `d${i}`,
  url: `/d${i}`,
  title: `${WORDS[i % 12]} ${i}`,
  format: 'markdown',
  text: `${WORDS[(i * 5) % 12]} ${WORDS[(i * 7 + 1) % 12]} word${i}\n\n## Part ${i}\n\n${WORDS[(i * 3 + 2) % 12]} more`,
  ...(i % 3 > 0 && { filters: { kind: [i % 3 === 1 ? 'x' : 'y'], tag: i % 2 ? ['odd', 'all'] : ['all'] } }),
  ...(i % 4 > 0 && { sort: { date: `${(i * 11) % 24}` } }),
}))

/** Segments that end before each of the cuts. */
async function segmentsOf(cuts: readonly number[]): Promise<SegmentInput[]> {
  const store = memoryStore()
  const ends = [...new Set([...cuts, documents.length])].sort((a, b) => a - b).filter((end) => end > 0)
  const inputs: SegmentInput[] = []
  let start = 0
  for (const end of ends) {
    const { pages } = await parsed(documents.slice(start, end))
    const { segment, put } = await freshSegment(pages, await pageEncoder(encoder).encodePages(pages))
    for (const [key, bytes] of put) await store.put(key, bytes)
    inputs.push({ source: store, parts: segment })
    start = end
  }
  return inputs
}

const indexOf = (segments: readonly SegmentInput[]) => ({
  location: 'here',
  version: 2,
  model: encoder.model,
  dim: encoder.model.dim,
  segments,
})

async function opened(segments: readonly SegmentInput[]): Promise<Engine> {
  const engine = new Engine(indexOf(segments))
  await engine.loadVectors(kernels)
  return engine
}

async function ask(engine: Engine, text: string, given: Partial<EngineQuery> = {}) {
  const { matrix } = await encoder.encodeQuery(text)
  const { hits, counts, words } = await engine.search({ text, matrix, k: 8, ...given })
  const told = (hit: (typeof hits)[number]): unknown => ({
    id: hit.passage.id,
    section: hit.passage.section,
    score: hit.score,
    ranking: hit.ranking,
    matches: hit.matches,
    more: hit.more.map(told),
  })
  return { hits: hits.map(told), counts, words }
}

const whole = await opened(await segmentsOf([]))

const QUERIES: readonly (readonly [text: string, given: Partial<EngineQuery>])[] = [
  ['copper lamp', {}],
  ['copper lamp', { mode: 'keyword', counts: true }],
  ['winter signal more', { mode: 'semantic', k: 20 }],
  ['river', { groupBy: 'page', counts: true, filters: { kind: ['x'] } }],
  ['harbor engine', { filters: { kind: ['x', 'y'], tag: ['odd'] }, counts: true }],
  ['garden', { sort: { by: 'date', descending: true }, mode: 'keyword', k: 20 }],
  ['stone coper', { fusion: 'rrf' }],
  ['word7', {}],
]

test('wherever documents are cut into segments', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 23 }), { maxLength: 5 }), async (cuts) => {
      const engine = await opened(await segmentsOf(cuts))
      for (const [text, given] of QUERIES) expect(await ask(engine, text, given)).toEqual(await ask(whole, text, given))
      expect(await engine.filters()).toEqual(await whole.filters())
      engine.close()
    }),
    { numRuns: 15 },
  )
})

describe('what is hidden', async () => {
  const inputs = await segmentsOf([10])
  const hidden = ['d3', 'd12', 'd20']
  const engine = await opened(inputs.map((input) => ({ ...input, hidden })))

  test.each(QUERIES)('is found nowhere: %s %o', async (text, given) => {
    const { hits } = await engine.search({ text, matrix: (await encoder.encodeQuery(text)).matrix, k: 50, ...given })
    const urls = hits
      .flatMap(({ passage, more }) => [passage, ...more.map((one) => one.passage)])
      .map((p) => p.section.page.url)
    expect(urls.length).toBeGreaterThan(0)
    expect(urls.filter((url) => hidden.includes(url.slice(1)))).toEqual([])
  })

  test('is counted nowhere', async () => {
    const visible = documents.filter(({ id }) => !hidden.includes(id))
    const count = (name: string, value: string) =>
      visible.filter(({ filters }) => filters?.[name]?.includes(value)).length
    expect(await engine.filters()).toEqual({
      kind: { x: count('kind', 'x'), y: count('kind', 'y') },
      tag: { all: count('tag', 'all'), odd: count('tag', 'odd') },
    })
    const { counts } = await ask(engine, 'word', { mode: 'semantic', k: 50, counts: true })
    expect(counts).toEqual(await engine.filters())
  })
})

describe('another state of the index', () => {
  test('takes over while searches go on, each of one state', async () => {
    const inputs = await segmentsOf([6, 12, 18])
    const engine = await opened(inputs.slice(0, 2))
    const searching = Array.from({ length: 20 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, i))
      return ask(engine, 'word20 garden', { mode: 'semantic', k: 50 })
    })
    await engine.replace(indexOf(inputs))
    await engine.replace(indexOf(inputs.slice(2)))
    await engine.replace(indexOf(inputs))
    const answers = await Promise.all(searching)
    const sizes = new Set(answers.map(({ hits }) => hits.length))
    expect([...sizes].every((size) => size === 24 || size === 48)).toBe(true) // two sections a document
    expect(await ask(engine, 'copper', {})).toEqual(await ask(whole, 'copper', {}))
    engine.close()
  })

  test('reads nothing again of the segments that stay', async () => {
    const [first, second] = await segmentsOf([12])
    let reads = 0
    const source: BlobSource = {
      location: 'counted',
      get: (key) => {
        reads++
        return first!.source.get(key)
      },
    }
    const counted = { ...first!, source }
    const engine = new Engine(indexOf([counted]))
    await ask(engine, 'copper', { mode: 'keyword' })
    const before = reads
    await engine.replace(indexOf([counted, second!]))
    expect(await ask(engine, 'copper', { mode: 'keyword' })).toEqual(await ask(whole, 'copper', { mode: 'keyword' }))
    expect(reads).toBe(before)
  })

  test('what goes is released, and an empty index answers with nothing', async () => {
    const inputs = await segmentsOf([6])
    const engine = await opened(inputs)
    const before = engine.bytes
    await engine.replace(indexOf(inputs.slice(0, 1)))
    expect(engine.bytes).toBeLessThanOrEqual(before) // memories grow by pages
    await engine.replace({ ...indexOf([]), model: undefined, dim: 0 })
    expect(engine.bytes).toBe(0)
    for (const mode of ['hybrid', 'keyword', 'semantic'] as const)
      expect(await ask(engine, 'copper', { mode, counts: true })).toEqual({ hits: [], counts: {}, words: [] })
    expect(await engine.filters()).toEqual({})
    await engine.replace(indexOf(inputs))
    expect(await ask(engine, 'copper', {})).toEqual(await ask(whole, 'copper', {}))
    engine.close()
  })

  test('vectors of another model are left out, words are not', async () => {
    const [first, second] = await segmentsOf([12])
    const engine = await opened([first!, { ...second!, isForeign: true }])
    const semantic = await engine.search({
      text: '',
      matrix: (await encoder.encodeQuery('word20')).matrix,
      k: 50,
      mode: 'semantic',
    })
    expect(semantic.hits.every(({ passage }) => Number(passage.section.page.url.slice(2)) < 12)).toBe(true)
    const { hits } = await ask(engine, 'word20', { mode: 'hybrid', k: 50 })
    expect(JSON.stringify(hits)).toContain('"/d20"')
    engine.close()
  })
})
