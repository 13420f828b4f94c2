import { afterEach, beforeEach, expect, test } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import { httpStore } from '../../src/store/http.ts'
import { type LayeredOptions, layeredSource } from '../../src/store/layered.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type PackRef, readPack } from '../../src/store/packs.ts'
import { type BlobSource, MANIFEST_KEY, type SharedStore } from '../../src/store/store.ts'
import { answers, makePacks, type PackServer, type Packs, servePacks } from './support.ts'

let packs: Packs
let refs: ReadonlyMap<string, PackRef>
let server: PackServer
let store: SharedStore
beforeEach(async () => {
  packs = await makePacks([3000, 500])
  refs = new Map(packs.refs.map((ref) => [ref.file, ref]))
  server = await servePacks(packs)
  store = memoryStore('a page')
})
afterEach(() => server.close())

const layered = (options: Partial<LayeredOptions> = {}) =>
  layeredSource({ store, remote: httpStore({ url: server.url, retryDelayMs: 1 }), refs, keep: true, ...options })

test('what is stored is not asked for; what is read whole is kept', async () => {
  const [first, second] = packs.refs
  await store.put(first!.file, packs.bytesOf(first!.file))
  const source = layered()
  expect(await source.get(first!.file)).toEqual(packs.bytesOf(first!.file))
  expect(await source.slice!(first!.file, 10, 20)).toEqual(packs.bytesOf(first!.file).subarray(10, 20))
  expect(server.asked).toEqual([])
  expect(await source.get(second!.file)).toEqual(packs.bytesOf(second!.file))
  await source.settled()
  expect(await source.get(second!.file)).toEqual(packs.bytesOf(second!.file))
  expect(server.asked).toEqual([second!.file])
})

test('parts of what is not stored are asked for as parts, and not kept', async () => {
  const { file } = packs.refs[0]!
  const source = layered()
  expect(await source.slice!(file, 100, 200)).toEqual(packs.bytesOf(file).subarray(100, 200))
  expect(await source.slice!(file, 2900, 9999)).toEqual(packs.bytesOf(file).subarray(2900))
  await source.settled()
  expect(await store.list()).toEqual([])
})

test('where the remote sends no parts, the whole is fetched once and kept', async () => {
  const { file } = packs.refs[0]!
  const remote: BlobSource = { location: 'whole', get: (key) => httpStore({ url: server.url }).get(key) }
  const source = layered({ remote })
  expect(await source.slice!(file, 5, 9)).toEqual(packs.bytesOf(file).subarray(5, 9))
  await source.settled()
  expect(await source.slice!(file, 50, 90)).toEqual(packs.bytesOf(file).subarray(50, 90))
  expect(server.asked).toEqual([file])
})

test('without keep nothing is written', async () => {
  const source = layered({ keep: false })
  await source.get(packs.refs[0]!.file)
  await source.settled()
  expect(await store.list()).toEqual([])
})

test('a stored pack of another size is as good as none, and replaced', async () => {
  const { file } = packs.refs[0]!
  const right = packs.bytesOf(file)
  await store.put(file, right.subarray(0, 1000))
  const source = layered()
  expect(await source.slice!(file, 900, 1100)).toEqual(right.subarray(900, 1100))
  expect(await source.get(file)).toEqual(right)
  await source.settled()
  expect(await store.get(file)).toEqual(right)
})

test.each([
  ['with refs', () => refs],
  ['by their names', () => undefined],
])('wrong bytes are asked for again past the cache, and never kept: %s', async (_, refsOf) => {
  const { file } = packs.refs[0]!
  server.answers.set(file, [answers.changed, answers.changed, answers.changed, answers.changed])
  const wanted = refsOf()
  const source = layeredSource({
    store,
    remote: httpStore({ url: server.url, retryDelayMs: 1 }),
    keep: true,
    ...(wanted && { refs: wanted }),
  })
  await expect(source.get(file)).rejects.toMatchObject({
    code: 'download-failed',
    message: expect.stringMatching(new RegExp(`^${file} at http.* has other content than`)),
  })
  await source.settled()
  expect(await store.list()).toEqual([])
  expect(await source.get(file)).toEqual(packs.bytesOf(file))
  await source.settled()
  expect(await store.list()).toEqual([file])
  expect(server.asked.at(-1)).toBe(`${file}: no-cache`)
})

test('what is no pack is passed on, and not kept', async () => {
  const manifest = Uint8Array.of(1, 2)
  const remote: BlobSource = {
    location: 'there',
    get: async (key) => (key === MANIFEST_KEY ? manifest : undefined),
  }
  const source = layered({ remote })
  expect(await source.get(MANIFEST_KEY)).toEqual(manifest)
  await source.settled()
  expect(await store.list()).toEqual([])
  await store.commit(Uint8Array.of(3))
  expect(await source.get(MANIFEST_KEY)).toEqual(Uint8Array.of(3))
})

test('the reader does not wait for the writing, and may change what it got', async () => {
  const { file } = packs.refs[0]!
  let finish = () => {}
  const isWritten = new Promise<void>((resolve) => {
    finish = resolve
  })
  const slow: SharedStore = {
    ...store,
    async put(key, bytes) {
      const writing = store.put(key, bytes)
      await isWritten
      await writing
    },
  }
  const source = layered({ store: slow })
  ;(await source.get(file))!.fill(0)
  let isSettled = false
  const settled = source.settled().then(() => {
    isSettled = true
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(isSettled).toBe(false)
  finish()
  await settled
  expect(await store.get(file)).toEqual(packs.bytesOf(file))
})

test('a full store is told once and left alone; reading goes on', async () => {
  let puts = 0
  const full: SharedStore = {
    ...store,
    async put() {
      puts++
      throw new SelvageError('storage-full', 'No room.')
    },
  }
  const problems: SelvageError[] = []
  const source = layered({ store: full, onProblem: (error) => problems.push(error) })
  for (const { file } of [...packs.refs, ...packs.refs]) {
    expect(await source.get(file)).toEqual(packs.bytesOf(file))
    await source.settled()
  }
  expect(puts).toBe(1)
  expect(problems).toMatchObject([{ code: 'storage-full' }])
})

test('a store that cannot be read is told once, and the remote read in its place', async () => {
  const fail = async () => {
    throw new SelvageError('storage-failed', 'Gone.')
  }
  const problems: SelvageError[] = []
  const broken: SharedStore = { ...store, get: fail, slice: fail }
  const source = layered({ store: broken, onProblem: (error) => problems.push(error) })
  const { file } = packs.refs[0]!
  expect(await source.get(file)).toEqual(packs.bytesOf(file))
  expect(await source.slice!(file, 1, 3)).toEqual(packs.bytesOf(file).subarray(1, 3))
  expect(problems).toMatchObject([{ code: 'storage-failed', message: 'Gone.' }])
})

test('offline: what is stored is read, the rest says why not', async () => {
  const [first, second] = packs.refs
  await store.put(first!.file, packs.bytesOf(first!.file))
  server.close()
  const source = layered()
  expect(await readPack(source, first!)).toEqual(packs.bytesOf(first!.file))
  await expect(readPack(source, second!)).rejects.toMatchObject({ code: 'download-failed' })
})
