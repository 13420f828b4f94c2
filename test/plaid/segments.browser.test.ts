/** Fresh passages and residuals that stay in the store, on a GPU: what the reference finds, bit by bit. */
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOps } from '../../src/ops/create.ts'
import type { FailoverOps } from '../../src/ops/failover.ts'
import { toHalves } from '../../src/ops/half.ts'
import { writeRows } from '../../src/plaid/rows.ts'
import { openPlaid, openRows } from '../../src/plaid/search.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { randomVectors, seeded } from '../ops/data.ts'
import { findAdapter } from '../ops/gpu.ts'
import { anySearch } from '../ops/plaidData.ts'
import { answer, written } from './segments.ts'

// That CI has WebGPU is asserted once, in maxSim.browser.test.ts.
const adapter = await findAdapter()
describe.skipIf(adapter === undefined)('WebGPU', () => {
  let gpu: FailoverOps
  let reference: FailoverOps
  beforeAll(async () => {
    ;[gpu, reference] = await Promise.all([createOps({ backend: 'webgpu' }), createOps({ backend: 'reference' })])
  })
  afterAll(() => {
    gpu.close()
    reference.close()
  })

  test('paged residuals', () =>
    fc.assert(
      fc.asyncProperty(anySearch, async ({ index, queries, filter, ...search }) => {
        const { store, header } = await written(index)
        const whole = await openPlaid(store, header, reference)
        const paged = await openPlaid(store, header, gpu, { residuals: 'paged' })
        const rows = queries.offsets[1]!
        const query = { data: queries.vectors.slice(0, rows * queries.dim), rows, dim: queries.dim }
        const options = { ...search, ...(filter && { filter }), matches: true }
        expect(await answer(paged, query, options)).toEqual(await answer(whole, query, options))
        whole.close()
        paged.close()
      }),
      { numRuns: 15, seed: 3 },
    ))

  test('fresh rows', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 8 }), { maxLength: 3 }),
        fc.constantFrom(8, 33, 64, 128, 256),
        fc.integer({ min: 1, max: 40 }),
        async (segments, dim, rows) => {
          const random = seeded(dim + rows)
          const parts = await Promise.all(
            segments.map(async (lengths) => {
              const store = memoryStore()
              const passages = lengths.map((length) => toHalves(randomVectors(random, length * dim)))
              return { source: store, header: await writeRows(store, dim, passages) }
            }),
          )
          const [want, got] = [await openRows(parts, dim, reference), await openRows(parts, dim, gpu)]
          const query = { data: randomVectors(random, rows * dim), rows, dim }
          const options = { k: 9, matches: true }
          expect(await answer(got, query, options)).toEqual(await answer(want, query, options))
          want.close()
          got.close()
        },
      ),
      { numRuns: 15, seed: 3 },
    ))
})
