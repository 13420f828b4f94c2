/** What plots are made of: places for names that never meet, scales with ticks, and the line of the systems that nothing beats. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Labelled, overlap, placeLabels } from '../../../src/eval/report/labels.ts'
import { logScale, shareScale } from '../../../src/eval/report/scale.ts'
import { front, wrapped } from '../../../src/eval/report/scatterPlot.ts'

const AREA = { left: 40, top: 20, width: 480, height: 320 }

describe('names beside points', () => {
  const point = fc.record({
    x: fc.integer({ min: AREA.left, max: AREA.left + AREA.width }),
    y: fc.integer({ min: AREA.top, max: AREA.top + AREA.height }),
    width: fc.integer({ min: 20, max: 190 }),
    height: fc.constantFrom(14, 28),
  })

  test('meet neither each other nor a point nor the edge, wherever the points are', () =>
    fc.assert(
      fc.property(fc.array(point, { maxLength: 10 }), (points: Labelled[]) => {
        const placed = placeLabels(points, AREA)
        expect(placed).toHaveLength(points.length)
        const boxes = placed.flatMap((one) => (one ? [one.box] : []))
        boxes.forEach((box, i) => {
          expect(box.left).toBeGreaterThanOrEqual(AREA.left)
          expect(box.top).toBeGreaterThanOrEqual(AREA.top)
          expect(box.left + box.width).toBeLessThanOrEqual(AREA.left + AREA.width + 1e-9)
          expect(box.top + box.height).toBeLessThanOrEqual(AREA.top + AREA.height + 1e-9)
          for (const other of boxes.slice(i + 1)) expect(overlap(box, other, 0)).toBe(false)
          for (const { x, y } of points)
            expect(overlap(box, { left: x - 5, top: y - 5, width: 10, height: 10 }, 0)).toBe(false)
        })
      }),
      { numRuns: 60 },
    ))

  test('all find room, also where ten points lie in one spot', () => {
    const points = Array.from({ length: 10 }, (_, i) => ({
      x: 250 + (i % 3),
      y: 180 + (i % 2),
      width: 120,
      height: 14,
    }))
    const placed = placeLabels(points, AREA)
    expect(placed.every((one) => one !== undefined)).toBe(true)
    expect(placed.some((one) => one?.line)).toBe(true) // those that had to go far
  })

  test('a lone name stands right of its point, at the right edge left of it', () => {
    const [one] = placeLabels([{ x: 100, y: 100, width: 60, height: 14 }], AREA)
    expect(one).toEqual({ box: { left: 109, top: 93, width: 60, height: 14 } })
    const [edge] = placeLabels([{ x: 515, y: 100, width: 60, height: 14 }], AREA)
    expect(edge?.box.left).toBeLessThan(515 - 60)
  })

  test('what cannot fit is left out', () => {
    expect(placeLabels([{ x: 50, y: 50, width: 900, height: 14 }], AREA)).toEqual([undefined])
  })
})

describe('scales', () => {
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 })

  test('shares: in order, within the plot, with ticks', () =>
    fc.assert(
      fc.property(shares, (values) => {
        const { place, ticks } = shareScale(values, 300, 20)
        for (const value of [...values, ...ticks]) {
          expect(place(value)).toBeLessThanOrEqual(300 + 1e-6)
          expect(place(value)).toBeGreaterThanOrEqual(20 - 1e-6)
        }
        expect(ticks.length).toBeGreaterThanOrEqual(2)
        expect(ticks.length).toBeLessThanOrEqual(12)
        expect(place(Math.max(...values))).toBeLessThanOrEqual(place(Math.min(...values)))
      }),
    ))

  test('logarithms: ten times is the same way everywhere, ticks are few', () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 8 }),
        (values) => {
          const { place, ticks } = logScale(values, 40, 500, 8)
          for (const value of [...values, ...ticks]) {
            expect(place(value)).toBeGreaterThanOrEqual(40 - 1e-6)
            expect(place(value)).toBeLessThanOrEqual(500 + 1e-6)
          }
          expect(ticks.length).toBeLessThanOrEqual(8)
          expect(ticks).toEqual([...ticks].sort((a, b) => a - b))
          expect(place(100) - place(10)).toBeCloseTo(place(10) - place(1), 6)
        },
      ),
    ))

  test('worked by hand', () => {
    expect(logScale([1, 100], 0, 100, 8).ticks).toEqual([1, 2, 5, 10, 20, 50, 100])
    expect(logScale([1, 100], 0, 100, 5).ticks).toEqual([1, 3, 10, 30, 100])
    expect(shareScale([0.2, 0.6], 100, 0).ticks.map((tick) => tick.toFixed(1))).toEqual([
      '0.2',
      '0.3',
      '0.4',
      '0.5',
      '0.6',
    ])
  })
})

test('the front: nothing cheaper is as good', () => {
  const point = (name: string, cost: number, quality: number) => ({ name, cost, quality, isBaseline: false })
  const points = [
    point('dear', 9, 0.9),
    point('cheap', 1, 0.5),
    point('worse', 2, 0.4),
    point('as good', 3, 0.5),
    point('mid', 3, 0.7),
  ]
  expect(front(points).map(({ name }) => name)).toEqual(['cheap', 'mid', 'dear'])
  expect(front([])).toEqual([])
})

test('long names break where a person would break them, and lose their middle last', () => {
  expect(wrapped('lexical', 20)).toEqual(['lexical'])
  expect(wrapped('plaid:bits=2,pool=2,candidates=128', 20)).toEqual(['plaid:bits=2,pool=2,', 'candidates=128'])
  expect(wrapped('a'.repeat(30), 11)).toEqual(['aaaaa…aaaaa'])
  const [first, second] = wrapped('rerank:plaid:bits=2,pool=2,candidates=512+cross-encoder', 20)
  expect(first).toBe('rerank:plaid:bits=2,')
  expect(second).toBe('pool=2,can…s-encoder')
})
