import { afterEach, expect, test, vi } from 'vitest'
import { memoryStore } from '../../src/store/memory.ts'
import { headerFields, readPack, writePack } from '../../src/store/packs.ts'

const BYTES = Uint8Array.of(1, 2, 3, 4)

test('a pack is named by its content and read back', async () => {
  const store = memoryStore()
  const ref = await writePack(store, 'texts', BYTES)
  // sha256 of 01020304, from: printf '\x01\x02\x03\x04' | sha256sum
  expect(ref.sha256).toBe('9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a')
  expect(ref.file).toBe('texts-9f64a747e1b97f13.pack')
  expect(await readPack(store, ref)).toEqual(BYTES)
})

afterEach(() => {
  vi.unstubAllGlobals()
})

test('on a page without https packs have the same names, and are read by their size', async () => {
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
  const store = memoryStore()
  const ref = await writePack(store, 'texts', BYTES)
  expect(ref.file).toBe('texts-9f64a747e1b97f13.pack')
  expect(await readPack(store, ref)).toEqual(BYTES)
})

test.each([
  ['missing', undefined, /texts-\w+\.pack of the index at memory is missing/],
  ['truncated', BYTES.subarray(0, 3), /has 3 bytes, the manifest says 4/],
  ['changed', Uint8Array.of(1, 2, 3, 5), /has other content than the manifest says/],
])('a %s pack is refused with its name', async (_, stored, message) => {
  const store = memoryStore()
  const ref = await writePack(store, 'texts', BYTES)
  if (stored) await store.put(ref.file, stored)
  else await store.delete(ref.file)
  await expect(readPack(store, ref)).rejects.toMatchObject({
    code: 'index-invalid',
    message: expect.stringMatching(message),
  })
})

test('header fields refuse what is not there or of another type, naming it', () => {
  const fields = headerFields({ count: -1, packs: [{ file: '../x.pack', bytes: 1, sha256: '' }] }, 'texts', 'somewhere')
  expect(() => fields.count('count')).toThrow('The manifest at somewhere has no valid "texts.count"')
  expect(() => fields.text('name')).toThrow('"texts.name"')
  // A path in a name must not lead out of the folder.
  expect(() => fields.packs('packs')).toThrow('"texts.packs"')
})
