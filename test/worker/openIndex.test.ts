/**
 * An open index where there is no database, as in some private windows: Node has none either. Engine and writer share the memory of
 * one of them through a port, as their workers do; what is deleted or merged behind the engine's back is no end of it.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { buildIndex } from '../../src/engine/build.ts'
import { named, readCollection, waiting } from '../../src/engine/collection.ts'
import { packsOf } from '../../src/engine/manifest.ts'
import { passageText } from '../../src/engine/texts.ts'
import { httpStore } from '../../src/store/http.ts'
import { layeredSource } from '../../src/store/layered.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { OpenIndex } from '../../src/worker/openIndex.ts'
import type { EngineOpened } from '../../src/worker/protocol.ts'
import { exposeStore, portStore } from '../../src/worker/sharedStore.ts'
import { assign, atRest, collectionOf, record, writerOver } from '../engine/live/support.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'
import { type FileServer, serveFiles } from '../support/fileServer.ts'

const site = await buildSite(['apple', 'pear', 'plum'])

async function buildSite(words: readonly string[]): Promise<Map<string, Uint8Array>> {
  const store = memoryStore()
  const sources = words.map((word) => ({ path: word, record: record(word, `${word} of the site`) }))
  await buildIndex({ sources, encoder: fakeEncoder(), store, assign })
  const files = new Map<string, Uint8Array>()
  for (const key of await store.list()) files.set(key, (await store.get(key))!)
  return files
}

let server: FileServer
let index: OpenIndex
let changes: EngineOpened[]
let close: (() => void)[]
beforeEach(async () => {
  close = []
  changes = []
  server = await serveFiles(new Map(site))
})
afterEach(() => {
  for (const end of close) end()
  server.close()
})

let names = 0
async function open(indexUrl: string | undefined): Promise<OpenIndex> {
  const onChange = (now: EngineOpened) => void changes.push(now)
  const name = `test ${names++}`
  index = await OpenIndex.open({ name, indexUrl, backend: 'wasm', storage: 'browser', onProgress: () => {}, onChange })
  close.push(() => index.close())
  return index
}

/** As in the writer's worker: the store of the engine's, through a port. */
function writerOf({ store }: OpenIndex, indexUrl?: string) {
  const { port1, port2 } = new MessageChannel()
  exposeStore(store!, port1)
  const shared = portStore(port2)
  close.push(() => {
    port1.close()
    shared.close()
  })
  const remote = indexUrl === undefined ? undefined : httpStore({ url: indexUrl })
  const source = remote ? layeredSource({ store: shared, remote, keep: false }) : shared
  return writerOver(shared, { source, foldPassages: 4, trainPassages: 4 })
}

async function search(text: string, mode: 'keyword' | 'semantic' = 'keyword'): Promise<string[]> {
  const matrix = mode === 'semantic' ? (await fakeEncoder().encodeQuery(text)).matrix : undefined
  const { hits } = await index.search({ text, k: 5, mode, ...(matrix && { matrix }) })
  return hits.map(({ passage }) => passage.section.url)
}

describe('without a database', () => {
  test('the index is in memory, and the reason is told', async () => {
    const { stored } = (await open(server.url)).describe()
    expect(stored).toMatchObject({ kind: 'memory', isComplete: false, waiting: 0, problems: [] })
    expect(stored.reason).toMatch(/^Opening the browser's database selvage:test \d+ failed/)
    expect(await search('pear')).toEqual(['/pear'])
    expect(index.meter.take()).toBeGreaterThan(0)
    expect(await search('pear')).toEqual(['/pear'])
    expect(index.meter.take()).toBe(0)
    await expect(index.download(() => {})).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining("Opening the browser's database"),
    })
  })

  test('what is added beside a site is found with it, by words and by meaning, folded or not', async () => {
    await open(server.url)
    await index.load(true)
    const writer = writerOf(index, server.url)
    for (const word of ['quince', 'medlar', 'walnut', 'grape', 'cherry'])
      await writer.add([record(word, `${word} of mine`)])
    await index.refresh()
    for (const mode of ['keyword', 'semantic'] as const) expect((await search('walnut', mode))[0]).toBe('/walnut')
    expect(index.describe()).toMatchObject({ pages: 8, stored: { waiting: 0 } })
    await writer.delete(['walnut', 'pear'])
    await writer.compact()
    await index.refresh()
    expect(await search('walnut')).toEqual([])
    expect(await search('pear')).toEqual([])
    expect((await search('cherry', 'semantic'))[0]).toBe('/cherry')
    expect(await search('apple')).toEqual(['/apple'])
    const { collection } = await readCollection(index.store!)
    const report = await index.report()
    expect(report).toMatchObject({ kind: 'memory', bytes: { waiting: 0 } })
    expect(collection.segments.length).toBeGreaterThan(0)
    await writer.close()
  })

  test('an index without a site is what is added', async () => {
    await open(undefined)
    expect(index.describe()).toMatchObject({ pages: 0, model: undefined })
    const writer = writerOf(index)
    await writer.add([record('a', 'apple'), record('b', 'pear')])
    await index.refresh()
    await index.load(true)
    expect((await search('pear', 'semantic'))[0]).toBe('/b')
    expect(changes.at(-1)?.pages).toBe(2)
    await writer.close()
  })
})

test('without residuals codes are searched, and residuals are asked for again', async () => {
  const residuals = [...site.keys()].filter((file) => file.startsWith('residuals'))
  expect(residuals.length).toBeGreaterThan(0)
  for (const file of residuals) server.files.delete(file)
  await open(server.url)
  await index.load(false)
  expect(await search('pear site', 'semantic')).toContain('/pear')
  expect(index.precision).toBe('approximate')
  await expect(index.load(true)).rejects.toMatchObject({ code: 'download-failed' })
  expect(index.describe().stored.reason).toContain(residuals[0])
  expect(await search('pear')).toEqual(['/pear'])
  for (const file of residuals) server.files.set(file, site.get(file)!)
  await index.load(true)
  expect(index.precision).toBe('full')
  expect((await search('pear site', 'semantic'))[0]).toBe('/pear')
})

describe('behind the back of who searches', () => {
  test('segments that were merged are searched where they are now, and no site is asked for them', async () => {
    await open(server.url)
    await index.load(true)
    const writer = writerOf(index, server.url)
    await writer.add([record('a', 'worda')])
    await writer.add([record('b', 'wordb')])
    await index.refresh()
    server.asked()
    await writer.compact() // nobody tells the engine
    await writer.close()
    const own = (await collectionOf(index.store!)).segments
    expect(own).toHaveLength(1)
    expect(await search('wordb')).toEqual(['/b'])
    const added = named({ segments: own, inbox: [] })
    expect(server.asked().filter((file) => /^(rows|texts)/.test(file) && !site.has(file))).toEqual([])
    expect((await search('worda', 'semantic'))[0]).toBe('/a')
    expect(added.length).toBeGreaterThan(0)
  })

  test('deleted records cost their documents only; those are told', async () => {
    await open(server.url)
    const writer = writerOf(index, server.url)
    for (const id of ['a', 'b']) await writer.add([record(id, `word${id} common`)])
    await writer.close()
    await index.refresh()
    const [first] = (await collectionOf(index.store!)).segments
    for (const { file } of packsOf(first!).filter(({ file }) => !file.startsWith('pages-')))
      await index.store!.delete(file)
    expect(await search('common')).toEqual(['/b'])
    expect(changes.at(-1)?.stored.problems).toEqual([
      { id: 'a', code: 'storage-failed', message: expect.stringContaining('"a" is lost') },
    ])
    expect(await search('apple')).toEqual(['/apple'])
    const next = writerOf(index, server.url)
    expect(await next.add([record('a', 'worda again')])).toEqual({ ids: ['a'], problems: [] })
    await index.refresh()
    expect(await search('worda')).toEqual(['/a'])
    expect(index.describe().stored.problems).toEqual([])
    await next.close()
  })

  test('all data of the site cleared: its index is there at once, and documents can be added', async () => {
    await open(server.url)
    const writer = writerOf(index, server.url)
    await writer.add([record('a', 'worda')])
    await index.refresh()
    for (const key of await index.store!.list()) await index.store!.delete(key)
    await index.refresh()
    expect(await search('pear')).toEqual(['/pear'])
    expect(await search('worda ')).toEqual([])
    expect(await writer.add([record('b', 'wordb')])).toEqual({ ids: ['b'], problems: [] })
    await index.refresh()
    expect(await search('wordb')).toEqual(['/b'])
    expect(await search('plum')).toEqual(['/plum'])
    await writer.close()
  })

  test('many changes and searches at the same time: every search has an answer', async () => {
    await open(server.url)
    await index.load(true)
    const writer = writerOf(index, server.url)
    let isOver = false
    const changing = (async () => {
      for (let i = 0; i < 24; i++) {
        await writer.add([record(`d${i}`, `word${i} common`)])
        if (i % 3 === 2) await writer.delete([`d${i - 1}`])
        if (i % 6 === 5) await writer.compact()
      }
    })().finally(() => {
      isOver = true
    })
    let searches = 0
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 5)) // all is in memory: ports would hardly be heard
      await Promise.all([index.refresh(), search('common'), search('word0 ', 'semantic')])
      expect((await search('apple')).slice(0, 1)).toEqual(['/apple'])
      searches++
    }
    await changing
    await atRest(index.store!, (now) => waiting(now) === 0)
    await index.refresh()
    expect(await search('word23 ')).toEqual(['/d23'])
    expect(index.describe().pages).toBe(3 + 24 - 8)
    expect(searches).toBeGreaterThan(5)
    await writer.close()
  })
})

describe('stored vectors', () => {
  const placeOf = async (text: string) => {
    const [hit] = (await index.search({ text, k: 1, mode: 'keyword' })).hits
    const { id, section } = hit!.passage
    return { ref: String(id), url: section.url, text: passageText(hit!.passage).text }
  }
  const similarTo = async (text: string) => {
    const place = await placeOf(text)
    const { hits } = await index.ask((engine) => engine.similar([place], { k: 10 }))
    return hits.map(({ passage }) => passage.section.url)
  }

  test('of what was added are those of the index, fresh and merged', async () => {
    await open(server.url)
    const writer = writerOf(index, server.url)
    await writer.add([record('fresh', 'pear of the site')], { replace: false })
    await index.refresh()
    await index.load(true)
    expect((await similarTo('fresh pear')).slice(0, 1)).toEqual(['/pear'])
    expect((await similarTo('pear')).sort()).not.toContain('/pear')
    const before = await placeOf('apple')
    // Passages move to other numbers when segments are merged; what was found before is found all the same.
    for (const id of ['a', 'b', 'c', 'd', 'e']) await writer.add([record(id, `${id} of the site`)], { replace: false })
    await writer.compact()
    await index.refresh()
    const { hits } = await index.ask((engine) => engine.similar([before], { k: 3 }))
    expect(hits).toHaveLength(3)
    await writer.close()
  })

  test('and all of it works on a page that is not secure: no digest, no locks, no storage manager', async () => {
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    vi.stubGlobal('navigator', { hardwareConcurrency: 2 })
    try {
      await open(server.url)
      await index.load(true)
      expect(await search('pear')).toEqual(['/pear'])
      expect((await search('pear', 'semantic'))[0]).toBe('/pear')
      expect((await similarTo('pear')).sort()).toEqual(['/apple', '/plum'])
    } finally {
      vi.unstubAllGlobals()
    }
  })

  test('where WebAssembly is forbidden words are searched, and vectors in plain TypeScript unless told otherwise', async () => {
    const refuse = () => {
      throw new WebAssembly.CompileError('Refused to compile or instantiate WebAssembly module')
    }
    vi.stubGlobal('WebAssembly', {
      ...WebAssembly,
      Module: refuse,
      compile: async () => refuse(),
      instantiate: async () => refuse(),
    })
    try {
      await open(server.url)
      expect(await search('pear')).toEqual(['/pear'])
      await expect(index.load(true)).rejects.toMatchObject({ code: 'wasm-blocked' })
      const { name, onProgress, onChange } = { name: 'blocked', onProgress: () => {}, onChange: () => {} }
      index = await OpenIndex.open({
        name,
        indexUrl: server.url,
        backend: 'auto',
        storage: 'none',
        onProgress,
        onChange,
      })
      close.push(() => index.close())
      const { ops } = await index.load(true)
      expect(ops.backend).toBe('reference')
      expect((await similarTo('pear')).sort()).toEqual(['/apple', '/plum'])
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
