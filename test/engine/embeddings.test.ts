/** An encoder with a memory, over an encoder without a model: what is asked for, what is encoded, what comes back. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Encoder } from '../../src/encoder/encoder.ts'
import { withDocuments } from '../../src/encoder/encoder.ts'
import { cachedEncoder, type EmbeddingCache } from '../../src/engine/embeddings.ts'
import { fromHalves, toHalves } from '../../src/ops/half.ts'
import type { EncodedText } from '../../src/types.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'

function memoryCache() {
  const entries = new Map<string, Uint16Array>()
  const cache: EmbeddingCache = {
    get: async (keys) => keys.map((key) => entries.get(key)),
    async put(more) {
      for (const [key, value] of more) entries.set(key, value)
    },
  }
  return { entries, cache }
}

/** The fake encoder, and the texts it was given. */
function watched() {
  const inner = fakeEncoder()
  const asked: string[] = []
  const encoder = withDocuments(inner, {
    encodeDocuments(texts, options) {
      asked.push(...texts)
      return inner.encodeDocuments(texts, options)
    },
    close: () => inner.close(),
  })
  return { encoder, asked }
}

/** What an index makes of them. */
function rounded(encoded: readonly EncodedText[]): EncodedText[] {
  return encoded.map(({ matrix, ...layout }) => ({
    matrix: { ...matrix, data: fromHalves(toHalves(matrix.data)) },
    ...layout,
  }))
}
const plainly = async (encoder: Encoder, texts: readonly string[]) => rounded(await encoder.encodeDocuments(texts))

test('a text is encoded once, whatever is asked for when: property', async () => {
  const text = fc.constantFrom('', 'one cat', 'two cats', 'a river', 'a bridge over a river', '!?', 'one Cat')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(text, { maxLength: 8 }), { maxLength: 4 }), async (calls) => {
      const { encoder, asked } = watched()
      const cached = cachedEncoder(encoder, memoryCache().cache)
      const seen = new Set<string>()
      let hits = 0
      for (const texts of calls) {
        expect(await cached.encodeDocuments(texts)).toEqual(await plainly(fakeEncoder(), texts))
        hits += texts.filter((given) => seen.has(given)).length
        for (const given of texts) seen.add(given)
      }
      expect(asked).toEqual([...seen])
      expect(cached.hits()).toBe(hits)
      expect(cached.keys.size).toBe(seen.size)
    }),
  )
})

test('missing texts are encoded in the order given; progress counts up to all', async () => {
  const { encoder, asked } = watched()
  const { cache } = memoryCache()
  await cachedEncoder(encoder, cache).encodeDocuments(['b', 'd'])
  asked.length = 0
  const done: number[] = []
  const cached = cachedEncoder(encoder, cache)
  await cached.encodeDocuments(['e', 'd', 'c', 'b', 'a', 'c'], { onDone: (count) => done.push(count) })
  expect(asked).toEqual(['e', 'c', 'a'])
  expect(done).toEqual([3, 4, 5, 6])
  expect(cached.hits()).toBe(2)
})

test('a value that cannot be that of the text is not taken', async () => {
  const { encoder, asked } = watched()
  const { cache, entries } = memoryCache()
  await cachedEncoder(encoder, cache).encodeDocuments(['one cat'])
  for (const key of entries.keys()) entries.set(key, new Uint16Array(7))
  const expected = await plainly(fakeEncoder(), ['one cat'])
  expect(await cachedEncoder(encoder, cache).encodeDocuments(['one cat'])).toEqual(expected)
  expect(asked).toEqual(['one cat', 'one cat'])
  expect(await cachedEncoder(encoder, cache).encodeDocuments(['one cat'])).toEqual(expected)
  expect(asked).toHaveLength(2)
})

test('an abort is heard, and errors of the encoder come through; neither leaves anything behind', async () => {
  const { cache, entries } = memoryCache()
  const cached = cachedEncoder(fakeEncoder(), cache)
  await expect(cached.encodeDocuments(['a'], { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'aborted',
  })
  const failing = withDocuments(fakeEncoder(), {
    encodeDocuments: () => Promise.reject(new RangeError('no memory')),
    close: async () => {},
  })
  await expect(cachedEncoder(failing, cache).encodeDocuments(['a'])).rejects.toThrow('no memory')
  expect(entries.size).toBe(0)
})

test('a call that is stopped has kept what it did before', async () => {
  const { encoder, asked } = watched()
  const { cache } = memoryCache()
  const controller = new AbortController()
  const texts = Array.from({ length: 400 }, (_, i) => `text ${i}`)
  const onDone = (done: number) => {
    if (done === 300) controller.abort()
  }
  const stopped = cachedEncoder(encoder, cache).encodeDocuments(texts, { signal: controller.signal, onDone })
  await expect(stopped).rejects.toThrow(/abort/)
  asked.length = 0
  const cached = cachedEncoder(encoder, cache)
  expect(await cached.encodeDocuments(texts)).toEqual(await plainly(fakeEncoder(), texts))
  expect(cached.hits()).toBe(256)
  expect(asked).toEqual(texts.slice(256))
})
