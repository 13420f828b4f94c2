/** Connections of pages of different versions, and what they do to each other. */
import { type DBSchema, deleteDB } from 'idb'
import { afterEach, expect, test, vi } from 'vitest'
import { Connection, type DatabaseEvents, type DatabaseShape } from '../../src/store/database.ts'

interface Tables extends DBSchema {
  things: { key: string; value: number }
}

const NAME = 'test:versions'
const toClose: { close(): void }[] = []
afterEach(async () => {
  for (const open of toClose.splice(0)) open.close()
  await deleteDB(NAME)
})

async function connect(version: number, events: DatabaseEvents = {}): Promise<Connection<Tables>> {
  const shape: DatabaseShape<Tables> = {
    name: NAME,
    version,
    upgrade(database, oldVersion) {
      if (oldVersion < 1) database.createObjectStore('things')
    },
  }
  const connection = await Connection.open(shape, events)
  toClose.push(connection)
  return connection
}

const put = (connection: Connection<Tables>, key: string, value: number) =>
  connection.transaction(['things'], 'readwrite', `Writing ${key}`, (all) => all.objectStore('things').put(value, key))
const get = (connection: Connection<Tables>, key: string) =>
  connection.transaction(['things'], 'readonly', `Reading ${key}`, (all) => all.objectStore('things').get(key))

/** A page that does not close its connection when asked to. */
function rawOpen(version: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, version)
    request.onupgradeneeded = () => request.result.createObjectStore('things')
    request.onsuccess = () => {
      toClose.push(request.result)
      resolve(request.result)
    }
    request.onerror = () => reject(request.error)
  })
}

test('a page makes room for a newer one, finishes what it writes, and then asks to be reloaded', async () => {
  const closed: string[] = []
  const old = await connect(1, { onClosed: (why) => closed.push(why) })
  const writing = put(old, 'a', 1)
  const newer = await connect(2)
  await writing
  expect(closed).toEqual(['upgrade'])
  expect(await get(newer, 'a')).toBe(1)
  for (let i = 0; i < 2; i++)
    await expect(get(old, 'a')).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining('a newer version of this page has upgraded the database. Reload this page.'),
    })
})

test('an upgrade waits for a page that does not make room, and says so', async () => {
  const stubborn = await rawOpen(1)
  let isOpen = false
  const onBlocked = vi.fn()
  const opening = connect(2, { onBlocked }).then((connection) => {
    isOpen = true
    return connection
  })
  await vi.waitFor(() => expect(onBlocked).toHaveBeenCalledTimes(1), 5000)
  expect(isOpen).toBe(false)
  stubborn.close()
  await put(await opening, 'a', 1)
})

test('an upgrade that waits for a moment only says nothing', async () => {
  const slow = await rawOpen(1)
  slow.onversionchange = () => setTimeout(() => slow.close(), 50)
  const onBlocked = vi.fn()
  await connect(2, { onBlocked })
  await new Promise((resolve) => setTimeout(resolve, 1200))
  expect(onBlocked).not.toHaveBeenCalled()
})

test('a deleted database is left at once, and is empty at the next call', async () => {
  const closed: string[] = []
  const connection = await connect(1, { onClosed: (why) => closed.push(why) })
  await put(connection, 'a', 1)
  await deleteDB(NAME)
  expect(closed).toEqual(['deletion'])
  expect(await get(connection, 'a')).toBeUndefined()
  await put(connection, 'a', 2)
  expect(await get(connection, 'a')).toBe(2)
})

test('a connection that is closing and has not said so is replaced', async () => {
  const connection = await connect(1)
  const transaction = IDBDatabase.prototype.transaction
  const spy = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(function (
    this: IDBDatabase,
    ...given
  ) {
    this.close()
    return transaction.apply(this, given)
  })
  await put(connection, 'a', 1)
  expect(spy).toHaveBeenCalledTimes(2)
  spy.mockRestore()
  expect(await get(connection, 'a')).toBe(1)
})

test('a transaction that throws changes nothing, and its reason is told', async () => {
  const connection = await connect(1)
  const failing = connection.transaction(['things'], 'readwrite', 'Writing all', async (all) => {
    await all.objectStore('things').put(1, 'a')
    await all.objectStore('things').add(2, 'a')
  })
  await expect(failing).rejects.toMatchObject({
    code: 'storage-failed',
    message: expect.stringMatching(/^Writing all failed \(ConstraintError/),
  })
  const thrown = connection.transaction(['things'], 'readwrite', 'Writing all', async (all) => {
    await all.objectStore('things').put(1, 'b')
    throw new Error('of our own')
  })
  await expect(thrown).rejects.toThrow('Writing all failed (Error: of our own)')
  expect([await get(connection, 'a'), await get(connection, 'b')]).toEqual([undefined, undefined])
})

test('closed is closed, also while it is opened', async () => {
  const connection = await connect(1)
  await deleteDB(NAME) // so that the next call opens it
  const reading = get(connection, 'a')
  connection.close()
  await expect(reading).rejects.toMatchObject({ code: 'closed' })
  await expect(get(connection, 'a')).rejects.toMatchObject({ code: 'closed' })
})
