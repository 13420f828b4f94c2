/** What is read ahead is read once, and held until it is asked for. */
import { expect, test } from 'vitest'
import { aheadSource } from '../../src/store/ahead.ts'
import { memoryStore } from '../../src/store/memory.ts'

async function watched() {
  const store = memoryStore('here')
  await store.put('a', Uint8Array.of(1, 2, 3))
  const asked: string[] = []
  let fails = false
  const source = aheadSource({
    location: store.location,
    async get(key) {
      asked.push(key)
      if (fails) throw new Error('gone')
      return store.get(key)
    },
    slice: (key, start, end) => store.slice!(key, start, end),
  })
  return { source, asked, fail: (is: boolean) => (fails = is) }
}

test('one reading for the first who asks, another for the next', async () => {
  const { source, asked } = await watched()
  source.readAhead(['a', 'b'])
  source.readAhead(['a'])
  expect(asked).toEqual(['a', 'b'])
  expect(await source.get('a')).toEqual(Uint8Array.of(1, 2, 3))
  expect(await source.get('b')).toBeUndefined()
  expect(asked).toEqual(['a', 'b'])
  expect(await source.get('a')).toEqual(Uint8Array.of(1, 2, 3))
  expect(asked).toEqual(['a', 'b', 'a'])
  expect(await source.slice!('a', 1, 3)).toEqual(Uint8Array.of(2, 3))
})

test('a failure is told to whoever asks, and the next one reads again', async () => {
  const { source, fail } = await watched()
  fail(true)
  source.readAhead(['a'])
  await expect(source.get('a')).rejects.toThrow('gone')
  fail(false)
  expect(await source.get('a')).toEqual(Uint8Array.of(1, 2, 3))
})
