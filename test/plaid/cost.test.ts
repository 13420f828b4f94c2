/** What is told of vectors before they are made, against hand-worked figures and against indexes that were built. */
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createOps } from '../../src/ops/create.ts'
import { PLAID_BITS, type PlaidBits } from '../../src/ops/ops.ts'
import { PlaidBuilder, type PlaidOptions } from '../../src/plaid/builder.ts'
import {
  biEncoderCost,
  type Collection,
  colbertCost,
  costs,
  evenCollection,
  knownCollection,
  POOLS,
  plaidCost,
  pooled,
} from '../../src/plaid/cost.ts'
import { type PlaidHeader, plaidPacks, writePlaid } from '../../src/plaid/format.ts'
import { poolTokens } from '../../src/plaid/pooling.ts'
import { openPlaid } from '../../src/plaid/search.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { sumOfPacks } from '../../src/store/packs.ts'
import type { TokenMatrix } from '../../src/types.ts'
import { randomVectors, seeded } from '../ops/data.ts'
import { randomIndex } from '../ops/plaidData.ts'

const ops = await createOps({ backend: 'wasm' })
afterAll(() => ops.close())
const assign = ops.assignCentroids.bind(ops)

function passagesOf(lengths: ArrayLike<number>, dim: number): TokenMatrix[] {
  const random = seeded(7)
  return Array.from(lengths, (rows) => ({ data: randomVectors(random, rows * dim), rows, dim }))
}

async function build(passages: readonly TokenMatrix[], dim: number, options: PlaidOptions) {
  const store = memoryStore()
  const builder = new PlaidBuilder(store, { dim, assign, ...options })
  for (const passage of passages) builder.add(passage)
  return { store, header: await builder.finish() }
}

/** As a manifest has it. */
function measured(header: PlaidHeader) {
  const { codes, residuals, lengths, centroids, originals, codec } = header
  return {
    codes: sumOfPacks(codes),
    residuals: sumOfPacks(residuals),
    lengths: lengths.bytes,
    centroids: centroids.bytes,
    ...(originals && { originals: originals.bytes }),
    codec: codec.bytes,
    manifest: JSON.stringify(header).length,
  }
}

describe('vectors that are kept as they are', () => {
  test('a million documents: 3 GB as one vector of 768, 102 GB as 200 of 128', () => {
    const million = evenCollection(1_000_000, 200)
    expect(biEncoderCost(million, 768, 'f32').bytes).toBe(3_072_000_000)
    expect(biEncoderCost(million, 384, 'int8').bytes).toBe(384_000_000)
    expect(colbertCost(million, 128, 'f32').bytes).toBe(102_400_000_000)
    expect(colbertCost(million, 128, 'f16').bytes).toBe(51_200_000_000)
    // The first token stays, the other 199 become 99: 100 vectors.
    expect(colbertCost(million, 128, 'f16', 2).bytes).toBe(25_600_000_000)
  })

  test('a mean between two whole numbers', () => {
    // 5 passages of 3 and 5 of 4 tokens: pooled by 2 they keep 1 + 1 and 1 + 1; by none all.
    const collection = evenCollection(10, 3.5)
    expect(collection.tokens).toBe(35)
    expect(pooled(collection, 2).tokens).toBe(20)
    expect(pooled(collection, 1).tokens).toBe(35)
    // Of 4 and 5 tokens, 1 + 1 and 1 + 2.
    expect(pooled(evenCollection(10, 4.5), 2).tokens).toBe(25)
  })
})

describe('an index', () => {
  test('of 1,000 passages of 100 tokens, by hand', () => {
    const { bytes, index, vectors } = plaidCost(evenCollection(1000, 100), { dim: 64, bits: 2 })
    expect(vectors).toBe(100_000)
    // 16 * sqrt(100,000) = 5,060: 4,096, and twice as many would take over an eighth of 18 bytes for each token.
    expect(index.centroids).toBe(4096)
    const { manifest, ...packs } = index.bytes
    expect(packs).toEqual({
      codes: 200_000,
      residuals: 1_600_000,
      lengths: 2000,
      centroids: 262_144,
      codec: 16 + 4 * (3 + 4 + 64 + 1) + 4,
    })
    expect(bytes).toBe(200_000 + 1_600_000 + 2000 + 262_144 + 308 + manifest)
  })

  test('is told to the byte, whatever its passages, bits and pooling', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 12 }),
        fc.constantFrom(8, 16, 24, 40),
        fc.constantFrom(...PLAID_BITS),
        fc.integer({ min: 1, max: 4 }),
        async (lengths, dim, bits, pool) => {
          const { header } = await build(passagesOf(lengths, dim), dim, { bits, pool })
          const told = plaidCost(knownCollection(Uint16Array.from(lengths)), { dim, bits, pool })
          expect(told.index.bytes).toEqual(measured(header))
          expect(told.index.centroids).toBe(header.centroidCount)
          expect(told.vectors).toBe(header.tokens)
          expect(told.bytes).toBe(sumOfPacks(plaidPacks(header)) + JSON.stringify(header).length)
        },
      ),
      { numRuns: 60 },
    ))

  test('in several packs, among them one of a passage that is larger than a pack', async () => {
    const lengths = Uint16Array.from({ length: 400 }, (_, p) => (p === 57 ? 20_000 : p % 7 === 0 ? 0 : 50 + (p % 80)))
    const shape = { dim: 256, bits: 8, centroids: 3 } as const
    const { header } = await build(passagesOf(lengths, shape.dim), shape.dim, { bits: 8, centroids: 3 })
    expect(header.codes.length).toBeGreaterThan(3)
    expect(plaidCost(knownCollection(lengths), shape).index.bytes).toEqual(measured(header))
  }, 30_000)

  test('passages of which only the mean is known: as those that are all of that length', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40_000 }),
        fc.integer({ min: 1, max: 300 }),
        fc.constantFrom(...PLAID_BITS),
        fc.constantFrom(...POOLS),
        (passages, tokens, bits, pool) => {
          const known = knownCollection(new Uint16Array(passages).fill(tokens))
          const shape = { dim: 64, bits, pool }
          expect(plaidCost(evenCollection(passages, tokens), shape)).toEqual(plaidCost(known, shape))
        },
      ),
      { numRuns: 40 },
    ))

  test('with cells: as many centroids as it came to, which are about as many as were told', async () => {
    const lengths = new Uint16Array(150).fill(60)
    const { header } = await build(passagesOf(lengths, 8), 8, { bits: 4 })
    const told = plaidCost(knownCollection(lengths), { dim: 8, bits: 4 })
    expect(told.index.centroids).toBe(1024)
    expect(Math.abs(header.centroidCount - 1024)).toBeLessThan(40)
    const exact = plaidCost(knownCollection(lengths), { dim: 8, bits: 4, centroids: header.centroidCount })
    expect(exact.index.bytes).toEqual(measured(header))
  })

  test('an import of more centroids than two bytes count, which keeps them as they were', async () => {
    const lengths = [40, 0, 70]
    const { codec, parts } = randomIndex({ dim: 16, bits: 2, centroids: 65_537, parts: [lengths], wideCodes: true })
    const data = {
      ...({ dim: 16, bits: 2, parts } as const),
      centroids: Float32Array.from(codec.centroids),
      cutoffs: Float32Array.of(-1, 0, 1),
      weights: Float32Array.of(-2, -0.5, 0.5, 2),
      averageResidual: new Float32Array(16),
      clusterThreshold: 0.5,
    }
    const header = await writePlaid(memoryStore(), data)
    const shape = { dim: 16, bits: 2, centroids: 65_537, isImported: true } as const
    expect(plaidCost(knownCollection(Uint16Array.from(lengths)), shape).index.bytes).toEqual(measured(header))
    expect(header.codes[0]!.bytes).toBe(4 * 110)
  })

  test('takes in memory what is told', async () => {
    const lengths = Uint16Array.from({ length: 500 }, (_, p) => p % 120)
    for (const bits of PLAID_BITS) {
      const { store, header } = await build(passagesOf(lengths, 32), 32, { bits, centroids: 100 })
      const index = await openPlaid(store, header, ops)
      const { memory } = plaidCost(knownCollection(lengths), { dim: 32, bits, centroids: 100 }).index
      expect(Math.abs(index.bytes - memory.cpu)).toBeLessThanOrEqual(2 * 65_536)
      expect(memory.least).toBeLessThanOrEqual(memory.cpu)
      index.close()
    }
  }, 30_000)
})

describe('more of anything takes no less', () => {
  const collections: fc.Arbitrary<Collection> = fc.oneof(
    fc
      .tuple(fc.integer({ min: 1, max: 3_000_000 }), fc.double({ min: 1, max: 600, noNaN: true }))
      .map(([passages, tokens]) => evenCollection(passages, tokens)),
    fc
      .array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 200 })
      .map((lengths) => knownCollection(Uint16Array.from(lengths))),
  )
  const dims = fc.constantFrom(48, 64, 96, 128, 256)

  test('more bits', () =>
    fc.assert(
      fc.property(collections, dims, fc.constantFrom(...POOLS), (collection, dim, pool) => {
        const sizes = PLAID_BITS.map((bits) => plaidCost(collection, { dim, bits, pool }).bytes)
        expect(sizes).toEqual([...sizes].sort((a, b) => a - b))
      }),
    ))

  test('more passages', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 1, max: 400 }),
        dims,
        (passages, more, tokens, dim) => {
          const few = costs(evenCollection(passages, tokens), dim, 384)
          const many = costs(evenCollection(passages + more, tokens), dim, 384)
          expect(few.filter(({ bytes }, i) => bytes > many[i]!.bytes)).toEqual([])
          expect(few.length).toBe(2 + 3 * (2 + PLAID_BITS.length))
        },
      ),
    ))

  test('no pooling', () =>
    fc.assert(
      fc.property(collections, dims, fc.constantFrom<PlaidBits>(...PLAID_BITS), (collection, dim, bits) => {
        const [none, two, three] = POOLS.map((pool) => plaidCost(collection, { dim, bits, pool }))
        expect(two!.bytes).toBeLessThanOrEqual(none!.bytes)
        expect(three!.bytes).toBeLessThanOrEqual(two!.bytes)
      }),
    ))
})

test('rows that pooling is said to keep are those that it keeps', () => {
  for (const rows of [0, 1, 2, 3, 4, 10, 301, 2049, 2050, 2052])
    for (const factor of [1, 2, 3, 7]) {
      const { matrix } = poolTokens({ data: new Float32Array(rows), rows, dim: 1 }, factor)
      expect(pooled(knownCollection(Uint16Array.of(rows)), factor).tokens).toBe(matrix.rows)
    }
}, 60_000)

describe('what cannot be is refused', () => {
  const some = evenCollection(10, 10)
  test.each([
    [() => evenCollection(0, 10), /passages: got 0, wanted/],
    [() => evenCollection(1.5, 10), /passages: got 1.5/],
    [() => evenCollection(10, 0.5), /tokens: got 0.5 a passage/],
    [() => evenCollection(10, Number.NaN), /tokens: got NaN/],
    [() => evenCollection(10, 65_536), /65535/],
    [() => plaidCost(some, { dim: 100, bits: 1 }), /dim 100 and bits 1 cannot be/],
    [() => plaidCost(some, { dim: 257, bits: 8 }), /dim 257 and bits 8 cannot be/],
    [() => plaidCost(some, { dim: 64, bits: 2, pool: 0 }), /pool: got 0/],
  ])('%#', (make, message) => expect(make).toThrow(message))

  test('kinds that cannot be are left out of the table', () => {
    const precisions = costs(some, 100, 384).map(({ precision }) => precision)
    expect(precisions).toContain(2)
    expect(precisions).not.toContain(1)
    expect(costs(some, 768, 768).some(({ system }) => system === 'plaid')).toBe(false)
  })
})
