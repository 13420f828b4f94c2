import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BlocksReader, BlocksWriter, parseBlocksHeader } from '../../src/store/blocks.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { headerFields } from '../../src/store/packs.ts'
import type { BlobSource, BlobStore } from '../../src/store/store.ts'

const asIs = (bytes: Uint8Array) => bytes

/** Bytes that gzip makes no smaller: what a multiplicative generator gives. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  })
}

/** Three packs: 200 kB a block, 512 KiB a pack. */
async function written() {
  const store = memoryStore()
  const contents = Array.from({ length: 6 }, (_, i) => noise(200_000, i + 1))
  const writer = new BlocksWriter(store, 'things')
  for (const content of contents) await writer.add(content)
  return { store, contents, header: await writer.finish() }
}

/** Element by element, as toEqual does it, takes seconds. */
function expectSame(bytes: Uint8Array, wanted: Uint8Array | undefined): void {
  expect(Buffer.compare(bytes, wanted!)).toBe(0)
}

/** What a source is asked for. */
function watched(source: BlobSource): BlobSource & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    location: source.location,
    asked,
    get: (key) => {
      asked.push(key)
      return source.get(key)
    },
    slice: (key, start, end) => {
      asked.push(`${key} ${start}-${end}`)
      return source.slice!(key, start, end)
    },
  }
}

const withoutSlice = ({ location, get }: BlobSource): BlobSource => ({ location, get })

test('blocks lie in several packs one behind the other, and come back', async () => {
  const { store, contents, header } = await written()
  expect(header.packs).toHaveLength(3)
  expect(header.packs.every(({ file }) => /^things-[0-9a-f]{16}\.pack$/.test(file))).toBe(true)
  expect(header.blockBytes).toHaveLength(6)
  const sum = (numbers: readonly number[]) => numbers.reduce((total, bytes) => total + bytes, 0)
  expect(sum(header.packs.map(({ bytes }) => bytes))).toBe(sum(header.blockBytes))
  for (const source of [store, withoutSlice(store)]) {
    const reader = new BlocksReader(source, header, asIs)
    expect(reader.count).toBe(6)
    for (const block of [5, 0, 3, 1, 4, 2]) expectSame(await reader.read(block), contents[block])
  }
})

test('any blocks come back, empty ones too', async () => {
  const content = fc.uint8Array({ maxLength: 50 })
  await fc.assert(
    fc.asyncProperty(fc.array(content, { maxLength: 10 }), async (contents) => {
      const store = memoryStore()
      const writer = new BlocksWriter(store, 'x')
      for (const block of contents) await writer.add(block)
      const header = await writer.finish()
      const reader = new BlocksReader(store, header, asIs)
      expect(await Promise.all(contents.map((_, block) => reader.read(block)))).toEqual(contents)
    }),
    { numRuns: 50 },
  )
})

test('a block larger than a pack has one of its own', async () => {
  const store = memoryStore()
  const writer = new BlocksWriter(store, 'x')
  const contents = [noise(100, 1), noise(600_000, 2), noise(100, 3)]
  for (const content of contents) await writer.add(content)
  const header = await writer.finish()
  expect(header.packs).toHaveLength(3)
  const reader = new BlocksReader(store, header, asIs)
  for (const [block, content] of contents.entries()) expectSame(await reader.read(block), content)
})

test('a source that can read parts is asked for the block and no more; each block once', async () => {
  const { store, header } = await written()
  const source = watched(store)
  const reader = new BlocksReader(source, header, asIs)
  await Promise.all([reader.read(1), reader.read(1), reader.read(3)])
  await reader.read(1)
  const [first, second, third, fourth] = header.blockBytes
  expect(source.asked).toEqual([
    `${header.packs[0]!.file} ${first}-${first! + second!}`,
    `${header.packs[1]!.file} ${third}-${third! + fourth!}`,
  ])
})

test('a block that is a whole pack is read whole, and so checked by its hash', async () => {
  const store = memoryStore()
  const writer = new BlocksWriter(store, 'x')
  await writer.add(noise(100, 1))
  const header = await writer.finish()
  const source = watched(store)
  await new BlocksReader(source, header, asIs).read(0)
  expect(source.asked).toEqual([header.packs[0]!.file])
})

test('only the last used blocks are kept, decoded', async () => {
  const { store, header } = await written()
  const decoded: number[] = []
  const reader = new BlocksReader(store, header, (_, block) => decoded.push(block), 2)
  for (const block of [0, 1, 0, 2, 0, 1]) await reader.read(block)
  // 2 took the place of 1, since 0 was used after it.
  expect(decoded).toEqual([0, 1, 2, 1])
})

async function change(store: BlobStore, file: string, edit: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  await store.put(file, edit((await store.get(file))!))
}

test.each([
  ['read alone', (store: BlobStore): BlobSource => store, /is damaged: bytes \d+ to \d+ are not what was written/],
  ['read with its pack', withoutSlice, /has other content than the manifest says/],
])('a flipped byte in a block that is %s is an error that names the pack', async (_, sourceOf, message) => {
  const { store, contents, header } = await written()
  const { file } = header.packs[1]!
  await change(store, file, (bytes) => {
    bytes[1000]! ^= 1
    return bytes
  })
  const reader = new BlocksReader(sourceOf(store), header, asIs)
  await expect(reader.read(2)).rejects.toMatchObject({
    code: 'index-invalid',
    message: expect.stringMatching(new RegExp(`^${file} .*${message.source}`)),
  })
  expectSame(await reader.read(0), contents[0])
})

test('no flipped bit gives other content: an error, or it is one that means nothing', async () => {
  const store = memoryStore()
  const writer = new BlocksWriter(store, 'x')
  const content = noise(40, 7)
  await writer.add(content)
  await writer.add(content)
  const header = await writer.finish()
  const { file } = header.packs[0]!
  const whole = (await store.get(file))!
  const meaningless = new Set<number>()
  for (let bit = 0; bit < 8 * header.blockBytes[0]!; bit++) {
    const flipped = whole.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    await store.put(file, flipped)
    const read = await new BlocksReader(store, header, asIs).read(0).catch((error: unknown) => error)
    if (read instanceof Uint8Array) {
      expectSame(read, content)
      meaningless.add(bit >> 3)
    } else expect(read).toMatchObject({ code: 'index-invalid' })
  }
  // RFC 1952: a flag that says "text", a time of four bytes, hints and the system; RFC 1951: bits that fill up a byte
  // before what is stored as it is. The rest is content and checksum.
  expect([...meaningless].every((byte) => byte >= 3 && byte <= 10)).toBe(true)
})

test.each([
  ['missing', undefined, /is missing/],
  ['truncated', (bytes: Uint8Array) => bytes.subarray(0, 300_000), /is damaged/],
])('a pack that is %s is named, and read again once it is there', async (_, edit, message) => {
  const { store, contents, header } = await written()
  const { file } = header.packs[1]!
  const bytes = (await store.get(file))!
  if (edit === undefined) await store.delete(file)
  else await change(store, file, edit)
  const reader = new BlocksReader(store, header, asIs)
  await expect(reader.read(3)).rejects.toMatchObject({
    code: 'index-invalid',
    message: expect.stringMatching(new RegExp(`^${file} of the index at memory .*${message.source}`)),
  })
  await store.put(file, bytes)
  expectSame(await reader.read(3), contents[3])
})

test.each([
  ['too short', (bytes: readonly number[]) => [bytes[0]! - 1, ...bytes.slice(1)]],
  ['too long', (bytes: readonly number[]) => [...bytes.slice(0, -1), bytes.at(-1)! + 1]],
  ['too few', (bytes: readonly number[]) => bytes.slice(0, -1)],
  ['too many', (bytes: readonly number[]) => [...bytes, 1]],
  ['none', () => []],
])('sizes that do not fill the packs are refused at once: %s', async (_, edit) => {
  const { store, header } = await written()
  const changed = { ...header, blockBytes: edit(header.blockBytes) }
  expect(() => new BlocksReader(store, changed, asIs)).toThrow(
    expect.objectContaining({ code: 'index-invalid', message: expect.stringContaining('do not fill their packs') }),
  )
})

test('a header without sizes, of version 1, has one block a pack', () => {
  const packs = [3, 5].map((bytes) => ({ file: `x-${bytes}.pack`, bytes, sha256: '' }))
  expect(parseBlocksHeader(headerFields({ packs }, 'texts', 'here'))).toEqual({ packs, blockBytes: [3, 5] })
  const fields = headerFields({ packs, blockBytes: [3, -5] }, 'texts', 'here')
  expect(() => parseBlocksHeader(fields)).toThrow('The manifest at here has no valid "texts.blockBytes"')
})
