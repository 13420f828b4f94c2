/**
 * An index whose residuals stay in the store answers as one that is loaded whole, bit by bit; an index without residuals
 * answers by centroids; and what is wrong with packs that are read in parts is told.
 */
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import { createOps } from '../../src/ops/create.ts'
import { createFailover } from '../../src/ops/failover.ts'
import { createReferenceOps } from '../../src/ops/reference.ts'
import { createWasmOps } from '../../src/ops/wasm/ops.ts'
import { type PlaidHeader, readPlaidCodes } from '../../src/plaid/format.ts'
import { codesOnly } from '../../src/plaid/paged.ts'
import { openPlaid, queryBatch } from '../../src/plaid/search.ts'
import { layeredSource } from '../../src/store/layered.ts'
import type { memoryStore } from '../../src/store/memory.ts'
import type { BlobSource } from '../../src/store/store.ts'
import type { TokenMatrix } from '../../src/types.ts'
import { randomVectors, seeded } from '../ops/data.ts'
import { anySearch, randomIndex } from '../ops/plaidData.ts'
import { answer, built, unitMatrix, written } from './segments.ts'

const wasm = await createOps({ backend: 'wasm' })
const reference = await createOps({ backend: 'reference' })
afterAll(() => {
  wasm.close()
  reference.close()
})

/** A source that tells what was asked of it. */
function watched(source: BlobSource, canSlice = true) {
  const reads: { readonly key: string; readonly start: number; readonly end: number }[] = []
  const watching: BlobSource = {
    location: source.location,
    get: (key) => {
      reads.push({ key, start: 0, end: Infinity })
      return source.get(key)
    },
    ...(canSlice && {
      slice: (key: string, start: number, end: number) => {
        reads.push({ key, start, end })
        return source.slice!(key, start, end)
      },
    }),
  }
  const of = (kind: string) => reads.filter(({ key }) => key.startsWith(kind))
  return { source: watching, ofCodes: () => of('codes'), ofResiduals: () => of('residuals') }
}

describe.each([wasm, reference])('$backend', (ops) => {
  test('paged: ids, order, scores, positions and similarities of the loaded index', () =>
    fc.assert(
      fc.asyncProperty(
        anySearch,
        fc.constantFrom(0, 300, 1 << 20),
        fc.boolean(),
        async ({ index, queries, filter, ...search }, cacheBytes, canSlice) => {
          const { store, header } = await written(index)
          const whole = await openPlaid(store, header, ops)
          const options = { residuals: 'paged', cacheBytes } as const
          const paged = await openPlaid(watched(store, canSlice).source, header, ops, options)
          expect([paged.dim, paged.passages, paged.tokens]).toEqual([whole.dim, whole.passages, whole.tokens])
          for (let b = 0; b + 1 < queries.offsets.length; b++) {
            const [start, end] = [queries.offsets[b]!, queries.offsets[b + 1]!]
            const { dim } = queries
            const query = { data: queries.vectors.slice(start * dim, end * dim), rows: end - start, dim }
            const asked = { ...search, ...(filter && { filter }), matches: true }
            const want = await answer(whole, query, asked)
            // Twice: from the store, and from what is kept.
            expect(await answer(paged, query, asked)).toEqual(want)
            expect(await answer(paged, query, asked)).toEqual(want)
          }
          whole.close()
          paged.close()
        },
      ),
      { numRuns: 60, seed: 23 },
    ))

  test('codes alone: the cosines of centroids, on the same scale', () =>
    fc.assert(
      fc.asyncProperty(anySearch, async ({ index, queries, filter, k }) => {
        const { store, header } = await written(index)
        const { source, ofResiduals } = watched(store)
        const approximate = await openPlaid(source, header, ops, { residuals: 'none' })
        expect(approximate).toMatchObject({ precision: 'approximate', tokens: header.tokens })
        const { codec, parts } = index
        const passages = parts.flatMap(({ codes, offsets }) =>
          Array.from({ length: offsets.length - 1 }, (_, p) => [...codes.slice(offsets[p], offsets[p + 1])]),
        )
        const [from, to] = [queries.offsets[0]!, queries.offsets[1]!]
        const query = { data: queries.vectors.slice(0, to * codec.dim), rows: to - from, dim: codec.dim }
        const options = { k, candidates: Infinity, ...(filter && { filter }) }
        for (const { id, score } of (await approximate.search(query, options)).passages) {
          let want = 0
          let norms = 0
          for (let q = 0; q < query.rows; q++) {
            const row = query.data.subarray(q * codec.dim, (q + 1) * codec.dim)
            norms += Math.hypot(...row) + 1
            want += Math.max(...passages[id]!.map((code) => cosine(codec.centroids.subarray(code * codec.dim), row)))
          }
          // A query's value is off by 1/254 of the largest of all at most, which Q · √E says of its rows; inv by 2^-15.
          const largest = query.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
          const bound = (query.rows * Math.sqrt(codec.dim) * largest) / 254 + norms / 1000
          expect(Math.abs(score - want)).toBeLessThan(bound + 0.02 * query.rows)
        }
        expect(ofResiduals()).toEqual([])
        approximate.close()
      }),
      { numRuns: 40, seed: 5 },
    ))
})

/** Of a row of an unnormalised query and a centroid: the query's length counts. */
function cosine(centroid: Int8Array, row: Float32Array): number {
  let dot = 0
  let norm = 0
  row.forEach((x, e) => {
    dot += x * centroid[e]!
    norm += centroid[e]! ** 2
  })
  return norm === 0 ? 0 : dot / Math.sqrt(norm)
}

describe('what is read', () => {
  const lengths = Array.from({ length: 400 }, (_, i) => 20 + (i % 7))
  const index = randomIndex({
    dim: 64,
    bits: 4,
    centroids: 50,
    parts: [lengths, lengths.slice(0, 200), [0, 0], [0, 3000, 0]],
  })
  const query: TokenMatrix = { data: randomVectors(seeded(8), 12 * 64), rows: 12, dim: 64 }

  test('nothing at open; then candidates only, near ones together, and none of them twice', async () => {
    const { store, header } = await written(index)
    const { source, ofResiduals, ofCodes } = watched(store)
    const paged = await openPlaid(source, header, wasm, { residuals: 'paged' })
    expect(ofResiduals()).toEqual([])
    // In three packs, each in whole: none has tokens where there are no passages.
    expect(ofCodes().map(({ end }) => end)).toEqual([Infinity, Infinity, Infinity])
    expect(paged.precision).toBe('full')
    const empty = paged.bytes
    const first = await paged.search(query, { k: 3, candidates: 40 })
    expect(first.elapsedMs).toMatchObject({ centroids: expect.any(Number), residuals: expect.any(Number) })
    expect(first.elapsedMs.residuals).toBeLessThanOrEqual(first.elapsedMs.total)
    const read = ofResiduals()
    // 40 of 605 passages, some near to each other, in three packs that are measured first.
    expect(read.length).toBeGreaterThan(3)
    expect(read.length).toBeLessThan(40 + 3)
    expect(read.every(({ end }) => end !== Infinity)).toBe(true)
    // Codes lie nearer to each other than residuals: each pack is measured, and read at once.
    expect(ofCodes().length).toBeLessThanOrEqual(3 + 2 * 3)
    // With 32 bytes of residuals a token, and two of its code.
    expect(paged.bytes - empty).toBeGreaterThan(40 * 20 * 34 - 1)
    expect(paged.bytes - empty).toBeLessThan(39 * 26 * 34 + 3000 * 34 + 1)
    await paged.search(query, { k: 3, candidates: 40 })
    expect(ofResiduals()).toHaveLength(read.length)
    await paged.search(query, { k: 0, candidates: 500 })
    expect(ofResiduals()).toHaveLength(read.length)
    paged.close()
  })

  test('where a store has it all, the network behind it is not asked', async () => {
    const { store, header } = await written(index)
    const asked: string[] = []
    const refuse = async (key: string): Promise<never> => {
      asked.push(key)
      throw new SelvageError('download-failed', 'There is no network.')
    }
    const remote = { location: 'the site', get: refuse, slice: refuse }
    const source = layeredSource({ store: { ...store, isVerified: true }, remote, keep: true })
    const paged = await openPlaid(source, header, wasm, { residuals: 'paged' })
    const whole = await openPlaid(store, header, wasm)
    expect(await answer(paged, query, { k: 5 })).toEqual(await answer(whole, query, { k: 5 }))
    expect(asked).toEqual([])
    paged.close()
    whole.close()
  })

  test('no more is kept than is allowed', async () => {
    const { store, header } = await written(index)
    const { source, ofResiduals } = watched(store)
    const paged = await openPlaid(source, header, wasm, { residuals: 'paged', cacheBytes: 5000 })
    const empty = paged.bytes
    await paged.search(query, { k: 3, candidates: 40 })
    expect(paged.bytes - empty).toBeLessThanOrEqual(5000)
    expect(paged.bytes - empty).toBeGreaterThan(5000 - 26 * 34)
    const before = ofResiduals().length
    await paged.search(query, { k: 3, candidates: 40 })
    expect(ofResiduals().length).toBeGreaterThan(before)
    paged.close()
  })

  test('more candidates than are in memory at once: a round after the other, the same answer', async () => {
    // 70,000 tokens of 256 bytes are two rounds of 16 MiB.
    const large = randomIndex({ dim: 256, bits: 8, centroids: 9, parts: [new Array<number>(700).fill(100)] })
    const { store, header } = await written(large)
    const [whole, paged] = [
      await openPlaid(store, header, wasm),
      await openPlaid(store, header, wasm, { residuals: 'paged', cacheBytes: 0 }),
    ]
    const asked = { data: randomVectors(seeded(4), 3 * 256), rows: 3, dim: 256 }
    for (const options of [
      { k: 650, candidates: Infinity },
      { k: 5, candidates: 690, matches: true },
    ])
      expect(await answer(paged, asked, options)).toEqual(await answer(whole, asked, options))
    whole.close()
    paged.close()
  })

  test('a backend that goes: codes are read again for the next, and the answer is the same', async () => {
    const { store, header } = await written(index)
    const { source, ofCodes } = watched(store)
    const lost = new SelvageError('device-lost', 'The GPU was lost: it fell off.')
    const ops = await createFailover([
      {
        name: 'webgpu',
        create: async () => ({ ...createReferenceOps(), searchPlaid: () => Promise.reject(lost) }),
      },
      { name: 'wasm', create: createWasmOps },
    ])
    const paged = await openPlaid(source, header, ops, { residuals: 'paged' })
    expect(ofCodes()).toHaveLength(3)
    const whole = await openPlaid(store, header, wasm)
    const options = { k: 5, candidates: 20, matches: true }
    expect(await answer(paged, query, options)).toEqual(await answer(whole, query, options))
    expect(ofCodes().filter(({ end }) => end === Infinity)).toHaveLength(6)
    whole.close()
    ops.close()
  })

  test('searches at the same time do not disturb each other', async () => {
    const { store, header } = await written(index)
    const whole = await openPlaid(store, header, wasm)
    const paged = await openPlaid(store, header, wasm, { residuals: 'paged', cacheBytes: 3000 })
    const queries = Array.from({ length: 12 }, (_, i) => ({
      data: randomVectors(seeded(i + 1), (i + 1) * 64),
      rows: i + 1,
      dim: 64,
    }))
    const options = { k: 10, candidates: 30, matches: true }
    const want = []
    for (const one of queries) want.push(await answer(whole, one, options))
    expect(await Promise.all(queries.map((one) => answer(paged, one, options)))).toEqual(want)
    whole.close()
    paged.close()
  })
})

describe('what is wrong', () => {
  const passages = Array.from({ length: 40 }, (_, p) => unitMatrix(10, 32, p + 1))
  const query = unitMatrix(4, 32, 77)
  const assign = wasm.assignCentroids.bind(wasm)
  type Store = ReturnType<typeof memoryStore>
  const searched = async (pack: 'codes' | 'residuals', damage: (store: Store, file: string) => Promise<unknown>) => {
    const { store, header } = await built(passages, { dim: 32, assign })
    const paged = await openPlaid(store, header, wasm, { residuals: 'paged' })
    await damage(store, header[pack][0]!.file)
    try {
      return await paged.search(query, { k: 3, candidates: 5 })
    } finally {
      paged.close()
    }
  }
  test.each<[string, Parameters<typeof searched>[1], string]>([
    ['a pack that is gone', (store, file) => store.delete(file), 'is missing'],
    [
      'a pack that is too long',
      async (store, file) => store.put(file, new Uint8Array([...(await store.get(file))!, 0])),
      'has other than \\d+ bytes',
    ],
    [
      'a pack that is too short',
      async (store, file) => store.put(file, (await store.get(file))!.slice(0, -1)),
      'has other than \\d+ bytes',
    ],
  ])('%s is told', async (_, damage, what) => {
    for (const pack of ['codes', 'residuals'] as const) {
      const message = expect.stringMatching(new RegExp(`${pack}-.* ${what}`))
      await expect(searched(pack, damage)).rejects.toMatchObject({ code: 'index-invalid', message })
    }
  })

  test('codes of no centroid, in a pack of the right size', async () => {
    const damage = async (store: Store, file: string) =>
      store.put(file, new Uint8Array((await store.get(file))!.length).fill(255))
    const message = /a token has code 65535, but there are \d+ centroids/
    await expect(searched('codes', damage)).rejects.toMatchObject({ code: 'index-invalid', message })
  })

  test('a source that gives fewer bytes than asked for; once it is mended search works', async () => {
    const { store, header } = await built(passages, { dim: 32, assign })
    let isBroken = true
    const source: BlobSource = {
      ...store,
      slice: async (key, start, end) => store.slice!(key, start, isBroken && end - start > 2 ? end - 1 : end),
    }
    const paged = await openPlaid(source, header, wasm, { residuals: 'paged' })
    await expect(paged.search(query, { k: 3 })).rejects.toMatchObject({
      code: 'index-invalid',
      message: /gave \d+ bytes where bytes \d+ to \d+ were asked for/,
    })
    isBroken = false
    const whole = await openPlaid(store, header, wasm)
    expect(await answer(paged, query, { k: 3 })).toEqual(await answer(whole, query, { k: 3 }))
    whole.close()
    paged.close()
  })

  test.each(['none', 'paged'] as const)('%s: packs whose sizes do not fit are noticed at open', async (residuals) => {
    const { store, header } = await built(passages, { dim: 32, assign })
    const [ref] = header.residuals
    const wrong: PlaidHeader = { ...header, residuals: [{ ...ref!, bytes: ref!.bytes - 1 }] }
    await expect(openPlaid(store, wrong, wasm, { residuals })).rejects.toMatchObject({
      code: 'index-invalid',
      message: /\d+ bytes of residuals for 400 codes/,
    })
  })

  test('options, queries, aborts and closing are as with a loaded index', async () => {
    const { store, header } = await built(passages, { dim: 32, assign })
    // @ts-expect-error: a misspelt option
    await expect(openPlaid(store, header, wasm, { residual: 'none' })).rejects.toThrow(/unknown option "residual"/)
    // @ts-expect-error: no such value
    await expect(openPlaid(store, header, wasm, { residuals: 'some' })).rejects.toThrow(/residuals: got some/)
    await expect(openPlaid(store, header, wasm, { cacheBytes: -1 })).rejects.toThrow(/cacheBytes: got -1/)
    const whole = await openPlaid(store, header, wasm)
    const paged = await openPlaid(store, header, wasm, { residuals: 'paged' })
    for (const options of [
      { k: -1 },
      { k: 0.5 },
      { k: 1, candidates: 0.5 },
      { k: 1, filter: new Uint32Array(1) },
      { k: 1, signal: AbortSignal.abort() },
    ]) {
      const error = await whole.search(query, options).catch((thrown: Error) => thrown)
      await expect(paged.search(query, options)).rejects.toEqual(error)
    }
    const other = unitMatrix(4, 16, 1)
    await expect(paged.search(other, { k: 1 })).rejects.toThrow(/dim of the queries: got 16/)
    paged.close()
    await expect(paged.search(query, { k: 1 })).rejects.toMatchObject({ code: 'closed' })
    whole.close()
  })
})

test('an index without residuals chooses the candidates of the whole one', async () => {
  const index = randomIndex({ dim: 16, bits: 2, centroids: 20, parts: [Array.from({ length: 90 }, (_, i) => i % 5)] })
  const { store, header } = await written(index)
  const [full, codes] = [
    await reference.loadPlaid(index),
    await reference.loadPlaid(codesOnly(await readPlaidCodes(store, header))),
  ]
  const query = queryBatch({ data: randomVectors(seeded(2), 5 * 16), rows: 5, dim: 16 })
  const options = { k: 17, candidates: 17 }
  const chosen = await Promise.all([full, codes].map((loaded) => reference.searchPlaid(query, loaded, options)))
  const [want, got] = chosen.map(({ hits }) => [...hits[0]!.ids].sort((a, b) => a - b))
  expect(got).toEqual(want)
})
