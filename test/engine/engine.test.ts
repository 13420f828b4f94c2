/** What is searched while vectors are on their way: codes first, then all, with documents that come meanwhile. */
import { describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/engine/build.ts'
import { pageEncoder } from '../../src/engine/encodePages.ts'
import { Engine, type EngineIndex } from '../../src/engine/engine.ts'
import { freshSegment, parsed } from '../../src/engine/live/fresh.ts'
import type { SegmentInput } from '../../src/engine/segment.ts'
import { createOps } from '../../src/ops/create.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { BlobSource } from '../../src/store/store.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'

const kernels = await createOps({ backend: 'wasm' })
const encoder = fakeEncoder()
const FRUIT = ['apple', 'pear', 'plum', 'quince'] as const

const record = (id: string) => ({ id, url: `/${id}`, title: id, text: `${id} of the garden` })

async function site() {
  const store = memoryStore()
  const assign = kernels.assignCentroids.bind(kernels)
  const sources = FRUIT.map((fruit) => ({ path: fruit, record: record(fruit) }))
  const { manifest } = await buildIndex({ sources, encoder, store, assign, plaid: { bits: 8, centroids: 4 } })
  return { store, manifest }
}

async function added(id: string): Promise<SegmentInput> {
  const source = memoryStore()
  const { pages } = await parsed([record(id)])
  const { segment, put } = await freshSegment(pages, await pageEncoder(encoder).encodePages(pages))
  for (const [key, bytes] of put) await source.put(key, bytes)
  return { source, parts: segment }
}

/** A source that gives packs of the kind only once `open` was called. */
function held(store: BlobSource, kind: string) {
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const source: BlobSource = {
    location: store.location,
    async get(key) {
      if (key.startsWith(kind)) await gate
      return store.get(key)
    },
  }
  return { source, open: () => open() }
}

async function ask(engine: Engine, text: string) {
  const { matrix } = await encoder.encodeQuery(text)
  return engine.search({ text, matrix, k: 10, mode: 'semantic' })
}

const urlsOf = ({ hits }: Awaited<ReturnType<typeof ask>>) => hits.map(({ passage }) => passage.section.url)

describe('codes, then residuals', () => {
  test('while residuals are on their way codes answer, and are counted', async () => {
    const { store } = await site()
    const { source, open } = held(store, 'residuals')
    const engine = await Engine.open(source)
    await engine.loadCodes(kernels)
    const loading = engine.loadVectors(kernels)
    expect(await ask(engine, 'pear')).toMatchObject({ precision: 'approximate' })
    const codes = engine.bytes
    expect(codes).toBeGreaterThan(0)
    open()
    await loading
    expect(await ask(engine, 'pear')).toMatchObject({ precision: 'full' })
    expect(engine.bytes).toBeGreaterThanOrEqual(codes)
    engine.close()
    expect(engine.bytes).toBe(0)
  })

  test('codes that come after residuals do not take their place', async () => {
    const { store } = await site()
    const engine = await Engine.open(store)
    await engine.loadVectors(kernels)
    const { bytes } = engine
    await engine.loadCodes(kernels)
    expect(await ask(engine, 'pear')).toMatchObject({ precision: 'full' })
    expect(engine.bytes).toBe(bytes)
    engine.close()
    expect(engine.bytes).toBe(0)
  })

  test('a search that began with codes ends with them', async () => {
    const { store } = await site()
    const { source, open } = held(store, 'pages')
    const engine = await Engine.open(source)
    await engine.loadCodes(kernels)
    const searching = ask(engine, 'pear')
    await engine.loadVectors(kernels)
    open()
    expect(await searching).toMatchObject({ precision: 'approximate', hits: { length: FRUIT.length } })
    engine.close()
  })

  test('what is added meanwhile is found at once, and still there when residuals are', async () => {
    const { store, manifest } = await site()
    const { source, open } = held(store, 'residuals')
    const engine = await Engine.open(source)
    await engine.loadCodes(kernels)
    const loading = engine.loadVectors(kernels)
    const more: EngineIndex = {
      ...engine.index,
      segments: [{ source, parts: manifest }, await added('walnut')],
    }
    await engine.replace(more)
    expect(urlsOf(await ask(engine, 'walnut'))[0]).toBe('/walnut')
    open()
    await loading
    expect(urlsOf(await ask(engine, 'walnut'))[0]).toBe('/walnut')
    expect(await ask(engine, 'pear')).toMatchObject({ precision: 'full' })
    engine.close()
  })

  test('where residuals cannot be had, what is added is found all the same', async () => {
    const { store, manifest } = await site()
    for (const { file } of manifest.vectors.residuals) await store.delete(file)
    const engine = await Engine.open(store)
    await engine.loadCodes(kernels)
    await expect(engine.loadVectors(kernels)).rejects.toMatchObject({ code: 'index-invalid' })
    await engine.replace({
      ...engine.index,
      segments: [{ source: store, parts: manifest }, await added('walnut')],
    })
    expect(urlsOf(await ask(engine, 'walnut'))[0]).toBe('/walnut')
    engine.close()
  })
})

test('an index with other words for the same texts is read with its own', async () => {
  const { store, manifest } = await site()
  const engine = new Engine({
    location: 'here',
    version: 2,
    model: undefined,
    dim: 16,
    segments: [{ source: store, parts: manifest }],
  })
  const { lexical: _, ...wordless } = manifest
  await engine.replace({ ...engine.index, segments: [{ source: store, parts: wordless }] })
  expect(engine.hasKeywords).toBe(false)
})
