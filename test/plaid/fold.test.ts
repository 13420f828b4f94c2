/** Folding: whatever way rows took, the segment is the same, byte for byte; and it leaves time for others. */
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createOps } from '../../src/ops/create.ts'
import { toHalves } from '../../src/ops/half.ts'
import type { PlaidBits } from '../../src/ops/ops.ts'
import { type FoldInput, foldPlaid } from '../../src/plaid/fold.ts'
import { type PlaidHeader, readPlaidData, readPlaidIndex, writePlaid } from '../../src/plaid/format.ts'
import { openPlaid } from '../../src/plaid/search.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { BlobSource } from '../../src/store/store.ts'
import { seeded } from '../ops/data.ts'
import { built, unitMatrix } from './segments.ts'

const ops = await createOps({ backend: 'wasm' })
afterAll(() => ops.close())
const assign = ops.assignCentroids.bind(ops)

const DIM = 16

/** Passages of lengths 0 to 12. */
function rowsOf(count: number, seed: number, dim = DIM): Uint16Array[] {
  const random = seeded(seed)
  return Array.from({ length: count }, (_, p) =>
    toHalves(unitMatrix(Math.floor(random() * 13), dim, seed + p * 7919).data),
  )
}

async function trained(bits: PlaidBits = 2, seed = 1) {
  const passages = Array.from({ length: 30 }, (_, p) => unitMatrix(10, DIM, seed + p))
  const { store, header } = await built(passages, { dim: DIM, bits, assign })
  return { passages, store, codec: { source: store, header } }
}

async function folded(codec: { source: BlobSource; header: PlaidHeader }, inputs: readonly FoldInput[]) {
  const store = memoryStore()
  return { store, header: await foldPlaid({ store, codec, inputs, assign }) }
}

const codecs = new Map(
  await Promise.all(([1, 2, 4, 8] as const).map(async (bits) => [bits, await trained(bits)] as const)),
)

test.each([1, 2, 4, 8] as const)('%i bits: the rows of a build, with its codec, are that build', async (bits) => {
  // With fewer than 1,024 centroids a build too compares each token with all of them.
  const { passages, codec } = codecs.get(bits)!
  const { store, header } = await folded(codec, [{ rows: passages.map(({ data }) => toHalves(data)) }])
  expect(header).toEqual(codec.header)
  expect(await readPlaidIndex(store, header)).toEqual(await readPlaidIndex(codec.source, codec.header))
})

test('folded in steps, some left out on the way, or at once: the same bytes', () =>
  fc.assert(
    fc.asyncProperty(
      fc.record({
        bits: fc.constantFrom<PlaidBits>(1, 2, 4, 8),
        counts: fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 4 }),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        seed: fc.integer({ min: 1, max: 2 ** 30 }),
      }),
      async ({ bits, counts, share, seed }) => {
        const { codec } = codecs.get(bits)!
        const random = seeded(seed)
        let survivors: Uint16Array[] = []
        let segment = await folded(codec, [])
        for (const [i, count] of counts.entries()) {
          const keep = survivors.map((_, p) => p).filter(() => random() < share)
          const rows = rowsOf(count, seed + i)
          const kept: FoldInput = { source: segment.store, header: segment.header, keep }
          segment = await folded(i % 2 === 0 ? codec : { source: segment.store, header: segment.header }, [
            ...(i % 3 === 2 ? [{ rows: [] }] : []),
            kept,
            { rows },
          ])
          survivors = [...keep.map((p) => survivors[p]!), ...rows]
        }
        const once = await folded(codec, [{ rows: survivors }])
        expect(segment.header).toEqual(once.header)
        expect(segment.header).toMatchObject({
          passages: survivors.length,
          codec: codec.header.codec,
          centroids: codec.header.centroids,
        })
        expect((await segment.store.list()).sort()).toEqual((await once.store.list()).sort())
        await readPlaidIndex(segment.store, segment.header)
      },
    ),
    { numRuns: 60 },
  ))

test('several packs, of which little is kept, with fresh rows between', async () => {
  const dim = 128
  const { store, header } = await built([unitMatrix(300, dim, 1)], { dim, bits: 8, assign, centroids: 7 })
  const codec = { source: store, header }
  // 128 bytes a token: 33,000 of them are more than a pack.
  const long = toHalves(unitMatrix(500, dim, 2).data)
  const first = Array.from({ length: 160 }, (_, p) => (p % 5 === 3 ? new Uint16Array() : long.subarray(p * dim, -dim)))
  const second = Array.from({ length: 70 }, () => long)
  const [a, b] = [await folded(codec, [{ rows: first }]), await folded(codec, [{ rows: second }])]
  expect(a.header.residuals.length).toBeGreaterThan(1)
  const keepA = [0, 3, 77, 78, 159]
  const keepB = second.map((_, p) => p).filter((p) => p % 9 > 0)
  const got = await folded(codec, [
    { source: b.store, header: b.header, keep: keepB },
    { rows: first.slice(40, 60) },
    { source: a.store, header: a.header, keep: keepA },
  ])
  const rows = [...keepB.map((p) => second[p]!), ...first.slice(40, 60), ...keepA.map((p) => first[p]!)]
  expect(got.header).toEqual((await folded(codec, [{ rows }])).header)
})

test('what is folded in is found', async () => {
  const { codec } = codecs.get(4)!
  const passages = Array.from({ length: 20 }, (_, p) => unitMatrix(8, DIM, 500 + p))
  const { store, header } = await folded(codec, [{ rows: passages.map(({ data }) => toHalves(data)) }])
  const index = await openPlaid(store, header, ops)
  for (const [id, passage] of passages.entries())
    expect((await index.search(passage, { k: 1 })).passages[0]!.id).toBe(id)
  index.close()
})

test('an imported index keeps its centroids as they came', async () => {
  const { codec } = codecs.get(2)!
  const store = memoryStore()
  const data = await readPlaidData(codec.source, codec.header)
  const imported = {
    source: store,
    header: await writePlaid(store, { ...data, centroids: data.centroids.map((x) => x * 1.25) }),
  }
  const keep = [1, 2, 9]
  const { store: to, header } = await folded(imported, [{ ...imported, keep }, { rows: rowsOf(3, 4) }])
  expect(header.originals).toEqual(imported.header.originals)
  const [before, after] = [await readPlaidData(store, imported.header), await readPlaidData(to, header)]
  expect(after.centroids).toEqual(before.centroids)
})

describe('time for others', () => {
  test('a pause after every slice of work; an abort is heard in one', async () => {
    const { codec } = codecs.get(2)!
    const most = 4096
    const rows = Array.from({ length: 700 }, (_, p) => toHalves(unitMatrix(100, DIM, p).data))
    const events: string[] = []
    const watched: typeof assign = (tokens, ...rest) => {
      expect(tokens.length / DIM).toBeLessThanOrEqual(most)
      events.push('assign')
      return assign(tokens, ...rest)
    }
    const breathe = async () => {
      events.push('breathe')
    }
    const options = { store: memoryStore(), codec, inputs: [{ rows }], breathe }
    const header = await foldPlaid({ ...options, assign: watched })
    expect(events.filter((event) => event === 'assign')).toHaveLength(Math.ceil(70_000 / most))
    expect(events.join(' ')).not.toContain('assign assign')

    const controller = new AbortController()
    const calls: unknown[] = []
    const aborted = foldPlaid({
      ...options,
      assign: (...call) => {
        calls.push(call)
        controller.abort()
        return assign(call[0], call[1], call[2])
      },
      signal: controller.signal,
    })
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
    expect(calls).toHaveLength(1)
    expect(await foldPlaid({ ...options, assign })).toEqual(header)
  })
})

describe('what is refused', () => {
  const { codec, store: original } = codecs.get(2)!
  const own = (keep: number[]): FoldInput => ({ ...codec, keep })
  test.each<[string, FoldInput[], RegExp]>([
    ['a segment of other bits', [{ ...codecs.get(4)!.codec, keep: [] }], /Input 0 has another codec/],
    ['an id past the end', [{ rows: [] }, own([3, 30])], /Input 1 is to keep passage 30 at place 1; .* below 30/],
    ['an id twice', [own([3, 3])], /passage 3 at place 1/],
    ['a negative id', [own([-1])], /passage -1 at place 0/],
    ['no whole number', [own([0.5])], /passage 0.5/],
    ['rows of another dim', [{ rows: [new Uint16Array(DIM + 1)] }], /Passage 0 has 17 values/],
    [
      'no numbers',
      [{ rows: [new Uint16Array(DIM), new Uint16Array(DIM).fill(0x7c00)] }],
      /Passage 1, token 0: got Inf/,
    ],
  ])('%s', async (_, inputs, message) => {
    await expect(folded(codec, inputs)).rejects.toMatchObject({ code: 'invalid-argument', message })
  })

  test('a segment with other centroids', async () => {
    const other = (await trained(2, 1000)).codec
    await expect(folded(codec, [{ ...other, keep: [0] }])).rejects.toThrow(/another codec/)
  })

  test('rows, where the codec is of an index of nothing; without them it is folded', async () => {
    const { store, header } = await built([], { dim: DIM, assign })
    const nothing = { source: store, header }
    await expect(folded(nothing, [{ rows: rowsOf(9, 1) }])).rejects.toMatchObject({
      code: 'invalid-argument',
      message: /has no centroids/,
    })
    const empty = await folded(nothing, [{ rows: [new Uint16Array(), new Uint16Array()] }])
    expect(empty.header).toMatchObject({ passages: 2, tokens: 0, codes: [], residuals: [] })
  })

  test('damaged packs', async () => {
    const store = memoryStore()
    for (const key of await original.list()) await store.put(key, (await original.get(key))!)
    await store.delete(codec.header.residuals[0]!.file)
    await expect(folded(codec, [{ source: store, header: codec.header, keep: [1] }])).rejects.toMatchObject({
      code: 'index-invalid',
      message: /residuals-.* is missing/,
    })
  })
})
