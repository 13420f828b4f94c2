/** A disk that is full, records that are deleted, a window without databases: in a Chromium with a profile on disk. */
import type { CDPSession } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { StoredState } from '../../../src/worker/protocol.ts'
import { newProfile, type Profile, type Running } from './browser.ts'
import type { Refused } from './roomPage.ts'
import { type Site, serveSite } from './site.ts'

const LITTLE = 60_000
const BIG = 3_000_000

let site: Site
let profile: Profile
let running: Running
let devtools: CDPSession
beforeAll(async () => {
  site = await serveSite('roomPage.ts')
})
afterAll(() => site?.close())
beforeEach(async () => {
  profile = newProfile()
  await visit()
})
afterEach(async () => {
  site.answers.clear()
  await profile.remove()
})

/** A browser of its own, with the page; nothing of the index is touched yet. */
async function visit(quota?: number): Promise<void> {
  await running?.kill()
  running = await profile.start()
  devtools = await running.page.context().newCDPSession(running.page)
  await running.page.goto(site.url)
  await setQuota(quota)
}

/** Chromium remembers the room of an origin once it has looked: a browser that has not, sees it at once. */
async function setQuota(quotaSize?: number): Promise<void> {
  const { origin } = new URL(site.url)
  await devtools.send('Storage.overrideQuotaForOrigin', quotaSize === undefined ? { origin } : { origin, quotaSize })
}

async function usage(): Promise<number> {
  return (await devtools.send('Storage.getUsageAndQuota', { origin: new URL(site.url).origin })).usage
}

// As text: what a test runner makes of an import works in its own process only.
const call = <T>(name: keyof typeof import('./roomPage.ts'), ...given: unknown[]): Promise<T> =>
  running.page.evaluate(`import('/page.js').then((page) => page.${name}(...${JSON.stringify(given)}))`)
const search = (text: string, isDeep = true) => call<{ words: string[]; meaning: string[] }>('search', text, isDeep)
const stored = () => call<StoredState>('stored')

async function expectAllFound(...ids: string[]): Promise<void> {
  for (const page of [0, 77, 159]) {
    const { words, meaning } = await search(`page${page}`)
    expect([words[0], meaning[0]]).toEqual([`/p${page}`, `/p${page}`])
  }
  for (const id of ids) {
    const { words, meaning } = await search(`${id}one ${id}two`)
    expect([words[0], meaning[0]]).toEqual([`/${id}`, `/${id}`])
  }
}

test('no room for an index: it is searched over the network, the reason is told; later there is room', async () => {
  await visit(LITTLE)
  await call('open')
  await expectAllFound()
  await expect.poll(async () => (await stored()).reason).toMatch(/the browser gives no more room/)
  const refused = await call<Refused>('download')
  expect(['storage-full', 'storage-failed']).toContain(refused.code)
  expect(refused.message).toMatch(/no more room/)
  await expectAllFound()

  await visit(LITTLE)
  await call('open')
  await expectAllFound()

  await visit()
  await call('open')
  expect(await call('download')).toBeUndefined()
  expect(await stored()).toMatchObject({ kind: 'browser', isComplete: true })
  await expectAllFound()
})

test('no room for a document: it is refused, what is there stays; later there is room', async () => {
  await call('open')
  await call('download')
  expect(await call('add', 'first')).toBeUndefined()
  const used = await usage()

  await visit(used + 500_000)
  await call('open')
  await expectAllFound('first')
  expect(await call<Refused>('add', 'second', BIG)).toMatchObject({
    code: 'storage-full',
    message: expect.stringMatching(/no more room/),
  })
  expect(await call('ids')).toEqual(['first'])
  expect(await stored()).toMatchObject({ waiting: 0 })
  await expectAllFound('first')

  await visit()
  await call('open')
  expect(await call('add', 'second', BIG / 10)).toBeUndefined()
  expect(await call('ids')).toEqual(['first', 'second'])
  await expectAllFound('first', 'second')
})

test('records of the site that are deleted: missed by nobody, fetched again, and whole as before', async () => {
  await call('open')
  await call('download')
  expect(await call<number>('deleteRecords', 'texts-', 'lexical-', 'residuals-')).toBeGreaterThan(20)
  await expectAllFound()

  await call('deleteRecords', 'texts-', 'codes-', 'centroids-')
  await running.page.reload()
  expect(await call<StoredState>('open')).toMatchObject({ kind: 'browser', isComplete: false })
  await expectAllFound()
  await expect.poll(async () => (await stored()).isComplete).toBe(true) // it was wanted without a network
  await running.page.context().setOffline(true)
  await expectAllFound()
})

test('records of documents that are deleted: told by name; the others are there, and new ones come', async () => {
  await call('open')
  for (const id of ['first', 'second']) expect(await call('add', id)).toBeUndefined()
  expect(await call<number>('deleteRecords', 'rows-')).toBe(2)
  expect(await call('add', 'third')).toBeUndefined()
  await running.page.reload()
  const { problems } = await call<StoredState>('open')
  expect(problems).toEqual(
    ['first', 'second'].map((id) => ({
      id,
      code: 'storage-failed',
      message: expect.stringContaining(`"${id}" is lost`),
    })),
  )
  expect(await call('ids')).toEqual(['third'])
  expect(await call('add', 'first')).toBeUndefined()
  await expectAllFound('third', 'first')
  expect((await stored()).problems.map(({ id }) => id)).toEqual(['second'])
})

test('all data cleared under an open page: the site is searched on, and documents can be added', async () => {
  await call('open')
  await call('download')
  await call('add', 'first')
  await devtools.send('Storage.clearDataForOrigin', { origin: new URL(site.url).origin, storageTypes: 'indexeddb' })
  await expectAllFound()
  expect(await call('add', 'second')).toBeUndefined()
  await expectAllFound('second')
  await running.page.reload()
  await call('open')
  await expectAllFound('second')
  expect(await call('ids')).toEqual(['second'])
})

test('a window without databases: all is in memory, documents too', async () => {
  await running.page.addInitScript(() => Object.defineProperty(globalThis, 'indexedDB', { value: undefined }))
  await running.page.reload()
  const { kind, reason } = await call<StoredState>('open')
  expect(kind).toBe('memory')
  expect(reason).toMatch(/^Opening the browser's database selvage:room failed/)
  expect(await call('add', 'first')).toBeUndefined()
  await expectAllFound('first')
  expect(await call<Refused>('download')).toMatchObject({ code: 'storage-failed' })
})

test('packs that come wrong: vectors cannot be had, words are searched on; later they can', async () => {
  const { residuals } = site.manifest.vectors
  for (const { file } of residuals)
    site.answers.set(file, (response) => response.setHeader('content-type', 'text/html').end('<h1>Home</h1>'))
  await call('open')
  expect(await call<Refused>('download')).toMatchObject({
    code: 'download-failed',
    message: expect.stringContaining(residuals[0]!.file),
  })
  expect((await search('page7', false)).words[0]).toBe('/p7')
  site.answers.clear()
  expect(await call('download')).toBeUndefined()
  await expectAllFound()
})
