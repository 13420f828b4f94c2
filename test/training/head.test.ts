import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Head, identityHead, mapQuery, mapRows } from '../../src/training/head.ts'
import { type Candidate, contrastiveLoss, lookUp } from '../../src/training/headLoss.ts'
import { type HeadPair, trainHead } from '../../src/training/headTrain.ts'
import type { TokenMatrix } from '../../src/types.ts'

const DIM = 6

/** Unit rows. */
function matrixOf(values: readonly number[], dim = DIM): TokenMatrix {
  const rows = Math.floor(values.length / dim)
  const data = Float32Array.from(values.slice(0, rows * dim))
  for (let row = 0; row < rows; row++) {
    const one = data.subarray(row * dim, (row + 1) * dim)
    const length = Math.hypot(...one) || 1
    for (let e = 0; e < dim; e++) one[e]! /= length
  }
  return { data, rows, dim }
}

const matrices = (most: number) =>
  fc
    .integer({ min: 1, max: most })
    .chain((rows) =>
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: rows * DIM, maxLength: rows * DIM }),
    )
    .map((values) => matrixOf(values.map((value, i) => value + (i % DIM === 0 ? 0.01 : 0))))

const heads = fc
  .array(fc.double({ min: -0.3, max: 0.3, noNaN: true }), { minLength: DIM * DIM, maxLength: DIM * DIM })
  .map((values): Head => {
    const { weights } = identityHead(DIM)
    return { dim: DIM, weights: weights.map((weight, i) => weight + values[i]!) }
  })

const rowOf = ({ data, dim }: TokenMatrix, row: number) => [...data.subarray(row * dim, (row + 1) * dim)]
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

/** The definition, in f64: map, unit length, MaxSim, softmax. */
function naiveLoss(
  weights: ArrayLike<number>,
  query: TokenMatrix,
  right: readonly TokenMatrix[],
  wrong: readonly TokenMatrix[],
  temperature: number,
): number {
  const units = Array.from({ length: query.rows }, (_, q) => {
    const row = rowOf(query, q)
    const mapped = row.map((_, e) => row.reduce((sum, value, f) => sum + weights[e * query.dim + f]! * value, 0))
    const length = Math.hypot(...mapped)
    return mapped.map((value) => value / length)
  })
  const score = (passage: TokenMatrix) =>
    units.reduce(
      (sum, unit) => sum + Math.max(...Array.from({ length: passage.rows }, (_, t) => dot(unit, rowOf(passage, t)))),
      0,
    ) / temperature
  const sumOfExp = (passages: readonly TokenMatrix[]) => passages.reduce((sum, one) => sum + Math.exp(score(one)), 0)
  return -Math.log(sumOfExp(right) / sumOfExp([...right, ...wrong]))
}

function lossOf(
  { weights, dim }: Head,
  query: TokenMatrix,
  right: readonly TokenMatrix[],
  wrong: readonly TokenMatrix[],
  temperature: number,
) {
  const mapped = { query, units: new Float32Array(query.data.length), lengths: new Float32Array(query.rows) }
  mapRows(weights, query, mapped.units, mapped.lengths)
  const candidates = [
    ...right.map((passage) => [passage, true] as const),
    ...wrong.map((passage) => [passage, false] as const),
  ]
  const looked = candidates.map(([passage, isRight]): Candidate => {
    const positions = new Uint16Array(query.rows)
    lookUp(mapped.units, query.rows, passage, positions)
    return { passage, isRight, positions }
  })
  const gradient = new Float64Array(dim * dim)
  return { loss: contrastiveLoss(mapped, looked, temperature, gradient), gradient }
}

describe('mapping', () => {
  test('the identity leaves unit rows as they are, to rounding', () => {
    fc.assert(
      fc.property(matrices(5), (query) => {
        const { data } = mapQuery(identityHead(DIM), query)
        data.forEach((value, i) => {
          expect(value).toBeCloseTo(query.data[i]!, 5)
        })
      }),
    )
  })

  test('rows are of length 1, and nothing stays nothing', () => {
    fc.assert(
      fc.property(heads, matrices(5), (head, query) => {
        const mapped = mapQuery(head, query)
        for (let q = 0; q < mapped.rows; q++) expect(Math.hypot(...rowOf(mapped, q))).toBeCloseTo(1, 4)
      }),
    )
    const nothing = { data: new Float32Array(DIM), rows: 1, dim: DIM }
    expect([...mapQuery(identityHead(DIM), nothing).data]).toEqual([0, 0, 0, 0, 0, 0])
  })

  test('another dim is another model', () => {
    const query = { data: new Float32Array(4), rows: 1, dim: 4 }
    expect(() => mapQuery(identityHead(DIM), query)).toThrow(/4 dimensions, what was learned 6/)
  })
})

describe('the loss', () => {
  test('best matches are those of a search row by row, the first of equal ones', () => {
    fc.assert(
      fc.property(matrices(9), matrices(9), (query, passage) => {
        const positions = new Uint16Array(query.rows)
        lookUp(query.data, query.rows, passage, positions)
        for (let q = 0; q < query.rows; q++) {
          const scores = Array.from({ length: passage.rows }, (_, t) => dot(rowOf(query, q), rowOf(passage, t)))
          expect(scores[positions[q]!]).toBeCloseTo(Math.max(...scores), 6)
        }
      }),
    )
    const twice = matrixOf([1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
    const positions = new Uint16Array(1)
    lookUp(twice.data, 1, twice, positions)
    expect(positions[0]).toBe(0)
  })

  test('is that of the definition', () => {
    fc.assert(
      fc.property(
        heads,
        matrices(5),
        fc.array(matrices(6), { minLength: 1, maxLength: 3 }),
        fc.array(matrices(6), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0.5, 1, 2),
        (head, query, right, wrong, temperature) => {
          const { loss } = lossOf(head, query, right, wrong, temperature)
          expect(loss).toBeCloseTo(naiveLoss(head.weights, query, right, wrong, temperature), 4)
        },
      ),
    )
  })

  test('its gradient is that of finite differences of the definition, in every weight', () => {
    let compared = 0
    fc.assert(
      fc.property(
        heads,
        matrices(4),
        fc.array(matrices(5), { minLength: 1, maxLength: 2 }),
        fc.array(matrices(5), { minLength: 1, maxLength: 3 }),
        (head, query, right, wrong) => {
          const { gradient } = lossOf(head, query, right, wrong, 1)
          const at = (i: number, by: number) => {
            const moved = Float64Array.from(head.weights)
            moved[i]! += by
            return naiveLoss(moved, query, right, wrong, 1)
          }
          const size = Math.max(0.05, Math.hypot(...gradient))
          for (let i = 0; i < gradient.length; i++) {
            const [up, down] = [at(i, 1e-5) - at(i, 0), at(i, 0) - at(i, -1e-5)]
            if (Math.abs(up - down) > 1e-9) continue // a best match changes just here: a maximum has no gradient there
            compared++
            expect(Math.abs(gradient[i]! - (up + down) / 2e-5) / size).toBeLessThan(1e-3)
          }
        },
      ),
    )
    expect(compared).toBeGreaterThan(3000)
  })

  test('says nothing where all is right, or all is wrong', () => {
    const one = matrixOf([1, 2, 3, 4, 5, 6])
    expect(lossOf(identityHead(DIM), one, [one], [], 1).loss).toBe(0)
    const { loss, gradient } = lossOf(identityHead(DIM), one, [], [one], 1)
    expect([loss, ...new Set(gradient)]).toEqual([0, 0])
  })
})

describe('training', () => {
  /** Queries speak another language: what passages call axis e, they call axis e + 1. */
  const dim = 12
  const noise = (seed: number) => (Math.abs(Math.sin(seed * 12.9898) * 43758.5453) % 1) - 0.5
  const axisRow = (axis: number, seed: number) =>
    Array.from({ length: dim }, (_, e) => (e === axis % dim ? 1 : 0) + 0.15 * noise(seed * dim + e))
  const topics = Array.from({ length: 60 }, (_, i) => [i % dim, (i + 1 + Math.floor(i / dim)) % dim] as const)
  const passages = topics.map(([a, b], i) => matrixOf([...axisRow(a, 3 * i), ...axisRow(b, 3 * i + 1)], dim))
  const pairs = topics.map(([a, b], i): HeadPair => {
    const query = matrixOf([...axisRow(a + 1, 900 + 3 * i), ...axisRow(b + 1, 901 + 3 * i)], dim)
    const wrong = topics.flatMap(([c, d], j) => (j !== i && (c === (a + 1) % dim || d === (b + 1) % dim) ? [j] : []))
    return { query, right: [i], wrong: wrong.slice(0, 6) }
  })
  const known = pairs.filter((_, i) => i % 4 !== 0)
  const unknown = pairs.filter((_, i) => i % 4 === 0)
  const maxSim = (query: TokenMatrix, passage: TokenMatrix) =>
    Array.from({ length: query.rows }, (_, q) =>
      Math.max(...Array.from({ length: passage.rows }, (_, t) => dot(rowOf(query, q), rowOf(passage, t)))),
    ).reduce((a, b) => a + b, 0)
  const firstIsRight = (head: Head) =>
    unknown.filter(({ query, right }) => {
      const mapped = mapQuery(head, query)
      const scores = passages.map((passage) => maxSim(mapped, passage))
      return right.includes(scores.indexOf(Math.max(...scores)))
    }).length
  const recipe = { seed: 1, rate: 0.01, hold: 1e-3, rounds: 10, temperature: 0.2 }

  test('what pairs have in common holds for queries that were kept apart', async () => {
    expect(firstIsRight(identityHead(dim))).toBeLessThan(3)
    const head = await trainHead(passages, known, recipe)
    expect(head.rounds).toBeGreaterThan(0)
    expect(firstIsRight(head)).toBeGreaterThan(10) // of 15
  })

  test('the same pairs and seed give the same head, another seed another', async () => {
    const short = { ...recipe, rounds: 2 }
    const [a, b, c] = [
      await trainHead(passages, known, short),
      await trainHead(passages, known, short),
      await trainHead(passages, known, { ...short, seed: 2 }),
    ]
    expect(b.weights).toEqual(a.weights)
    expect(c.weights).not.toEqual(a.weights)
  })

  test('where learning makes it worse for pairs set aside, the identity is kept', async () => {
    const order = known.map((_, i) => i).sort((a, b) => noise(7000 + a) - noise(7000 + b))
    const unrelated = known.map((pair, i) => ({ ...pair, right: known[order[i]!]!.right, wrong: [] }))
    // Against one other passage: what is learned by heart of some says nothing of the others.
    const byHeart = { ...recipe, hold: 0, rate: 0.5 }
    const judged = unrelated.map((pair, i) => ({ ...pair, wrong: unrelated[(i + 1) % unrelated.length]!.right }))
    const head = await trainHead(passages, judged, byHeart)
    expect(head.rounds).toBe(0)
    expect(head.weights).toEqual(identityHead(dim).weights)
    const unwatched = await trainHead(passages, judged, { ...byHeart, aside: 0 })
    expect(unwatched.rounds).toBe(5)
    expect(unwatched.weights).not.toEqual(identityHead(dim).weights)
  })

  test('a high price keeps it near to the identity', async () => {
    const head = await trainHead(passages, known, { ...recipe, hold: 100 })
    const far = head.weights.map((weight, i) => Math.abs(weight - identityHead(dim).weights[i]!))
    expect(Math.max(...far)).toBeLessThan(0.05)
  })

  test('progress rises to its end, and breathing can stop it', async () => {
    const told: [number, number][] = []
    await trainHead(passages, known, { ...recipe, rounds: 2, onProgress: (done, total) => told.push([done, total]) })
    expect(told.every(([done, total], i) => done <= total && done >= (told[i - 1]?.[0] ?? 0))).toBe(true)
    expect(told.at(-1)![0]).toBe(told.at(-1)![1])
    let slices = 0
    const breathe = async () => {
      if (++slices === 20) throw new Error('stopped')
    }
    await expect(trainHead(passages, known, { ...recipe, breathe })).rejects.toThrow('stopped')
    expect(slices).toBe(20)
  })
})
