/** Vectors of single passages out of a store, against the whole index decompressed by the plain formula. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHalves } from '../../src/ops/half.ts'
import { createReferenceOps } from '../../src/ops/reference.ts'
import { PlaidBuilder } from '../../src/plaid/builder.ts'
import { decompress } from '../../src/plaid/data.ts'
import { readPlaidData } from '../../src/plaid/format.ts'
import { writeRows } from '../../src/plaid/rows.ts'
import { storedRows } from '../../src/plaid/storedRows.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { TokenMatrix } from '../../src/types.ts'

const ops = createReferenceOps()
const DIM = 8

/** Unit rows; a passage may have none. */
const passages = fc
  .array(fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: DIM, maxLength: DIM }), { maxLength: 5 }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((all) =>
    all.map((rows): TokenMatrix => {
      const units = rows.map((row) => {
        const values = row.every((value) => value === 0) ? [1, ...row.slice(1)] : row
        const norm = Math.hypot(...values)
        return values.map((value) => value / norm)
      })
      return { data: Float32Array.from(units.flat()), rows: units.length, dim: DIM }
    }),
  )

/** The formula in f64 against f32 sums: both round a unit row's values to 24 bits, so that 8 steps stay below this. */
const TOLERANCE = 1e-5

test('codes and residuals become the rows that the whole index decompresses to', async () => {
  await fc.assert(
    fc.asyncProperty(passages, fc.constantFrom(1, 2, 4, 8), async (given, bits) => {
      const store = memoryStore()
      const builder = new PlaidBuilder(store, { dim: DIM, bits: bits as 1, assign: ops.assignCentroids.bind(ops) })
      for (const passage of given) builder.add(passage)
      const header = await builder.finish()
      const expected = [...decompress(await readPlaidData(store, header))]
      const stored = storedRows(store, header)
      for (const [id, passage] of expected.entries()) {
        const { data, rows, dim } = await stored.read(id)
        expect([rows, dim, await stored.count(id)]).toEqual([passage.rows, DIM, passage.rows])
        for (let i = 0; i < data.length; i++) expect(Math.abs(data[i]! - passage.data[i]!)).toBeLessThan(TOLERANCE)
      }
    }),
    { numRuns: 40 },
  )
})

test('fresh passages are as they were written, in f16', async () => {
  await fc.assert(
    fc.asyncProperty(passages, async (given) => {
      const store = memoryStore()
      const halves = given.map(({ data }) => toHalves(data))
      const stored = storedRows(store, await writeRows(store, DIM, halves))
      for (const [id, { data, rows }] of given.entries()) {
        const read = await stored.read(id)
        expect([read.rows, await stored.count(id)]).toEqual([rows, rows])
        // f16 keeps 11 bits: 2^-12 of a value up to 1, and what the row's length changes by.
        for (let i = 0; i < data.length; i++) expect(Math.abs(read.data[i]! - data[i]!)).toBeLessThan(2 ** -10)
      }
    }),
    { numRuns: 40 },
  )
})

test('a passage that is not there is told', async () => {
  const store = memoryStore()
  const stored = storedRows(store, await writeRows(store, DIM, [new Uint16Array(DIM)]))
  for (const id of [-1, 1, 0.5, Number.NaN])
    await expect(stored.read(id)).rejects.toMatchObject({ code: 'invalid-argument' })
  expect([...(await stored.read(0)).data]).toEqual(new Array(DIM).fill(0))
})
