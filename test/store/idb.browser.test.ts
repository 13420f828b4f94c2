/** The suite on IndexedDB, and what only a database in a real browser does. */
import { afterEach, expect, test, vi } from 'vitest'
import { cdp } from 'vitest/browser'
import { deleteIdb, idbStore, listIdb, openStore } from '../../src/store/idb.ts'
import { MANIFEST_KEY, type SharedStore } from '../../src/store/store.ts'
import { bytes, storeSuite } from './store.suite.ts'

const NAME = 'test'
const opened: SharedStore[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const store of opened.splice(0)) store.close()
  await deleteIdb(NAME)
})

async function open(events = {}): Promise<SharedStore> {
  const store = await idbStore(NAME, events)
  opened.push(store)
  return store
}

storeSuite('IndexedDB', {
  open: async () => [await idbStore('suite'), await idbStore('suite')],
  remove: () => deleteIdb('suite'),
})

/** As Safari's private windows do. */
function refuseBlobs() {
  const put = IDBObjectStore.prototype.put
  return vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
    if (value instanceof Blob) throw new DOMException('BlobURLs are not yet supported.', 'DataCloneError')
    return put.call(this, value, key)
  })
}

let refusing: ReturnType<typeof refuseBlobs>
storeSuite('IndexedDB without Blobs', {
  async open() {
    refusing = refuseBlobs()
    return [await idbStore('suite'), await idbStore('suite')]
  },
  async remove() {
    refusing.mockRestore()
    await deleteIdb('suite')
  },
})

test('what was written with Blobs is read without, and the other way round', async () => {
  const store = await open()
  await store.put('blob.pack', bytes(1, 2, 3))
  const puts = refuseBlobs()
  await store.put('buffer.pack', bytes(4, 5, 6))
  const before = puts.mock.calls.length
  await store.put('other.pack', bytes(7))
  expect(puts.mock.calls.length - before).toBe(1) // no Blob is tried again
  puts.mockRestore()
  const other = await open()
  for (const file of ['blob.pack', 'buffer.pack']) expect((await other.get(file))?.length).toBe(3)
  expect(await other.slice!('buffer.pack', 1, 2)).toEqual(bytes(5))
})

test('a store outlives its page, in a database of its own', async () => {
  await (await open()).put('a.pack', bytes(1, 2))
  const second = await idbStore('test-2')
  expect(await second.list()).toEqual([])
  expect(await listIdb()).toEqual(['test', 'test-2'])
  second.close()
  await deleteIdb('test-2')
  await deleteIdb('test-2')
  expect(await listIdb()).toEqual(['test'])
  opened.pop()!.close()
  expect(await (await open()).get('a.pack')).toEqual(bytes(1, 2))
})

test('puts of the same moment share a transaction', async () => {
  const store = await open()
  const begun = vi.spyOn(IDBDatabase.prototype, 'transaction')
  const files = Array.from({ length: 20 }, (_, i) => `p${i}.pack`)
  await Promise.all(files.map((file, i) => store.put(file, bytes(i))))
  expect(begun).toHaveBeenCalledTimes(1)
  expect(begun.mock.calls[0]![2]).toEqual({ durability: 'relaxed' })
  expect((await store.has(files)).size).toBe(20)
  expect(begun).toHaveBeenCalledTimes(2)
})

test('parts that are wanted at the same time look for their pack once, and read no more than they are', async () => {
  const store = await open()
  const pack = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251)
  await store.put('a.pack', pack)
  const begun = vi.spyOn(IDBDatabase.prototype, 'transaction')
  const read = vi.spyOn(Blob.prototype, 'arrayBuffer')
  const starts = Array.from({ length: 50 }, (_, i) => (i * 7919) % 99_000)
  const parts = await Promise.all(starts.map((start) => store.slice!('a.pack', start, start + 16)))
  expect(parts).toEqual(starts.map((start) => pack.slice(start, start + 16)))
  expect(begun).toHaveBeenCalledTimes(1)
  expect(read.mock.contexts.every((blob) => (blob as Blob).size === 16)).toBe(true)
})

test.each([
  ['a pack', 'b.pack'],
  ['the manifest', MANIFEST_KEY],
])('where %s of a swap cannot be written, nothing is changed', async (_, failing) => {
  const store = await open()
  await store.put('old.pack', bytes(1))
  await store.commit(bytes(1))
  const put = IDBObjectStore.prototype.put
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
    if (key === failing) throw new DOMException('no room', 'QuotaExceededError')
    return put.call(this, value, key)
  })
  const changes = { put: new Map([1, 2, 3].map((i) => [`${'abc'[i - 1]}.pack`, bytes(i)])), drop: ['old.pack'] }
  await expect(store.swap(bytes(1), bytes(2), changes)).rejects.toMatchObject({
    code: 'storage-full',
    message: expect.stringMatching(/^Writing a\.pack and 3 more in IndexedDB selvage:test \(4 B\).*no more room/),
  })
  expect((await store.list()).sort()).toEqual([MANIFEST_KEY, 'old.pack'])
  expect(await store.get(MANIFEST_KEY)).toEqual(bytes(1))
})

test('of puts that share a transaction, only the one that fails is lost', async () => {
  const store = await open()
  const put = IDBObjectStore.prototype.put
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
    if (key === 'b.pack') throw new DOMException('no room', 'QuotaExceededError')
    return put.call(this, value, key)
  })
  const written = await Promise.allSettled(['a.pack', 'b.pack', 'c.pack'].map((file) => store.put(file, bytes(1))))
  expect(written.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect((await store.list()).sort()).toEqual(['a.pack', 'c.pack'])
})

test('without room: said with what was wanted, nothing is changed, and goes on when there is room', async () => {
  const setQuota = async (quotaSize?: number) => {
    // Chromium remembers the room of an origin for a while; with its data it forgets that too.
    await cdp().send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
    await cdp().send('Storage.overrideQuotaForOrigin', quotaSize ? { origin, quotaSize } : { origin })
  }
  const { origin } = location
  const big = new Uint8Array(8 << 20)
  await setQuota(4 << 20)
  const store = await open()
  try {
    await store.put('a.pack', bytes(1))
    await expect(store.put('big.pack', big)).rejects.toMatchObject({
      code: 'storage-full',
      message: expect.stringContaining('Writing big.pack in IndexedDB selvage:test (8.4 MB)'),
    })
    const swap = store.swap(undefined, bytes(1), { put: new Map([['big.pack', big]]), drop: ['a.pack'] })
    await expect(swap).rejects.toMatchObject({ code: 'storage-full' })
    expect(await store.list()).toEqual(['a.pack'])
    expect(await store.get('a.pack')).toEqual(bytes(1))
  } finally {
    await setQuota()
  }
  await store.put('big.pack', big)
  expect((await store.get('big.pack'))?.length).toBe(big.length)
})

test('a record whose bytes cannot be read is an error that names it', async () => {
  const store = await open()
  await store.put('a.pack', bytes(1))
  vi.spyOn(Blob.prototype, 'arrayBuffer').mockRejectedValue(new DOMException('gone', 'NotReadableError'))
  await expect(store.get('a.pack')).rejects.toMatchObject({
    code: 'storage-failed',
    message: expect.stringMatching(/^Reading a\.pack in IndexedDB selvage:test failed \(NotReadableError: gone\)/),
  })
})

test('a record that is deleted while it is read is missing', async () => {
  const store = await open()
  await store.put('a.pack', bytes(1))
  vi.spyOn(Blob.prototype, 'arrayBuffer').mockImplementationOnce(async () => {
    await store.delete('a.pack')
    throw new DOMException('gone', 'NotFoundError')
  })
  expect(await store.get('a.pack')).toBeUndefined()
})

test('site data that is cleared ends the connection; the next call opens another', async () => {
  const closed: string[] = []
  const store = await open({ onClosed: (why: string) => closed.push(why) })
  await store.put('a.pack', bytes(1))
  await cdp().send('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'indexeddb' })
  await vi.waitFor(() => expect(closed).toEqual(['browser']))
  expect(await store.get('a.pack')).toBeUndefined()
  await store.put('a.pack', bytes(2))
  expect(await store.get('a.pack')).toEqual(bytes(2))
})

test('where there is no database, the store is in memory and says why', async () => {
  const there = await openStore(NAME)
  expect(there).toMatchObject({ kind: 'indexeddb' })
  expect(there).not.toHaveProperty('reason')
  there.store.close()
  vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
    throw new DOMException('The operation is insecure.', 'SecurityError')
  })
  await expect(idbStore(NAME)).rejects.toMatchObject({ code: 'storage-failed' })
  const { store, kind, reason } = await openStore(NAME)
  expect(kind).toBe('memory')
  expect(reason).toMatch(
    /^Opening the browser's database selvage:test failed \(SecurityError: The operation is insecure/,
  )
  await store.put('a.pack', bytes(1))
  expect(await store.get('a.pack')).toEqual(bytes(1))
})

test('unknown options and empty names are refused, not taken for a missing database', async () => {
  await expect(openStore('')).rejects.toMatchObject({ code: 'invalid-argument' })
  const misspelt = { onClosed: () => {}, onBlock: () => {} }
  await expect(openStore(NAME, misspelt)).rejects.toThrow('unknown option "onBlock"')
})
