import { afterEach, expect, test } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { MANIFEST_KEY, type SharedStore } from '../../src/store/store.ts'
import { keptRuntime } from '../../src/worker/keptRuntime.ts'
import { type FileServer, serveFiles } from '../support/fileServer.ts'

const BUILT = 'onnxruntime-wasm-Ab12Cd34.bin'
const IN_DEV = 'ort-wasm-simd-threaded.asyncify.wasm'
const CONTENT = Uint8Array.of(1, 2, 3, 4)

const servers: FileServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function setup(name: string, store: SharedStore = memoryStore()) {
  const server = await serveFiles(new Map([[name, CONTENT]]))
  servers.push(server)
  return { server, store, runtime: keptRuntime({ url: server.url + name, store }) }
}

async function load(runtime: ReturnType<typeof keptRuntime>) {
  const { read, settle } = runtime.load()
  return { bytes: await read(), storage: await settle() }
}

test("a build's file is fetched once, and then nobody is asked", async () => {
  const { server, runtime } = await setup(BUILT)
  expect(await runtime.kept()).toEqual({ bytes: 0, isComplete: false })
  expect(await load(runtime)).toEqual({ bytes: CONTENT, storage: { kind: 'browser' } })
  expect(await load(runtime)).toEqual({ bytes: CONTENT, storage: { kind: 'browser' } })
  expect(server.asked()).toEqual([BUILT])
  expect(await runtime.kept()).toEqual({ bytes: 4, isComplete: true })
})

test('of another name it is fetched, and the old one goes', async () => {
  const { server, store, runtime } = await setup(BUILT)
  await load(runtime)
  const name = 'onnxruntime-wasm-Zz98Yy76.bin'
  server.files.set(name, Uint8Array.of(5))
  const next = keptRuntime({ url: server.url + name, store })
  expect((await next.kept()).isComplete).toBe(false)
  expect((await load(next)).bytes).toEqual(Uint8Array.of(5))
  expect((await store.list()).sort()).toEqual([MANIFEST_KEY, name])
})

test("onnxruntime's own name says nothing: the server is asked, and what is kept is for when it is gone", async () => {
  const { server, runtime } = await setup(IN_DEV)
  await load(runtime)
  server.files.set(IN_DEV, Uint8Array.of(9, 9))
  expect((await load(runtime)).bytes).toEqual(Uint8Array.of(9, 9))
  expect(server.asked()).toEqual([IN_DEV, IN_DEV])
  server.close()
  expect((await load(runtime)).bytes).toEqual(Uint8Array.of(9, 9))
})

test.each([
  ['damaged', (store: SharedStore) => store.put(BUILT, Uint8Array.of(1, 2, 3, 5))],
  ['missing', (store: SharedStore) => store.delete(BUILT)],
  ['without a record', (store: SharedStore) => store.commit(Uint8Array.of(0x7b))],
])('one that is %s is fetched again', async (_, damage) => {
  const { server, store, runtime } = await setup(BUILT)
  await load(runtime)
  await damage(store)
  expect(await load(runtime)).toEqual({ bytes: CONTENT, storage: { kind: 'browser' } })
  expect(server.asked()).toEqual([BUILT, BUILT])
  expect(await store.get(BUILT)).toEqual(CONTENT)
})

test('without room it comes over HTTP, and says so; a download fails with that', async () => {
  const full = () => Promise.reject(new SelvageError('storage-full', 'no more room'))
  const { runtime } = await setup(BUILT, { ...memoryStore(), swap: full })
  expect(await load(runtime)).toEqual({ bytes: CONTENT, storage: { kind: 'none', reason: 'no more room' } })
  await expect(runtime.download()).rejects.toMatchObject({ code: 'storage-full' })
})

test('one that is not there is missed by name', async () => {
  const { server, runtime } = await setup(BUILT)
  server.files.clear()
  await expect(load(runtime)).rejects.toMatchObject({ code: 'runtime-failed', message: expect.stringContaining(BUILT) })
})

test('a download and a load at the same time fetch it once', async () => {
  const { server, runtime } = await setup(BUILT)
  const [downloaded, loaded] = await Promise.all([runtime.download(), load(runtime)])
  expect(downloaded).toEqual({ bytes: 4, isComplete: true })
  expect(loaded.bytes).toEqual(CONTENT)
  expect(server.asked()).toEqual([BUILT])
})
