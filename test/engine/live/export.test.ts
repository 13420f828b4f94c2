/** What is taken out of a browser is an index like any other: that of a build of the same documents, and nothing else is in it. */
import { writeFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildIndex } from '../../../src/engine/build.ts'
import { changeCollection, waiting } from '../../../src/engine/collection.ts'
import { pageEncoder } from '../../../src/engine/encodePages.ts'
import { Engine } from '../../../src/engine/engine.ts'
import type { LiveWriter, WriterOptions } from '../../../src/engine/live/writer.ts'
import { filesOf, type Manifest, readManifest } from '../../../src/engine/manifest.ts'
import { verifyIndex } from '../../../src/node/verify.ts'
import { sampleOf, seeded } from '../../../src/plaid/random.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { type BlobStore, MANIFEST_KEY } from '../../../src/store/store.ts'
import type { DocumentRecord } from '../../../src/text/document.ts'
import type { IndexFile, Progress } from '../../../src/types.ts'
import { temporaryFolder } from '../../support/command.ts'
import { fakeEncoder } from '../../support/fakeEncoder.ts'
import { assign, atRest, collectionOf, kernels, record, writerOver } from './support.ts'

const disk = temporaryFolder('selvage-export-')

const FRUIT = ['apple', 'pear', 'plum', 'quince', 'cherry', 'medlar', 'fig', 'grape'] as const
const WORDS = Array.from({ length: 40 }, (_, i) => `${FRUIT[i % 8]}${Math.floor(i / 8)}`)
const random = seeded(7)
/** Ten of the words each, no two the same ten. */
const DOCUMENTS = Array.from({ length: 48 }, (_, i) => {
  const words = Array.from(sampleOf(random, WORDS.length, 10), (w) => WORDS[w]!)
  return record(`d${i}`, words.join(' '), {
    title: `Title ${i}`,
    filters: { kind: [i % 2 === 0 ? 'even' : 'odd'] },
    sort: { order: String(i) },
    meta: { note: `note ${i}` },
  })
})
/** Compressed early, with centroids of its own: of all the words there are, as those of a thousand passages nearly are. */
const EARLY = { foldPassages: 8, trainPassages: 20 }

async function filled(options: Partial<WriterOptions> = {}, documents: readonly DocumentRecord[] = DOCUMENTS) {
  const store = memoryStore()
  const writer = writerOver(store, options)
  for (let at = 0; at < documents.length; at += 5) await writer.add(documents.slice(at, at + 5))
  return { store, writer }
}

async function storeOf(files: readonly IndexFile[]): Promise<BlobStore> {
  const store = memoryStore()
  for (const { path, bytes } of files) await (path === MANIFEST_KEY ? store.commit(bytes) : store.put(path, bytes))
  return store
}

async function built(documents: readonly DocumentRecord[]): Promise<{ store: BlobStore; manifest: Manifest }> {
  const store = memoryStore()
  const sources = documents.map((record) => ({ path: record.id, record }))
  const { manifest } = await buildIndex({ sources, encoder: fakeEncoder(), store, assign })
  return { store, manifest }
}

async function ranked(store: BlobStore, text: string, mode: 'keyword' | 'semantic') {
  const engine = await Engine.open(store)
  if (mode === 'semantic') await engine.loadVectors(kernels)
  const matrix = mode === 'keyword' ? undefined : (await fakeEncoder().encodeQuery(text)).matrix
  const { hits } = await engine.search({ text, matrix, k: 10, mode })
  engine.close()
  return hits.map(({ passage, score }) => ({ url: passage.section.url, score }))
}

/** As `documents` has them: those that can be found, in their order. */
async function left(writer: LiveWriter, all: readonly DocumentRecord[]): Promise<DocumentRecord[]> {
  const given = new Map(all.map((one) => [one.id, one]))
  return (await writer.documents()).map(({ id }) => given.get(id)!)
}

describe('documents that were never compressed', () => {
  test('give the very bytes of a build that has the others only, without what was deleted or replaced', async () => {
    const { writer } = await filled()
    await writer.delete(['d3', 'd7'])
    const again = record('d5', 'walnut in its place')
    await writer.add([again], { replace: true })
    const files = await writer.export()
    const wanted = [...DOCUMENTS.filter(({ id }) => !['d3', 'd5', 'd7'].includes(id)), again]
    const { store } = await built(wanted)
    expect(files.map(({ path }) => path).toSorted()).toEqual((await store.list()).toSorted())
    expect(files.at(-1)?.path).toBe(MANIFEST_KEY)
    for (const { path, bytes } of files) expect([path, bytes]).toEqual([path, await store.get(path)])
  })

  test('one document is an index, too', async () => {
    const { writer } = await filled({}, [record('a', 'apple')])
    const store = await storeOf(await writer.export())
    expect(await ranked(store, 'apple', 'semantic')).toMatchObject([{ url: '/a' }])
  })
})

describe('documents that were compressed here', () => {
  test('have all but the vectors of a build, and are found alike', async () => {
    const { store, writer } = await filled(EARLY)
    await atRest(store, ({ segments }) => segments.some(({ vectors }) => vectors.kind === 'plaid'))
    await writer.delete(['d3'])
    const exported = await storeOf(await writer.export())
    const wanted = await built(await left(writer, DOCUMENTS))
    const { texts, pages, lexical, vectors, ...rest } = await readManifest(exported)
    const { vectors: theirs, ...others } = wanted.manifest
    expect({ texts, pages, lexical, ...rest }).toEqual(others)
    expect(vectors).toMatchObject({ passages: theirs.passages, tokens: theirs.tokens, bits: theirs.bits })
    for (const fruit of FRUIT) {
      const [ours, same] = await Promise.all([exported, wanted.store].map((from) => ranked(from, fruit, 'keyword')))
      expect(ours).toEqual(same)
    }
    for (const { id, text } of await left(writer, DOCUMENTS)) {
      const [ours, same] = await Promise.all([exported, wanted.store].map((from) => ranked(from, text, 'semantic')))
      expect(ours![0]!.url).toBe(`/${id}`)
      // What equals the query word for word has a centroid at each word, in both.
      expect(Math.abs(ours![0]!.score - same![0]!.score)).toBeLessThan(0.01)
      // The centroids here are those of the first twenty or so, with a codec of their residuals. What words that differ have in
      // common then differs by some hundredths each, and those that share four words of ten by chance change places.
      const urls = new Set(same!.map(({ url }) => url))
      expect(ours!.filter(({ url }) => urls.has(url)).length).toBeGreaterThanOrEqual(6)
    }
  })

  test('are found exactly as before, since they are copied bit for bit', async () => {
    const { store, writer } = await filled(EARLY)
    await writer.compact()
    const { segments } = await collectionOf(store)
    const { vectors } = await readManifest(await storeOf(await writer.export()))
    expect(vectors).toEqual(segments[0]!.vectors)
  })

  test('and have several codecs, get centroids of all', async () => {
    const { store, writer } = await filled(EARLY, DOCUMENTS.slice(0, 24))
    await writer.compact()
    const other = await filled(EARLY, DOCUMENTS.slice(24))
    await other.writer.compact()
    const put = new Map<string, Uint8Array>()
    for (const key of await other.store.list()) if (key !== MANIFEST_KEY) put.set(key, (await other.store.get(key))!)
    const more = (await collectionOf(other.store)).segments
    await changeCollection(store, (now) => ({ next: { ...now, segments: [...now.segments, ...more] }, put }))
    const codecs = new Set(
      (await collectionOf(store)).segments.map(({ vectors }) => 'codec' in vectors && vectors.codec.sha256),
    )
    expect(codecs.size).toBe(2)
    const exported = await storeOf(await writer.export())
    for (const { id, text } of DOCUMENTS) expect((await ranked(exported, text, 'semantic'))[0]!.url).toBe(`/${id}`)
  })
})

test('whatever comes and goes: the index of what is left, whole, and of nothing else', async () => {
  const step = fc.record({
    add: fc.uniqueArray(fc.nat(47), { maxLength: 16 }),
    remove: fc.uniqueArray(fc.nat(47), { maxLength: 6 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), fc.boolean(), async (steps, isEarly) => {
      const writer = writerOver(memoryStore(), isEarly ? EARLY : {})
      for (const { add, remove } of steps) {
        await writer.add(
          add.map((i) => DOCUMENTS[i]!),
          { replace: true },
        )
        await writer.delete(remove.map((i) => `d${i}`))
      }
      const documents = await left(writer, DOCUMENTS)
      if (documents.length === 0) {
        await expect(writer.export()).rejects.toMatchObject({ code: 'no-documents' })
        return
      }
      const files = await writer.export()
      const { manifest } = await built(documents)
      const exported = await storeOf(files)
      const { texts, pages, lexical, vectors } = await readManifest(exported)
      expect({ texts, pages, lexical }).toEqual({
        texts: manifest.texts,
        pages: manifest.pages,
        lexical: manifest.lexical,
      })
      expect(vectors.tokens).toBe(manifest.vectors.tokens)
      expect(files.map(({ path }) => path).toSorted()).toEqual(filesOf(await readManifest(exported)).toSorted())
    }),
    { numRuns: 25 },
  )
})

test('verify finds it whole in a folder', async () => {
  const { writer } = await filled(EARLY)
  await writer.delete(['d1', 'd2'])
  for (const { path, bytes } of await writer.export()) await writeFile(disk.at(path), bytes)
  const { faults, strangers, manifest } = await verifyIndex(disk.folder)
  expect({ faults, strangers, pages: manifest.texts.pages }).toEqual({ faults: [], strangers: [], pages: 46 })
})

describe('beside an index of the site', () => {
  async function withSite() {
    const store = memoryStore()
    const sources = FRUIT.map((fruit) => ({ path: fruit, record: record(fruit, `${fruit} of the site`) }))
    const plaid = { bits: 8, centroids: 4 } as const // many tokens to a centroid, as on real sites
    const { manifest } = await buildIndex({ sources, encoder: fakeEncoder(), store, assign, plaid })
    await store.delete(MANIFEST_KEY)
    await changeCollection(store, (now) => ({ next: { ...now, base: { manifest, isComplete: true, hidden: [] } } }))
    return { store, writer: writerOver(store, EARLY), manifest }
  }

  test('its pages are left out; what was compressed with its centroids keeps them', async () => {
    const { store, writer, manifest } = await withSite()
    await expect(writer.export()).rejects.toMatchObject({ code: 'no-documents' })
    await writer.add(DOCUMENTS)
    await atRest(store, ({ segments }) => segments.some(({ vectors }) => vectors.kind === 'plaid'))
    const exported = await storeOf(await writer.export())
    const { vectors, texts } = await readManifest(exported)
    expect(texts.pages).toBe(DOCUMENTS.length)
    expect(vectors).toMatchObject({ codec: manifest.vectors.codec, bits: 8 })
    expect(await ranked(exported, 'site', 'keyword')).toEqual([])
  })
})

describe('what is not there yet', () => {
  test('is added first', async () => {
    const { store, writer } = await filled({}, DOCUMENTS.slice(0, 5))
    const adding = writer.add(DOCUMENTS.slice(5)) // nobody waits for it
    const { texts } = await readManifest(await storeOf(await writer.export()))
    expect(texts.pages).toBe(DOCUMENTS.length)
    await adding
    expect(waiting(await collectionOf(store))).toBe(0)
  })

  test('is not left out in silence where adding is paused', async () => {
    const { store, writer } = await filled({}, DOCUMENTS.slice(0, 5))
    await writer.pause()
    writer.add(DOCUMENTS.slice(5, 7)).catch(() => {})
    await atRest(store, (now) => waiting(now) === 2)
    await expect(writer.export()).rejects.toMatchObject({
      code: 'paused',
      message: expect.stringContaining('2 documents wait to be added, and adding is paused'),
    })
    await writer.delete(['d5', 'd6'])
    const { texts } = await readManifest(await storeOf(await writer.export()))
    expect(texts.pages).toBe(5)
    await writer.close()
  })

  test('is told as what the model says, where it cannot be encoded', async () => {
    const encoder = { ...pageEncoder(fakeEncoder()), encodePages: () => Promise.reject(new Error('out of memory')) }
    const writer = writerOver(memoryStore(), { encoder })
    writer.add([record('a', 'apple')]).catch(() => {})
    await expect(writer.export()).rejects.toThrow('out of memory')
  })

  test('of another model, is encoded with the one that is there', async () => {
    const { store, writer } = await filled({ encoder: pageEncoder(fakeEncoder({ hash: 'e'.repeat(64) })) })
    await writer.close()
    const { model } = await readManifest(await storeOf(await writerOver(store).export()))
    expect(model.hash).toBe('f'.repeat(64))
  })
})

test('it is of one state, whatever another tab does meanwhile', async () => {
  const { store, writer } = await filled()
  const other = writerOver(store) // with a lease of its own: worse than any tab
  let isFirst = true
  const onProgress = ({ stage }: Progress) => {
    if (stage !== 'read' || !isFirst) return
    isFirst = false
    void other.delete(DOCUMENTS.slice(0, 10).map(({ id }) => id))
  }
  const files = await writer.export({ onProgress })
  const { texts } = await readManifest(await storeOf(files))
  const { store: all } = await built(DOCUMENTS)
  const { store: fewer } = await built(DOCUMENTS.slice(10))
  const names = files.map(({ path }) => path).toSorted()
  expect([(await all.list()).toSorted(), (await fewer.list()).toSorted()]).toContainEqual(names)
  expect([48, 38]).toContain(texts.pages)
})

test('it tells how far it is, and can be stopped', async () => {
  const { writer } = await filled()
  const told: Progress[] = []
  await writer.export({ onProgress: (progress) => told.push(progress) })
  expect([...new Set(told.map(({ stage }) => stage))]).toEqual(['read', 'cluster', 'compress', 'write'])
  for (const { loaded, total } of told) expect(loaded).toBeLessThanOrEqual(total)
  const last = new Map(told.map((progress) => [progress.stage, progress]))
  for (const { loaded, total } of last.values()) expect(loaded).toBe(total)
  const stop = new AbortController()
  const stopped = writer.export({ signal: stop.signal, onProgress: () => stop.abort() })
  await expect(stopped).rejects.toMatchObject({ code: 'aborted' })
  expect((await writer.export()).length).toBeGreaterThan(0) // and left nothing behind
})
