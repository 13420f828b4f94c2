/** Token pooling: PyLate's results (test/fixtures/pooling), Ward's method against its definition, and the builder's part. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { poolTokens, wardClusters } from '../../src/plaid/pooling.ts'
import type { TokenMatrix } from '../../src/types.ts'

interface Case {
  readonly factor: number
  readonly rows: readonly (readonly number[])[]
  readonly pooled: readonly (readonly number[])[]
}
const cases: Case[] = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/pooling/pooled.json'), 'utf8'))

function matrix(rows: readonly (readonly number[])[], dim = rows[0]?.length ?? 8): TokenMatrix {
  return { data: Float32Array.from(rows.flat()), rows: rows.length, dim }
}

function rowsOf({ data, rows, dim }: TokenMatrix): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * dim, (i + 1) * dim)])
}

test.each(cases.map((c): [number, number, Case] => [c.rows.length, c.factor, c]))(
  '%i tokens by %i: PyLate’s vectors, the first token first',
  (_, factor, { rows, pooled }) => {
    const { matrix: ours, rowOf } = poolTokens(matrix(rows), factor)
    expect(ours.rows).toBe(pooled.length)
    const found = rowsOf(ours)
    // PyLate numbers its clusters otherwise. Both sum f32 or f64 and print six digits: half of the last, and f32's own.
    const missing = pooled.filter((want) => !found.some((row) => row.every((x, e) => Math.abs(x - want[e]!) < 2e-6)))
    expect(missing).toEqual([])
    found[0]!.forEach((x, e) => {
      expect(x).toBeCloseTo(rows[0]![e]!, 6)
    })
    expect(rowOf.length).toBe(rows.length)
    expect([...new Set(rowOf)]).toEqual(Array.from({ length: ours.rows }, (_, i) => i)) // by first token
  },
)

test('a factor of 1 changes nothing, no tokens stay none', () => {
  const rows = matrix(cases.at(-1)!.rows)
  expect(poolTokens(rows, 1).matrix).toEqual(rows)
  expect(poolTokens(matrix([]), 3)).toEqual({ matrix: matrix([]), rowOf: new Uint16Array() })
})

test('a very long passage is pooled in stretches', () => {
  const rows = Array.from({ length: 4100 }, (_, i) => [Math.cos(i), Math.sin(i)])
  const { matrix: pooled, rowOf } = poolTokens(matrix(rows), 2)
  expect(pooled.rows).toBe(1 + 1024 + 1024 + 1)
  expect(Math.max(...rowOf.subarray(0, 2049))).toBe(1024)
  expect(Math.min(...rowOf.subarray(2049))).toBe(1025)
})

test.each([0, 1.5, -1, Number.NaN])('a factor of %d is refused', (factor) => {
  expect(() => poolTokens(matrix([[1, 0]]), factor)).toThrow(`pool: got ${factor}, wanted a whole number from 1 on.`)
})

describe('Ward', () => {
  /** By definition: again and again merge the pair with the least distance, all distances anew by Lance and Williams. */
  const naive = (between: Float64Array, size: number, clusters: number): number[][] => {
    let groups = Array.from({ length: size }, (_, i) => ({ items: [i], id: i }))
    const distance = new Map<string, number>()
    const key = (a: number, b: number) => `${Math.min(a, b)} ${Math.max(a, b)}`
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) distance.set(key(i, j), between[i * size + j]!)
    for (let next = size; groups.length > clusters; next++) {
      const pairs = groups.flatMap((a, i) =>
        groups.slice(i + 1).map((b) => ({ a, b, d: distance.get(key(a.id, b.id))! })),
      )
      const { a, b, d } = pairs.reduce((least, pair) => (pair.d < least.d ? pair : least))
      const [na, nb] = [a.items.length, b.items.length]
      groups = groups.filter((group) => group !== a && group !== b)
      for (const c of groups) {
        const nc = c.items.length
        const [da, db] = [distance.get(key(a.id, c.id))!, distance.get(key(b.id, c.id))!]
        const squared = ((na + nc) * da ** 2 + (nb + nc) * db ** 2 - nc * d ** 2) / (na + nb + nc)
        distance.set(key(next, c.id), Math.sqrt(Math.max(0, squared)))
      }
      groups.push({ items: [...a.items, ...b.items].sort((x, y) => x - y), id: next })
    }
    return groups.map(({ items }) => items).sort((x, y) => x[0]! - y[0]!)
  }

  test('chains of nearest neighbours give the clusters of the definition', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })), {
          minLength: 1,
          maxLength: 25,
        }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (points, share) => {
          const size = points.length
          const between = new Float64Array(size * size)
          for (let i = 0; i < size; i++)
            for (let j = 0; j < size; j++)
              between[i * size + j] = Math.hypot(points[i]![0] - points[j]![0], points[i]![1] - points[j]![1])
          // Equal distances may be merged in another order, rightly too.
          fc.pre(new Set(between).size === (size * (size - 1)) / 2 + 1)
          const clusters = Math.max(1, Math.floor(share * size))
          const want = naive(between, size, clusters)
          const labels = wardClusters(between.slice(), size, clusters)
          const got = want.map((_, label) => Array.from(labels.keys()).filter((i) => labels[i] === label))
          expect(got).toEqual(want)
        },
      ),
    )
  })
})
