import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lazily, topK } from '../src/util.ts'

test('equals sorting everything', () => {
  const score = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Number.NEGATIVE_INFINITY))
  fc.assert(
    fc.property(fc.array(score, { maxLength: 60 }), fc.integer({ min: 0, max: 70 }), (scores, k) => {
      const sorted = scores
        .map((value, id) => ({ id, score: value }))
        .filter((hit) => hit.score > Number.NEGATIVE_INFINITY)
        .sort((a, b) => b.score - a.score || a.id - b.id)
      expect(topK(Float32Array.from(scores), k)).toEqual(sorted.slice(0, k))
    }),
    { seed: 5, numRuns: 500 },
  )
})

test('what is made lazily is made once; a failure is told to all who wait and not remembered', async () => {
  let calls = 0
  const value = lazily(async () => {
    calls++
    if (calls === 1) throw new Error('not yet')
    return calls
  })
  expect(calls).toBe(0)
  const waiting = await Promise.allSettled([value(), value()])
  expect(waiting.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await Promise.all([value(), value()])).toEqual([2, 2])
  expect(await value()).toBe(2)
})
