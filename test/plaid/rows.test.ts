/** Fresh passages: what is written is what is read, and they are scored as integer.ts says, on every backend. */
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { SelvageError } from '../../src/errors.ts'
import { createOps } from '../../src/ops/create.ts'
import { fromHalves, toHalves } from '../../src/ops/half.ts'
import { byteWeights, inverseNorm, quantizeCentroids, quantizeQuery } from '../../src/ops/integer.ts'
import { packBuckets } from '../../src/plaid/codec.ts'
import {
  packsOfVectors,
  parseRowsHeader,
  parseVectorsHeader,
  type RowsHeader,
  readRows,
  rowsIndex,
  writeRows,
} from '../../src/plaid/rows.ts'
import { bitsetOf, openPlaid, openRows, queryBatch } from '../../src/plaid/search.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { writePack } from '../../src/store/packs.ts'
import type { TokenMatrix } from '../../src/types.ts'
import { randomVectors, seeded } from '../ops/data.ts'
import { built, unitMatrix } from './segments.ts'

const wasm = await createOps({ backend: 'wasm' })
const reference = await createOps({ backend: 'reference' })
afterAll(() => {
  wasm.close()
  reference.close()
})

/** Passages of any lengths; rows with zeros and with very different magnitudes among them. */
const anyPassages = fc
  .record({
    dim: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 128, 256)),
    lengths: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 }),
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
  })
  .map(({ dim, lengths, seed }) => ({ dim, seed, passages: halvesOf(lengths, dim, seed) }))

function halvesOf(lengths: readonly number[], dim: number, seed = 5): Uint16Array[] {
  const random = seeded(seed)
  return lengths.map((rows) => {
    const values = randomVectors(random, rows * dim)
    for (let row = 0; row < rows; row++) {
      const scale = random() < 0.1 ? 0 : 10 ** Math.round(random() * 6 - 4)
      for (let i = row * dim; i < (row + 1) * dim; i++) values[i]! *= scale
    }
    return toHalves(values)
  })
}

const queryOf = (rows: number, dim: number, seed = 3): TokenMatrix => ({
  data: randomVectors(seeded(seed), rows * dim),
  rows,
  dim,
})

describe('packs', () => {
  test('what is written is what is read', () =>
    fc.assert(
      fc.asyncProperty(anyPassages, async ({ dim, passages }) => {
        const store = memoryStore()
        const header = await writeRows(store, dim, passages)
        expect(header).toMatchObject({ kind: 'rows', dim, passages: passages.length })
        expect((await readRows(store, header)).map((rows) => [...rows])).toEqual(passages.map((rows) => [...rows]))
        const parsed = parseVectorsHeader(JSON.parse(JSON.stringify(header)), 'x')
        expect(parsed).toEqual(header)
        expect(packsOfVectors(parsed)).toEqual(header.packs)
      }),
    ))

  test('of some megabytes each, cut at passages', async () => {
    const store = memoryStore()
    const passages = halvesOf([4000, 0, 8000, 9000, 1, 0], 256)
    const header = await writeRows(store, 256, passages)
    // 2.0 and 4.1 MB do not fit one pack of 4; the last two small ones go with the one of 4.6.
    expect(header.packs.map(({ bytes }) => bytes)).toEqual([
      4 + 2 * 2 + 2 * 256 * 4000,
      4 + 2 + 2 * 256 * 8000,
      4 + 2 + 2 * 256 * 9000,
      4 + 2 * 2 + 2 * 256,
    ])
    const read = await readRows(store, header)
    expect(read.map(({ length }) => length)).toEqual(passages.map(({ length }) => length))
    expect(read.findIndex((rows, p) => rows.some((half, i) => half !== passages[p]![i]))).toBe(-1)
  })

  test.each<[string, Parameters<typeof writeRows>[1], Uint16Array[], RegExp]>([
    ['a dim that is none', 0, [], /Rows of dim 0: wanted 1 to 256/],
    ['half a row', 4, [new Uint16Array(4), new Uint16Array(6)], /Passage 1 has 6 values; .* rows of 4/],
    ['no number', 2, [new Uint16Array(2), Uint16Array.of(0, 0, 0, 0x7e00)], /Passage 1, token 1: got NaN/],
    ['too many tokens', 1, [new Uint16Array(65_536)], /Passage 0 has 65536 tokens; at most 65535 fit/],
  ])('%s is refused', async (_, dim, passages, message) => {
    await expect(writeRows(memoryStore(), dim, passages)).rejects.toMatchObject({ code: 'invalid-argument', message })
  })

  type Damage = (header: RowsHeader, store: ReturnType<typeof memoryStore>) => Promise<RowsHeader>
  const withPack =
    (change: (bytes: Uint8Array) => Uint8Array): Damage =>
    async (header, store) => {
      const bytes = (await store.get(header.packs[0]!.file))!
      return { ...header, packs: [await writePack(store, 'rows', change(bytes))] }
    }
  test.each<[string, Damage, RegExp]>([
    [
      'a flipped byte',
      async (header, store) => {
        const { file } = header.packs[0]!
        const bytes = (await store.get(file))!
        bytes[20]! ^= 1
        await store.put(file, bytes)
        return header
      },
      /rows-.* has other content/,
    ],
    [
      'a missing pack',
      async (header, store) => {
        await store.delete(header.packs[0]!.file)
        return header
      },
      /rows-.* is missing/,
    ],
    ['a pack of nothing', withPack(() => new Uint8Array()), /a pack of 0 bytes is too short/],
    ['an odd byte', withPack((bytes) => bytes.slice(1)), /not a multiple of 2/],
    ['lengths that are cut off', withPack((bytes) => bytes.slice(0, 6)), /a pack of 6 bytes is too short/],
    ['rows that are cut off', withPack((bytes) => bytes.slice(0, -2)), /a pack has \d+ bytes for rows that take/],
    [
      'rows that are no numbers',
      withPack((bytes) => bytes.fill(0xff, -2)),
      /rows of passage 2 of a pack are no finite/,
    ],
    ['another dim', async (header) => ({ ...header, dim: 5 }), /a pack has \d+ bytes for rows that take/],
    ['a dim that is none', async (header) => ({ ...header, dim: 0 }), /rows of 0 dimensions/],
    ['a wrong number of passages', async (header) => ({ ...header, passages: 4 }), /rows of 3 passages, not of 4/],
    ['a wrong number of tokens', async (header) => ({ ...header, tokens: 4 }), /5 rows for 4 tokens/],
  ])('%s is told', async (_, change, message) => {
    const store = memoryStore()
    const header = await change(await writeRows(store, 4, halvesOf([3, 0, 2], 4)), store)
    await expect(readRows(store, header)).rejects.toMatchObject({ code: 'index-invalid', message })
  })

  test('headers of another kind, or of none', async () => {
    const header = await writeRows(memoryStore(), 4, [])
    expect(() => parseRowsHeader({ ...header, kind: 'plaid' }, 'x')).toThrow(/kind "plaid", wanted "rows"/)
    expect(() => parseVectorsHeader({ ...header, kind: 'flat' }, 'x')).toThrow(
      expect.objectContaining<Partial<SelvageError>>({ code: 'index-version' }),
    )
    expect(() => parseVectorsHeader({ ...header, packs: [1] }, 'x')).toThrow(/vectors\.packs/)
    expect(() => parseVectorsHeader(undefined, 'x')).toThrow(/vectors\.kind/)
  })
})

describe('as an index', () => {
  test('residuals are the rows in int8, each on its own scale', () =>
    fc.assert(
      fc.property(anyPassages, ({ dim, passages }) => {
        const { codec, parts } = rowsIndex(dim, passages)
        const want = passages.flatMap((rows) =>
          Array.from({ length: rows.length / dim }, (_, row) =>
            quantizeCentroids(fromHalves(rows.subarray(row * dim, (row + 1) * dim))),
          ).flatMap(({ values }) => [...values]),
        )
        const table = byteWeights(codec)
        expect(parts.flatMap(({ residuals }) => [...residuals].map((byte) => table[byte]!))).toEqual(want)
        expect(parts.flatMap(({ residuals }) => [...residuals])).toEqual([
          ...packBuckets(
            want.map((value) => value & 255),
            8,
          ),
        ])
      }),
    ))

  // DESIGN's formula in plain loops: t = Σ q8·d8, v = floor(t·inv / 65,536), the sum of the best v.
  const formula = (query: TokenMatrix, rows: Uint16Array) => {
    const q = quantizeQuery(queryBatch(query), 0, 0)
    const { dim } = query
    const best = Array.from({ length: query.rows }, () => ({ v: -Infinity, at: 0 }))
    for (let t = 0; t * dim < rows.length; t++) {
      const token = fromHalves(rows.subarray(t * dim, (t + 1) * dim))
      const d8 = quantizeCentroids(token).values
      const inverse = inverseNorm(d8.reduce((sum, x) => sum + x * x, 0))
      best.forEach((one, row) => {
        let sum = 0
        for (let e = 0; e < dim; e++) sum += q.values[row * dim + e]! * d8[e]!
        const v = Math.floor((sum * inverse) / 65_536)
        if (v > one.v) Object.assign(one, { v, at: t })
      })
    }
    return {
      score: best.reduce((sum, { v }) => sum + v, 0) * q.scale,
      positions: best.map(({ at }) => at),
    }
  }

  test.each([wasm, reference])('$backend: the scores of the formula, of several segments in one', (ops) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(anyPassages, { maxLength: 3 }),
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (segments, rows, share) => {
          const dim = segments[0]?.dim ?? 8
          const own = segments.map(({ passages, seed }) =>
            halvesOf(
              passages.map(({ length }) => length % 8),
              dim,
              seed,
            ),
          )
          const parts = await Promise.all(
            own.map(async (passages) => {
              const store = memoryStore()
              return { source: store, header: await writeRows(store, dim, passages) }
            }),
          )
          const all = own.flat()
          const index = await openRows(parts, dim, ops)
          expect(index).toMatchObject({ dim, passages: all.length, precision: 'full' })
          const query = queryOf(rows, dim)
          const random = seeded(segments[0]?.seed ?? 1)
          const allowed = [...all.keys()].filter(() => random() < share)
          const filter = bitsetOf(allowed, all.length)
          const { passages } = await index.search(query, { k: 100, candidates: 1, filter, matches: true })
          const want = allowed
            .filter((id) => all[id]!.length > 0)
            .map((id) => ({ id, ...formula(query, all[id]!) }))
            .sort((a, b) => b.score - a.score || a.id - b.id)
          expect(passages.map(({ id, score, positions }) => ({ id, score, positions: [...positions!] }))).toEqual(want)
          index.close()
        },
      ),
      { numRuns: 40 },
    ),
  )

  test('scores are on the scale of a compressed index, near to exact ones', async () => {
    const passages = Array.from({ length: 30 }, (_, p) => unitMatrix(20, 32, p + 1))
    const { store, header } = await built(passages, { dim: 32, bits: 8, assign: wasm.assignCentroids.bind(wasm) })
    const rows = await writeRows(
      store,
      32,
      passages.map(({ data }) => toHalves(data)),
    )
    const [compressed, fresh] = [
      await openPlaid(store, header, wasm),
      await openRows([{ source: store, header: rows }], 32, wasm),
    ]
    const query = unitMatrix(16, 32, 99)
    const options = { k: 30, candidates: Infinity }
    const scores = new Map((await compressed.search(query, options)).passages.map(({ id, score }) => [id, score]))
    for (const { id, score } of (await fresh.search(query, options)).passages) {
      let exact = 0
      for (let q = 0; q < 16; q++) {
        let best = -Infinity
        for (let t = 0; t < 20; t++) {
          let dot = 0
          for (let e = 0; e < 32; e++) dot += query.data[q * 32 + e]! * passages[id]!.data[t * 32 + e]!
          best = Math.max(best, dot)
        }
        exact += best
      }
      // Sixteen cosines, each off by the rounding of two vectors to 1/254 of their largest value.
      expect(Math.abs(score - exact)).toBeLessThan(16 * 0.01)
      expect(Math.abs(score - scores.get(id)!)).toBeLessThan(16 * 0.02)
    }
    compressed.close()
    fresh.close()
  })

  test('segments of another dim are refused', async () => {
    const store = memoryStore()
    const header = await writeRows(store, 4, halvesOf([2], 4))
    await expect(openRows([{ source: store, header }], 8, wasm)).rejects.toMatchObject({
      code: 'index-invalid',
      message: /fresh passages of 4 dimensions among some of 8/,
    })
  })
})
