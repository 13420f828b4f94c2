import { afterEach, expect, test } from 'vitest'
import type { ModelFiles } from '../../src/encoder/encoder.ts'
import { ModelFolder } from '../../src/encoder/folder.ts'
import { SelvageError } from '../../src/errors.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { MANIFEST_KEY, type SharedStore } from '../../src/store/store.ts'
import type { Progress } from '../../src/types.ts'
import { sha256Hex } from '../../src/util.ts'
import { type KeptModel, keptModel } from '../../src/worker/keptModel.ts'
import { type FileServer, serveFiles } from '../support/fileServer.ts'

const MANIFEST = 'selvage.json'
const CONFIG = 'config.json'
const WASM = 'onnx/wasm.onnx'
const WEBGPU = 'onnx/webgpu.onnx'
const WEIGHTS = 'onnx/weights.bin'
/** What a load for wasm reads; a page on a GPU would read the other graph. */
const READ = [CONFIG, WASM, WEIGHTS]

const bytes = (text: string) => new TextEncoder().encode(text)
const FIRST = {
  [CONFIG]: bytes('{}'),
  [WASM]: bytes('graph one'),
  [WEBGPU]: bytes('graph two'),
  [WEIGHTS]: bytes('w1'),
}
const SECOND = { ...FIRST, [WEIGHTS]: bytes('other weights') }

async function folder(contents: Readonly<Record<string, Uint8Array>>): Promise<Map<string, Uint8Array>> {
  const files: Record<string, object> = {}
  for (const [path, content] of Object.entries(contents))
    files[path] = { bytes: content.length, sha256: await sha256Hex(content) }
  const graphs = { wasm: WASM, webgpu: WEBGPU }
  const manifest = { format: 1, name: 'toy', hash: 'a'.repeat(64), graphs, externalData: [WEIGHTS], files }
  return new Map([...Object.entries(contents), [MANIFEST, bytes(JSON.stringify(manifest))]])
}

const servers: FileServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function setup(contents = FIRST, store: SharedStore = memoryStore()) {
  const server = await serveFiles(await folder(contents))
  servers.push(server)
  const publish = async (changed: Readonly<Record<string, Uint8Array>>) => {
    server.files.clear()
    for (const [path, content] of await folder(changed)) server.files.set(path, content)
  }
  return { server, store, model: keptModel({ url: server.url, store, patienceMs: 100 }), publish }
}

/** What the encoder does: the manifest, then what it needs, checked. */
async function readAll(files: ModelFiles): Promise<string[]> {
  const opened = await ModelFolder.open(files)
  const read = await Promise.all(READ.map((path) => opened.read(path)))
  return read.map((content) => new TextDecoder().decode(content))
}

async function load(model: KeptModel) {
  const { files, settle } = model.load()
  const texts = await readAll(files)
  return { texts, storage: await settle() }
}

const TEXTS_1 = ['{}', 'graph one', 'w1']
const TEXTS_2 = ['{}', 'graph one', 'other weights']

test('the second load asks for selvage.json only; the first went past the HTTP cache', async () => {
  const { server, model } = await setup()
  expect(await load(model)).toEqual({ texts: TEXTS_1, storage: { kind: 'browser' } })
  expect(server.asked()).toEqual([CONFIG, WASM, WEIGHTS, MANIFEST].sort())
  const modes = server.requests.filter(({ file }) => file !== MANIFEST).map(({ cacheControl }) => cacheControl)
  expect(modes).toEqual(['no-cache', 'no-cache', 'no-cache']) // as fetch's 'no-store' says it
  expect(await load(model)).toEqual({ texts: TEXTS_1, storage: { kind: 'browser' } })
  expect(server.asked()).toEqual([MANIFEST])
})

test('it loads without a network, at once', async () => {
  const { server, model } = await setup()
  await load(model)
  server.close()
  expect(await load(model)).toEqual({ texts: TEXTS_1, storage: { kind: 'browser' } })
})

test('a server that is silent is not waited for', async () => {
  const { server, model } = await setup()
  await load(model)
  server.silent.add(MANIFEST)
  expect((await load(model)).texts).toEqual(TEXTS_1)
})

test('of a changed model only what changed is fetched, and what nobody names goes', async () => {
  const { server, store, model, publish } = await setup()
  await load(model)
  server.asked()
  await publish(SECOND)
  expect((await load(model)).texts).toEqual(TEXTS_2)
  expect(server.asked()).toEqual([WEIGHTS, MANIFEST])
  const wanted = await Promise.all([SECOND[CONFIG], SECOND[WASM], SECOND[WEIGHTS]].map(sha256Hex))
  expect((await store.list()).sort()).toEqual([...wanted, MANIFEST_KEY].sort())
  server.close()
  expect((await load(model)).texts).toEqual(TEXTS_2)
})

test('a load that fails leaves the version before it', async () => {
  const { server, model, publish } = await setup()
  await load(model)
  await publish(SECOND)
  server.files.delete(WEIGHTS)
  await expect(readAll(model.load().files)).rejects.toMatchObject({ code: 'model-missing' })
  server.close()
  expect((await load(model)).texts).toEqual(TEXTS_1)
})

test.each([
  ['missing', undefined],
  ['cut short', bytes('w')],
  ['of other content', bytes('ww')],
])('a kept file that is %s is fetched again', async (_, damaged) => {
  const { server, store, model } = await setup()
  await load(model)
  const key = await sha256Hex(FIRST[WEIGHTS])
  await (damaged === undefined ? store.delete(key) : store.put(key, damaged))
  server.asked()
  expect(await load(model)).toEqual({ texts: TEXTS_1, storage: { kind: 'browser' } })
  expect(server.asked()).toEqual([WEIGHTS, MANIFEST])
  expect(await store.get(key)).toEqual(FIRST[WEIGHTS])
})

test('a damaged manifest in the store is as good as none', async () => {
  const { server, store, model } = await setup()
  await load(model)
  await store.commit(bytes('{"format"'))
  server.asked()
  expect((await load(model)).storage).toEqual({ kind: 'browser' })
  expect(server.asked()).toEqual([MANIFEST])
  server.close()
  expect((await load(model)).texts).toEqual(TEXTS_1)
})

test('what is not what selvage.json says is refused, and not kept', async () => {
  const { server, store, model } = await setup()
  server.files.set(WEIGHTS, bytes('w2'))
  await expect(readAll(model.load().files)).rejects.toMatchObject({ code: 'model-invalid' })
  await expect(model.download()).rejects.toMatchObject({ code: 'model-invalid' })
  expect((await store.has([await sha256Hex(FIRST[WEIGHTS])])).size).toBe(0)
})

/** Has room for a word, not for a file. */
function fullStore(): SharedStore & { hasRoom: boolean } {
  const store = memoryStore()
  const full = {
    ...store,
    hasRoom: false,
    async put(key: string, content: Uint8Array) {
      if (content.length > 1 && !full.hasRoom) throw new SelvageError('storage-full', 'no more room')
      return store.put(key, content)
    },
  }
  return full
}

test('without room it loads over HTTP, says so, and uses the HTTP cache the next time', async () => {
  const store = fullStore()
  const { server, model } = await setup(FIRST, store)
  const without = { texts: TEXTS_1, storage: { kind: 'none', reason: 'no more room' } }
  expect(await load(model)).toEqual(without)
  server.requests.length = 0
  expect(await load(model)).toEqual(without)
  expect(server.requests.map(({ cacheControl }) => cacheControl)).toEqual(Array(4).fill('max-age=0'))
  await expect(model.download()).rejects.toMatchObject({ code: 'storage-full' })
  store.hasRoom = true
  expect((await load(model)).storage).toEqual({ kind: 'browser' })
  server.requests.length = 0
  await store.delete(await sha256Hex(FIRST[WEIGHTS]))
  await load(model)
  expect(server.requests.find(({ file }) => file === WEIGHTS)?.cacheControl).toBe('no-cache')
})

test('a store that fails altogether costs nothing but itself', async () => {
  const fails = () => Promise.reject(new SelvageError('storage-failed', 'gone'))
  const names = ['get', 'put', 'has', 'list', 'delete', 'commit', 'swap'] as const
  const broken = Object.fromEntries(names.map((name) => [name, fails]))
  const { model } = await setup(FIRST, { ...memoryStore(), ...broken })
  expect(await load(model)).toEqual({ texts: TEXTS_1, storage: { kind: 'none', reason: 'gone' } })
  await expect(model.kept()).rejects.toMatchObject({ code: 'storage-failed' })
})

test('a folder without selvage.json is read over HTTP, and not kept', async () => {
  const { server, store, model } = await setup()
  server.files.delete(MANIFEST)
  const { texts, storage } = await load(model)
  expect(texts).toEqual(TEXTS_1)
  expect(storage).toMatchObject({ kind: 'none', reason: expect.stringContaining('has no selvage.json') })
  expect(await store.list()).toEqual([])
  await expect(model.download()).rejects.toMatchObject({ code: 'model-missing' })
})

test('two tabs at the same time: both load, and the model is kept', async () => {
  const { server, store, model } = await setup()
  const other = keptModel({ url: server.url, store })
  const both = await Promise.all([load(model), load(other)])
  expect(both.map(({ storage }) => storage.kind)).toEqual(['browser', 'browser'])
  server.asked()
  await load(other)
  expect(server.asked()).toEqual([MANIFEST])
})

test('a download keeps what no load here would read; what a load has kept is not fetched again', async () => {
  const { server, model } = await setup()
  expect(await model.kept()).toEqual({ bytes: 0, isComplete: false })
  await load(model)
  expect(await model.kept()).toEqual({ bytes: 2 + 9 + 2, isComplete: false })
  server.asked()
  const progress: Progress[] = []
  const all = { bytes: 2 + 9 + 9 + 2, isComplete: true }
  expect(await model.download({ onProgress: (event) => progress.push(event) })).toEqual(all)
  expect(server.asked()).toEqual([WEBGPU, MANIFEST])
  expect(await model.kept()).toEqual(all)
  expect(new Set(progress.map(({ total }) => total))).toEqual(new Set([22]))
  expect(progress.at(-1)?.loaded).toBe(22)
  const steps = progress.map(({ loaded }) => loaded)
  expect(steps).toEqual([...steps].sort((a, b) => a - b))
  server.close()
  expect(await model.download()).toEqual(all) // all is here: that needs no network
})

test('a download that is stopped keeps what came, and goes on from there', async () => {
  const { server, store, model } = await setup()
  server.silent.add(WEBGPU)
  const stop = new AbortController()
  const downloading = model.download({ signal: stop.signal })
  await expect.poll(() => server.requests.map(({ file }) => file)).toContain(WEBGPU)
  expect(await model.kept()).toEqual({ bytes: 2 + 9, isComplete: false })
  stop.abort()
  await expect(downloading).rejects.toMatchObject({ code: 'aborted' })
  server.release()
  // What was on its way arrives all the same.
  await expect.poll(() => store.list()).toContain(await sha256Hex(FIRST[WEBGPU]))
  server.asked()
  expect((await model.download()).isComplete).toBe(true)
  expect(server.asked()).toEqual([WEIGHTS, MANIFEST])
  await expect(model.download({ signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' })
})

test('a load and a download at the same time fetch each file once', async () => {
  const { server, model } = await setup()
  server.silent.add(CONFIG)
  const both = Promise.all([load(model), model.download()])
  await expect.poll(() => server.requests.filter(({ file }) => file === MANIFEST)).toHaveLength(2)
  await new Promise((resolve) => setTimeout(resolve, 30))
  server.release()
  await both
  expect(server.asked().filter((file) => file !== MANIFEST)).toEqual([CONFIG, WASM, WEBGPU, WEIGHTS].sort())
})

test('a downloaded update takes the place of the old version only when it is whole', async () => {
  const { server, model, publish } = await setup()
  await model.download()
  await publish(SECOND)
  server.files.delete(WEIGHTS)
  await expect(model.download()).rejects.toThrow('onnx/weights.bin is not there')
  server.close()
  expect((await load(model)).texts).toEqual(TEXTS_1)
  expect((await model.kept()).isComplete).toBe(true)
})
