/** What a search says that it has done, held against what it can be seen to do; and how many candidates it scores. */
import { afterAll, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/engine/build.ts'
import { Engine } from '../../src/engine/engine.ts'
import { byMeaning } from '../../src/engine/retrieve.ts'
import { createOps } from '../../src/ops/create.ts'
import { bitsetOf, openPlaid } from '../../src/plaid/search.ts'
import { joinReaders } from '../../src/plaid/several.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { ReadMeter } from '../../src/store/readMeter.ts'
import type { Input } from '../../src/text/document.ts'
import { checkCandidates, type EngineQuery, type OpsBackend } from '../../src/types.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'

const PASSAGES = 300
/** Passage i has the word of its third, of which there are 100, and one of its own. */
const sources: Input[] = Array.from({ length: PASSAGES }, (_, i) => {
  const id = `p${i}`
  const kind = ['even', 'odd'][i % 2]!
  const text = `${['apple', 'birch', 'cedar'][i % 3]} own${i} ${i === 7 ? 'quetzal' : ''}`
  return {
    path: id,
    record: { id, url: `/${id}`, title: `title${i}`, text, filters: { kind: [kind], n: [String(i)] } },
  }
})
const wasm = await createOps({ backend: 'wasm' })
const reference = await createOps({ backend: 'reference' })
afterAll(() => {
  wasm.close()
  reference.close()
})
const store = memoryStore()
const { manifest } = await buildIndex({
  ...{ sources, encoder: fakeEncoder(), store, fingerprint: 'print' },
  assign: wasm.assignCentroids.bind(wasm),
})

async function ask(text: string, given: Partial<EngineQuery> = {}, backend: OpsBackend = 'wasm') {
  const engine = await Engine.open(store)
  await engine.loadVectors(backend === 'wasm' ? wasm : reference)
  const { matrix } = await fakeEncoder().encodeQuery(text)
  const answer = await engine.search({ text, matrix, k: 10, ...given })
  engine.close()
  return answer
}

const { vectors } = manifest
if (vectors.kind !== 'plaid') throw new Error('A build makes a PLAID segment.')
const { centroidCount } = vectors

describe.each(['wasm', 'reference'] as const)('%s', (backend) => {
  const work = async (given: Partial<EngineQuery>, text = 'apple own4 ') => (await ask(text, given, backend)).work

  test('by meaning: tokens, centroids, all passages, the best of them', async () => {
    const counts = { centroids: centroidCount, scanned: PASSAGES, candidates: 128 }
    const { scoreMs, ...told } = await work({ mode: 'semantic' })
    const { rows } = (await fakeEncoder().encodeQuery('apple own4 ')).matrix
    expect(told).toEqual({ ...counts, queryTokens: rows })
    if (backend === 'reference') expect(scoreMs).toEqual({})
    else expect(Object.keys(scoreMs ?? {}).sort()).toEqual(['centroids', 'residuals', 'scan', 'select'])
  })

  test.each([
    [10, 10],
    [1, 10], // ten sections are wanted
    [40, 40],
    [200, 200],
    [1000, PASSAGES],
    [Infinity, PASSAGES],
  ])('of %d candidates %d are scored', async (candidates, scored) => {
    expect((await work({ mode: 'semantic', candidates })).candidates).toBe(scored)
  })

  test('a filter is counted', async () => {
    const told = await work({ mode: 'semantic', candidates: 60, filters: { kind: ['odd'] } })
    expect(told).toMatchObject({ scanned: PASSAGES / 2, candidates: 60 })
    const few = await work({ mode: 'semantic', filters: { n: ['1', '3', '5'] } })
    expect(few.candidates).toBe(3)
    // WASM has no need of centroids for three passages.
    expect(few.scanned).toBe(backend === 'wasm' ? undefined : 3)
    expect(few.centroids).toBe(backend === 'wasm' ? undefined : centroidCount)
  })

  test('by both: words too, and what they alone found is scored in full', async () => {
    const told = await work({ mode: 'hybrid', candidates: 50 }, 'quetzal own9 ')
    expect(told).toMatchObject({ withWords: 2, scanned: PASSAGES })
    expect(told.candidates).toBeGreaterThanOrEqual(50)
    expect(told.candidates).toBeLessThanOrEqual(52)
    expect((await work({ mode: 'hybrid', candidates: Infinity })).candidates).toBe(PASSAGES)
  })

  test('by words: those that have one and may be found', async () => {
    expect(await work({ mode: 'keyword' }, 'birch ')).toEqual({ withWords: 100 })
    expect(await work({ mode: 'keyword', filters: { kind: ['odd'] } }, 'birch ')).toEqual({ withWords: 50 })
    expect(await work({ mode: 'keyword', filters: { kind: ['odd'] } }, '')).toEqual({})
  })
})

test('of several segments each counts: where few may be found, all of them are scored in full and none by centroids', async () => {
  const readers = [await openPlaid(store, vectors, wasm), await openPlaid(store, vectors, wasm)]
  const joined = joinReaders(readers, readers[0]!.dim)
  const { matrix } = await fakeEncoder().encodeQuery('apple own4 ')
  const ids = Uint32Array.from({ length: 2 * PASSAGES }, (_, p) => p)
  const structure = { sections: ids, pages: ids, passages: 2 * PASSAGES }
  // 60 of the first are no more than are scored in full; of the second 64 may be found, and 60 are.
  const filter = bitsetOf([...ids.subarray(0, 60), ...ids.subarray(PASSAGES, PASSAGES + 64)], 2 * PASSAGES)
  const { work } = await byMeaning(joined, matrix, structure, { sections: 10, filter, candidates: 60 })
  expect(work).toMatchObject({ centroids: centroidCount, scanned: 64, candidates: 120 })
  joined.close()
})

test('Infinity is what scoring every passage in full gives; few candidates miss some of it', async () => {
  const reader = await openPlaid(store, vectors, reference)
  let missed = 0
  for (const text of ['apple own4 ', 'cedar own200 own17 ', 'birch title3 quetzal ']) {
    const { matrix } = await fakeEncoder().encodeQuery(text)
    // Each passage alone: nothing chooses it.
    const scores: { id: number; score: number }[] = []
    for (let id = 0; id < PASSAGES; id++) {
      const filter = new Uint32Array(Math.ceil(PASSAGES / 32))
      filter[id >> 5] = 2 ** (id & 31)
      const [found] = (await reader.search(matrix, { k: 1, candidates: 1, filter })).passages
      if (found) scores.push(found)
    }
    const best = scores.sort((a, b) => b.score - a.score || a.id - b.id).slice(0, 10)
    for (const backend of ['wasm', 'reference'] as const) {
      const { hits } = await ask(text, { mode: 'semantic', candidates: Infinity }, backend)
      expect(hits.map(({ passage, score }) => [passage.id, score])).toEqual(best.map(({ id, score }) => [id, score]))
    }
    const few = await ask(text, { mode: 'semantic', candidates: 10 })
    const found = new Set(few.hits.map(({ passage }) => passage.id))
    missed += best.filter(({ id }) => !found.has(id)).length
  }
  expect(missed).toBeGreaterThan(0)
  reader.close()
})

test.each([0, -1, 1.5, Number.NaN, -Infinity])('%d candidates are refused', (candidates) => {
  expect(() => checkCandidates({ candidates })).toThrow(
    expect.objectContaining({
      code: 'invalid-argument',
      message: `search: candidates is ${candidates}; it must be a whole number from 1 on, or Infinity for all.`,
    }),
  )
})

describe('what was read', () => {
  test('for an answer, not for all of them: no vectors but those that are paged', async () => {
    const meter = new ReadMeter()
    const read: string[] = []
    const engine = await Engine.open({
      ...meter.of({
        location: 'here',
        get: (key) => store.get(key),
        slice: (key, start, end) => {
          read.push(key)
          return store.slice!(key, start, end)
        },
      }),
    })
    expect(meter.take()).toBe(0)
    const search = async (text: string) => {
      const { matrix } = await fakeEncoder().encodeQuery(text)
      await engine.search({ text, matrix, k: 3 })
      return meter.take()
    }
    await engine.loadVectors(wasm)
    expect(meter.take()).toBe(0)
    expect(await search('apple own4 ')).toBeGreaterThan(100)
    expect(await search('apple own4 ')).toBe(0) // all of it is kept
    expect(read.some((key) => /^(codes|residuals)/.test(key))).toBe(false)
    engine.close()
  })

  test('what is read whole for an answer has a name that says so, and nothing else has', async () => {
    const source = { location: 'here', get: async () => new Uint8Array(5), slice: async () => new Uint8Array(3) }
    const counted = async (files: readonly string[]) => {
      const meter = new ReadMeter()
      const watched = meter.of(source)
      const bytes: number[] = []
      for (const file of files) {
        await watched.get(file)
        bytes.push(meter.take())
      }
      return new Set(bytes)
    }
    const { codec, centroids, lengths, codes, residuals } = vectors
    const loaded = [codec, centroids, lengths, ...codes, ...residuals].map(({ file }) => file)
    expect(await counted(['manifest.json', 'rows-0.pack', ...loaded])).toEqual(new Set([0]))
    const { texts, pages, lexical } = manifest
    const read = [texts, pages, lexical].flatMap((part) => part?.packs ?? []).map(({ file }) => file)
    expect(await counted(read)).toEqual(new Set([5]))
    const meter = new ReadMeter()
    await meter.of(source).slice?.(codes[0]!.file, 0, 3)
    expect([meter.take(), meter.take()]).toEqual([3, 0])
  })
})
