/** A projection from a model's own vectors: it keeps more of them than a random one, and is the same for the same texts. */
import { expect, test } from 'vitest'
import { loadLayouts } from '../../src/encoder/layouts.ts'
import { withPrincipalProjection } from '../../src/training/principal.ts'
import { freshProjection } from '../../src/training/projection.ts'
import { PROJECTION, type Tensor } from '../../src/training/types.ts'
import { golden, tinyCheckpoint, tinyFiles } from './support.ts'

test('it keeps more of what token vectors differ by than a random one', { timeout: 60_000 }, async () => {
  const { shape, weights } = await tinyCheckpoint()
  const layouts = await loadLayouts(tinyFiles())
  const texts = golden().documents.map(({ text }: { text: string }) => text)
  const dim = 8
  const begun = { shape, weights: new Map(weights).set(PROJECTION, freshProjection(shape.hidden, dim, 1)) }
  const made = await withPrincipalProjection(begun, layouts, texts)
  const projection = made.weights.get(PROJECTION)!
  expect(projection.shape).toEqual([dim, 48])
  for (const [name, tensor] of weights) if (name !== PROJECTION) expect(made.weights.get(name)).toBe(tensor)
  expect((await withPrincipalProjection(begun, layouts, texts)).weights.get(PROJECTION)).toEqual(projection)

  // The word vectors are most of what this model's token vectors are.
  const words = weights.get('embeddings.word_embeddings.weight')!
  const rows = texts.flatMap((text: string) => [...layouts.document(text).ids])
  const share = (w: Tensor) => keptShare(w, words, rows)
  expect(share(projection)).toBeGreaterThan(1.2 * share(begun.weights.get(PROJECTION)!))
})

/** Of the rows' variance, the part in the projection's directions. */
function keptShare(projection: Tensor, table: Tensor, ids: readonly number[]): number {
  const hidden = table.shape[1]!
  const mean = new Float64Array(hidden)
  for (const id of ids) for (let h = 0; h < hidden; h++) mean[h]! += table.data[id * hidden + h]! / ids.length
  let [kept, all] = [0, 0]
  for (const id of ids) {
    const row = Array.from(mean, (value, h) => table.data[id * hidden + h]! - value)
    for (const value of row) all += value * value
    for (let e = 0; e < projection.shape[0]!; e++) {
      let along = 0
      for (let h = 0; h < hidden; h++) along += projection.data[e * hidden + h]! * row[h]!
      kept += along * along
    }
  }
  return kept / all
}

test('without a projection there is no width to take', async () => {
  const { shape, weights } = await tinyCheckpoint()
  const without = new Map(weights)
  without.delete(PROJECTION)
  const making = withPrincipalProjection({ shape, weights: without }, await loadLayouts(tinyFiles()), ['a'])
  await expect(making).rejects.toThrow(/has no projection/)
})
