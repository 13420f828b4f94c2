/** The losses against their simple version and its slopes, over batches of any shape, and against PyLate's own values. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeded } from '../../src/plaid/random.ts'
import { Loss, type LossBatch, type LossOptions } from '../../src/training/loss.ts'
import { lossReference } from '../../src/training/lossReference.ts'
import type { Tensor } from '../../src/training/types.ts'

const KINDS: readonly LossOptions[] = [
  { kind: 'contrastive', temperature: 1 },
  { kind: 'contrastive', temperature: 0.25 },
  { kind: 'distillation', temperature: 1 },
]

const sizes = fc.record({
  seed: fc.nat(1e6),
  B: fc.integer({ min: 1, max: 4 }),
  Q: fc.integer({ min: 1, max: 5 }),
  D: fc.integer({ min: 2, max: 9 }),
  T: fc.integer({ min: 1, max: 6 }),
  E: fc.integer({ min: 1, max: 5 }),
})

test.each(KINDS)('$kind, temperature $temperature: as the simple version', { timeout: 60_000 }, async (options) => {
  const loss = new Loss(options)
  await fc.assert(
    fc.asyncProperty(sizes, async (size) => {
      const batch = randomBatch(size, options.kind)
      const wanted = lossReference(batch, options)
      expect((await loss.pull(batch)).loss).toBeCloseTo(wanted, 4)
    }),
    { numRuns: 12 },
  )
})

test.each(KINDS)('$kind, temperature $temperature: gradients are its slopes', { timeout: 60_000 }, async (options) => {
  const batch = randomBatch({ seed: 7, B: 3, Q: 4, D: 6, T: 5, E: 4 }, options.kind)
  const result = await new Loss(options).pull(batch)
  const length = 1e-3
  for (const side of ['queries', 'documents'] as const) {
    const { data } = batch[side]
    let largest = 0
    for (const [i, before] of data.entries()) {
      data[i] = before + length
      const up = [data[i]!, lossReference(batch, options)] as const
      data[i] = before - length
      const slope = (up[1] - lossReference(batch, options)) / (up[0] - data[i]!)
      data[i] = before
      expect(result[side].data[i], `${side} ${i}`).toBeCloseTo(slope, 4)
      largest = Math.max(largest, Math.abs(slope))
    }
    expect(largest).toBeGreaterThan(0.02)
  }
})

test('what is masked decides nothing and has no gradient', async () => {
  for (const options of KINDS) {
    const batch = randomBatch({ seed: 3, B: 2, Q: 4, D: 5, T: 6, E: 4 }, options.kind)
    const loss = new Loss(options)
    const before = await loss.pull(batch)
    const [, , E] = batch.documents.shape as [number, number, number]
    let masked = 0
    for (const [side, mask] of [
      ['queries', batch.queryMask],
      ['documents', batch.documentMask],
    ] as const) {
      for (const [row, counts] of mask.data.entries()) {
        if (counts === 1) continue
        masked++
        expect([...before[side].data.subarray(row * E, (row + 1) * E)]).toEqual(new Array(E).fill(0))
        batch[side].data.fill(9, row * E, (row + 1) * E)
      }
    }
    expect(masked).toBeGreaterThan(4)
    expect((await loss.pull(batch)).loss).toBe(before.loss)
  }
})

interface Sizes {
  readonly seed: number
  readonly B: number
  readonly Q: number
  readonly D: number
  readonly T: number
  readonly E: number
}

/** Vectors of any length, some tokens masked (never all), for each query some documents to choose among. */
function randomBatch({ seed, B, Q, D, T, E }: Sizes, kind: LossOptions['kind']): LossBatch {
  const random = seeded(seed)
  const tensor = (shape: number[], value: () => number): Tensor => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, value),
  })
  const mask = (rows: number, columns: number): Tensor => {
    const made = tensor([rows, columns], () => (random() < 0.7 ? 1 : 0))
    for (let row = 0; row < rows; row++) made.data[row * columns + Math.floor(random() * columns)] = 1
    return made
  }
  const among = mask(B, D)
  const wanted = tensor([B, D], () => 0)
  const wantedLog = tensor([B, D], () => 0)
  for (let b = 0; b < B; b++) {
    const own = Array.from({ length: D }, (_, d) => b * D + d).filter((at) => among.data[at] === 1)
    const weights = own.map(() => (kind === 'contrastive' ? 0 : 0.1 + random()))
    if (kind === 'contrastive') weights[Math.floor(random() * own.length)] = 1
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    for (const [i, at] of own.entries()) {
      wanted.data[at] = weights[i]! / total
      wantedLog.data[at] = weights[i] === 0 ? 0 : Math.log(weights[i]! / total)
    }
  }
  return {
    queries: tensor([B, Q, E], () => random() - 0.5),
    documents: tensor([D, T, E], () => random() - 0.5),
    queryMask: mask(B, Q),
    documentMask: mask(D, T),
    among,
    wanted,
    wantedLog,
  }
}
