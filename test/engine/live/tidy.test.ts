/** Segments are merged when that is worth it, so that there are few, and each passage is copied few times. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LiveSegment } from '../../../src/engine/collection.ts'
import type { Codec } from '../../../src/engine/live/codecs.ts'
import { segmentsToMerge } from '../../../src/engine/live/tidy.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import type { PackRef } from '../../../src/store/packs.ts'

const pack = (sha256: string): PackRef => ({ file: `${sha256}.pack`, bytes: 1, sha256 })
const common = { dim: 8, tokens: 1 } as const

function segment(kind: 'rows' | 'plaid', passages: number, hidden = 0, codec = 'c'): LiveSegment {
  const vectors =
    kind === 'rows'
      ? { kind, ...common, passages, packs: [] }
      : {
          ...{ kind, ...common, passages, bits: 2 as const, centroidCount: 4, codes: [], residuals: [] },
          ...{ codec: pack(codec), centroids: pack(codec), lengths: pack('l') },
        }
  return {
    model: { name: 'm', hash: 'h' },
    vectors,
    texts: { pages: passages, sections: passages, passages, packs: [], blockBytes: [], firstPassages: [] },
    hidden: Array.from({ length: hidden }, (_, i) => `${i}`),
  }
}

const header = segment('plaid', 1).vectors
const codec: Codec | undefined = header.kind === 'plaid' ? { source: memoryStore(), header } : undefined
const OPTIONS = { foldPassages: 100, foldSegments: 10 }

test('few fresh passages are left alone, enough of them are merged, many segments too', () => {
  const few = [segment('rows', 60), segment('rows', 39)]
  expect(segmentsToMerge(few, codec, OPTIONS)).toBeUndefined()
  const enough = [...few, segment('rows', 1)]
  expect(segmentsToMerge(enough, codec, OPTIONS)).toEqual(enough)
  const many = Array.from({ length: 10 }, () => segment('rows', 1))
  expect(segmentsToMerge(many, undefined, OPTIONS)).toEqual(many)
  expect(segmentsToMerge([], codec, OPTIONS)).toBeUndefined()
})

test('small compressed segments go with them, large ones and those of another codec stay', () => {
  const fresh = segment('rows', 100)
  const [large, small, other] = [segment('plaid', 5000), segment('plaid', 90), segment('plaid', 10, 0, 'other')]
  expect(segmentsToMerge([large, other, small, fresh], codec, OPTIONS)).toEqual([small, fresh])
})

test('a segment of which most is hidden is written anew', () => {
  const [dense, sparse] = [segment('plaid', 900, 100), segment('plaid', 90, 60)]
  expect(segmentsToMerge([dense, sparse], codec, OPTIONS)).toEqual([sparse])
  expect(segmentsToMerge([dense], codec, OPTIONS)).toBeUndefined()
})

test('however documents come, there are few segments, and each passage is copied few times', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 200, maxLength: 600 }), (sizes) => {
      let segments: LiveSegment[] = []
      let copied = 0
      let passages = 0
      for (const size of sizes) {
        passages += size
        segments = [...segments, segment('rows', size)]
        const chosen = segmentsToMerge(segments, codec, OPTIONS)
        if (chosen === undefined) continue
        const merged = chosen.reduce((sum, { vectors }) => sum + vectors.passages, 0)
        copied += merged
        segments = [...segments.filter((one) => !chosen.includes(one)), segment('plaid', merged)]
      }
      const compressed = segments.filter(({ vectors }) => vectors.kind === 'plaid')
      const sizes10 = passages / 10 // the least that is compressed at once
      expect(compressed.length).toBeLessThanOrEqual(1 + Math.log2(sizes10))
      expect(copied / passages).toBeLessThanOrEqual(1 + Math.log(sizes10) / Math.log(1.5))
    }),
    { numRuns: 30 },
  )
})
