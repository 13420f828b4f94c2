import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createOps } from '../../src/ops/create.ts'
import { fromHalves } from '../../src/ops/half.ts'
import { FlatBuilder, readFlat } from '../../src/plaid/flat.ts'
import { openFlat } from '../../src/plaid/reader.ts'
import { memoryStore } from '../../src/store/memory.ts'

/** Small integers are exact in f16, so that what is read back can be compared for equality. */
const passages = fc.array(fc.array(fc.integer({ min: -8, max: 8 }), { maxLength: 12 }), { maxLength: 20 })

async function build(lists: readonly (readonly number[])[], dim: number) {
  const store = memoryStore()
  const builder = new FlatBuilder(store, dim)
  for (const list of lists) {
    const rows = Math.floor(list.length / dim)
    await builder.add({ data: Float32Array.from(list.slice(0, rows * dim)), rows, dim })
  }
  return { store, header: await builder.finish() }
}

describe('flat index', () => {
  test('what is written is read back', async () => {
    await fc.assert(
      fc.asyncProperty(passages, fc.integer({ min: 1, max: 3 }), async (lists, dim) => {
        const { store, header } = await build(lists, dim)
        const batch = await readFlat(store, header)
        const rows = lists.map((list) => Math.floor(list.length / dim))
        expect([...batch.offsets]).toEqual([0, ...rows.map((_, i) => rows.slice(0, i + 1).reduce((a, b) => a + b, 0))])
        const values = lists.flatMap((list, i) => list.slice(0, rows[i]! * dim))
        expect([...fromHalves(Uint16Array.from(batch.vectors))]).toEqual(values)
      }),
      { seed: 3, numRuns: 100 },
    )
  })

  test('packs are cut at passage borders and come together again', async () => {
    const dim = 64
    const store = memoryStore()
    const builder = new FlatBuilder(store, dim)
    // 3 passages of 20,000 tokens x 64 x 2 bytes = 2.56 MB each: two fill a pack of 4 MiB.
    for (let p = 0; p < 3; p++) await builder.add({ data: new Float32Array(20_000 * dim).fill(p), rows: 20_000, dim })
    const header = await builder.finish()
    expect(header.vectors.map((ref) => ref.bytes)).toEqual([2 * 2_560_000, 2_560_000])
    const { vectors } = await readFlat(store, header)
    expect([vectors[0], vectors[20_000 * dim], vectors.at(-1)]).toEqual([0, 0x3c00, 0x4000])
  })

  test('search ranks by MaxSim, ties to the lower id, empty passages never', async () => {
    const { store, header } = await build([[1, 0], [], [0, 1, 1, 0], [1, 0]], 2)
    const ops = await createOps({ backend: 'reference' })
    const reader = await openFlat(store, header, ops)
    const query = { data: Float32Array.of(1, 0, 0, 1), rows: 2, dim: 2 }
    expect((await reader.search(query, 10)).passages).toEqual([
      { id: 2, score: 2 },
      { id: 0, score: 1 },
      { id: 3, score: 1 },
    ])
    expect(
      (await reader.explain(query, [2, 1])).map(({ positions, similarities }) => [[...positions], [...similarities]]),
    ).toEqual([
      [
        [1, 0],
        [1, 1],
      ],
      [
        [0xffffffff, 0xffffffff],
        [0, 0],
      ],
    ])
  })

  test('a header that disagrees with its packs is refused', async () => {
    const { store, header } = await build(
      [
        [1, 0],
        [0, 1],
      ],
      2,
    )
    await expect(readFlat(store, { ...header, passages: 3 })).rejects.toMatchObject({ code: 'index-invalid' })
    await expect(readFlat(store, { ...header, tokens: 5 })).rejects.toMatchObject({ code: 'index-invalid' })
    await expect(readFlat(store, { ...header, vectors: [] })).rejects.toMatchObject({ code: 'index-invalid' })
  })

  test('a passage of another dim is refused', async () => {
    const builder = new FlatBuilder(memoryStore(), 4)
    await expect(builder.add({ data: new Float32Array(3), rows: 1, dim: 3 })).rejects.toMatchObject({
      code: 'invalid-argument',
    })
  })
})
