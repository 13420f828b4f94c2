/** What every shared store has to do, as one test body: memory.test.ts and idb.browser.test.ts run it. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MANIFEST_KEY, type SharedStore } from '../../src/store/store.ts'

export interface SuiteStores {
  /** Two ways to the same bytes: two connections, where there are any. */
  readonly open: () => Promise<readonly [SharedStore, SharedStore]>
  readonly remove: () => Promise<void>
}

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

export function storeSuite(name: string, { open, remove }: SuiteStores): void {
  describe(name, () => {
    let one: SharedStore
    let two: SharedStore
    beforeEach(async () => {
      ;[one, two] = await open()
    })
    afterEach(async () => {
      one.close()
      two.close()
      await remove()
    })

    test('what is put is there for both, whole and in parts, and gone when deleted', async () => {
      await one.put('a.pack', bytes(1, 2, 3, 4, 5))
      await one.put('empty.pack', bytes())
      expect(await two.get('a.pack')).toEqual(bytes(1, 2, 3, 4, 5))
      expect(await two.get('empty.pack')).toEqual(bytes())
      expect(await two.slice!('a.pack', 1, 3)).toEqual(bytes(2, 3))
      expect(await two.slice!('a.pack', 3, 99)).toEqual(bytes(4, 5))
      await one.put('a.pack', bytes(9, 8))
      expect(await two.slice!('a.pack', 0, 2)).toEqual(bytes(9, 8))
      await two.delete('a.pack')
      expect([await one.get('a.pack'), await one.slice!('a.pack', 0, 1)]).toEqual([undefined, undefined])
      await two.delete('a.pack')
    })

    test('missing keys are undefined, and in no list', async () => {
      await one.put('a.pack', bytes(1))
      await one.commit(text('m'))
      expect([await one.get('b.pack'), await one.slice!('b.pack', 0, 1)]).toEqual([undefined, undefined])
      expect(await one.has(['a.pack', 'b.pack', MANIFEST_KEY])).toEqual(new Set(['a.pack', MANIFEST_KEY]))
      expect(await one.has([])).toEqual(new Set())
      expect((await one.list()).sort()).toEqual(['a.pack', MANIFEST_KEY])
    })

    test('what callers do with their bytes afterwards is their own affair', async () => {
      const given = bytes(0, 1, 2, 3, 0).subarray(1, 4)
      const [held, manifest] = [text('old'), text('new')]
      await one.commit(held)
      const writes = [one.put('a.pack', given), one.swap(held, manifest, { put: new Map([['b.pack', given]]) })]
      for (const changed of [given, held, manifest]) changed.fill(7)
      expect(await Promise.all(writes)).toEqual([undefined, true])
      ;(await one.get('a.pack'))!.fill(5)
      ;(await one.get(MANIFEST_KEY))!.fill(5)
      expect(await one.get('a.pack')).toEqual(bytes(1, 2, 3))
      expect(await one.get('b.pack')).toEqual(bytes(1, 2, 3))
      expect(await one.get(MANIFEST_KEY)).toEqual(text('new'))
    })

    test('a swap puts, drops and commits; one that comes late changes nothing', async () => {
      await one.put('old.pack', bytes(1))
      const put = new Map([['new.pack', bytes(2)]])
      expect(await one.swap(text('m'), text('x'), { put, drop: ['old.pack'] })).toBe(false)
      expect(await one.list()).toEqual(['old.pack'])
      expect(await one.swap(undefined, text('m1'), { put, drop: ['old.pack'] })).toBe(true)
      expect((await two.list()).sort()).toEqual([MANIFEST_KEY, 'new.pack'])
      expect(await two.swap(undefined, text('m2'), { drop: ['new.pack'] })).toBe(false)
      expect(await two.swap(text('m'), text('m2'))).toBe(false)
      expect(await two.swap(text('m1'), text('m2'))).toBe(true)
      expect(await one.get(MANIFEST_KEY)).toEqual(text('m2'))
      expect(await one.get('new.pack')).toEqual(bytes(2))
    })

    test('of swaps by many at once every one counts, whatever their order', async () => {
      let expected = 0
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.boolean(), fc.nat(3)), { minLength: 2, maxLength: 12 }),
          async (writers) => {
            await Promise.all(
              writers.map(async ([isFirst, pause], writer) => {
                for (let i = 0; i < pause; i++) await undefined
                await increment(isFirst ? one : two, `w${writer}.pack`)
              }),
            )
            expected += writers.length
            expect(await countOf(one)).toBe(expected)
            // Each put its own pack with the count that it wrote: no two are the same.
            const counts = await Promise.all(
              writers.map(async (_, writer) => (await two.get(`w${writer}.pack`))!.join()),
            )
            expect(new Set(counts).size).toBe(writers.length)
          },
        ),
        { numRuns: 15 },
      )
    })

    test('random reads and writes are as of a plain map', async () => {
      const key = fc.constantFrom('a.pack', 'b.pack', 'c.pack', MANIFEST_KEY)
      const step = fc.oneof(
        fc.record({ do: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 9 }) }),
        fc.record({ do: fc.constant('delete' as const), key, value: fc.constant(bytes()) }),
      )
      const model = new Map<string, Uint8Array>()
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 8 }), key, fc.nat(9), fc.nat(9), async (steps, asked, a, b) => {
          for (const { do: what, key: target, value } of steps) {
            if (what === 'put') model.set(target, value)
            else model.delete(target)
            await (what === 'put' ? one.put(target, value) : one.delete(target))
          }
          expect((await two.list()).sort()).toEqual([...model.keys()].sort())
          expect(await two.get(asked)).toEqual(model.get(asked))
          expect(await two.slice!(asked, Math.min(a, b), Math.max(a, b))).toEqual(
            model.get(asked)?.slice(Math.min(a, b), Math.max(a, b)),
          )
        }),
        { numRuns: 30 },
      )
    })

    test('a closed store says so', async () => {
      one.close()
      const calls: Promise<unknown>[] = [one.get('a'), one.slice!('a', 0, 1), one.has(['a']), one.list()]
      calls.push(one.put('a', bytes(1)), one.delete('a'), one.commit(bytes(1)), one.swap(undefined, bytes(1)))
      for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'closed' })
      one.close()
    })
  })
}

/** Reads, adds one, and swaps until nobody was faster. */
async function increment(store: SharedStore, file: string): Promise<void> {
  for (;;) {
    const held = await store.get(MANIFEST_KEY)
    const next = text(String(Number(new TextDecoder().decode(held)) + 1))
    if (await store.swap(held, next, { put: new Map([[file, next]]) })) return
  }
}

async function countOf(store: SharedStore): Promise<number> {
  return Number(new TextDecoder().decode(await store.get(MANIFEST_KEY)))
}
