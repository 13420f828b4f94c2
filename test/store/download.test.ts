import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import { type DownloadOptions, type DownloadProgress, downloadPacks } from '../../src/store/download.ts'
import { httpStore } from '../../src/store/http.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { PackRef } from '../../src/store/packs.ts'
import type { SharedStore } from '../../src/store/store.ts'
import { answers, makePacks, type PackServer, type Packs, servePacks } from './support.ts'

const SIZES = [3000, 1, 70_000, 500, 20_000, 42, 9000]
const TOTAL = SIZES.reduce((sum, size) => sum + size)

let packs: Packs
let server: PackServer
let store: SharedStore
beforeEach(async () => {
  packs = await makePacks(SIZES)
  server = await servePacks(packs)
  store = memoryStore()
})
afterEach(() => server.close())

const download = (options: Partial<DownloadOptions> = {}) =>
  downloadPacks({ remote: httpStore({ url: server.url }), store, packs: packs.refs, retryDelayMs: 1, ...options })

async function expectWhole(): Promise<void> {
  expect((await store.list()).sort()).toEqual(packs.refs.map(({ file }) => file).sort())
  for (const { file } of packs.refs) expect(await store.get(file)).toEqual(packs.bytesOf(file))
}

test('all packs come, each once, and progress ends at the total', async () => {
  const seen: DownloadProgress[] = []
  await download({ packs: [...packs.refs, ...packs.refs], onProgress: (progress) => seen.push(progress) })
  await expectWhole()
  expect(server.asked.sort()).toEqual(packs.refs.map(({ file }) => file).sort())
  expect(seen[0]).toEqual({ loaded: 0, total: TOTAL, packs: 0 })
  expect(seen.at(-1)).toEqual({ loaded: TOTAL, total: TOTAL, packs: SIZES.length })
  for (const [i, { loaded }] of seen.entries()) expect(loaded).toBeGreaterThanOrEqual(seen[i - 1]?.loaded ?? 0)
})

test('what is there is not asked for, and counts as loaded', async () => {
  const [first, , third] = packs.refs
  for (const ref of [first!, third!]) await store.put(ref.file, packs.bytesOf(ref.file))
  const seen: DownloadProgress[] = []
  await download({ onProgress: (progress) => seen.push(progress) })
  expect(seen[0]).toEqual({ loaded: 73_000, total: TOTAL, packs: 2 })
  expect(server.asked).toHaveLength(SIZES.length - 2)
  await expectWhole()
  await download({ onProgress: (progress) => seen.push(progress) })
  expect(server.asked).toHaveLength(SIZES.length - 2)
  expect(seen.at(-1)).toEqual({ loaded: TOTAL, total: TOTAL, packs: SIZES.length })
})

describe.each([
  ['missing', answers.missing, /is not there/],
  ['a page in its place', answers.page, /is not there/],
  ['half its bytes', answers.half, /has 35000 bytes, the manifest says 70000/],
  ['broken off', answers.brokenOff, /broke off after/],
  ['other bytes', answers.changed, /has other content than the manifest says/],
])('a pack that is %s', (_, answer, message) => {
  let bad: PackRef
  beforeEach(() => {
    bad = packs.refs[2]!
  })

  test('at first is asked for again past the HTTP cache', async () => {
    server.answers.set(bad.file, [answer])
    const seen: DownloadProgress[] = []
    await download({ onProgress: (progress) => seen.push(progress) })
    await expectWhole()
    expect(server.asked.filter((file) => file.startsWith(bad.file))).toEqual([bad.file, `${bad.file}: no-cache`])
    expect(seen.every(({ loaded, total }) => loaded <= total)).toBe(true)
    expect(seen.at(-1)!.loaded).toBe(TOTAL)
  })

  test('for good is named; what came before stays, and only the rest is fetched the next time', async () => {
    server.answers.set(bad.file, [answer, answer, answer])
    const failed = await download({ concurrency: 1 }).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'download-failed', message: expect.stringMatching(message) })
    expect(failed).toMatchObject({ message: expect.stringContaining(bad.file) })
    expect(server.asked.filter((file) => file.startsWith(bad.file))).toHaveLength(3)
    const before = packs.refs.slice(0, 2).map(({ file }) => file)
    expect(await store.list()).toEqual(before)
    server.asked.length = 0
    await download()
    await expectWhole()
    expect(server.asked).toHaveLength(SIZES.length - 2)
  })
})

test('a failure stops the others, and nothing is written after it was told', async () => {
  server.answers.set(packs.refs[0]!.file, [answers.never])
  server.answers.set(packs.refs[1]!.file, [answers.missing])
  await expect(download({ tries: 1, concurrency: 2 })).rejects.toMatchObject({
    code: 'download-failed',
    message: expect.stringContaining(packs.refs[1]!.file),
  })
  const stored = await store.list()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(await store.list()).toEqual(stored)
  expect(server.asked).toHaveLength(2)
})

test.each([
  ['waits for a server', [answers.never], 1],
  ['waits for the next try', [answers.missing], 60_000],
])('the signal stops at once what %s; what came stays', async (_, planned, retryDelayMs) => {
  server.answers.set(packs.refs[3]!.file, planned)
  const stop = new AbortController()
  const running = download({ concurrency: 1, signal: stop.signal, retryDelayMs })
  const failed = expect(running).rejects.toMatchObject({ code: 'aborted' })
  while (!server.asked.includes(packs.refs[3]!.file)) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setTimeout(resolve, 30))
  const start = performance.now()
  stop.abort()
  await failed
  expect(performance.now() - start).toBeLessThan(1000)
  expect(await store.list()).toEqual(packs.refs.slice(0, 3).map(({ file }) => file))
  await expect(download({ signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' })
})

test('a store that is full ends it with its own error', async () => {
  let room = 75_000
  const full: SharedStore = {
    ...store,
    async put(key, bytes) {
      if (bytes.length > room) throw new SelvageError('storage-full', `No room for ${key}.`)
      room -= bytes.length
      await store.put(key, bytes)
    },
  }
  await expect(download({ store: full, concurrency: 1 })).rejects.toMatchObject({
    code: 'storage-full',
    message: `No room for ${packs.refs[4]!.file}.`,
  })
  expect(await store.list()).toEqual(packs.refs.slice(0, 4).map(({ file }) => file))
})

test('no more than asked for is under way, and no less', async () => {
  let running = 0
  let most = 0
  const remote = {
    location: 'counted',
    async get(file: string) {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running--
      return packs.bytesOf(file)
    },
  }
  await download({ remote, concurrency: 3 })
  expect(most).toBe(3)
  await expectWhole()
})

test('options that cannot be are refused', async () => {
  await expect(download({ concurrency: 0 })).rejects.toMatchObject({ code: 'invalid-argument' })
  const misspelt = { tries: 3, retries: 3 }
  await expect(download(misspelt)).rejects.toThrow('unknown option "retries"')
})
