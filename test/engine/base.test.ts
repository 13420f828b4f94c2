/** The site's index in a browser's store: first visit, no network, a newer one, and servers that answer with something else. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { downloadBase, openBase } from '../../src/engine/base.ts'
import { buildIndex } from '../../src/engine/build.ts'
import { collectedIndex, named, readCollection } from '../../src/engine/collection.ts'
import { Engine } from '../../src/engine/engine.ts'
import { packBytes, packsOf } from '../../src/engine/manifest.ts'
import { createOps } from '../../src/ops/create.ts'
import type { DownloadProgress } from '../../src/store/download.ts'
import { httpStore } from '../../src/store/http.ts'
import { layeredSource } from '../../src/store/layered.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { MANIFEST_KEY, type SharedStore } from '../../src/store/store.ts'
import { type Answer, answers, type PackServer, servePacks } from '../store/support.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'
import { record, writerOver } from './live/support.ts'

const kernels = await createOps({ backend: 'wasm' })
const assign = kernels.assignCentroids.bind(kernels)

/** `tag` is a filter of all pages: vectors and words are the same whatever it is, pages and texts are others. */
async function build(tag: string, words: readonly string[] = ['apple', 'pear', 'plum']) {
  const store = memoryStore()
  const sources = words.map((word) => ({
    path: word,
    record: record(word, `${word} here`, { filters: { tag: [tag] } }),
  }))
  const { manifest } = await buildIndex({
    sources,
    encoder: fakeEncoder(),
    store,
    assign,
    plaid: { bits: 4, centroids: 3 },
  })
  const files = new Map<string, Uint8Array>()
  for (const key of await store.list()) files.set(key, (await store.get(key))!)
  return { manifest, files }
}
const one = await build('one')
const two = await build('two')
const three = await build('three', ['fig', 'quince'])
type Site = typeof one

let store: SharedStore
let current: Site
let server: PackServer
beforeEach(async () => {
  store = memoryStore()
  current = one
  server = await servePacks({ refs: [], bytesOf: (file) => current.files.get(file)! })
})
afterEach(() => server.close())

const remote = () => httpStore({ url: server.url, retryDelayMs: 1 })
const open = (patienceMs = 2000) => openBase({ store, remote: remote(), patienceMs })
const download = (options = {}) => downloadBase({ store, remote: remote(), ...options })
const now = async () => (await readCollection(store)).collection
const filesOf = ({ manifest }: Site) => [...new Set(packsOf(manifest).map(({ file }) => file))].sort()
const packsIn = async () => (await store.list()).filter((key) => key !== MANIFEST_KEY).sort()
/** Files asked for since the last call, in order of their names; each once, however often. */
const asked = () => [...new Set(server.asked.splice(0))].sort()

async function visit(): Promise<void> {
  await (await open()).isNewer
  await download()
  asked()
}

async function search(text: string, mode: 'keyword' | 'semantic' = 'keyword'): Promise<string[]> {
  const source = layeredSource({ store, remote: remote(), keep: false })
  const engine = new Engine(collectedIndex(await now(), source, store))
  if (mode === 'semantic') await engine.loadVectors(kernels)
  const { matrix } = await fakeEncoder().encodeQuery(text)
  const { hits } = await engine.search({ text, k: 3, mode, ...(mode === 'semantic' && { matrix }) })
  engine.close()
  return hits.map(({ passage }) => passage.section.url)
}

describe('a first visit', () => {
  test('reads one file, and remembers it', async () => {
    const { collection, offline, isNewer } = await open()
    expect(collection.base).toEqual({ manifest: one.manifest, isComplete: false, hidden: [] })
    expect([offline, await isNewer]).toEqual([undefined, false])
    expect(asked()).toEqual([MANIFEST_KEY])
    expect(await now()).toEqual(collection)
  })

  test('without a network fails with the reason, and leaves nothing', async () => {
    server.close()
    await expect(open()).rejects.toMatchObject({ code: 'download-failed' })
    expect(await store.list()).toEqual([])
  })

  test('of a place without an index says so', async () => {
    server.answers.set(MANIFEST_KEY, [answers.page])
    await expect(open()).rejects.toMatchObject({ code: 'index-missing' })
    expect(await store.list()).toEqual([])
    await expect(download()).rejects.toMatchObject({ code: 'index-missing' })
  })
})

describe('an index that is kept', () => {
  beforeEach(visit)

  test('is whole, and needs no network', async () => {
    expect(await packsIn()).toEqual(filesOf(one))
    server.close()
    const { collection, offline, isNewer } = await open()
    expect(collection.base).toMatchObject({ manifest: one.manifest, isComplete: true })
    expect(offline).toMatchObject({ code: 'download-failed', message: expect.stringContaining('could not be reached') })
    expect(await isNewer).toBe(false)
    expect(await search('pear', 'semantic')).toContain('/pear')
  })

  test.each([
    ['a page in its place', answers.page, 'index-missing'],
    ['half of the manifest', answers.half, 'index-invalid'],
  ])('is used where the site answers with %s', async (_, answer, code) => {
    server.answers.set(MANIFEST_KEY, [answer])
    const { collection, offline } = await open()
    expect(collection.base).toMatchObject({ manifest: one.manifest, isComplete: true })
    expect(offline).toMatchObject({ code })
  })

  test('is used after a while where the network is slow; the news come later', async () => {
    current = two
    let answer = () => {}
    const late: Answer = (...call) => {
      answer = () => answers.right(...call)
    }
    server.answers.set(MANIFEST_KEY, [late])
    const { collection, offline, isNewer } = await open(30)
    expect(collection.base?.manifest).toEqual(one.manifest)
    expect(offline?.message).toMatch(/did not answer within 30 ms/)
    answer()
    expect(await isNewer).toBe(true)
    expect((await now()).pending).toEqual(two.manifest)
  })

  test('stays until a newer one is here whole, which fetches only what is new to it', async () => {
    current = two
    const { collection, isNewer } = await open()
    expect(collection).toMatchObject({ base: { manifest: one.manifest, isComplete: true }, pending: two.manifest })
    expect(await isNewer).toBe(true)
    asked()
    const shared = filesOf(two).filter((file) => filesOf(one).includes(file))
    expect(shared.length).toBeGreaterThan(2)
    const after = await download()
    expect(after.base).toMatchObject({ manifest: two.manifest, isComplete: true })
    expect(after).not.toHaveProperty('pending')
    expect(asked()).toEqual(filesOf(two).filter((file) => !shared.includes(file)))
    expect(await packsIn()).toEqual(filesOf(two)) // those of the old one went with the swap
    expect(await download()).toEqual(after)
    expect(asked()).toEqual([])
  })

  test('stays where a newer one is taken back, and what had come of that goes', async () => {
    current = two
    await open()
    const stop = new AbortController()
    const onProgress = ({ packs }: DownloadProgress) => packs > filesOf(two).length - 2 && stop.abort()
    await expect(download({ signal: stop.signal, onProgress })).rejects.toMatchObject({ code: 'aborted' })
    expect((await packsIn()).length).toBeGreaterThan(filesOf(one).length)
    current = one
    const { collection, isNewer } = await open()
    expect(collection.base).toMatchObject({ manifest: one.manifest, isComplete: true })
    expect(collection).not.toHaveProperty('pending')
    expect(await isNewer).toBe(false)
    expect(await packsIn()).toEqual(filesOf(one))
  })

  test('what was deleted in it stays hidden in the next, and what was added stays', async () => {
    const writer = writerOver(store)
    await writer.delete(['pear'])
    await writer.add([record('plum', 'plum of mine'), record('own', 'own words')], { replace: true })
    current = two
    await open()
    const { base } = await download()
    expect(base).toMatchObject({ manifest: two.manifest, hidden: ['pear', 'plum'] })
    expect(await search('pear')).toEqual([])
    expect(await search('plum')).toEqual(['/plum'])
    expect(await search('mine own')).toContain('/own')
    expect(await search('apple')).toEqual(['/apple'])
  })
})

test('what was added here is not found twice when the site has a page of that name later', async () => {
  await visit()
  const writer = writerOver(store)
  await writer.delete(['pear'])
  await writer.add([record('quince', 'quince of mine')])
  current = three
  await open()
  const { base } = await download()
  expect(base?.hidden).toEqual(['quince']) // there is no pear any more
  expect(await search('quince')).toEqual(['/quince'])
  expect(await search('mine')).toEqual(['/quince'])
  expect(await search('here')).toEqual(['/fig'])
})

test('one that never was whole is replaced at once, and its packs go', async () => {
  await open()
  const stop = new AbortController()
  await expect(
    download({ signal: stop.signal, onProgress: ({ packs }: DownloadProgress) => packs > 3 && stop.abort() }),
  ).rejects.toMatchObject({ code: 'aborted' })
  current = three
  const { collection } = await open()
  expect(collection.base).toEqual({ manifest: three.manifest, isComplete: false, hidden: [] })
  expect((await packsIn()).filter((file) => !filesOf(three).includes(file))).toEqual([])
  expect(await search('quince')).toEqual(['/quince'])
})

test('a download that was stopped goes on where it was, with what was read meanwhile', async () => {
  await open()
  const stop = new AbortController()
  await expect(
    download({ signal: stop.signal, onProgress: ({ packs }: DownloadProgress) => packs > 2 && stop.abort() }),
  ).rejects.toMatchObject({ code: 'aborted' })
  expect((await now()).base?.isComplete).toBe(false)
  const here = await packsIn()
  expect(here.length).toBeGreaterThan(2)
  expect(here.length).toBeLessThan(filesOf(one).length)
  asked()
  const seen: DownloadProgress[] = []
  const { base } = await download({ onProgress: (at: DownloadProgress) => seen.push(at) })
  expect(base?.isComplete).toBe(true)
  expect(asked()).toEqual(filesOf(one).filter((file) => !here.includes(file)))
  expect(seen[0]!.packs).toBe(here.length)
  expect(seen.at(-1)).toMatchObject({ loaded: packBytes(one.manifest), total: packBytes(one.manifest) })
})

test('a newer one that comes in the middle of a download is what it ends with; nothing of the other is left', async () => {
  await open()
  let isTold = false
  const onProgress = async ({ packs }: DownloadProgress) => {
    if (packs < 3 || isTold) return
    isTold = true
    current = three
    await openBase({ store, remote: remote() }) // another tab
    current = { manifest: three.manifest, files: new Map([...one.files, ...three.files]) }
  }
  const { base } = await download({ onProgress })
  expect(base).toMatchObject({ manifest: three.manifest, isComplete: true })
  expect(await packsIn()).toEqual(filesOf(three))
})

test('packs that come too late for what is wanted are swept', async () => {
  await visit()
  // As another tab does, which does not know yet.
  const [late] = filesOf(three)
  await store.put(late!, three.files.get(late!)!)
  await download()
  expect(await packsIn()).toEqual(named(await now()).sort())
})

describe.each([
  ['is missing', answers.missing, /is not there/],
  ['is a page in its place', answers.page, /is not there/],
  ['is half of it', answers.half, /bytes, the manifest says|has other content/],
  ['breaks off', answers.brokenOff, /broke off after/],
  ['has other bytes', answers.changed, /has other content/],
])('a pack that %s', (_, answer, message) => {
  const residuals = one.manifest.vectors.residuals[0]!.file

  test('is asked for again, past the cache', async () => {
    await open()
    server.answers.set(residuals, [answer])
    expect((await download()).base?.isComplete).toBe(true)
    expect(server.asked.filter((file) => file.startsWith(residuals))).toEqual([residuals, `${residuals}: no-cache`])
    expect(await search('plum', 'semantic')).toContain('/plum')
  })

  test('three times is an error that names it; words are searched on, and the next time it goes on', async () => {
    await open()
    server.answers.set(
      residuals,
      Array.from({ length: 6 }, () => answer),
    )
    const failure = { code: 'download-failed', message: expect.stringMatching(message) }
    await expect(download()).rejects.toMatchObject(failure)
    expect(server.asked.filter((file) => file.startsWith(residuals))).toHaveLength(3)
    expect(await now()).toMatchObject({ base: { isComplete: false } })
    expect(await packsIn()).not.toContain(residuals)
    await expect(search('plum', 'semantic')).rejects.toMatchObject(failure)
    expect(await search('plum')).toEqual(['/plum'])
    expect((await download()).base?.isComplete).toBe(true)
    expect(await search('plum', 'semantic')).toContain('/plum')
    expect(await packsIn()).toEqual(filesOf(one))
  })
})
