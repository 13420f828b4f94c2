/** Sources to index to answers, without a model: see test/support/fakeEncoder.ts. */
import { describe, expect, test } from 'vitest'
import type { Encoder } from '../../src/encoder/encoder.ts'
import { buildIndex } from '../../src/engine/build.ts'
import { Engine } from '../../src/engine/engine.ts'
import { filesOf } from '../../src/engine/manifest.ts'
import { createOps } from '../../src/ops/create.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type BlobStore, MANIFEST_KEY } from '../../src/store/store.ts'
import type { Source } from '../../src/text/document.ts'
import type { EngineQuery, Progress } from '../../src/types.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'

const kernels = await createOps({ backend: 'wasm' })
const assign = kernels.assignCentroids.bind(kernels)

const SOURCES: Source[] = [
  { path: 'guide/cats.md', content: '# Cats\n\nA cat sleeps.\n\n## Food\n\nCats eat fish.\n\n## Toys\n' },
  { path: 'empty.md', content: '' },
  { path: 'hidden.md', content: '---\nsearch: false\n---\n# Secret\n\nNobody finds this fish.\n' },
  { path: 'rivers.txt', content: 'A river carries water.\n\nFish live in the river.\n' },
]

async function build(sources = SOURCES, store: BlobStore = memoryStore(), documentTokens = 40) {
  const summary = await buildIndex({
    sources,
    encoder: fakeEncoder({ documentTokens }),
    store,
    assign,
    fingerprint: 'print',
  })
  return { summary, store }
}

async function ask(store: BlobStore, text: string, given: Partial<EngineQuery> = {}) {
  const engine = await Engine.open(store)
  await engine.loadVectors(kernels)
  const { matrix } = await fakeEncoder().encodeQuery(text)
  const answer = await engine.search({ text, matrix, k: 10, mode: 'semantic', ...given })
  engine.close()
  return answer
}

async function search(store: BlobStore, query: string, k = 10) {
  const { hits } = await ask(store, query, { k })
  return hits.map(({ passage }) => passage.section.headings.join(' > '))
}

describe('build', () => {
  test('pages, sections, passages; a heading without text can be found too; what is left out is named', async () => {
    const { summary, store } = await build()
    expect(summary).toMatchObject({ pages: 2, sections: 4, passages: 4 })
    expect(summary.skipped).toEqual([
      { path: 'empty.md', reason: 'it has no text' },
      { path: 'hidden.md', reason: 'it asks not to be searched' },
    ])
    expect((await store.list()).sort()).toEqual(filesOf(summary.manifest).sort())
    expect(await search(store, 'cats eat fish')).toContain('Cats > Food')
    expect((await search(store, 'cats eat fish'))[0]).toBe('Cats > Food')
    expect((await search(store, 'toys'))[0]).toBe('Cats > Toys')
    expect((await search(store, 'river water'))[0]).toBe('rivers')
  })

  test('the same input gives the same bytes', async () => {
    const [first, second] = [await build(), await build()]
    expect(await first.store.get(MANIFEST_KEY)).toEqual(await second.store.get(MANIFEST_KEY))
  })

  test('a long section becomes several passages, and is one hit', async () => {
    const words = Array.from({ length: 300 }, (_, i) => `word${i}.`).join(' ')
    const { summary, store } = await build([{ path: 'long.md', content: `# Long\n\n${words}` }])
    expect(summary.passages).toBeGreaterThan(7)
    expect(await search(store, 'word7 word150 word290')).toEqual(['Long'])
  })

  test('pooled: fewer vectors, the same sections, and which token went into which row', async () => {
    const content = '# Cats\n\nA cat sleeps. A cat eats fish. A cat sleeps again and again.\n'
    const sources = [...SOURCES, { path: 'more.md', content }]
    const store = memoryStore()
    const plaid = { pool: 2, clustering: 'tokens' } as const
    const { tokens } = await buildIndex({ sources, encoder: fakeEncoder(), store, assign, plaid })
    expect(tokens).toBeLessThan((await build(sources)).summary.tokens * 0.7)
    const { hits } = await ask(store, 'cat sleeps again', { k: 1 })
    const { passage, matches } = hits[0]!
    const { positions, similarities } = matches!
    // Cats, A, cat, sleeps, A, cat, eats, fish, A, cat, sleeps, again, and, again: 1 + floor(13 / 2) rows.
    expect(passage.section.headings).toEqual(['Cats'])
    expect(passage.rowOf).toHaveLength(14)
    expect(Math.max(...passage.rowOf!)).toBe(6)
    const { rowOf } = passage
    expect([rowOf![3], rowOf![10]]).toEqual([positions[1], positions[1]]) // both "sleeps"
    expect([rowOf![11], rowOf![13]]).toEqual([positions[2], positions[2]]) // both "again"
    expect(similarities.length).toBe(3)
  })

  test('fewer sections than asked for: all there are, though some passages are empty', async () => {
    const silent: Encoder = {
      ...fakeEncoder(),
      encodeDocuments: async (texts, options) =>
        (await fakeEncoder().encodeDocuments(texts, options)).map((encoded, i) =>
          i === 0 ? { ...encoded, matrix: { data: new Float32Array(), rows: 0, dim: encoded.matrix.dim } } : encoded,
        ),
    }
    const store = memoryStore()
    await buildIndex({ sources: SOURCES, encoder: silent, store, assign })
    expect(await search(store, 'fish', 20)).toHaveLength(3)
  })

  test('a hit is the best passage of its section, with its own text and blocks', async () => {
    const filler = Array.from({ length: 60 }, (_, i) => `filler${i}`).join(' ')
    const content = `# Page\n\n${filler}.\n\n\`\`\`js\nconst answer = 42\n\`\`\`\n`
    const { store } = await build([{ path: 'a.md', content }])
    const { hits } = await ask(store, 'const answer', { k: 1 })
    const { section, range } = hits[0]!.passage
    expect(section.text.slice(range.start, range.end)).toContain('const answer = 42')
    expect(section.blocks.map(({ kind }) => kind)).toEqual(['paragraph', 'code'])
  })

  test.each([
    ['no sources', []],
    ['only empty ones', [{ path: 'a.md', content: '' }]],
  ])('%s: a clear error, and nothing that reads as an index', async (_, sources) => {
    const store = memoryStore()
    await expect(build(sources, store)).rejects.toMatchObject({
      code: 'no-documents',
      message: expect.stringContaining('There is no text to index'),
    })
    expect(await store.get(MANIFEST_KEY)).toBeUndefined()
  })

  test('aborted in the middle: no manifest, and a rerun works', async () => {
    const store = memoryStore()
    const controller = new AbortController()
    const onProgress = ({ stage, loaded }: Progress) => {
      if (stage === 'encode' && loaded === 2) controller.abort()
    }
    const options = { sources: SOURCES, encoder: fakeEncoder(), store, assign, onProgress, signal: controller.signal }
    await expect(buildIndex(options)).rejects.toThrow()
    expect(await store.get(MANIFEST_KEY)).toBeUndefined()
    await build(SOURCES, store)
    expect(await store.get(MANIFEST_KEY)).toBeDefined()
  })

  test('a 2 MB paragraph is indexed whole', async () => {
    const content = Array.from({ length: 250_000 }, (_, i) => (i % 1000).toString(36).padStart(7, 'x')).join(' ')
    expect(content.length).toBeGreaterThan(1_900_000)
    const { summary } = await build([{ path: 'big.txt', content }])
    expect(summary.tokens).toBeGreaterThan(250_000)
  })
})

describe('open', () => {
  const openWith = async (change: (manifest: Record<string, unknown>) => unknown) => {
    const { store } = await build()
    const manifest: unknown = JSON.parse(new TextDecoder().decode(await store.get(MANIFEST_KEY)))
    const changed = change(Object.fromEntries(Object.entries(manifest ?? {})))
    await store.commit(new TextEncoder().encode(typeof changed === 'string' ? changed : JSON.stringify(changed)))
    return Engine.open(store)
  }

  test.each([
    ['not JSON', () => '<html>', 'index-invalid', /manifest\.json at memory is not JSON/],
    ['of something else', () => ({ hello: 1 }), 'index-invalid', /is not a Selvage manifest/],
    [
      'of a newer version',
      (m) => ({ ...m, version: 99 }),
      'index-version',
      /has format version 99; this Selvage reads 1 to 2/,
    ],
    ['without a model', (m) => ({ ...m, model: {} }), 'index-invalid', /"model\.name"/],
    ['without texts', (m) => ({ ...m, texts: null }), 'index-invalid', /"texts\./],
    ['of another kind', (m) => ({ ...m, vectors: { kind: 'flat' } }), 'index-version', /is of kind "flat"/],
  ] satisfies [string, (m: Record<string, unknown>) => unknown, string, RegExp][])(
    'a manifest %s is refused',
    async (_, change, code, message) => {
      await expect(openWith(change)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    },
  )

  test('no manifest: says how to make an index', async () => {
    const opening = Engine.open(memoryStore('here'))
    await expect(opening).rejects.toMatchObject({
      code: 'index-missing',
      message: expect.stringContaining('selvage build'),
    })
  })

  test('a query of another dim is refused', async () => {
    const { store } = await build()
    const matrix = { data: new Float32Array(8), rows: 1, dim: 8 }
    await expect(ask(store, 'x', { matrix, k: 1 })).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})
