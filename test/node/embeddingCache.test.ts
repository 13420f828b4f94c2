/** The embedding cache on disk: what is put is found again; what is damaged, killed or deleted is only not known. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { defaultCacheFolder, openEmbeddingCache } from '../../src/node/embeddingCache.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'selvage-cache-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

const MODEL = { name: 'fake', hash: 'f'.repeat(64), dim: 4, queryLength: 8, documentLength: 8 }
const open = (hash = MODEL.hash) => openEmbeddingCache(folder, { ...MODEL, hash })
const keyOf = (n: number) => n.toString(16).padStart(32, '0')
const keysOf = (...numbers: number[]) => new Set(numbers.map(keyOf))
const rowsOf = (n: number, rows = (n * 7) % 5) =>
  Uint16Array.from({ length: rows * 4 }, (_, i) => (n * 31 + i) & 0xffff)
const entriesOf = (numbers: readonly number[]) => new Map(numbers.map((n) => [keyOf(n), rowsOf(n)]))
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
async function segments(): Promise<string[]> {
  const [model = ''] = (await readdir(folder)).filter((name) => name.startsWith('fake-'))
  const names = (await readdir(join(folder, model))).filter((name) => name.startsWith('segment-'))
  return names.map((name) => join(folder, model, name))
}
/** Which of 0 .. 9 a newly opened cache knows; each must be as it was put. */
async function known(): Promise<number[]> {
  const found = await (await open()).get(range(0, 10).map(keyOf))
  return range(0, 10).filter((n) => {
    if (found[n] !== undefined) expect(found[n]).toEqual(rowsOf(n))
    return found[n] !== undefined
  })
}
async function write(...numbers: number[]): Promise<void> {
  const cache = await open()
  await cache.put(entriesOf(numbers))
  await cache.flush()
}

test('what is put is found, before and after it is written, in this and the next cache; of another model nothing', async () => {
  const cache = await open()
  expect(await cache.get([keyOf(1)])).toEqual([undefined])
  await cache.put(entriesOf([1, 2]))
  expect(await cache.get([keyOf(2), keyOf(3), keyOf(1)])).toEqual([rowsOf(2), undefined, rowsOf(1)])
  expect(await known()).toEqual([])
  await cache.flush()
  await cache.flush()
  expect(await cache.get([keyOf(2), keyOf(3), keyOf(1)])).toEqual([rowsOf(2), undefined, rowsOf(1)])
  expect(await known()).toEqual([1, 2])
  expect(await segments()).toHaveLength(1)
  expect(await (await open('e'.repeat(64))).get([keyOf(1)])).toEqual([undefined])
  expect(await readFile(join(folder, 'CACHEDIR.TAG'), 'utf8')).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55\n/)
})

test('any order of writes and reads gives what was put: property', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uniqueArray(fc.nat(9), { maxLength: 6 }), { maxLength: 4 }), async (writes) => {
      await rm(folder, { recursive: true, force: true })
      for (const numbers of writes) await write(...numbers)
      expect(await known()).toEqual([...new Set(writes.flat())].sort())
    }),
    { numRuns: 40 },
  )
})

test('a large build is written as it goes on: memory is bounded, and one that is killed keeps it', async () => {
  const cache = await open()
  const big = (n: number) => new Map([[keyOf(n), rowsOf(n, 1 << 18)]]) // 2 MiB
  for (const n of range(0, 9)) await cache.put(big(n))
  const reopened = await open() // nobody has flushed
  expect((await reopened.get(range(0, 10).map(keyOf))).filter(Boolean)).toHaveLength(8)
  expect(await segments()).toHaveLength(4)
})

describe('damage', () => {
  test.each([
    ['truncated', (path: string) => truncate(path, 40)],
    ['truncated by a byte', async (path: string) => truncate(path, (await stat(path)).size - 1)],
    ['empty', (path: string) => truncate(path, 0)],
    ['of something else', (path: string) => writeFile(path, 'x'.repeat(500))],
    ['changed in its index', (path: string) => flip(path, 20)],
  ])('a segment that is %s is not known, and deleted after the next build', async (_, damage) => {
    await write(1, 2)
    const [path = ''] = await segments()
    await damage(path)
    await write(3)
    expect(await known()).toEqual([3])
    await (await open()).keep('an index', keysOf(3))
    expect(await segments()).toHaveLength(1)
    expect(await segments()).not.toContain(path)
  })

  test('a changed value is not known; the others are, and the next build mends it', async () => {
    await write(1, 2, 3)
    const [path = ''] = await segments()
    await flip(path, (await stat(path)).size - 1)
    expect(await known()).toEqual([1, 2])
    const cache = await open()
    await cache.get(keys(1, 2, 3))
    await cache.put(entriesOf([3]))
    await cache.keep('an index', keysOf(1, 2, 3))
    expect(await known()).toEqual([1, 2, 3])
    expect(await segments()).toHaveLength(1)
  })

  test('files that are not ours, and a cache that is deleted while it is in use', async () => {
    const cache = await open()
    await cache.put(entriesOf([1]))
    await cache.flush()
    await rm(folder, { recursive: true })
    expect(await cache.get([keyOf(1)])).toEqual([undefined])
    await write(1)
    const [path = ''] = await segments()
    await writeFile(join(path, '../notes.txt'), 'mine')
    await (await open()).keep('an index', new Set())
    expect(await readFile(join(path, '../notes.txt'), 'utf8')).toBe('mine')
  })
})

const keys = (...numbers: number[]) => [...keysOf(...numbers)]
async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await writeFile(path, bytes)
}

describe('keep', () => {
  test('what no index needs is forgotten once it is more than half', async () => {
    await write(1, 2, 3, 4)
    await write(6, 7, 8, 9)
    const size = async () =>
      (await Promise.all((await segments()).map((path) => stat(path)))).reduce((sum, { size: bytes }) => sum + bytes, 0)
    const before = await size()
    await (await open()).keep('an index', keysOf(1, 2, 3, 4, 6, 7))
    expect(await known()).toEqual([1, 2, 3, 4, 6, 7, 8, 9])
    await (await open()).keep('an index', keysOf(1, 8))
    expect(await known()).toEqual([1, 8])
    expect(await size()).toBeLessThan(before / 2)
    await (await open()).keep('an index', keysOf(1, 8))
    expect(await known()).toEqual([1, 8])
  })

  test('what another index needs stays, until that was not built for long', async () => {
    await write(1, 2, 3, 4, 6, 7, 8, 9)
    await (await open()).keep('one', keysOf(1, 2, 3, 4, 6, 7))
    await (await open()).keep('other', keysOf(8))
    expect(await known()).toEqual([1, 2, 3, 4, 6, 7, 8, 9])
    const [path = ''] = await segments()
    const lists = (await readdir(join(path, '..'))).filter((name) => name.startsWith('keys-'))
    expect(lists).toHaveLength(2)
    const longAgo = new Date(Date.now() - 100 * 24 * 3600 * 1000)
    for (const name of lists) await utimes(join(path, '..', name), longAgo, longAgo)
    await writeFile(join(path, '../segment-x.pack.17.tmp'), 'half')
    await utimes(join(path, '../segment-x.pack.17.tmp'), longAgo, longAgo)
    await (await open()).keep('other', keysOf(8))
    expect(await known()).toEqual([8])
    expect((await readdir(join(path, '..'))).filter((name) => !name.startsWith('segment-'))).toHaveLength(1)
    expect((await readdir(join(path, '..'))).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('many small segments become few', async () => {
    for (const n of range(0, 10)) await write(n)
    const [path = ''] = await segments()
    for (const n of range(10, 50)) await write(n)
    await (await open()).keep('an index', new Set(range(0, 50).map(keyOf)))
    expect(await segments()).toHaveLength(1)
    expect(await segments()).not.toContain(path)
    expect(await known()).toEqual(range(0, 10))
  })

  test('two at the same time: neither harms the other, whoever forgets first', async () => {
    await write(1, 2, 3, 4)
    const [first, second] = [await open(), await open()]
    await first.put(entriesOf([6, 7]))
    await second.put(entriesOf([7, 8]))
    await first.keep('one', keysOf(6, 7))
    // What the first has forgotten the second does not find, and encodes anew.
    expect(await second.get([keyOf(1), keyOf(7)])).toEqual([undefined, rowsOf(7)])
    await second.put(entriesOf([1]))
    await second.keep('other', keysOf(1, 7, 8))
    expect(await known()).toEqual(expect.arrayContaining([1, 6, 7, 8]))
    await Promise.all([first.keep('one', keysOf(6)), second.keep('other', keysOf(8))])
    expect(await known()).toEqual(expect.arrayContaining([6, 8]))
  })
})

describe('the folder', () => {
  test('as the environment says, else beside the nearest package.json, else of the user', async () => {
    vi.stubEnv('SELVAGE_CACHE_DIR', '')
    vi.stubEnv('XDG_CACHE_HOME', '')
    await mkdir(join(folder, 'site/docs'), { recursive: true })
    const from = vi.spyOn(process, 'cwd').mockReturnValue(join(folder, 'site/docs'))
    expect(defaultCacheFolder()).toBe(join(homedir(), '.cache/selvage'))
    vi.stubEnv('XDG_CACHE_HOME', join(folder, 'xdg'))
    expect(defaultCacheFolder()).toBe(join(folder, 'xdg/selvage'))
    await writeFile(join(folder, 'site/package.json'), '{}')
    expect(defaultCacheFolder()).toBe(join(folder, 'site/node_modules/.cache/selvage'))
    from.mockRestore()
    vi.stubEnv('SELVAGE_CACHE_DIR', join(folder, 'given'))
    expect(defaultCacheFolder()).toBe(join(folder, 'given'))
  })

  test('one that cannot be used is named', async () => {
    await writeFile(join(folder, 'file'), 'x')
    await expect(openEmbeddingCache(join(folder, 'file'), MODEL)).rejects.toMatchObject({
      code: 'output-conflict',
      message: expect.stringMatching(/cache folder .*file cannot be used: .*--cache-dir/),
    })
  })

  test('it may be moved', async () => {
    await write(1, 2)
    const moved = await mkdtemp(join(tmpdir(), 'selvage-cache-'))
    await cp(folder, moved, { recursive: true })
    expect(await (await openEmbeddingCache(moved, MODEL)).get([keyOf(1)])).toEqual([rowsOf(1)])
    await rm(moved, { recursive: true })
  })
})
