/** What segments take, told by their headers alone, and which are loaded whole when there is not room for all. */
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createOps } from '../../src/ops/create.ts'
import { planResidency } from '../../src/ops/webgpu/plaidPlan.ts'
import type { PlaidHeader } from '../../src/plaid/format.ts'
import { codesOnly } from '../../src/plaid/paged.ts'
import { bytesCodes, bytesResident, planResidence } from '../../src/plaid/residency.ts'
import { randomIndex } from '../ops/plaidData.ts'

const [wasm, reference] = [await createOps({ backend: 'wasm' }), await createOps({ backend: 'reference' })]
afterAll(() => {
  wasm.close()
  reference.close()
})

const ref = { file: 'x-0.pack', bytes: 1, sha256: '0' }
function headerOf(passages: number, perPassage: number, change: Partial<PlaidHeader> = {}): PlaidHeader {
  const common = {
    kind: 'plaid',
    dim: 64,
    bits: 2,
    centroidCount: 1024,
    codec: ref,
    centroids: ref,
    lengths: ref,
  } as const
  return { ...common, passages, tokens: passages * perPassage, codes: [ref], residuals: [ref], ...change }
}

describe.each([
  [64, 2, 200],
  [128, 4, 1000],
  [48, 8, 30],
  [33, 8, 30],
  [96, 1, 70_000],
] as const)('dim %i, %i bits, %i centroids', (dim, bits, centroids) => {
  const lengths = Array.from({ length: 1500 }, (_, i) => i % 90)
  const index = randomIndex({ dim, bits, centroids, parts: [lengths, lengths], wideCodes: centroids > 65_536 })
  const tokens = index.parts.reduce((sum, { codes }) => sum + codes.length, 0)
  const header = headerOf(3000, 0, { dim, bits, centroidCount: centroids, tokens })

  test.each([wasm, reference])('what $backend tells of an index that it loaded', async (ops) => {
    for (const [loading, told] of [
      [index, bytesResident(header, ops.backend)],
      [codesOnly(index), bytesCodes(header, ops.backend)],
    ] as const) {
      const loaded = await ops.loadPlaid(loading)
      // A page of rounding, the page every instance has, and 16 bytes for each array.
      expect(Math.abs(loaded.bytes - told)).toBeLessThanOrEqual(2 * 65_536 + 0.005 * told)
      loaded.release()
    }
  })

  test('what a GPU would take', () => {
    const all = [...lengths, ...lengths]
    for (const [ofBits, told] of [
      [bits, bytesResident(header, 'webgpu')],
      [0, bytesCodes(header, 'webgpu')],
    ] as const) {
      const shape = { dim, bits: ofBits, centroids, passages: 3000, tokens }
      expect(Math.abs(planResidency(shape, all, 2 ** 27).bytes - told)).toBeLessThanOrEqual(64)
    }
  })
})

describe('a plan', () => {
  const large = headerOf(100_000, 100)
  const small = headerOf(1000, 100)
  const middle = headerOf(20_000, 100)
  const plan = (segments: PlaidHeader[], gpuBytes: number) =>
    planResidence({ segments, backend: 'webgpu', budget: { gpuBytes, cpuBytes: 0 } })
  const codes = (...segments: PlaidHeader[]) => segments.reduce((sum, one) => sum + bytesCodes(one, 'webgpu'), 0)
  const residuals = (header: PlaidHeader) => bytesResident(header, 'webgpu') - bytesCodes(header, 'webgpu')

  test('all with room for all; none without; codes are loaded in any case', () => {
    expect(plan([large, small], Infinity)).toEqual(['resident', 'resident'])
    expect(plan([large, small], 0)).toEqual(['paged', 'paged'])
    expect(plan([large, small], codes(large, small))).toEqual(['paged', 'paged'])
    expect(plan([], 0)).toEqual([])
  })

  test('what saves most reading for its bytes goes first; what does not fit is passed over', () => {
    const segments = [large, small, middle]
    const base = codes(...segments)
    expect(plan(segments, base + residuals(small))).toEqual(['paged', 'resident', 'paged'])
    expect(plan(segments, base + residuals(small) + residuals(middle))).toEqual(['paged', 'resident', 'resident'])
    // The large one alone would fit, but the small ones answer from memory as many queries for less.
    expect(plan(segments, base + residuals(large))).toEqual(['paged', 'resident', 'resident'])
    expect(plan([middle, large, small], base + residuals(small) - 1)).toEqual(['paged', 'paged', 'paged'])
  })

  test('equal ones: the earlier', () => {
    const two = codes(middle, middle)
    expect(plan([middle, middle], two + residuals(middle))).toEqual(['resident', 'paged'])
  })

  test('where nothing is saved all is loaded, whatever the budget', () => {
    // On the CPU what is kept of what was read counts as well: of a few passages that is all of them.
    const tiny = headerOf(100, 100)
    const onCpu = (segments: PlaidHeader[], cpuBytes: number) =>
      planResidence({ segments, backend: 'wasm', budget: { gpuBytes: Infinity, cpuBytes } })
    expect(onCpu([tiny, small, large], 0)).toEqual(['resident', 'paged', 'paged'])
    expect(onCpu([tiny, small, large], Infinity)).toEqual(['resident', 'resident', 'resident'])
    expect(plan([tiny], 0)).toEqual(['paged'])
  })

  test('stays within the budget, and leaves no room that a segment would fit in', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50_000 }), { maxLength: 12 }),
        fc.double({ min: 0, max: 1.2, noNaN: true }),
        (counts, share) => {
          const segments = counts.map((passages) => headerOf(passages, 80))
          const whole = segments.reduce((sum, header) => sum + bytesResident(header, 'webgpu'), 0)
          const chosen = plan(segments, share * whole)
          let left = share * whole - codes(...segments)
          segments.forEach((header, i) => {
            if (chosen[i] === 'resident') left -= residuals(header)
          })
          if (chosen.includes('resident')) expect(left).toBeGreaterThanOrEqual(0)
          segments.forEach((header, i) => {
            if (chosen[i] === 'paged') expect(residuals(header)).toBeGreaterThan(left)
          })
        },
      ),
    ))
})
